use crate::{Mark, Span, Sum};

/// A block is split when it grows beyond this. A sum over n entries adds up n / 512 blocks and two halves of one.
const BLOCK: usize = 512;

/// Entries in order, each with a print, and the sum of any piece of them in the order of the square root.
///
/// A list of sorted blocks: finding is two binary searches, inserting moves half a block. Marks may be equal.
#[derive(Clone, Debug)]
pub struct Sums<T> {
    blocks: Vec<Block<T>>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Block<T> {
    entries: Vec<Entry<T>>,
    prints: u64,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    mark: Mark,
    print: u64,
    what: T,
}

impl<T> Block<T> {
    fn new(entries: Vec<Entry<T>>) -> Self {
        let prints = entries.iter().fold(0u64, |sum, entry| sum.wrapping_add(entry.print));
        Block { entries, prints }
    }

    fn is_before(&self, mark: Mark) -> bool {
        self.entries.last().is_none_or(|last| last.mark < mark)
    }
}

impl<T> Default for Sums<T> {
    fn default() -> Self {
        Sums { blocks: Vec::new(), len: 0 }
    }
}

impl<T> Sums<T> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry.
    pub fn insert(&mut self, mark: Mark, print: u64, what: T) {
        let (mut at, mut i) = self.find(mark);
        if at == self.blocks.len() {
            // Behind all: most stamps are, so a full block stays full.
            match self.blocks.last() {
                Some(last) if last.entries.len() < BLOCK => (at, i) = (at - 1, last.entries.len()),
                _ => self.blocks.push(Block::new(Vec::new())),
            }
        }
        let block = &mut self.blocks[at];
        block.entries.insert(i, Entry { mark, print, what });
        block.prints = block.prints.wrapping_add(print);
        self.len += 1;
        if block.entries.len() > BLOCK {
            let rest = Block::new(block.entries.split_off(BLOCK / 2));
            block.prints = block.prints.wrapping_sub(rest.prints);
            self.blocks.insert(at + 1, rest);
        }
    }

    /// Takes out the entry at `mark` that `is` knows.
    pub fn remove(&mut self, mark: Mark, is: impl Fn(u64, &T) -> bool) -> Option<T> {
        let (mut at, mut i) = self.find(mark);
        loop {
            let block = self.blocks.get_mut(at)?;
            let Some(entry) = block.entries.get(i) else {
                (at, i) = (at + 1, 0);
                continue;
            };
            if entry.mark != mark {
                return None;
            }
            if is(entry.print, &entry.what) {
                let Entry { print, what, .. } = block.entries.remove(i);
                block.prints = block.prints.wrapping_sub(print);
                if block.entries.is_empty() {
                    self.blocks.remove(at);
                }
                self.len -= 1;
                return Some(what);
            }
            i += 1;
        }
    }

    /// The entries of a span, ascending.
    pub fn iter(&self, span: Span) -> impl DoubleEndedIterator<Item = (Mark, &T)> {
        let (from, upto) = self.bounds(span);
        let last = if upto.1 > 0 { upto.0 + 1 } else { upto.0 };
        let blocks = self.blocks.get(from.0..last).unwrap_or_default().iter().enumerate();
        blocks.flat_map(move |(k, block)| {
            let begin = if k == 0 { from.1 } else { 0 };
            let end = if from.0 + k == upto.0 { upto.1 } else { block.entries.len() };
            block.entries[begin..end].iter().map(|entry| (entry.mark, &entry.what))
        })
    }

    /// The entries at a mark.
    pub fn at(&self, mark: Mark) -> impl Iterator<Item = &T> {
        let (at, i) = self.find(mark);
        let rest = self.blocks.get(at..).unwrap_or_default().iter().enumerate();
        let entries = rest.flat_map(move |(k, block)| &block.entries[if k == 0 { i } else { 0 }..]);
        entries.take_while(move |entry| entry.mark == mark).map(|entry| &entry.what)
    }

