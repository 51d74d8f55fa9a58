use super::index::Index;
use bruit_proto::{
    Batch, Class, Duration, MAX_PER_TURN, Offer, Origin, Path, PeerId, Protocol, Receipt, Record, Sink, StreamId, Time, Timers,
};
use std::sync::Arc;

/// Messages that a packet holds here: about 1,200 bytes of the smallest.
const PACKET: usize = 40;

/// Whom a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    Peer(PeerId),
    Node(u32),
}

impl To {
    /// The node, if there is one, and its id.
    pub(super) fn resolve(self, index: &Index) -> (Option<u32>, PeerId) {
        match self {
            To::Peer(id) => (index.find(id), id),
            To::Node(i) => (Some(i), index.id(i)),
        }
    }
}

/// The sink that all nodes share, one turn at a time.
pub(super) struct Desk<P: Protocol> {
    now: Time,
    timers: Timers<P::Timer>,
    said: Vec<(To, Vec<P::Message>)>,
    spare: Vec<Vec<P::Message>>,
    dials: Vec<StreamId>,
    /// What the node of this turn told its user, if that is kept.
    told: Option<Vec<P::Event>>,
    ids: u64,
    count: u32,
    acts: u32,
}

impl<P: Protocol> Default for Desk<P> {
    fn default() -> Self {
        let (said, spare, dials) = (Vec::new(), Vec::new(), Vec::new());
        Desk { now: Time::ZERO, timers: Timers::default(), said, spare, dials, told: None, ids: 0, count: 0, acts: 0 }
    }
}

impl<P: Protocol> Desk<P> {
    pub(super) fn begin(&mut self, now: Time, timers: Timers<P::Timer>) {
        (self.now, self.timers, self.acts) = (now, timers, 0);
    }

    pub(super) fn end(&mut self) -> Timers<P::Timer> {
        std::mem::take(&mut self.timers)
    }

    /// The next dial of this turn: it is refused.
    pub(super) fn refused(&mut self) -> Option<StreamId> {
        self.dials.pop()
    }

    /// The next packet of this turn.
    pub(super) fn said(&mut self) -> Option<(To, Vec<P::Message>)> {
        self.said.pop()
    }

    /// An empty list, to be used again.
    pub(super) fn give_back(&mut self, list: Vec<P::Message>) {
        self.spare.push(list);
    }

    /// From now on keeps what nodes tell their users.
    pub(super) fn keep_told(&mut self) {
        self.told = Some(Vec::new());
    }

    /// What was told in this turn.
    pub(super) fn told(&mut self) -> impl Iterator<Item = P::Event> {
        self.told.iter_mut().flat_map(|told| told.drain(..))
    }

    /// A number used once: it makes the order of a bucket total.
    pub(super) fn next_count(&mut self) -> u32 {
        self.count = self.count.wrapping_add(1);
        self.count
    }

    fn act(&mut self) {
        self.acts += 1;
        assert!(self.acts <= MAX_PER_TURN, "more than {MAX_PER_TURN} things in one turn");
    }

    fn say(&mut self, to: To, message: P::Message) {
        self.act();
        match self.said.iter_mut().find(|(t, _)| *t == to) {
            Some((_, messages)) => messages.push(message),
            None => {
                let mut messages = self.spare.pop().unwrap_or_default();
                messages.push(message);
                self.said.push((to, messages));
            }
        }
    }
}

impl<P: Protocol> Sink<P> for Desk<P> {
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
        self.ids += 1;
        self.dials.push(StreamId(self.ids));
        StreamId(self.ids)
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
        self.ids += 1;
        Receipt(self.ids)
    }
    fn know(&mut self, _: PeerId, _: Option<&Arc<Record>>) {}
    fn reject(&mut self, _: Origin, _: &'static str) {}
    fn notify(&mut self, event: P::Event) {
        self.act();
        if let Some(told) = &mut self.told {
            told.push(event);
        }
    }
}

/// Room in a packet.
pub(super) struct Packet<'a, M>(pub(super) &'a mut Vec<M>);

impl<M> Offer<M> for Packet<'_, M> {
    fn offer(&mut self, message: M) -> Result<(), M> {
        if self.0.len() >= PACKET {
            return Err(message);
        }
        self.0.push(message);
        Ok(())
    }
    /// Each message counts as 30 bytes.
    fn left(&self) -> usize {
        (PACKET - self.0.len().min(PACKET)) * 30
    }
}
