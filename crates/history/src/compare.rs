use crate::book::Book;
use crate::entry::EntryId;
use crate::message::{Holds, Range, Sum, Turn};
use bruit_kit::Seen;

/// How many of the newest entries the first turn lists: 16, in some 250 bytes. A book mostly lacks what is new.
const RECENT: usize = 16;
/// A range of which I hold no more than this is listed, not split: 32 ids are some 500 bytes, three splits' worth.
const LEAF: u32 = 32;
/// Into how many a range is split: 10,000 entries are lists after three splits, 10,000 / 8^3 = 20.
const FANOUT: u32 = 8;

/// What is to be said to a turn.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Entries that the other lacks, oldest first.
    pub(crate) give: Vec<EntryId>,
    pub(crate) ranges: Vec<Range>,
    pub(crate) want: Vec<EntryId>,
    /// Ids listed in `ranges`.
    listed: usize,
}

impl Answer {
    /// The first turn of a conversation: the newest by name, all else as one sum.
    pub(crate) fn opening(book: &Book) -> Answer {
        let mut answer = Answer::default();
        let older = book.len().saturating_sub(RECENT);
        let edge = older.checked_sub(1).and_then(|last| book.ids(None, EntryId::LAST).nth(last));
        if let Some(edge) = edge {
            answer.put(None, edge, Holds::Sum(book.sum(None, edge)));
        }
        answer.list(book, edge, EntryId::LAST);
        answer
    }

    /// The answer to a turn. Ranges in which both hold the same cost nothing; the others are split until they are short
    /// enough to be listed; of a list, each side says what the other lacks.
    pub(crate) fn to(book: &Book, turn: &Turn) -> Answer {
        let floor = book.floor().max(turn.checkpoint.map(|checkpoint| checkpoint.upto));
        let mut answer = Answer::default();
        answer.give.extend(turn.want.iter().filter(|id| book.get(id).is_some()));
        let mut from = None;
        for range in &turn.ranges {
            answer.take(book, from.max(floor), range);
            from = Some(range.upto);
        }
        answer.give.sort_unstable();
        answer.give.dedup();
        answer
    }

    fn take(&mut self, book: &Book, from: Option<EntryId>, theirs: &Range) {
        let upto = theirs.upto;
        match &theirs.holds {
            Holds::Skip => {}
            Holds::List(list) => {
                self.give.extend(book.ids(from, upto).filter(|id| list.binary_search(id).is_err()));
                let lacking = list.iter().filter(|id| from < Some(**id) && book.seen(id) == Seen::New);
                let room = Turn::MAX_PIECES - self.pieces();
                self.want.extend(lacking.take(room));
            }
            Holds::Sum(sum) => {
                let mine = book.sum(from, upto);
                if mine == *sum {
                } else if sum.count == 0 {
                    self.give.extend(book.ids(from, upto));
                } else if mine.count <= LEAF {
                    self.list(book, from, upto);
                } else {
                    self.split(book, from, upto, mine.count);
                }
            }
        }
    }

    fn list(&mut self, book: &Book, from: Option<EntryId>, upto: EntryId) {
        self.put(from, upto, Holds::List(book.ids(from, upto).collect()));
    }

    fn split(&mut self, book: &Book, from: Option<EntryId>, upto: EntryId, count: u32) {
        let each = count.div_ceil(FANOUT);
        let (mut from, mut sum, mut left) = (from, Sum::default(), count);
        for id in book.ids(from, upto) {
            sum = sum.with(&id);
            left -= 1;
            if sum.count == each || left == 0 {
                let end = if left == 0 { upto } else { id };
                self.put(from, end, Holds::Sum(sum));
                (from, sum) = (Some(end), Sum::default());
            }
        }
    }

    /// Adds a range, with one to skip before it if it does not begin where the last one ends. None that does not fit.
    fn put(&mut self, from: Option<EntryId>, upto: EntryId, holds: Holds) {
        if from >= Some(upto) {
            return;
        }
        let listed = if let Holds::List(list) = &holds { list.len() } else { 0 };
        if self.pieces() + listed + 2 > Turn::MAX_PIECES {
            return;
        }
        if let Some(end) = from.filter(|_| self.ranges.last().map(|range| range.upto) != from) {
            self.ranges.push(Range { upto: end, holds: Holds::Skip });
        }
        self.listed += listed;
        self.ranges.push(Range { upto, holds });
    }

    fn pieces(&self) -> usize {
        self.ranges.len() + self.listed + self.want.len()
    }
}
