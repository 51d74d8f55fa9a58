//! Pure data structures that several gossip protocols share: no time, no dice of their own, no I/O.

mod backlog;
mod lamport;
mod targets;
mod window;

pub use backlog::{Backlog, retransmit_limit};
pub use lamport::{Lamport, TooFar};
pub use targets::targets;
pub use window::{Seen, Window};
