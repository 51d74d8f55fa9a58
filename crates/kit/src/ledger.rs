use crate::{Hlc, Set};
use bruit_proto::{Malformed, Reader, Wall, Wire, mix, put_varint, varint_size};
use std::fmt::Debug;

/// A version of an item: which item, and when it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version<K> {
    /// When it was written. Of two versions of one key the later holds, so whoever stamps uses a stamp once for a key.
    pub at: Hlc,
    /// When it became news: `at`, but for a death certificate that was awakened (Demers et al. 1987, section 2.2: the
    /// activation timestamp). Of two versions written at once the one that became news later holds.
    pub active: Hlc,
    /// Which item.
    pub key: K,
}

impl<K> Version<K> {
    /// A version that is news since it was written.
    pub const fn new(key: K, at: Hlc) -> Self {
        Version { at, active: at, key }
    }

    /// Whether this one, of the same key, makes `other` obsolete.
    pub fn supersedes(&self, other: &Self) -> bool {
        (self.at, self.active) > (other.at, other.active)
    }

    /// What it adds to a [`Sum`]: 64 bits that look random, the same at all nodes.
    pub fn print(&self, place: u64) -> u64 {
        // Not zero where all is: `mix` keeps zero, and what adds nothing would not be seen.
        mix(place ^ mix(self.at.0 ^ mix(!self.active.0)))
    }
}

/// Eight bytes, then how much later it became news (one byte, mostly), then the key.
impl<K: Wire> Wire for Version<K> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.at.0.to_be_bytes());
        put_varint(out, self.active.0.wrapping_sub(self.at.0));
        self.key.encode(out);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let at = input.u64()?;
        let active = at.checked_add(input.varint()?).ok_or(Malformed("news later than time goes"))?;
        Ok(Version { at: Hlc(at), active: Hlc(active), key: K::decode(input)? })
    }

    fn size(&self) -> usize {
        8 + varint_size(self.active.0.wrapping_sub(self.at.0)) + self.key.size()
    }
}

/// In which order versions are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// By the place of their key, which is random: each part of it holds its share of the items.
    Place,
    /// By when they became news.
    Time,
}

/// A point in an [`Order`]: of places the place and zero, of time the stamp and the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64, pub u64);

impl Mark {
    /// Before all; as the end of a [`Span`], after all.
    pub const EDGE: Mark = Mark(0, 0);
}

/// A piece of an order: from a mark, which belongs to it, up to another, which does not. [`Mark::EDGE`] as the end means
/// that there is none. A span whose end is not after its start, the edge aside, holds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub from: Mark,
    /// Where it ends.
    pub upto: Mark,
}

impl Span {
    /// All there is.
    pub const ALL: Span = Span { from: Mark::EDGE, upto: Mark::EDGE };

    /// Whether a mark lies before its end.
    pub fn ends_after(&self, mark: Mark) -> bool {
        self.upto == Mark::EDGE || mark < self.upto
    }
}

/// A fingerprint of a set of versions: equal sets have equal ones, others do by chance once in 2^64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// The sum of their prints, modulo 2^64.
    pub prints: u64,
}

/// What became of an item that a [`Ledger`] was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken<Item> {
    /// It is news, and kept now.
    News,
    /// It, or what makes it obsolete, is here.
    Known,
    /// It was obsolete by a death certificate that slept here, which is news to all again: this one.
    Awake(Item),
}

/// Data that two nodes can reconcile: a [`Set`] of versioned items which knows them by name, by place and by time, and can
/// say in few bytes what it holds of any piece of these orders.
///
/// Sums over places are what a Merkle tree holds, made when they are asked for; sums over time are what peel-back compares.
/// What an item is about, and which of two holds, is the version's; what a deletion is, the implementation's.
pub trait Ledger: Set<Id = Version<Self::Key>> {
    /// Names an item, whatever its version.
    type Key: Copy + Ord + Debug;

    /// Where a key lies among the places: 64 random bits, the same at all nodes.
    fn place(key: Self::Key) -> u64;

    /// How many items there are, with the sum of their prints, in a piece of an order.
    fn sum(&self, order: Order, span: Span) -> Sum;

    /// The versions in a piece of an order, ascending.
    fn versions(&self, order: Order, span: Span) -> impl DoubleEndedIterator<Item = Version<Self::Key>>;

    /// Takes an item that a peer gave.
    fn take(&mut self, item: Self::Item, wall: Wall) -> Taken<Self::Item> {
        let _ = wall;
        if self.insert(item) { Taken::News } else { Taken::Known }
    }

    /// Time went by: what has expired goes. Called once a cycle.
    fn expire(&mut self, wall: Wall) {
        let _ = wall;
    }

    /// Where a version lies in an order.
    fn mark(order: Order, version: &Version<Self::Key>) -> Mark {
        let place = Self::place(version.key);
        match order {
            Order::Place => Mark(place, 0),
            Order::Time => Mark(version.active.0, place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_differ_in_anything_have_other_prints() {
        let version = |at, active| Version { at: Hlc(at), active: Hlc(active), key: () };
        let mut prints: Vec<u64> = (0..64).map(|i| version(i / 16, i / 16 + i % 4).print(i / 4 % 4)).collect();
        prints.push(0);
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), 65, "and none of them is that of nothing");
    }
}
