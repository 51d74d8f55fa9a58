//! bruit
mod connection;
mod driver;
mod error;
mod faults;
mod handle;
mod sockets;
mod subscribers;
mod traffic;

pub use driver::{Driver, Local, Stack};
pub use error::{StartError, Stopped};
pub use faults::{Cut, Faults, Paused};
pub use handle::Handle;
pub use subscribers::{EVENTS_KEPT, Events, News};
pub use traffic::Traffic;
