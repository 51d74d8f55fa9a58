//! What was published, run again: `bruit lab paper`.

pub mod beat_demers;
pub mod cassandra_round;
pub mod cassandra_wiki;
pub mod demers;
mod mean;
pub mod phi;
pub mod rounds;
pub mod scuttlebutt;
mod verdict;

pub(crate) use mean::Mean;
pub use verdict::{Bound, Paper, Seen, Verdict};
