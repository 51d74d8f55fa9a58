//! What was published, run again: `bruit lab paper`.

pub mod beat_demers;
pub mod cassandra_round;
pub mod cassandra_wiki;
pub mod demers;
pub mod demers_antientropy;
mod mean;
pub mod multicast;
pub mod phi;
pub mod reconcile;
pub mod rounds;
pub mod scuttlebutt;
mod verdict;

pub(crate) use mean::Mean;
pub use verdict::{Bound, Paper, Seen, Verdict};
