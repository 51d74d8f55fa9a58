//! The calendar queue: what is to happen in virtual time, bucket by bucket (Brown 1988, "Calendar queues").
//!
//! A bucket is no wider than the smallest latency between two nodes, so nothing that happens in it can cause anything
//! else in it at another node: its entries may be taken node by node. Inside a bucket the order is by
//! (node, time, source, the source's own count). That order is total and does not depend on the order of insertion.
//!
//! Buckets are lists of chunks from a free list: memory follows the most that was ever pending, and nothing is
//! allocated per entry once that is reached.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Buckets that the wheel holds; what lies beyond waits in a heap. At half a millisecond each: 8 seconds.
const SLOTS: usize = 1 << 14;
/// Entries in a chunk.
const CHUNK: usize = 32;
const NONE: u32 = u32::MAX;

/// Something to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// When, in microseconds of virtual time.
    pub at: u64,
    /// To which node.
    pub to: u32,
    /// From which node.
    pub from: u32,
    /// A number that `from` gives once.
    pub count: u32,
    /// What.
    pub item: T,
}

impl<T> Entry<T> {
    /// What the entries of one bucket are ordered by.
    pub fn key(&self) -> (u32, u64, u32, u32) {
        (self.to, self.at, self.from, self.count)
    }
}

/// An entry beyond the horizon, the earliest first.
struct Far<T>(Entry<T>);

impl<T> Far<T> {
    fn key(&self) -> (u64, (u32, u64, u32, u32)) {
        (self.0.at, self.0.key())
    }
}

impl<T> PartialEq for Far<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Far<T> {}

impl<T> PartialOrd for Far<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Far<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

struct Chunk<T> {
    entries: Vec<Entry<T>>,
    next: u32,
}

/// A queue of entries in virtual time.
pub struct Wheel<T> {
    width: u64,
    /// The first bucket that was not taken yet, counted from time zero.
    cursor: u64,
    heads: Vec<u32>,
    busy: Vec<u64>,
    chunks: Vec<Chunk<T>>,
    free: u32,
    far: BinaryHeap<Far<T>>,
    len: usize,
}

impl<T> Wheel<T> {
    /// An empty queue with buckets of `width` microseconds, at time zero.
    ///
    /// # Panics
    /// If `width` is zero.
    pub fn new(width: u64) -> Self {
        assert!(width > 0, "a bucket has a width");
        Wheel {
            width,
            cursor: 0,
            heads: vec![NONE; SLOTS],
            busy: vec![0; SLOTS / 64],
            chunks: Vec::new(),
            free: NONE,
            far: BinaryHeap::new(),
            len: 0,
        }
    }

    /// Microseconds in a bucket.
    pub fn width(&self) -> u64 {
        self.width
    }

    /// The earliest instant that an entry may have now: the end of the last bucket taken.
    pub fn edge(&self) -> u64 {
        self.cursor * self.width
    }

    /// Entries that wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry.
    ///
    /// # Panics
    /// If its bucket was taken already: a cause would follow its effect.
    pub fn push(&mut self, entry: Entry<T>) {
        let bucket = entry.at / self.width;
        assert!(
            bucket >= self.cursor,
            "an entry at {} µs, and the bucket before {} was taken",
            entry.at,
            self.cursor * self.width
        );
        self.len += 1;
        if bucket >= self.cursor + SLOTS as u64 {
            self.far.push(Far(entry));
        } else {
            self.place(bucket, entry);
        }
    }

    /// Fills `out` with the entries of the next bucket that has any, in order, if it starts before `end`; its start.
    ///
    /// Without one, the wheel moves on to `end`, a whole number of buckets.
    pub fn take(&mut self, end: u64, out: &mut Vec<Entry<T>>) -> Option<u64> {
        out.clear();
        let last = end / self.width;
        self.draw_near(last);
        let Some(bucket) = self.next_busy().filter(|b| *b < last) else {
            self.cursor = self.cursor.max(last);
            return None;
        };
        self.cursor = bucket + 1;
        self.empty((bucket % SLOTS as u64) as usize, out);
        self.len -= out.len();
        out.sort_unstable_by_key(Entry::key);
        Some(bucket * self.width)
    }

    fn place(&mut self, bucket: u64, entry: Entry<T>) {
        let slot = (bucket % SLOTS as u64) as usize;
        let head = self.heads[slot];
        let room = head != NONE && self.chunks[head as usize].entries.len() < CHUNK;
        let chunk = if room { head } else { self.new_chunk(head) };
        self.chunks[chunk as usize].entries.push(entry);
        self.heads[slot] = chunk;
        self.busy[slot / 64] |= 1 << (slot % 64);
    }

    fn new_chunk(&mut self, next: u32) -> u32 {
        if self.free == NONE {
            self.chunks.push(Chunk { entries: Vec::with_capacity(CHUNK), next });
            return self.chunks.len() as u32 - 1;
        }
        let chunk = self.free;
        self.free = std::mem::replace(&mut self.chunks[chunk as usize].next, next);
        chunk
    }

