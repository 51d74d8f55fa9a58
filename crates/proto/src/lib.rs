//! The alphabet of bruit.
//!
//! A gossip protocol here is a state machine that is *told* things and *may* do a few things back. It cannot read
//! a clock, roll dice of its own, log, open a socket or touch a disk: time, dice and peers are handed in with every
//! call, in a [`Context`], and what it wants done goes out through the same [`Context`].
//!
//! ```text
//!            on_start  on_message  on_timer  on_peer  on_stream  on_stored  on_pause  fill
//!                 \________|___________|________|_________|__________|_________|______/
//!                                               v
//!  now, wall, rng, peers  ------------->  your Protocol
//!                                               |
//!      send  send_group  reply  open  write  wake  close  set  cancel  persist  know  reject  notify
//! ```
//!
//! The kinds of thing in this crate, and how they are named:
//!
//! * **told**: `on_*` methods of [`Protocol`], each one turn; and [`Protocol::fill`], which offers spare room.
//! * **done**: methods of [`Context`], verbs without a prefix.
//! * **commands**: inherent methods of a protocol, `kv.put(cx, ..) -> Result<..>`; each is a turn too.
//! * **composed**: [`Part`] and [`Wiring`]: a composition of protocols is a protocol.
//! * **run**: [`harness::Harness`] runs N copies of any protocol with no node around it; [`laws`] are what each must pass.
//!
//! How to write a protocol: declare `Message`, `Timer` and `Event`; keep at most a handful of timers (deadlines per
//! peer live in your own queue behind one name); answer in the turn that asks; bound everything; prove it with
//! [`laws`]. `bruit-events` is the one to copy: small, with a push, a piggyback and a stream conversation.

mod compose;
mod context;
pub mod harness;
pub mod laws;
mod mix;
mod mutant;
mod notation;
mod peer;
mod protocol;
mod record;
mod restored;
mod rng;
mod room;
mod stream;
mod time;
mod timers;
mod wire;

pub use compose::{Composition, Part, Wiring};
pub use context::{Batch, Context, Lost, Receipt, Sink};
pub use mix::mix;
pub use mutant::mutant;
#[cfg(feature = "mutants")]
pub use mutant::plant;
pub use notation::Notation;
pub use peer::{Change, Except, Nobody, PeerId, Peers, Sorted, Upto};
pub use protocol::Protocol;
pub use record::{BadRecord, Record, Tags};
pub use restored::Restored;
pub use rng::Rng;
pub use room::{FillSink, Offer, Room};
pub use std::time::Duration;
pub use stream::{Class, Origin, Outlet, Path, StreamId, StreamNews, Why};
pub use time::{Time, Wall};
pub use timers::Timers;
pub use wire::{Malformed, Reader, Wire, put_bytes, put_varint, varint_size};

/// The most things one turn may say or do, over all peers and streams: 10,000.
///
/// A turn that says more has lost its bound; the desk that runs it asserts.
pub const MAX_PER_TURN: u32 = 10_000;
