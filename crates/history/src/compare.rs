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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Entry, What};
    use crate::message::Message;
    use bruit_proto::{PeerId, Reader, Rng, Wall, Wire};
    use std::sync::Arc;

    fn entry(origin: u64, ltime: u64) -> Arc<Entry> {
        let id = EntryId { ltime, origin: PeerId(origin), serial: 1 };
        Arc::new(Entry { id, what: What::Join, node: "n".into(), by: "b".into(), at: Wall(1) })
    }

    fn book(limit: usize, entries: impl IntoIterator<Item = Arc<Entry>>) -> Book {
        let mut book = Book::new(limit);
        for entry in entries {
            book.insert(entry);
        }
        book
    }

    /// One conversation over the wire: how many turns, their bytes, and how many entries were given.
    fn converse(left: &mut Book, right: &mut Book) -> (u32, usize, usize) {
        let (mut from, mut to) = (left, right);
        let (mut turns, mut bytes, mut given) = (0, 0, 0);
        let mut answer = Answer::opening(from);
        loop {
            turns += 1;
            given += answer.give.len();
            for id in &answer.give {
                to.insert(from.get(id).expect("it was just found").clone());
            }
            let turn = Turn { checkpoint: from.checkpoint(), ranges: answer.ranges, want: answer.want };
            let mut out = Vec::new();
            Message::Turn(turn.clone()).encode(&mut out);
            bytes += out.len();
            assert_eq!(Message::decode(&mut Reader::new(&out)), Ok(Message::Turn(turn.clone())), "an honest turn is legal");
            assert!(out.len() < 139_312, "and within its arithmetic");
            if let Some(checkpoint) = turn.checkpoint {
                to.adopt(checkpoint);
            }
            if turn.is_last() {
                return (turns, bytes, given);
            }
            answer = Answer::to(to, &turn);
            (from, to) = (to, from);
        }
    }

    fn equal(left: &Book, right: &Book) -> bool {
        left.digest() == right.digest() && left.iter().eq(right.iter())
    }

    #[test]
    fn one_entry_among_ten_thousand_costs_little() {
        let all = |skip: u64| (1..=10_000).filter(move |t| *t != skip).map(|t| entry(1, t));
        for (missing, most_turns, most_bytes) in [(10_000, 2, 300), (5_000, 6, 1_250), (1, 6, 1_250)] {
            let (mut left, mut right) = (book(10_000, all(missing)), book(10_000, all(0)));
            let (turns, bytes, given) = converse(&mut left, &mut right);
            assert!(equal(&left, &right) && given == 1, "{missing}");
            assert!(turns <= most_turns && bytes <= most_bytes, "{missing}: {turns} turns, {bytes} B");
        }
    }

    /// Any two histories, full and folded ones among them: a few conversations make them equal.
    #[test]
    fn any_two_books_become_equal() {
        let mut dice = Rng::seeded(1);
        for case in 0..300 {
            let (limit, times) = (1 + dice.below(400) as usize, 1 + dice.below(800));
            let (left_ppm, right_ppm) = (dice.below(1_000_001), dice.below(1_000_001));
            let mut some = |ppm: u32| -> Vec<_> {
                let mut all: Vec<_> = (1..=u64::from(times)).map(|t| entry(1 + t % 3, t / 2 + 1)).collect();
                all.retain(|_| dice.chance(ppm));
                all
            };
            let (ours, theirs) = (some(left_ppm), some(right_ppm));
            let (mut left, mut right) = (book(limit, ours.clone()), book(limit, theirs.clone()));
            let (turns, ..) = converse(&mut left, &mut right);
            converse(&mut left, &mut right);
            assert!(equal(&left, &right), "case {case}");
            assert!(turns <= 12, "case {case}: {turns} turns");
            let mut union: Vec<_> = ours.iter().chain(&theirs).map(|entry| entry.id).collect();
            union.sort_unstable();
            union.dedup();
            let kept = &union[union.len().saturating_sub(limit)..];
            assert!(left.iter().map(|entry| &entry.id).eq(kept), "case {case}: the greatest of both");
        }
    }

    #[test]
    fn nothing_is_given_that_is_below_the_others_checkpoint() {
        let (mut left, mut right) = (book(10, (1..=5).map(|t| entry(1, t))), book(10, (6..=40).map(|t| entry(2, t))));
        let (_, _, given) = converse(&mut right, &mut left);
        assert!(given == 10 && equal(&left, &right), "{given} given");
    }

    /// More differs than one turn may say: the rest is for the next conversation.
    #[test]
    fn what_no_turn_can_hold_is_found_by_the_next() {
        let half = |odd: u64| (1..=10_000).filter(move |t| t % 2 == odd).map(move |t| entry(1 + odd, t));
        let (mut left, mut right) = (book(10_000, half(0)), book(10_000, half(1)));
        let conversations = (1..=4).find(|_| {
            converse(&mut left, &mut right);
            equal(&left, &right)
        });
        assert!(conversations.is_some_and(|n| n > 1), "{conversations:?}");
        assert_eq!(left.len(), 10_000);
    }

    /// Whatever a peer says, the answer is within the bounds of a turn and of the book.
    #[test]
    fn answers_are_bounded() {
        let mine = book(10_000, (1..=10_000).map(|t| entry(1, t)));
        let other = |t| EntryId { ltime: t, origin: PeerId(9), serial: 1 };
        let sums = (1..=4_096).map(|t| Range { upto: other(3 * t), holds: Holds::Sum(Sum { count: 1, sum: 1 }) });
        let list = Range { upto: EntryId::LAST, holds: Holds::List((1..4_000).map(other).collect()) };
        for ranges in [sums.collect(), vec![list]] {
            let answer = Answer::to(&mine, &Turn { ranges, ..Turn::default() });
            assert!(answer.pieces() <= Turn::MAX_PIECES && answer.give.len() <= 10_000);
        }
    }
}
