//! Membership-change history: every join and leave that an operator asked for, persisted and reconciled.
//!
//! DeCandia et al. 2007, "Dynamo: Amazon's highly available key-value store", section 4.8.1: the node that is asked
//! writes the change and its time to a persistent store; the changes form a history; each node contacts a random peer
//! every second and the two reconcile their histories.
//!
//! ```text
//!   append(..) ──persist──> on_stored: safe ──> Book ── Event::Stored: acknowledge
//!                                     lost ──> Event::Lost: it never happened
//!
//!   each second, to one random peer,
//!   on a packet that leaves anyway:   Message::Digest    equal     nothing more
//!                                                        differs   the receiver opens a conversation:
//!
//!   turns: sums over ranges of the order of entries, split by eight where they differ, listed where they are short;
//!          then the entries that each lacks, both ways, persisted as they come
//! ```
//!
//! * **Order and identity** are one: an [`EntryId`] is (Lamport time, origin, serial). Serials start at a random number
//!   in each process, so a node whose disk was lost collides with nothing that it said before.
//! * **What is kept** is the [`Book`]: the greatest entries, 10,000 of them, and a [`Checkpoint`] of the rest, on which
//!   all agree. `book.rs` says why that converges, and why no peer's checkpoint can remove an entry.
//! * **The disk** is a neighbour that answers late or says no. An entry is part of the history once it is on its origin's
//!   disk; what others said is kept in memory at once and written behind, in batches, again until it succeeds.
//! * **What it costs**: three bytes a second and node while all agree, in packets that leave anyway; 281 bytes in two turns
//!   to find the newest of 10,000 entries, 1.2 KB in six to find any other (`docs/papers/dynamo.md`).
//!
//! Whose history it is, nobody checks here: sealing keeps strangers out, and a member with a bug can add entries, and
//! push old ones out by ten thousand new ones, but can neither change nor remove one.

mod book;
mod checkpoint;
mod compare;
mod config;
mod converse;
mod counters;
mod entry;
mod history;
mod journal;
mod message;
mod notation;
mod talk;
mod wire;

pub use book::Book;
pub use checkpoint::Checkpoint;
pub use config::{BadConfig, Config};
pub use counters::Counters;
pub use entry::{Entry, EntryId, Refused, What};
pub use history::{Event, History, Timer};
pub use message::{Holds, Message, Range, Sum, Turn};
