//! The deterministic world: whole nodes, the ones that the product runs, over simulated links in virtual time.

mod clock;
mod links;
mod wheel;
mod world;

pub use links::Links;
pub use wheel::{Entry, Wheel};
pub use world::{Birth, Disk, Told, Traffic, World};
