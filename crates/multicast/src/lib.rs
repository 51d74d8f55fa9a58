//! Multicast without gossip, over anyone's items: what the epidemics are held against.
//!
//! [`Mail`] is direct mail (Demers et al. 1987, "Epidemic algorithms for replicated database maintenance", section 1.2), also
//! called centralized multicast: whoever has an item sends it to every peer that it knows, so its load and the time that it
//! takes grow with their number. What is lost, or sent while a node is away, nobody repairs, but for the sender itself in
//! [acknowledged](mail::Ack) mode, which hears as many acknowledgements as there are peers: the *ACK implosion*.
//!
//! [`Tree`] is multicast along a spanning tree: each node passes an item on to at most a fan-out of children, so load is
//! constant and time logarithmic. What a node fails to pass on its whole subtree lacks, until [`Repair`] serves it:
//!
//! | [`Repair`] | who notices | who repairs | after |
//! |---|---|---|---|
//! | `None` | nobody | nobody | |
//! | `Ack` | the parent, by its children's bitmaps | the parent, from its cache | RMTP: Lin, Paul 1996, "RMTP: a reliable multicast transport protocol" |
//! | `Nak` | who lacks it, by a later item or a session message | whoever is nearest and has it | SRM: Floyd et al. 1997, "A reliable multicast framework for light-weight sessions and application level framing" |
//!
//! How the tree is made is [`Build`]: computed by each node from its table of peers, or joined parent by parent. Whoever is
//! down in the membership is in no tree any more.
//!
//! Sends are [paced](Pace): a node says a burst, then waits. So a sender that crashes in the middle of its loop has served
//! some, and not the rest.

mod config;
mod counters;
pub mod mail;
mod pace;
pub mod tree;

pub use bruit_kit::Invalid;
pub use config::{Build, Repair, Root, Scope};
pub use counters::Counters;
pub use mail::Mail;
pub use pace::Pace;
pub use tree::Tree;
