use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, EntryId};
use std::sync::Arc;

/// What copies of [`History`](crate::History) say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Two bytes for all I have, salted with who tells whom: histories that look equal to one pair by chance do not to the
    /// next. By datagram, each second to one peer.
    Digest(u16),
    /// An entry that you lack; in a conversation.
    Entry(Arc<Entry>),
    /// Ends what I say this time: now you.
    Turn(Turn),
    /// I am in enough conversations already.
    Busy,
}

/// What one side knows of the difference, and what it lacks. An empty one is its last.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Turn {
    /// I take nothing at or below this one's end.
    pub checkpoint: Option<Checkpoint>,
    /// What may still differ: ranges side by side, in order; nothing is said of what lies after the last.
    pub ranges: Vec<Range>,
    /// Entries that I lack.
    pub want: Vec<EntryId>,
}

impl Turn {
    /// The most ranges, listed ids and wanted ids together: 4,096. A range takes at most 22 bytes of end, 1 of kind, 3 of
    /// count and 8 of sum, an id at most 22, so the whole stays below 4,096 x 34 + 48 = 139,312 bytes, half a frame. What
    /// does not fit still differs at the next conversation.
    pub const MAX_PIECES: usize = 4_096;

    /// Whether nothing is left to say.
    pub fn is_last(&self) -> bool {
        self.ranges.is_empty() && self.want.is_empty()
    }
}

/// A piece of the order of all entries, from the end of the range before it, and what I hold of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Its end, which belongs to it.
    pub upto: EntryId,
    /// What I hold of it.
    pub holds: Holds,
}

/// What somebody holds of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Of no interest here: it is equal, or settled.
    Skip,
    /// These many, with this sum.
    Sum(Sum),
    /// Exactly these.
    List(Vec<EntryId>),
}

/// A fingerprint of a set of entries: equal sets have equal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many.
    pub count: u32,
    /// The sum of their prints.
    pub sum: u64,
}

impl Sum {
    pub(crate) fn with(self, id: &EntryId) -> Sum {
        Sum { count: self.count + 1, sum: self.sum.wrapping_add(id.print()) }
    }
}