    fn empty(&mut self, slot: usize, out: &mut Vec<Entry<T>>) {
        let mut head = std::mem::replace(&mut self.heads[slot], NONE);
        self.busy[slot / 64] &= !(1 << (slot % 64));
        while head != NONE {
            let chunk = &mut self.chunks[head as usize];
            out.append(&mut chunk.entries);
            let next = std::mem::replace(&mut chunk.next, self.free);
            self.free = head;
            head = next;
        }
    }

    /// Brings entries into the wheel that are not beyond the horizon any more; an empty wheel moves on to them.
    fn draw_near(&mut self, last: u64) {
        if let Some(first) = self.far.peek()
            && self.far.len() == self.len
        {
            self.cursor = self.cursor.max((first.0.at / self.width).min(last));
        }
        while self.far.peek().is_some_and(|f| f.0.at / self.width < self.cursor + SLOTS as u64) {
            let Far(entry) = self.far.pop().expect("it was just seen");
            self.place(entry.at / self.width, entry);
        }
    }

    /// The first bucket from the cursor on that has entries in the wheel.
    fn next_busy(&self) -> Option<u64> {
        let start = (self.cursor % SLOTS as u64) as usize;
        let words = self.busy.len();
        // The word of the cursor is looked at twice: first from the cursor on, at last up to it.
        for i in 0..=words {
            let word = (start / 64 + i) % words;
            let mask = match i {
                0 => !0 << (start % 64),
                i if i == words => !(!0 << (start % 64)),
                _ => !0,
            };
            let bits = self.busy[word] & mask;
            if bits != 0 {
                let slot = word * 64 + bits.trailing_zeros() as usize;
                let ahead = (slot + SLOTS - start) % SLOTS;
                return Some(self.cursor + ahead as u64);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;

    const WIDTH: u64 = 500;

    /// Whatever is pushed and however far ahead, the wheel gives it back as one heap of (bucket, key) would.
    #[test]
    fn agrees_with_a_heap() {
        for seed in 0..60 {
            let mut rng = Rng::seeded(seed);
            let mut wheel = Wheel::new(WIDTH);
            let mut heap = BinaryHeap::new();
            let mut count = 0;
            let mut end = 0;
            let mut out = Vec::new();
            for _ in 0..200 {
                for _ in 0..rng.below(40) {
                    let reach = [1_000, 100_000, 20_000_000][rng.below(3) as usize];
                    count += 1;
                    let (at, to) = (end + u64::from(rng.below(reach)), rng.below(5));
                    wheel.push(Entry { at, to, from: rng.below(5), count, item: count });
                    heap.push(std::cmp::Reverse((at / WIDTH, to, at, count)));
                }
                let before = heap.len();
                end += u64::from(rng.below(9_000)) * WIDTH;
                while let Some(start) = wheel.take(end, &mut out) {
                    let mut of_bucket = Vec::new();
                    while heap.peek().is_some_and(|x| x.0.0 == start / WIDTH) {
                        of_bucket.push(heap.pop().unwrap().0);
                    }
                    of_bucket.sort_by_key(|x| (x.1, x.2, out.iter().find(|e| e.count == x.3).map(|e| e.from), x.3));
                    assert_eq!(
                        out.drain(..).map(|e| e.count).collect::<Vec<_>>(),
                        of_bucket.iter().map(|x| x.3).collect::<Vec<_>>()
                    );
                }
                assert!(heap.peek().is_none_or(|x| x.0.0 >= end / WIDTH), "seed {seed}: {before} before");
                assert_eq!(wheel.len(), heap.len());
            }
        }
    }

    #[test]
    fn the_order_inside_a_bucket_is_not_that_of_insertion() {
        let entries = [(3, 1, 0), (1, 1, 4), (2, 0, 9), (1, 1, 3)];
        let run = |order: &[usize]| {
            let mut wheel = Wheel::new(WIDTH);
            for i in order {
                let (at, to, count) = entries[*i];
                wheel.push(Entry { at, to, from: 0, count, item: () });
            }
            let mut out = Vec::new();
            wheel.take(WIDTH, &mut out);
            out
        };
        assert_eq!(run(&[0, 1, 2, 3]), run(&[3, 1, 0, 2]));
    }

    #[test]
    fn memory_is_what_was_pending() {
        let mut wheel = Wheel::new(WIDTH);
        let mut out = Vec::new();
        for round in 0..10_000u64 {
            for i in 0..40 {
                wheel.push(Entry { at: (round + 1) * WIDTH, to: i, from: i, count: round as u32, item: () });
            }
            wheel.take((round + 2) * WIDTH, &mut out);
            out.clear();
        }
        assert_eq!(wheel.chunks.len(), 2);
    }

    #[test]
    #[should_panic(expected = "was taken")]
    fn the_past_is_closed() {
        let mut wheel = Wheel::new(WIDTH);
        wheel.take(10 * WIDTH, &mut Vec::new());
        wheel.push(Entry { at: 0, to: 0, from: 0, count: 0, item: () });
    }
}
