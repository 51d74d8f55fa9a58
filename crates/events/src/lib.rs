//! User events: Lamport-stamped, delivered once per node to all or to a group, repaired by digest.
//!
//! ```text
//!   event(..) ──stamp──> Store ── news ──> deliver, if the filter matches; relay at once, then in `fill` (Spread)
//!                          ^                                  │ nothing new for `quiet`
//!   Message::Event ────────┘                                  v
//!                                           Check: do the ring neighbours have it? (unless they said so already)
//!
//!   Message::Digest, on every packet:  equal            nothing to do
//!                                      differs          push the newest to that peer: one datagram
//!                                      differs again    a conversation: Hello, Reply, Want, and events both ways
//! ```
//!
//! * **What is kept** is the [`Store`]: the greatest stamps ever seen, within a count and a byte bound, with what fell
//!   out marked by a floor. It converges whatever the order of arrival ([`bruit_kit::Window`]), so equal knowledge is
//!   an equal digest, and a difference that stays is always worth a conversation. Nothing expires by time.
//! * **Once per node**: a stamp in the store or below its floor is no news. A stamp is (Lamport time, origin, serial);
//!   serials start at a random number in each process, so a restarted origin whose clock starts low collides with
//!   nothing that it said before.
//! * **Not before its time**: each copy carries its age. A node delivers what is younger than its own membership, so a
//!   joiner learns old events (and can repair others with them) without delivering them, and a node that was cut off
//!   delivers all it missed. With [`Config::replay`] it delivers the old ones too.
//! * **Nor after a restart**: with a disk, stamps of what was delivered survive the process, and with them the clock.
//! * **Who has it**: the origin of an event may wait. Then those who delivered it are reported up the tree in which it came,
//!   each node for its subtree, so that the origin hears from its few children: a bitmap of ranks in the table of members,
//!   ids where that is shorter or views differ, a count above 2,000 members. A report is repeated until it is confirmed, and
//!   goes to another node nearer to the origin when the parent is gone.
//! * **How it travels** is a [`Spread`]: [`Relay`], or [`Carried`] by another protocol, to which the origin hands its events over
//!   and which brings those of others. Digests and checks repair either.
//! * **Nothing is lost for good** that some node still keeps: push reaches almost all at once, checks and digests find
//!   the rest. [`Relay`] has the numbers; `docs/papers/events.md` says where each idea is from.

mod carry;
mod check;
mod config;
mod converse;
mod counters;
mod cover;
mod coverage;
mod events;
mod filter;
mod gaps;
mod id;
mod infection;
mod keep;
mod message;
mod notation;
mod parcel;
mod ranks;
mod say;
mod spread;
mod store;
mod talk;
mod trace;
mod user_event;
mod wire;

pub use config::{BadConfig, Config};
pub use counters::Counters;
pub use coverage::Covered;
pub use events::{Event, Events, Timer};
pub use filter::{BadFilter, Filter};
pub use id::{BadId, EventId, Stamp};
pub use infection::{Infection, Standing};
pub use message::{Answer, Have, Hello, Message, Reply, Report, Trace};
pub use parcel::Parcel;
pub use spread::{Carried, Relay, Spread, Way};
pub use store::Store;
pub use user_event::{Delivered, Refused, UserEvent, Wait};
