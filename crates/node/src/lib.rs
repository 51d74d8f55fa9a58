//! `Node<P>`: any protocol over packets and streams, without doing I/O itself.
//!
//! A driver owns sockets, clocks and a disk and knows no protocol. This is all of its loop:
//!
//! 1. Make a [`Node`], call [`start`](Node::start).
//! 2. Call [`poll`](Node::poll) until it gives `None`, and do each [`Output`], in order.
//! 3. Ask [`deadline`](Node::deadline), and wait for whatever comes first of it, a datagram, bytes or news of a
//!    connection, a finished write to the disk, a command of the user.
//! 4. Tell the node: [`receive`](Node::receive), `stream_*`, [`stored`](Node::stored), [`command`](Node::command), each
//!    with [`Now`]; when the deadline has passed and the sockets are drained, [`tick`](Node::tick).
//! 5. Go to 2.
//!
//! Each of these calls is an *entry*: one turn of the protocol or several, all of whose words to one peer leave as one
//! packet, which first offers its spare room to [`fill`](bruit_proto::Protocol::fill). Within a node, by file:
//!
//! * `desk`: the sink that a turn writes into: timers, mail, outputs; `scratch`: what of it only a running entry needs;
//! * `book`: who is where;
//! * `stream`: one conversation, and `streams`: all of them;
//! * `settle`: what happens after the turns of an entry: streams filled and flushed, packets closed;
//! * `counters`: what came, went and was dropped;
//! * `tap`: what packets say, for whoever watches.

mod book;
mod counters;
mod desk;
mod node;
mod output;
mod scratch;
mod settings;
mod settle;
mod stream;
mod streams;
mod tap;

pub use book::{Directory, MAX_CONTACTS, MAX_NARROW, MAX_STRANGERS};
/// What a node is sealed with.
pub use bruit_wire::{BadKeys, Fresh, KeyId, KeyRing, Mode, Seal, Tally};
/// What is read of packets that were captured elsewhere.
pub use bruit_wire::{Captured, Note, Unsealed, messages, notes, unseal, verifies};
pub use counters::{Counters, Dropped, Group, Lane, MAX_REASONS};
pub use node::{Node, PAUSE};
pub use output::{Output, Wake};
pub use scratch::Scratch;
pub use settings::{Now, Settings};
pub use stream::{BUFFER, SILENCE};
pub use streams::{MAX_HELD, MAX_INBOUND, MAX_OUTBOUND};
pub use tap::{Direction, TAPPED, Tapped};
