//! Anti-entropy, after Demers et al. 1987 ("Epidemic algorithms for replicated database maintenance", sections 1.3 and 2).
//!
//! Once a cycle each node reconciles its data with a peer chosen at random: they find what differs, and each gives what the
//! other lacks. To an item a node is *susceptible* (lacks it) or *infective* (has it) and never removed, so every item
//! reaches all: the residue is zero. The price is that nodes ask each other for ever. The literature's choices are
//! [`Config`]'s fields:
//!
//! | | |
//! |---|---|
//! | direction | [`Exchange`]: push, pull, push-pull |
//! | full exchange | [`Compare::Full`]: all versions are listed |
//! | checksum with recent-update list | [`Compare::Recent`]: what is young is listed, the checksums of the rest compared; then all, if they differ |
//! | peel-back | [`Compare::PeelBack`]: checksums, then lists from the newest back until checksums agree |
//! | Merkle tree | [`Compare::Merkle`]: checksums of parts of parts, down to lists of a few |
//!
//! Lists hold versions, not items: only what a side lacks is sent whole.
//!
//! Data is a [`Ledger`](bruit_kit::Ledger) of whoever uses it; [`Database`] is one in memory, with death certificates.
//!
//! **Messages stand alone.** Each fits a packet and says which piece of the data it is about, so who answers remembers
//! nothing, a message may be lost, doubled or late, and both sides may ask at once. What is lost still differs in the next
//! cycle, a full exchange begins somewhere else each time, and so all is found. What a turn cannot say is asked for when it
//! has been heard.

mod antientropy;
mod config;
mod database;
mod entry;
mod message;
mod part;
mod reconcile;
mod turn;
mod wire;

pub use antientropy::{AntiEntropy, Counters, Event, Timer};
pub use bruit_kit::Invalid;
pub use config::{Compare, Config, Exchange};
pub use database::{Database, Keep};
pub use entry::{Body, Entry, Key};
pub use message::{Flow, How, Message, Then};
pub use part::Part;
