use crate::compose::{Lent, Part, Wiring};
use crate::peer::{PeerId, Peers};
use crate::protocol::Protocol;
use crate::record::Record;
use crate::rng::Rng;
use crate::stream::{Class, Origin, Path, StreamId};
use crate::time::{Time, Wall};
use std::sync::Arc;
use std::time::Duration;

/// Names one [`Context::persist`]; its outcome comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Receipt(pub u64);

/// What was to be kept is not: the disk failed or is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// Keys to put (with a value) or delete (without), all or nothing.
pub type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// Where a turn's effects go. Nodes, harnesses and compositions implement it; protocols see [`Context`].
pub trait Sink<P: Protocol> {
    /// See [`Context::send`].
    fn send(&mut self, to: PeerId, message: P::Message);
    /// See [`Context::send_group`]. Unless it is written there is no group.
    fn send_group(&mut self, message: P::Message) {
        let _ = message;
    }
    /// See [`Context::reply`].
    fn reply(&mut self, path: Path, message: P::Message);
    /// See [`Context::open`].
    fn open(&mut self, to: PeerId, class: Class, deadline: Duration) -> StreamId;
    /// See [`Context::write`].
    fn write(&mut self, stream: StreamId, message: P::Message) -> Result<(), P::Message>;
    /// See [`Context::wake`].
    fn wake(&mut self, stream: StreamId);
    /// See [`Context::close`].
    fn close(&mut self, stream: StreamId);
    /// See [`Context::set`].
    fn set(&mut self, timer: P::Timer, after: Duration);
    /// See [`Context::cancel`].
    fn cancel(&mut self, timer: P::Timer);
    /// See [`Context::persist`].
    fn persist(&mut self, batch: Batch) -> Receipt;
    /// See [`Context::know`].
    fn know(&mut self, peer: PeerId, record: Option<&Arc<Record>>);
    /// See [`Context::reject`].
    fn reject(&mut self, from: Origin, why: &'static str);
    /// See [`Context::notify`].
    fn notify(&mut self, event: P::Event);
}

/// What a protocol may see and do during one turn.
pub struct Context<'a, P: Protocol> {
    /// This node's monotonic time; does not move within a turn.
    pub now: Time,
    /// This node's wall clock, for stamps and display.
    pub wall: Wall,
    /// This protocol's own dice.
    pub rng: &'a mut Rng,
    /// Whom one may talk to.
    pub peers: &'a dyn Peers,
    sink: &'a mut dyn Sink<P>,
}

impl<'a, P: Protocol> Context<'a, P> {
    /// For nodes and harnesses.
    pub fn new(now: Time, wall: Wall, rng: &'a mut Rng, peers: &'a dyn Peers, sink: &'a mut dyn Sink<P>) -> Self {
        Context { now, wall, rng, peers, sink }
    }

    /// Says `message` to a peer by datagram: it may be lost. A peer that the book does not know counts as lost.
    pub fn send(&mut self, to: PeerId, message: P::Message) {
        self.sink.send(to, message);
    }

    /// Says `message` once to all on this node's link: by IP multicast, if the node has a group, and otherwise to nobody. Who
    /// hears it is not known, so this is never the only way. It must be one [for a group](crate::Wire::for_group).
    pub fn send_group(&mut self, message: P::Message) {
        self.sink.send_group(message);
    }

    /// Answers where a message came from: on its stream, or by datagram to the address it came from.
    pub fn reply(&mut self, path: Path, message: P::Message) {
        self.sink.reply(path, message);
    }

    /// Starts a conversation with a peer or a contact. [`Class`] says what `deadline`, counted from now, covers.
    pub fn open(&mut self, to: PeerId, class: Class, deadline: Duration) -> StreamId {
        self.sink.open(to, class, deadline)
    }

    /// Says `message` on a stream, or gives it back: its buffer is full, or it is over. Then wait for
    /// [`fill`](Protocol::fill).
    pub fn write(&mut self, stream: StreamId, message: P::Message) -> Result<(), P::Message> {
        self.sink.write(stream, message)
    }

    /// Asks for [`fill`](Protocol::fill) on this stream as soon as it has credit: there is something to say again.
    pub fn wake(&mut self, stream: StreamId) {
        self.sink.wake(stream);
    }

    /// Ends my side of a stream; `Closed(Done)` comes when both sides have.
    pub fn close(&mut self, stream: StreamId) {
        self.sink.close(stream);
    }

    /// Sets a timer, or moves it.
    pub fn set(&mut self, timer: P::Timer, after: Duration) {
        self.sink.set(timer, after);
    }

    /// Forgets a timer, set or not.
    pub fn cancel(&mut self, timer: P::Timer) {
        self.sink.cancel(timer);
    }

    /// Asks for a batch to be kept. [`Protocol::on_stored`] says when it is, or that it is lost.
    pub fn persist(&mut self, batch: Batch) -> Receipt {
        self.sink.persist(batch)
    }

    /// Tells the book where a peer is, or to forget it.
    pub fn know(&mut self, peer: PeerId, record: Option<&Arc<Record>>) {
        self.sink.know(peer, record);
    }

    /// Reports a peer's mistake: it is counted and named, never an error of ours.
    pub fn reject(&mut self, from: Origin, why: &'static str) {
        self.sink.reject(from, why);
    }

    /// Tells whoever composed this protocol, after the turn.
    pub fn notify(&mut self, event: P::Event) {
        self.sink.notify(event);
    }

    /// One peer by this protocol's dice, as [`Peers::one`] says.
    pub fn one(&mut self, skip: &dyn Fn(PeerId) -> bool) -> Option<PeerId> {
        self.peers.one(self.rng, skip)
    }

    /// Picks up to `k` peers with this protocol's dice, as [`Peers::pick`] says.
    pub fn pick(&mut self, k: u32, skip: &dyn Fn(PeerId) -> bool, out: &mut Vec<PeerId>) {
        self.peers.pick(self.rng, k, skip, out);
    }

    /// Lends part `X` a context of its own: its dice, its view of the peers, a sink that wraps ours.
    pub fn lend<X: Part<Whole = P>, R>(
        &mut self,
        wiring: &mut Wiring<X::Said>,
        rng: &mut Rng,
        peers: &dyn Peers,
        f: impl FnOnce(&mut Context<'_, X::Of>) -> R,
    ) -> R {
        wiring.reach(X::LANE);
        let mut sink = Lent::<X>::new(&mut *self.sink, wiring);
        f(&mut Context { now: self.now, wall: self.wall, rng, peers, sink: &mut sink })
    }
}
