use crate::stream::Stream;
use bruit_proto::{StreamId, Time, Why};
use bruit_wire::Deframer;

/// The most streams that others may have open to us: a thousand nodes that join through one seed at once. Each may have
/// a buffer (64 KiB) waiting, 64 MiB if all are slow; what they say is bounded by [`MAX_HELD`] together.
pub const MAX_INBOUND: usize = 1_024;

/// The most streams that we may have open to others: far more than any protocol's conversations at once, and their
/// buffers are 16 MiB at most.
pub const MAX_OUTBOUND: usize = 256;

/// The most bytes of frames that are not whole, over all streams: 32 MiB, which is 128 of the longest frames. The stream
/// that would hold more is ended.
pub const MAX_HELD: usize = 32 * 1024 * 1024;

/// All conversations of a node, by id, which is the order in which they began.
#[derive(Debug)]
pub(crate) struct Streams {
    list: Vec<(StreamId, Box<Stream>)>,
    last: u64,
    inbound: u32,
    /// Bytes of frames that are not whole.
    held: u32,
    /// Streams to look after when the turns of this entry are over.
    touched: Vec<StreamId>,
    /// No deadline is before this one. It may be of a stream that was touched since, or is over: then the wake-up at
    /// that time finds nothing to do but the next one.
    soonest: (Time, StreamId),
}

/// No deadline at all.
const NEVER: (Time, StreamId) = (Time::MAX, StreamId(u64::MAX));

impl Default for Streams {
    fn default() -> Self {
        Streams { list: Vec::new(), last: 0, inbound: 0, held: 0, touched: Vec::new(), soonest: NEVER }
    }
}

impl Streams {
    /// A number of its own for a new conversation.
    pub(crate) fn number(&mut self) -> StreamId {
        self.last += 1;
        StreamId(self.last)
    }

    pub(crate) fn get(&mut self, id: StreamId) -> Option<&mut Stream> {
        let i = self.place(id).ok()?;
        Some(&mut self.list[i].1)
    }

    /// Takes a new stream, or one that was removed.
    pub(crate) fn add(&mut self, stream: Box<Stream>) {
        let Err(i) = self.place(stream.id) else { unreachable!("{:?} is there already", stream.id) };
        let due = (stream.deadline.0, stream.id);
        self.soonest = self.soonest.min(due);
        self.inbound += u32::from(stream.inbound);
        self.held += stream.deframer.held() as u32;
        self.list.insert(i, (stream.id, stream));
    }

    pub(crate) fn remove(&mut self, id: StreamId) -> Option<Box<Stream>> {
        let i = self.place(id).ok()?;
        let (_, stream) = self.list.remove(i);
        self.inbound -= u32::from(stream.inbound);
        self.held -= stream.deframer.held() as u32;
        if self.list.is_empty() {
            self.soonest = NEVER;
        }
        Some(stream)
    }

    pub(crate) fn inbound(&self) -> usize {
        self.inbound as usize
    }

    pub(crate) fn outbound(&self) -> usize {
        self.list.len() - self.inbound()
    }

    /// Lends what a stream heard so far, while more is added and taken.
    pub(crate) fn lend(&mut self, id: StreamId) -> Option<Deframer> {
        let deframer = std::mem::take(&mut self.get(id)?.deframer);
        self.held -= deframer.held() as u32;
        Some(deframer)
    }

    /// Puts it back, unless all streams together would hold too much: then this one is ended, and the answer is no.
    pub(crate) fn put(&mut self, id: StreamId, deframer: Deframer) -> bool {
        let held = self.held + deframer.held() as u32;
        let Some(stream) = self.get(id) else { return true };
        if held as usize > MAX_HELD {
            stream.end(Why::Reset);
            self.touch(id);
            return false;
        }
        stream.deframer = deframer;
        self.held = held;
        true
    }

    /// The protocol or the driver did something to this stream.
    pub(crate) fn touch(&mut self, id: StreamId) {
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
    }

    pub(crate) fn next_touched(&mut self) -> Option<StreamId> {
        (!self.touched.is_empty()).then(|| self.touched.remove(0))
    }

    /// When to look at the deadlines next.
    pub(crate) fn next(&self) -> Option<(Time, StreamId)> {
        (self.soonest != NEVER).then_some(self.soonest)
    }

    /// Ends every stream whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Time) {
        if self.soonest.0 > now {
            return;
        }
        for (id, stream) in &mut self.list {
            if stream.deadline.0 <= now {
                stream.end(stream.deadline.1);
                self.touched.push(*id);
            }
        }
        let waiting = self.list.iter().filter(|(_, stream)| stream.deadline.0 > now);
        self.soonest = waiting.map(|(id, stream)| (stream.deadline.0, *id)).min().unwrap_or(NEVER);
    }

    fn place(&self, id: StreamId) -> Result<usize, usize> {
        self.list.binary_search_by_key(&id, |x| x.0)
    }
}
