use std::collections::BTreeSet;
use std::fmt::Debug;

/// Data that spreads item by item: what rumor mongering, anti-entropy and multicast carry, owned by whoever the data is for.
pub trait Set {
    /// Names an item.
    type Id: Copy + Ord + Debug;
    /// One piece of data. A handle where copying it is dear.
    type Item: Clone + Debug;

    /// The name of an item.
    fn id(item: &Self::Item) -> Self::Id;

    /// Whether it is here, or was and is obsolete.
    fn has(&self, id: Self::Id) -> bool;

    /// The item, if it is here.
    fn get(&self, id: Self::Id) -> Option<Self::Item>;

    /// Takes an item; whether it was news.
    fn insert(&mut self, item: Self::Item) -> bool;
}

/// Items that are their own names.
impl<T: Copy + Ord + Debug> Set for BTreeSet<T> {
    type Id = T;
    type Item = T;

    fn id(item: &T) -> T {
        *item
    }
    fn has(&self, id: T) -> bool {
        self.contains(&id)
    }
    fn get(&self, id: T) -> Option<T> {
        BTreeSet::get(self, &id).copied()
    }
    fn insert(&mut self, item: T) -> bool {
        BTreeSet::insert(self, item)
    }
}
