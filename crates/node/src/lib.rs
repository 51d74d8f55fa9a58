//! `Node<P>`: any protocol over packets and streams, without doing I/O itself.

use bruit_proto::{Batch, Context, Lost, PeerId, Peers, Protocol, Receipt, StreamId, Time, Wall, Why, Wire};
use std::net::SocketAddr;

/// What a driver's clocks say, at each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic.
    pub mono: Time,
    /// Wall clock.
    pub wall: Wall,
}

/// What a node is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Self: [`PeerId::named`] of the node's name.
    pub id: PeerId,
    /// Seed of all dice of this node; the operating system's entropy in production.
    pub seed: u64,
    /// Cluster label: packets of other labels are not ours.
    pub label: String,
    /// The largest datagram, in bytes. 1,200 survives tunnels.
    pub packet: usize,
}

/// What the driver must do, in order.
#[derive(Debug)]
pub enum Output<E> {
    /// Send this datagram.
    Packet { to: SocketAddr, bytes: Vec<u8> },
    /// Connect; then `stream_opened` or `stream_failed`.
    Dial { stream: StreamId, to: SocketAddr },
    /// Write these bytes to the stream's connection; then `stream_sent`.
    Write { stream: StreamId, bytes: Vec<u8> },
    /// Half-close after all writes. The node goes on reading.
    Shut { stream: StreamId },
    /// Drop the connection at once; the stream means nothing any more.
    Drop { stream: StreamId },
    /// Keep this; then `stored`.
    Persist { receipt: Receipt, batch: Batch },
    /// Tell the user.
    Event(E),
}

/// A protocol, its desk and its book.
pub struct Node<P: Protocol> {
    protocol: P,
}

impl<P: Protocol> Node<P>
where
    P::Message: Wire,
{
    /// A node that has not started. `outer` is the protocol's table of peers; [`bruit_proto::Nobody`] when it brings its own.
    pub fn new(settings: Settings, protocol: P, outer: Box<dyn Peers + Send>) -> Self { todo!() }
    /// First call, once.
    pub fn start(&mut self, now: Now) { todo!() }
    /// Runs one turn of the protocol: `node.command(now, |core, cx| core.say(cx, ..))`.
    pub fn command<R>(&mut self, now: Now, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R { todo!() }
    /// The protocol, to look at.
    pub fn protocol(&self) -> &P { &self.protocol }
    /// The contact that stands for this address, to join through.
    pub fn contact(&mut self, address: SocketAddr) -> PeerId { todo!() }
    /// A datagram came.
    pub fn receive(&mut self, now: Now, from: SocketAddr, bytes: &[u8]) { todo!() }
    /// Somebody connected. `None`: too many already, drop the connection.
    pub fn stream_accepted(&mut self, now: Now, from: SocketAddr) -> Option<StreamId> { todo!() }
    /// A dial was answered.
    pub fn stream_opened(&mut self, now: Now, stream: StreamId) { todo!() }
    /// Bytes came on a stream, in order, cut anywhere.
    pub fn stream_receive(&mut self, now: Now, stream: StreamId, bytes: &[u8]) { todo!() }
    /// The connection took this many bytes of what was to be written: credit.
    pub fn stream_sent(&mut self, now: Now, stream: StreamId, bytes: usize) { todo!() }
    /// The other side half-closed (FIN).
    pub fn stream_ended(&mut self, now: Now, stream: StreamId) { todo!() }
    /// The dial failed or the connection broke.
    pub fn stream_failed(&mut self, now: Now, stream: StreamId, why: Why) { todo!() }
    /// What `Persist` asked for is done, or lost.
    pub fn stored(&mut self, now: Now, receipt: Receipt, outcome: Result<(), Lost>) { todo!() }
    /// A datagram of this size to this address was refused as too large (EMSGSIZE).
    pub fn packet_too_large(&mut self, to: SocketAddr, size: usize) { todo!() }
    /// Time passed: runs every timer and stream deadline that is due.
    pub fn tick(&mut self, now: Now) { todo!() }
    /// The next thing to do; call until `None` after each call above.
    pub fn poll(&mut self) -> Option<Output<P::Event>> { todo!() }
    /// When to `tick` next, and why.
    pub fn deadline(&self) -> Option<(Time, String)> { todo!() }
}
