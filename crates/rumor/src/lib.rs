//! Rumor mongering, after Demers et al. 1987 ("Epidemic algorithms for replicated database maintenance", section 1.4 and 2).
//!
//! For one rumor a node is *susceptible* (has not heard it), *infective* (has, and passes it on: the rumor is hot with it) or
//! *removed* (has, and does not pass it on any more). Once a cycle an infective node contacts a peer chosen at random; what it
//! learns there moves it to removal. The literature's choices are [`Config`]'s fields:
//!
//! | | |
//! |---|---|
//! | direction | [`Exchange`]: push, pull, push-pull |
//! | what counts against a rumor | every contact (*blind*), or only those where the other side knew it (*feedback*) |
//! | when it stops | [`Stop`]: at `k` of these (*counter*), with probability 1/k at each (*coin*), or when all peers have it (*linked*) |
//! | counter reset | a useful contact makes the counter begin again |
//! | connection limit, hunting | how many contacts a node takes per cycle, and how often one that was refused tries another |
//! | minimization | both sides compare names and counters first: data goes only where it lacks, and one of two counters moves |
//!
//! A cycle is one step of the epidemic: what a node learned since its last one it passes on in its next, and until then
//! whoever tells it again is told that it was news.

mod config;
mod hot;
mod message;
mod miss;
mod rumor;
mod wire;

pub use bruit_kit::Invalid;
pub use config::{Config, Exchange, Stop};
pub use message::Message;
pub use rumor::{Counters, Event, Rumor, Timer};
