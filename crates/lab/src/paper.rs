//! What was published, run again: `bruit lab paper`.

pub mod beat_demers;
pub mod cassandra_round;
pub mod cassandra_wiki;
pub mod demers;
mod mean;
pub mod multicast;
pub mod phi;
pub mod rounds;
pub mod scuttlebutt;
mod verdict;

pub use verdict::{Bound, Paper, Seen, Verdict};
