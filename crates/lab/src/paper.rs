//! What was published, run again: `bruit lab paper`.

pub mod beat_demers;
pub mod beat_lifeguard;
pub mod cassandra_round;
pub mod cassandra_wiki;
pub mod demers;
pub mod demers_antientropy;
pub mod demers_spatial;
pub mod gupta_2001;
pub mod lifeguard;
mod mean;
pub mod mp1;
pub mod multicast;
pub mod phi;
pub mod pushes_uiuc;
pub mod reconcile;
pub mod rounds;
pub mod scuttlebutt;
pub mod serf_convergence;
pub mod swim_detection;
pub mod swim_false_positives;
pub mod swim_infection;
mod verdict;

pub(crate) use mean::Mean;
pub use verdict::{Bound, Paper, Seen, Verdict};
