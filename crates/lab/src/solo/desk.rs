use super::index::Index;
use bruit_kit::Few;
use bruit_proto::{
    Batch, Class, Duration, MAX_PER_TURN, Offer, Origin, Path, PeerId, Protocol, Receipt, Record, Sink, StreamId, Time, Timers,
};
use std::sync::Arc;

/// Messages that a packet holds here: about 1,200 bytes of the smallest.
const PACKET: usize = 40;
/// Bytes that a message counts as.
pub(super) const MESSAGE: usize = 30;

/// Whom a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Peer(PeerId),
    Node(u32),
}

impl To {
    /// The node, if there is one, and its id.
    pub(super) fn resolve(self, index: &Index, nodes: u32) -> (Option<u32>, PeerId) {
        match self {
            To::Peer(id) => (index.find(id, nodes), id),
            To::Node(i) => (Some(i), index.id(i)),
        }
    }
}

/// The sink of one turn.
pub(super) struct Desk<'a, P: Protocol> {
    pub(super) now: Time,
    /// Things done in this turn.
    pub(super) acts: u32,
    pub(super) timers: &'a mut Timers<P::Timer>,
    /// The packets of this turn.
    pub(super) said: &'a mut Vec<(To, Few<P::Message>)>,
    /// The dials of this turn: each is refused.
    pub(super) dials: &'a mut Vec<StreamId>,
    /// What this node told its user, if that is kept.
    pub(super) told: &'a mut Option<Vec<(Time, u32, P::Event)>>,
    /// Whose turn it is.
    pub(super) me: u32,
    /// The last number that a stream or a receipt was given.
    pub(super) ids: &'a mut u64,
}

impl<P: Protocol> Desk<'_, P> {
    fn act(&mut self) {
        self.acts += 1;
        assert!(self.acts <= MAX_PER_TURN, "more than {MAX_PER_TURN} things in one turn");
    }

    fn say(&mut self, to: To, message: P::Message) {
        self.act();
        match self.said.iter_mut().find(|(t, _)| *t == to) {
            Some((_, messages)) => messages.push(message),
            None => {
                let mut messages = Few::default();
                messages.push(message);
                self.said.push((to, messages));
            }
        }
    }
}

impl<P: Protocol> Sink<P> for Desk<'_, P> {
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.say(To::Peer(to), message);
    }
    fn reply(&mut self, path: Path, message: P::Message) {
        if path.stream().is_none() {
            self.say(To::Node(path.route() as u32), message);
        }
    }
    fn open(&mut self, _: PeerId, _: Class, _: Duration) -> StreamId {
        self.act();
        *self.ids += 1;
        self.dials.push(StreamId(*self.ids));
        StreamId(*self.ids)
    }
    fn write(&mut self, _: StreamId, _: P::Message) -> Result<(), P::Message> {
        Ok(())
    }
    fn wake(&mut self, _: StreamId) {}
    fn close(&mut self, _: StreamId) {}
    fn set(&mut self, timer: P::Timer, after: Duration) {
        self.timers.set(timer, self.now + after);
    }
    fn cancel(&mut self, timer: P::Timer) {
        self.timers.cancel(timer);
    }
    fn persist(&mut self, _: Batch) -> Receipt {
        *self.ids += 1;
        Receipt(*self.ids)
    }
    fn know(&mut self, _: PeerId, _: Option<&Arc<Record>>) {}
    fn reject(&mut self, _: Origin, _: &'static str) {}
    fn notify(&mut self, event: P::Event) {
        self.act();
        if let Some(told) = self.told {
            told.push((self.now, self.me, event));
        }
    }
}

/// Room in a packet.
pub(super) struct Spare<'a, M>(pub(super) &'a mut Few<M>);

impl<M> Offer<M> for Spare<'_, M> {
    fn offer(&mut self, message: M) -> Result<(), M> {
        if self.0.len() >= PACKET {
            return Err(message);
        }
        self.0.push(message);
        Ok(())
    }
    fn left(&self) -> usize {
        (PACKET - self.0.len().min(PACKET)) * MESSAGE
    }
}
