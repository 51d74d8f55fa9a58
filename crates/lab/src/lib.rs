//! The deterministic world: whole nodes, the ones that the product runs, over simulated links in virtual time.

pub mod antientropy;
pub mod article;
pub mod bench;
pub mod case;
pub mod check;
mod clock;
pub mod cluster;
pub mod compare;
pub mod crossover;
pub mod cycles;
pub mod epidemic;
pub mod experiment;
mod fuse;
mod links;
mod members;
pub mod miss;
pub mod multicast;
#[cfg(feature = "mutants")]
pub mod mutants;
pub mod paper;
pub mod plot;
pub mod replay;
pub mod rounds;
mod runner;
pub mod shrink;
mod solo;
pub mod swarm;
pub mod sweep;
mod wheel;
mod world;

pub use links::{Bandwidth, Burst, Delay, Links};
pub use solo::{Order, Solo, Weight};
pub use wheel::{Entry, Wheel};
pub use world::{Birth, Disk, Told, Traffic, World};
