//! A gossip system as a node in your own program: who is in the cluster, who has failed, and news that reaches all.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let node = bruit::Node::bind("127.0.0.1:0").name("web-3").seeds(["127.0.0.1:7946"]).start().await?;
//! node.event("deploy", b"v2").await?;
//! let mut events = node.events();
//! while let Some(event) = events.next().await {
//!     println!("{event:?}");
//! }
//! # Ok(()) }
//! ```
//!
//! * [`Node`] is the default stack, membership, events and the history of what operators asked for, on UDP and TCP;
//!   dropping it stops it. With a [data directory](Builder::data_dir) a restart costs nothing.
//! * `Node::state` (feature `state`): what each node says of itself, and values that all share.
//! * [`Driver`] runs any protocol of yours, or a composition of yours and ours, the same way.
//! * Outside of loopback a node needs the cluster's key, and seals everything with it: see [`Builder::key_file`].
//! * [`Faults`] does to a running node what networks and operators do.
//! * `testkit` (a feature) runs your program's cluster in a deterministic world instead.
//!
//! What the driver does, in `driver`: one task per node, woken by packets, orders, connections and the next deadline,
//! and by nothing else; one small task per connection; one thread for the disk, if there is one. It names no protocol.

mod builder;
pub mod capture;
mod connection;
mod disk;
mod driver;
mod encrypt;
mod error;
mod event;
mod faults;
mod handle;
mod multicast;
mod node;
mod record;
mod seeds;
mod sockets;
#[cfg(feature = "srv")]
mod srv;
mod start;
#[cfg(feature = "state")]
mod state;
mod subscribers;
#[cfg(feature = "testkit")]
pub mod testkit;
mod traffic;
mod tree;
mod wait;

pub use bruit_node::{BadKeys, Counters, Direction, Group, KeyId, KeyRing, TAPPED, Tally as Sealing, Tapped};
/// The seam, for protocols of your own.
pub use bruit_proto as proto;
pub use bruit_proto::{PeerId, Record, Tags};
/// The stacks and their parts, for compositions of your own.
pub use bruit_stacks as stacks;
pub use bruit_stacks::events::{Delivered, EventId, Filter, Infection, Standing};
pub use bruit_stacks::history::{Entry, EntryId, What};
#[cfg(feature = "state")]
pub use bruit_stacks::state::{
    Config as StateConfig, Detector, Disagreement, Doubt, Endpoint, Exchange, Key, Pulse, Schema, Value,
};
pub use bruit_stacks::swim::{Case, Ended, Member, Profile, Status, Step, Tried};
pub use bruit_stacks::{Core, CoreConfig, Full, Spread};
pub use bruit_store::Damage;
pub use builder::Builder;
pub use encrypt::{Encrypt, read_keys};
pub use error::{CallError, JoinError, KeyFileError, StartError, Stopped};
pub use event::Event;
pub use faults::{Cut, Faults, Paused};
pub use handle::Handle;
pub use node::Node;
pub use start::{Driver, Local, Stack, Told};
#[cfg(feature = "state")]
pub use state::{Shared, State};
pub use subscribers::{EVENTS_KEPT, Events, Lagged, News};
pub use traffic::Traffic;
pub use tree::{Branch, Recent, Tree};
pub use wait::{BadShare, Share, Waited};
