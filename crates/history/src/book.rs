use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, EntryId};
use crate::message::Sum;
use bruit_kit::Seen;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// The entries that are kept, and the checkpoint of those that are not any more.
///
/// A book holds the `limit` greatest entries that it ever saw. The least of one too many is *folded*: it goes into the
/// checkpoint, and nothing at or below the checkpoint comes in again.
///
/// **Why books converge.** A checkpoint only ever stands below `limit` entries of the book that it is in. So what it
/// keeps out is not among the `limit` greatest of all: books that exchange what they lack come to hold exactly those,
/// whatever the order in which they heard of them. And once books are full and equal, each may take the other's
/// checkpoint, and takes the greater; a maximum does not depend on order either.
///
/// **What a lie can do.** A peer's checkpoint is taken only into a full book of which every entry lies above it. It
/// removes nothing, whoever says what.
#[derive(Debug)]
pub struct Book {
    entries: BTreeMap<EntryId, Arc<Entry>>,
    checkpoint: Option<Checkpoint>,
    /// The sum of the prints of all entries.
    sum: u64,
    limit: usize,
}

impl Book {
    pub(crate) fn new(limit: usize) -> Book {
        Book { entries: BTreeMap::new(), checkpoint: None, sum: 0, limit }
    }

    /// As it lay on a disk: at least `limit` entries above this checkpoint are about to come.
    pub(crate) fn on(limit: usize, checkpoint: Checkpoint) -> Book {
        Book { checkpoint: Some(checkpoint), ..Book::new(limit) }
    }

    /// Takes an entry, if it is new; and what was folded to make room, which may be the same.
    pub(crate) fn insert(&mut self, entry: Arc<Entry>) -> (Seen, Option<EntryId>) {
        let seen = self.seen(&entry.id);
        if seen != Seen::New {
            return (seen, None);
        }
        self.sum = self.sum.wrapping_add(entry.id.print());
        self.entries.insert(entry.id, entry);
        if self.entries.len() <= self.limit {
            return (Seen::New, None);
        }
        let folded = self.entries.pop_first().map(|(id, _)| id);
        if let Some(id) = folded {
            self.sum = self.sum.wrapping_sub(id.print());
            self.checkpoint = Some(Checkpoint::with(self.checkpoint, id));
        }
        (Seen::New, folded)
    }

    /// Takes another book's checkpoint, if it is greater than ours and this book can stand on it.
    pub(crate) fn adopt(&mut self, theirs: Checkpoint) -> bool {
        let full = self.entries.len() == self.limit;
        let below = self.entries.first_key_value().is_some_and(|(least, _)| theirs.upto < *least);
        let taken = full && below && self.checkpoint < Some(theirs);
        if taken {
            self.checkpoint = Some(theirs);
        }
        taken
    }

    /// Whether an entry is kept, or was.
    pub fn seen(&self, id: &EntryId) -> Seen {
        if self.floor().is_some_and(|floor| *id <= floor) {
            Seen::Old
        } else if self.entries.contains_key(id) {
            Seen::Again
        } else {
            Seen::New
        }
    }

    /// One number for all of it: equal books have equal digests. Zero while there is nothing.
    pub fn digest(&self) -> u64 {
        self.sum.wrapping_add(self.checkpoint.map_or(0, |checkpoint| checkpoint.print()))
    }

    /// What is left of entries that are not kept any more, if there are such.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint
    }

    /// Nothing at or below this comes in.
    pub fn floor(&self) -> Option<EntryId> {
        self.checkpoint.map(|checkpoint| checkpoint.upto)
    }

    /// All entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.entries.values()
    }

    /// An entry, if it is kept.
    pub fn get(&self, id: &EntryId) -> Option<&Arc<Entry>> {
        self.entries.get(id)
    }

    /// How many entries are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The ids after `from`, up to and with `upto`.
    pub(crate) fn ids(&self, from: Option<EntryId>, upto: EntryId) -> impl DoubleEndedIterator<Item = EntryId> {
        let above = from.map_or(Bound::Unbounded, Bound::Excluded);
        let ids = (from < Some(upto)).then(|| self.entries.range((above, Bound::Included(upto))));
        ids.into_iter().flatten().map(|(id, _)| *id)
    }

    /// How many they are, and the sum of their prints.
    pub(crate) fn sum(&self, from: Option<EntryId>, upto: EntryId) -> Sum {
        self.ids(from, upto).fold(Sum::default(), |sum, id| sum.with(&id))
    }
}
