use crate::compose::Part;
use crate::context::{Batch, Receipt, Sink};
use crate::peer::PeerId;
use crate::protocol::Protocol;
use crate::record::Record;
use crate::stream::{Class, Origin, Path, StreamId};
use std::sync::Arc;
use std::time::Duration;

/// Takes messages until it is full. Nodes and harnesses implement it.
pub trait Offer<M> {
    /// Takes the message, or gives it back: there is no room for it.
    fn offer(&mut self, message: M) -> Result<(), M>;
    /// Bytes left. A message of this size may still be refused: its frame counts too.
    fn left(&self) -> usize;
}

/// Spare room in a datagram, or a stream's credit.
pub struct Room<'a, M>(&'a mut dyn Offer<M>);

impl<'a, M> Room<'a, M> {
    /// Room in what `offer` stands for.
    pub fn new(offer: &'a mut dyn Offer<M>) -> Self {
        Room(offer)
    }

    /// Takes the message, or gives it back: there is no room for it.
    pub fn offer(&mut self, message: M) -> Result<(), M> {
        self.0.offer(message)
    }

    /// Bytes left.
    pub fn left(&self) -> usize {
        self.0.left()
    }

    /// The same room, for messages of part `X`.
    pub fn lend<X: Part, R>(&mut self, f: impl FnOnce(&mut Room<'_, <X::Of as Protocol>::Message>) -> R) -> R
    where
        X::Whole: Protocol<Message = M>,
    {
        f(&mut Room(&mut Mapped::<X>(&mut *self.0)))
    }
}

struct Mapped<'a, X: Part>(&'a mut dyn Offer<<X::Whole as Protocol>::Message>);

impl<X: Part> Offer<<X::Of as Protocol>::Message> for Mapped<'_, X> {
    fn offer(&mut self, message: <X::Of as Protocol>::Message) -> Result<(), <X::Of as Protocol>::Message> {
        self.0.offer(X::message(message)).map_err(|m| X::back(m).expect("a sink gives back what it got"))
    }
    fn left(&self) -> usize {
        self.0.left()
    }
}

/// The sink that [`fill`](Protocol::fill) gets: it passes on timers and events and asserts against anything else.
///
/// What `fill` sent would need a packet, which would ask `fill`.
pub struct FillSink<'a, P: Protocol>(pub &'a mut dyn Sink<P>);

const LAW: &str = "in `fill` a protocol offers, sets timers and notifies, nothing else";

impl<P: Protocol> Sink<P> for FillSink<'_, P> {
    fn send(&mut self, _: PeerId, _: P::Message) {
        panic!("{LAW}");
    }
    fn send_group(&mut self, _: P::Message) {
        panic!("{LAW}");
    }
    fn reply(&mut self, _: Path, _: P::Message) {
        panic!("{LAW}");
    }
    fn open(&mut self, _: PeerId, _: Class, _: Duration) -> StreamId {
        panic!("{LAW}");
    }
    fn write(&mut self, _: StreamId, _: P::Message) -> Result<(), P::Message> {
        panic!("{LAW}");
    }
    fn wake(&mut self, _: StreamId) {
        panic!("{LAW}");
    }
    fn close(&mut self, _: StreamId) {
        panic!("{LAW}");
    }
    fn set(&mut self, timer: P::Timer, after: Duration) {
        self.0.set(timer, after);
    }
    fn cancel(&mut self, timer: P::Timer) {
        self.0.cancel(timer);
    }
    fn persist(&mut self, _: Batch) -> Receipt {
        panic!("{LAW}");
    }
    fn know(&mut self, _: PeerId, _: Option<&Arc<Record>>) {
        panic!("{LAW}");
    }
    fn reject(&mut self, _: Origin, _: &'static str) {
        panic!("{LAW}");
    }
    fn notify(&mut self, event: P::Event) {
        self.0.notify(event);
    }
}