    /// How many entries a span has, and the sum of their prints.
    pub fn sum(&self, span: Span) -> Sum {
        let (from, upto) = self.bounds(span);
        if upto <= from {
            return Sum::default();
        }
        let mut sum = Sum::default();
        let mut add = |entries: &[Entry<T>], prints: Option<u64>| {
            sum.count += entries.len() as u64;
            let prints = prints.unwrap_or_else(|| entries.iter().fold(0, |sum, entry| sum.wrapping_add(entry.print)));
            sum.prints = sum.prints.wrapping_add(prints);
        };
        if from.0 == upto.0 {
            add(&self.blocks[from.0].entries[from.1..upto.1], None);
            return sum;
        }
        add(&self.blocks[from.0].entries[from.1..], (from.1 == 0).then_some(self.blocks[from.0].prints));
        self.blocks[from.0 + 1..upto.0].iter().for_each(|block| add(&block.entries, Some(block.prints)));
        if upto.1 > 0 {
            add(&self.blocks[upto.0].entries[..upto.1], None);
        }
        sum
    }

    /// The first entry that is not before a mark: its block and its place there.
    fn find(&self, mark: Mark) -> (usize, usize) {
        let at = self.blocks.partition_point(|block| block.is_before(mark));
        (at, self.blocks.get(at).map_or(0, |block| block.entries.partition_point(|entry| entry.mark < mark)))
    }

    fn bounds(&self, span: Span) -> ((usize, usize), (usize, usize)) {
        let end = if span.upto == Mark::EDGE { (self.blocks.len(), 0) } else { self.find(span.upto) };
        let from = self.find(span.from);
        (from, end.max(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::{Rng, mix};

    fn mark(rng: &mut Rng) -> Mark {
        Mark(1 + u64::from(rng.below(3000)), u64::from(rng.below(2)))
    }

    /// Against a plain sorted list, with equal marks, over several blocks.
    #[test]
    fn sums_and_entries_are_those_of_a_sorted_list() {
        let mut rng = Rng::seeded(3);
        let mut sums = Sums::default();
        let mut plain: Vec<(Mark, u64)> = Vec::new();
        for i in 0..6000u64 {
            let mark = mark(&mut rng);
            sums.insert(mark, mix(i), i);
            plain.push((mark, i));
            if rng.below(3) == 0 {
                let (mark, i) = plain.swap_remove(rng.below(plain.len() as u32) as usize);
                assert_eq!(sums.remove(mark, |print, what| *what == i && print == mix(i)), Some(i));
                assert_eq!(sums.remove(mark, |_, what| *what == i), None);
            }
        }
        assert!(sums.blocks.len() > 4 && sums.len() == plain.len());
        plain.sort_unstable();
        for case in 0..500 {
            let (from, upto) = (mark(&mut rng), mark(&mut rng));
            let span = [Span { from, upto }, Span { from, upto: Mark::EDGE }, Span { from: Mark::EDGE, upto }][case % 3];
            let within: Vec<_> = plain.iter().filter(|x| x.0 >= span.from && span.ends_after(x.0)).collect();
            let prints = within.iter().fold(0u64, |sum, x| sum.wrapping_add(mix(x.1)));
            assert_eq!(sums.sum(span), Sum { count: within.len() as u64, prints }, "{span:?}");
            let sorted = |mut numbers: Vec<u64>| {
                numbers.sort_unstable();
                numbers
            };
            let (seen, held) = (sums.iter(span).map(|x| *x.1).collect(), within.iter().map(|x| x.1).collect());
            assert_eq!(sorted(seen), sorted(held), "{span:?}");
            assert!(sums.iter(span).rev().map(|x| x.0).eq(within.iter().rev().map(|x| x.0)), "{span:?}");
            assert_eq!(sums.at(from).count(), plain.iter().filter(|x| x.0 == from).count());
        }
        assert_eq!(sums.sum(Span::ALL).count, plain.len() as u64);
    }

    #[test]
    fn what_comes_in_order_fills_its_blocks() {
        let mut sums = Sums::default();
        (1..=10 * BLOCK as u64).for_each(|i| sums.insert(Mark(i, 0), i, ()));
        assert_eq!(sums.blocks.len(), 10);
        assert_eq!(sums.sum(Span { from: Mark(1, 0), upto: Mark(4, 0) }), Sum { count: 3, prints: 6 });
        (1..=10 * BLOCK as u64).for_each(|i| assert!(sums.remove(Mark(i, 0), |_, ()| true).is_some()));
        assert!(sums.is_empty() && sums.blocks.is_empty() && sums.sum(Span::ALL) == Sum::default());
    }
}
