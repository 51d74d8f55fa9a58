use bruit_proto::{PeerId, Time};
use std::collections::VecDeque;

/// The items of one life of one origin, numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Whose items they are.
    pub origin: PeerId,
    /// Which of its lives: drawn when it first publishes, so that a restarted origin continues nobody's numbers.
    pub life: u32,
}

/// What a node has of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// All below this number.
    pub next: u64,
    /// And of those after it one bit each, the lowest first; no zero byte at the end.
    pub have: Vec<u8>,
}

impl Report {
    /// Whether it says that this number is there.
    pub(crate) fn has(&self, seq: u64) -> bool {
        let Some(bit) = seq.checked_sub(self.next.saturating_add(1)) else { return seq < self.next };
        let byte = usize::try_from(bit / 8).ok().and_then(|i| self.have.get(i));
        byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
    }

    /// The greatest number that it says is there.
    pub(crate) fn highest(&self) -> u64 {
        let bits = self.have.last().map_or(0, |last| self.have.len() as u64 * 8 - u64::from(last.leading_zeros()));
        if bits == 0 { self.next.saturating_sub(1) } else { self.next.saturating_add(bits) }
    }
}

/// A neighbour that is to have all, and how far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    pub(crate) peer: PeerId,
    /// It has all below this.
    pub(crate) next: u64,
    /// Beats since it last acknowledged while it lacked something.
    pub(crate) silent: u32,
}

/// A bounded window of the newest items of an origin.
#[derive(Debug)]
pub(crate) struct Stream<Id> {
    pub(crate) key: Key,
    /// How far the origin is.
    pub(crate) hop: u8,
    /// The number of the window's first place.
    base: u64,
    /// What is there of each number from `base` to the greatest known.
    window: VecDeque<Option<Id>>,
    /// Something came since the last acknowledgement.
    pub(crate) dirty: bool,
    pub(crate) sides: Vec<Side>,
    /// How often its origin has said how far it goes.
    pub(crate) round: u32,
    /// Of an own stream: session messages said since the last item, and when the next is due.
    pub(crate) said: u32,
    pub(crate) session: Option<Time>,
}

impl<Id: Copy> Stream<Id> {
    pub(crate) fn new(key: Key) -> Self {
        let (window, sides) = (VecDeque::new(), Vec::new());
        Stream { key, hop: 1, base: 1, window, dirty: false, sides, round: 0, said: 0, session: None }
    }

    /// The greatest number known, there or not.
    pub(crate) fn highest(&self) -> u64 {
        self.base + self.window.len() as u64 - 1
    }

    /// The least number that is not there: all below it are, or are below the window.
    pub(crate) fn next(&self) -> u64 {
        self.missing().next().unwrap_or(self.highest() + 1)
    }

    /// Numbers that are not there.
    pub(crate) fn missing(&self) -> impl Iterator<Item = u64> {
        (self.base..).zip(&self.window).filter(|(_, id)| id.is_none()).map(|(seq, _)| seq)
    }

    /// What is there, by number.
    pub(crate) fn present(&self) -> impl Iterator<Item = u64> {
        (self.base..).zip(&self.window).filter(|(_, id)| id.is_some()).map(|(seq, _)| seq)
    }

    pub(crate) fn get(&self, seq: u64) -> Option<Id> {
        let i = usize::try_from(seq.checked_sub(self.base)?).ok()?;
        self.window.get(i).copied().flatten()
    }

    /// Whether it is there, or too old to matter.
    pub(crate) fn has(&self, seq: u64) -> bool {
        seq < self.base || self.get(seq).is_some()
    }

    /// The stream is known to go so far: a window of at most `most` places. How many fell out that never came.
    pub(crate) fn advance(&mut self, highest: u64, most: usize) -> u64 {
        let mut lost = 0;
        let first = highest.saturating_sub(most as u64) + 1;
        if first > self.highest() {
            lost = self.missing().count() as u64 + (first - self.highest() - 1);
            self.window.clear();
            self.base = first;
        }
        while self.highest() < highest {
            self.window.push_back(None);
        }
        while self.base < first {
            lost += u64::from(self.window.pop_front().flatten().is_none());
            self.base += 1;
        }
        lost
    }

    /// Puts an item in its place, if there is one.
    pub(crate) fn put(&mut self, seq: u64, id: Id) {
        if let Some(place) = seq.checked_sub(self.base).and_then(|i| self.window.get_mut(i as usize)) {
            *place = Some(id);
        }
    }

    pub(crate) fn report(&self) -> Report {
        let next = self.next();
        let mut have = Vec::new();
        for bit in self.present().filter(|seq| *seq > next).map(|seq| (seq - next - 1) as usize) {
            have.resize(have.len().max(bit / 8 + 1), 0);
            have[bit / 8] |= 1 << (bit % 8);
        }
        Report { next, have }
    }

    /// Pieces that it holds.
    pub(crate) fn holds(&self) -> usize {
        self.window.len() + self.sides.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(have: &[u64], highest: u64, most: usize) -> Stream<u64> {
        let mut stream = Stream::new(Key { origin: PeerId(1), life: 1 });
        stream.advance(highest, most);
        have.iter().for_each(|seq| stream.put(*seq, *seq));
        stream
    }

    #[test]
    fn a_report_says_what_is_there() {
        for have in [&[][..], &[1, 2], &[2], &[1, 3, 12], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &[5, 12]] {
            let stream = stream(have, 12, 64);
            let report = stream.report();
            (1..=13).for_each(|seq| assert_eq!(report.has(seq), have.contains(&seq), "{seq} of {have:?}: {report:?}"));
            assert_eq!(report.highest(), have.last().copied().unwrap_or(0), "{have:?}");
            assert!(report.have.last() != Some(&0));
        }
    }

    #[test]
    fn a_window_is_bounded_and_counts_what_it_never_had() {
        let mut stream = stream(&[1, 3], 4, 8);
        assert_eq!((stream.next(), stream.missing().collect::<Vec<_>>()), (2, vec![2, 4]));
        assert_eq!(stream.advance(11, 8), 1, "2 fell out");
        assert_eq!((stream.next(), stream.highest(), stream.holds()), (4, 11, 8));
        assert!(stream.has(2) && stream.has(3) && !stream.has(4), "what is below the window does not matter");
        assert_eq!(stream.advance(1000, 8), 8 + (992 - 11), "all that it lacked and all that it never heard of");
        assert_eq!((stream.next(), stream.highest()), (993, 1000));
        stream.put(5, 5);
        assert_eq!(stream.get(5), None);
        assert_eq!(stream.advance(u64::MAX - 1, 8), u64::MAX - 1 - 1000, "no number makes it loop");
    }
}
