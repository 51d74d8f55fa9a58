//! The deterministic world: whole nodes, the ones that the product runs, over simulated links in virtual time.

pub mod bench;
mod clock;
pub mod cluster;
mod links;
mod runner;
mod wheel;
mod world;

pub use links::Links;
pub use wheel::{Entry, Wheel};
pub use world::{Birth, Disk, Told, Traffic, World};
