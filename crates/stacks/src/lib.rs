//! Compositions of protocols, one file each. Drivers run them as one protocol; the wiring is all that is here.

mod bag;
pub mod beside;
pub mod carrier;
mod core;
mod full;
mod never;

pub use beside::Beside;
#[cfg(feature = "state")]
pub use bruit_state as state;
pub use carrier::{Carrier, Spread};
pub use core::{Core, CoreConfig, Event, InCarrier, InEvents, InSwim, Message, Said, Timer};
pub use full::{Full, FullEvent, Third};
pub use never::Never;
/// The parts, for whoever sets them up or looks at them.
pub use {
    bruit_events as events, bruit_history as history, bruit_multicast as multicast, bruit_rumor as rumor, bruit_swim as swim,
};
