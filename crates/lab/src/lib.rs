//! The deterministic world: whole nodes, the ones that the product runs, over simulated links in virtual time.

pub mod bench;
pub mod case;
pub mod check;
mod clock;
pub mod cluster;
pub mod compare;
pub mod cycles;
pub mod epidemic;
pub mod experiment;
mod links;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod paper;
pub mod replay;
pub mod rounds;
mod runner;
pub mod shrink;
mod solo;
pub mod swarm;
mod wheel;
mod world;

pub use links::Links;
pub use solo::{Solo, Weight};
pub use wheel::{Entry, Wheel};
pub use world::{Birth, Disk, Told, Traffic, World};
