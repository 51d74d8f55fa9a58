use crate::stream::Stream;
use bruit_proto::{StreamId, Time};

/// The most streams that others may have open to us: each holds at most one frame that is not whole (256 KiB) and one
/// buffer (64 KiB), so 256 of them 80 MiB if all are hostile; well-behaved, a tenth of it.
pub const MAX_INBOUND: usize = 256;

/// The most streams that we may have open to others, bounded alike.
pub const MAX_OUTBOUND: usize = 256;

/// All conversations of a node, by id, which is the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    list: Vec<Stream>,
    last: u64,
    /// Streams to look after when the turns of this entry are over.
    touched: Vec<StreamId>,
}

impl Streams {
    /// A number of its own for a new conversation.
    pub(crate) fn number(&mut self) -> StreamId {
        self.last += 1;
        StreamId(self.last)
    }

    pub(crate) fn get(&mut self, id: StreamId) -> Option<&mut Stream> {
        let i = self.list.binary_search_by_key(&id, |s| s.id).ok()?;
        Some(&mut self.list[i])
    }

    pub(crate) fn remove(&mut self, id: StreamId) -> Option<Stream> {
        let i = self.list.binary_search_by_key(&id, |s| s.id).ok()?;
        Some(self.list.remove(i))
    }

    /// Takes a new stream, or one that was removed.
    pub(crate) fn add(&mut self, stream: Stream) {
        let i = self.list.partition_point(|s| s.id < stream.id);
        self.list.insert(i, stream);
    }

    pub(crate) fn inbound(&self) -> usize {
        self.list.iter().filter(|s| s.inbound).count()
    }

    pub(crate) fn outbound(&self) -> usize {
        self.list.len() - self.inbound()
    }

    pub(crate) fn touch(&mut self, id: StreamId) {
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
    }

    pub(crate) fn next_touched(&mut self) -> Option<StreamId> {
        (!self.touched.is_empty()).then(|| self.touched.remove(0))
    }

    /// The next deadline.
    pub(crate) fn next(&self) -> Option<(Time, StreamId)> {
        self.list.iter().map(|s| (s.deadline.0, s.id)).min()
    }

    /// Ends every stream whose deadline has passed.
    pub(crate) fn expire(&mut self, now: Time) {
        for stream in self.list.iter_mut().filter(|s| s.deadline.0 <= now) {
            stream.end(stream.deadline.1);
            self.touched.push(stream.id);
        }
    }
}
