use crate::stream::Stream;
use bruit_proto::{StreamId, Time, Why};
use bruit_wire::Channel;

/// The most streams that others may have open to us: a thousand nodes that join through one seed at once. Each may have
/// a buffer (64 KiB) waiting, 64 MiB if all are slow; what they say is bounded by [`MAX_HELD`] together.
pub const MAX_INBOUND: usize = 1_024;

/// The most streams that we may have open to others: far more than any protocol's conversations at once, and their
/// buffers are 16 MiB at most.
pub const MAX_OUTBOUND: usize = 256;

/// The most bytes of frames that are not whole, over all streams: 32 MiB, which is 128 of the longest frames. The stream
/// that would hold more is ended.
pub const MAX_HELD: usize = 32 * 1024 * 1024;

/// All conversations of a node. Most nodes have none most of the time, so what they need is behind a box.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    last: u64,
    table: Option<Box<Table>>,
}

#[derive(Debug)]
struct Table {
    /// By id, which is the order in which they began.
    list: Vec<(StreamId, Box<Stream>)>,
    inbound: usize,
    /// Bytes of frames that are not whole.
    held: usize,
    /// No deadline is before this one. It may be of a stream that was touched since, or is over: then the wake-up at
    /// that time finds nothing to do but the next one.
    soonest: (Time, StreamId),
}

/// No deadline at all.
const NEVER: (Time, StreamId) = (Time::MAX, StreamId(u64::MAX));

impl Default for Table {
    fn default() -> Self {
        Table { list: Vec::new(), inbound: 0, held: 0, soonest: NEVER }
    }
}

impl Table {
    fn place(&self, id: StreamId) -> Result<usize, usize> {
        self.list.binary_search_by_key(&id, |x| x.0)
    }

    fn get(&mut self, id: StreamId) -> Option<&mut Stream> {
        let i = self.place(id).ok()?;
        Some(&mut self.list[i].1)
    }
}

impl Streams {
    /// A number of its own for a new conversation.
    pub(crate) fn number(&mut self) -> StreamId {
        self.last += 1;
        StreamId(self.last)
    }

    pub(crate) fn get(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.table.as_mut()?.get(id)
    }

    /// All of them, in the order in which they began.
    pub(crate) fn ids(&self) -> Vec<StreamId> {
        self.table.as_ref().map_or(Vec::new(), |table| table.list.iter().map(|x| x.0).collect())
    }

    /// Takes a new stream, or one that was removed.
    pub(crate) fn add(&mut self, stream: Box<Stream>) {
        let table = self.table.get_or_insert_default();
        let Err(i) = table.place(stream.id) else { unreachable!("{:?} is there already", stream.id) };
        table.soonest = table.soonest.min((stream.deadline.0, stream.id));
        table.inbound += usize::from(stream.inbound);
        table.held += stream.channel.held();
        table.list.insert(i, (stream.id, stream));
    }

    pub(crate) fn remove(&mut self, id: StreamId) -> Option<Box<Stream>> {
        let table = self.table.as_mut()?;
        let i = table.place(id).ok()?;
        let (_, stream) = table.list.remove(i);
        table.inbound -= usize::from(stream.inbound);
        table.held -= stream.channel.held();
        if table.list.is_empty() {
            self.table = None;
        }
        Some(stream)
    }

    pub(crate) fn inbound(&self) -> usize {
        self.table.as_ref().map_or(0, |table| table.inbound)
    }

    pub(crate) fn outbound(&self) -> usize {
        self.table.as_ref().map_or(0, |table| table.list.len() - table.inbound)
    }

    /// Lends what a stream heard so far, while more is added and taken.
    pub(crate) fn lend(&mut self, id: StreamId) -> Option<Channel> {
        let table = self.table.as_mut()?;
        let channel = std::mem::replace(&mut table.get(id)?.channel, Channel::accepted());
        table.held -= channel.held();
        Some(channel)
    }

    /// Puts it back, unless all streams together would hold too much: then this one is ended, and the answer is no.
    pub(crate) fn put(&mut self, id: StreamId, channel: Channel) -> bool {
        let Some(table) = &mut self.table else { return true };
        let held = table.held + channel.held();
        let Some(stream) = table.get(id) else { return true };
        if held > MAX_HELD {
            stream.end(Why::Reset);
            return false;
        }
        stream.channel = channel;
        table.held = held;
        true
    }

    /// When to look at the deadlines next.
    pub(crate) fn next(&self) -> Option<(Time, StreamId)> {
        self.table.as_ref().map(|table| table.soonest).filter(|soonest| *soonest != NEVER)
    }

    /// Ends every stream whose deadline has passed, and says which.
    pub(crate) fn expire(&mut self, now: Time) -> Vec<StreamId> {
        let mut over = Vec::new();
        let Some(table) = self.table.as_mut().filter(|table| table.soonest.0 <= now) else { return over };
        table.soonest = NEVER;
        for (id, stream) in &mut table.list {
            if stream.deadline.0 <= now {
                stream.end(stream.deadline.1);
                over.push(*id);
            } else {
                table.soonest = table.soonest.min((stream.deadline.0, *id));
            }
        }
        over
    }
}
