use bruit_proto::{
    Batch, Class, Duration, MAX_PER_TURN, Origin, Path, PeerId, Protocol, Receipt, Record, Sink, StreamId, Time, Timers,
};
use std::sync::Arc;

/// A message on its way, between places.
pub(super) struct Said<M> {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) message: M,
}

/// The sink of one turn. Its world has neither streams nor disks.
pub(super) struct Desk<'a, P: Protocol> {
    pub(super) me: u32,
    pub(super) now: Time,
    /// Things done in this turn.
    pub(super) acts: u32,
    pub(super) timers: &'a mut Timers<P::Timer>,
    pub(super) said: &'a mut Vec<Said<P::Message>>,
}

impl<P: Protocol> Desk<'_, P> {
    fn act(&mut self) {
        self.acts += 1;
        assert!(self.acts <= MAX_PER_TURN, "more than {MAX_PER_TURN} things in one turn");
    }

    fn say(&mut self, to: u64, message: P::Message) {
        self.act();
        // An id that no place has is nobody's.
        let to = u32::try_from(to).unwrap_or(u32::MAX);
        self.said.push(Said { from: self.me, to, message });
    }
}

impl<P: Protocol> Sink<P> for Desk<'_, P> {
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.say(to.0.wrapping_sub(1), message);
    }
    fn reply(&mut self, path: Path, message: P::Message) {
        self.say(path.route(), message);
    }
    fn open(&mut self, _: PeerId, _: Class, _: Duration) -> StreamId {
        panic!("a cycle has no streams")
    }
    fn write(&mut self, _: StreamId, message: P::Message) -> Result<(), P::Message> {
        Err(message)
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
        panic!("a cycle has no disks")
    }
    fn know(&mut self, _: PeerId, _: Option<&Arc<Record>>) {}
    fn reject(&mut self, _: Origin, _: &'static str) {}
    fn notify(&mut self, _: P::Event) {
        self.act();
    }
}
