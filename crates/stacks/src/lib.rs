//! Compositions of protocols, one file each. Drivers run them as one protocol; the wiring is all that is here.

pub mod beside;
mod core;
mod full;

pub use beside::Beside;
pub use core::{Core, CoreConfig, Event, InEvents, InSwim, Message, Said, Timer};
pub use full::{Full, FullEvent};
/// The parts, for whoever sets them up or looks at them.
pub use {bruit_events as events, bruit_history as history, bruit_swim as swim};
