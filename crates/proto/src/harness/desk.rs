use crate::MAX_PER_TURN;
use crate::context::{Batch, Receipt, Sink};
use crate::peer::PeerId;
use crate::protocol::Protocol;
use crate::record::Record;
use crate::stream::{Class, Origin, Path, StreamId};
use crate::time::Time;
use crate::timers::Timers;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A site's sink: what a turn did, until the harness settles it.
pub(super) struct Desk<P: Protocol> {
    pub(super) me: PeerId,
    pub(super) timers: Timers<P::Timer>,
    pub(super) out: BTreeMap<PeerId, Vec<P::Message>>,
    pub(super) events: Vec<P::Event>,
    pub(super) rejected: Vec<&'static str>,
    done: Done<P>,
    now: Time,
    streams: u64,
    receipts: u64,
    said: u32,
}

pub(super) struct Done<P: Protocol> {
    pub(super) opened: Vec<(StreamId, PeerId, Class, Duration)>,
    pub(super) written: Vec<(StreamId, P::Message)>,
    pub(super) closed: Vec<StreamId>,
    pub(super) woken: Vec<StreamId>,
    pub(super) stored: Vec<(Receipt, Batch)>,
}

impl<P: Protocol> Default for Done<P> {
    fn default() -> Self {
        Done { opened: vec![], written: vec![], closed: vec![], woken: vec![], stored: vec![] }
    }
}

impl<P: Protocol> Desk<P> {
    pub(super) fn new(me: PeerId) -> Self {
        Desk {
            me,
            timers: Timers::default(),
            out: BTreeMap::new(),
            events: Vec::new(),
            rejected: Vec::new(),
            done: Done::default(),
            now: Time::ZERO,
            streams: 0,
            receipts: 0,
            said: 0,
        }
    }

    pub(super) fn begin(&mut self, now: Time) {
        self.now = now;
        self.said = 0;
    }

    pub(super) fn take_done(&mut self) -> Done<P> {
        std::mem::take(&mut self.done)
    }

    pub(super) fn next_stream(&mut self) -> StreamId {
        self.streams += 1;
        StreamId(self.streams)
    }

    pub(super) fn last_stream(&self) -> u64 {
        self.streams
    }

    pub(super) fn skip_streams(&mut self, used: u64) {
        self.streams = used;
    }

    fn count(&mut self) {
        self.said += 1;
        assert!(self.said <= MAX_PER_TURN, "more than {MAX_PER_TURN} things in one turn");
    }
}

impl<P: Protocol> Sink<P> for Desk<P> {
    fn send(&mut self, to: PeerId, message: P::Message) {
        self.count();
        self.out.entry(to).or_default().push(message);
    }
    fn reply(&mut self, path: Path, message: P::Message) {
        self.count();
        match path.stream() {
            Some(stream) => self.done.written.push((stream, message)),
            None => self.out.entry(PeerId(path.route())).or_default().push(message),
        }
    }
    fn open(&mut self, to: PeerId, class: Class, deadline: Duration) -> StreamId {
        self.count();
        let stream = self.next_stream();
        self.done.opened.push((stream, to, class, deadline));
        stream
    }
    fn write(&mut self, stream: StreamId, message: P::Message) -> Result<(), P::Message> {
        self.count();
        self.done.written.push((stream, message));
        Ok(())
    }
    fn wake(&mut self, stream: StreamId) {
        self.done.woken.push(stream);
    }
    fn close(&mut self, stream: StreamId) {
        self.done.closed.push(stream);
    }
    fn set(&mut self, timer: P::Timer, after: Duration) {
        self.timers.set(timer, self.now + after);
    }
    fn cancel(&mut self, timer: P::Timer) {
        self.timers.cancel(timer);
    }
    fn persist(&mut self, batch: Batch) -> Receipt {
        self.receipts += 1;
        self.done.stored.push((Receipt(self.receipts), batch));
        Receipt(self.receipts)
    }
    fn know(&mut self, _: PeerId, _: Option<&Arc<Record>>) {}
    fn reject(&mut self, _: Origin, why: &'static str) {
        self.rejected.push(why);
    }
    fn notify(&mut self, event: P::Event) {
        self.count();
        self.events.push(event);
    }
}
