//! Pure data structures that several gossip protocols share: no time, no dice of their own, no I/O.

mod backlog;
mod few;
mod hlc;
mod invalid;
mod lamport;
mod lazy;
mod ledger;
mod permutation;
mod phi;
mod roster;
mod set;
mod sums;
mod targets;
mod window;

pub use backlog::{Backlog, Offered, transmit_limit};
pub use few::Few;
pub use hlc::Hlc;
pub use invalid::Invalid;
pub use lamport::{Lamport, TooFar};
pub use lazy::{Idle, Lazy};
pub use ledger::{Ledger, Mark, Order, Span, Sum, Taken, Version};
pub use permutation::Permutation;
pub use phi::Arrivals;
pub use roster::Roster;
pub use set::Set;
pub use sums::Sums;
pub use targets::targets;
pub use window::{Seen, Window};
