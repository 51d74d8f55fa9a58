//! What was published, run again: `bruit lab paper`.

pub mod cassandra_round;
pub mod cassandra_wiki;
pub mod phi;
pub mod scuttlebutt;
mod verdict;

pub use verdict::{Bound, Paper, Seen, Verdict};
