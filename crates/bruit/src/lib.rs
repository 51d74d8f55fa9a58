//! bruit
mod connection;
mod driver;
mod error;
mod faults;
mod handle;
mod sockets;
mod subscribers;
mod traffic;

pub use bruit_node::Counters;
pub use driver::{Driver, Local, Stack, Told};
pub use error::{StartError, Stopped};
pub use faults::{Cut, Faults, Paused};
pub use handle::Handle;
pub use subscribers::{EVENTS_KEPT, Events, Lagged, News};
pub use traffic::Traffic;
