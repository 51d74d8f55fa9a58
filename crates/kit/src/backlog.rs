use std::collections::BTreeMap;

/// How often one piece of news is sent: `mult` x ceil(log10(`n` + 1)), at least once; `n` counts the peers.
///
/// memberlist's `retransmitLimit` (SWIM section 4.1: a small multiple of log n reaches all with high probability).
/// In integers: ceil(log10(n + 1)) is the number of decimal digits of n.
pub const fn transmit_limit(mult: u32, n: u32) -> u32 {
    let digits = if n == 0 { 0 } else { n.ilog10() + 1 };
    let limit = mult.saturating_mul(digits);
    if limit == 0 { 1 } else { limit }
}

/// What became of an item that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It goes out: counted.
    Taken,
    /// Not here; go on with the next.
    Skipped,
    /// There is no room for it: stop.
    Full,
}

#[derive(Clone, Debug)]
struct Item<B> {
    body: B,
    sent: u32,
    seq: u64,
}

impl<B> Item<B> {
    /// Least sent first, then newest first.
    fn rank(&self) -> (u32, u64) {
        (self.sent, u64::MAX - self.seq)
    }
}

/// News waiting to be sent again: least sent first, newest first among equals (memberlist's transmit-limited queue).
///
/// News about the same key replaces what was waiting. Each operation costs O(log n); a fill costs what it takes out.
#[derive(Clone, Debug)]
pub struct Backlog<K, B> {
    items: BTreeMap<K, Item<B>>,
    order: BTreeMap<(u32, u64), K>,
    capacity: usize,
    seq: u64,
    dropped: u64,
}

impl<K: Copy + Ord, B> Backlog<K, B> {
    /// A backlog of at most `capacity` items.
    pub const fn new(capacity: usize) -> Self {
        Backlog { items: BTreeMap::new(), order: BTreeMap::new(), capacity, seq: 0, dropped: 0 }
    }

    /// Adds news, not sent yet. If that is too much, whatever was sent most, and oldest among equals, is dropped.
    pub fn put(&mut self, key: K, body: B) {
        self.remove(&key);
        self.seq += 1;
        let item = Item { body, sent: 0, seq: self.seq };
        self.order.insert(item.rank(), key);
        self.items.insert(key, item);
        if self.items.len() > self.capacity
            && let Some((_, last)) = self.order.pop_last()
        {
            self.items.remove(&last);
            self.dropped += 1;
        }
    }

    /// Takes an item out.
    pub fn remove(&mut self, key: &K) -> Option<B> {
        let item = self.items.remove(key)?;
        self.order.remove(&item.rank());
        Some(item.body)
    }

    /// Counts `times` sends that went another way, or copies heard from others; at `limit` the item is done.
    pub fn count(&mut self, key: &K, times: u32, limit: u32) {
        let Some(item) = self.items.get_mut(key) else { return };
        self.order.remove(&item.rank());
        item.sent = item.sent.saturating_add(times);
        if item.sent >= limit {
            self.items.remove(key);
        } else {
            self.order.insert(item.rank(), *key);
        }
    }

    /// Offers items in order until one finds no room. One that was taken for the `limit`-th time is done.
    pub fn offer(&mut self, limit: u32, mut take: impl FnMut(&B) -> Offered) {
        let mut taken = Vec::new();
        for key in self.order.values() {
            let item = &self.items[key];
            match if item.sent < limit { take(&item.body) } else { Offered::Taken } {
                Offered::Taken => taken.push(*key),
                Offered::Skipped => {}
                Offered::Full => break,
            }
        }
        for key in taken {
            self.count(&key, 1, limit);
        }
    }

    /// Whether something waits that was never sent.
    pub fn has_untold(&self) -> bool {
        self.order.first_key_value().is_some_and(|(rank, _)| rank.0 == 0)
    }

    /// How often an item was sent so far.
    pub fn sent(&self, key: &K) -> Option<u32> {
        self.items.get(key).map(|item| item.sent)
    }

    /// What waits under this key.
    pub fn get(&self, key: &K) -> Option<&B> {
        self.items.get(key).map(|item| &item.body)
    }

    /// As [`get`](Backlog::get), to change it; its place in the order stays.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut B> {
        self.items.get_mut(key).map(|item| &mut item.body)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Items dropped for want of capacity so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &[u32]) -> Backlog<u32, u32> {
        let mut backlog = Backlog::new(8);
        keys.iter().for_each(|key| backlog.put(*key, *key));
        backlog
    }

    fn take(backlog: &mut Backlog<u32, u32>, limit: u32, room: usize) -> Vec<u32> {
        let mut out = Vec::new();
        backlog.offer(limit, |key| {
            if out.len() == room {
                return Offered::Full;
            }
            out.push(*key);
            Offered::Taken
        });
        out
    }

    #[test]
    fn the_limit_is_memberlists() {
        let limits: Vec<u32> = [0, 1, 9, 10, 99, 100, 999, 1000].map(|n| transmit_limit(4, n)).to_vec();
        assert_eq!(limits, [1, 4, 4, 8, 8, 12, 12, 16]);
    }

    #[test]
    fn least_sent_first_then_newest() {
        let mut backlog = of(&[1, 2, 3]);
        assert_eq!(take(&mut backlog, 9, 2), [3, 2]);
        backlog.put(4, 4);
        assert_eq!(take(&mut backlog, 9, 9), [4, 1, 3, 2]);
        backlog.count(&4, 5, 9);
        assert_eq!(take(&mut backlog, 9, 9).last(), Some(&4));
        assert!(!backlog.has_untold());
    }

    #[test]
    fn done_at_its_limit() {
        let mut backlog = of(&[1]);
        backlog.count(&1, 2, 4);
        assert_eq!((backlog.sent(&1), backlog.sent(&2)), (Some(2), None));
        assert_eq!(take(&mut backlog, 4, 9), [1]);
        assert_eq!(take(&mut backlog, 4, 9), [1]);
        assert!(backlog.is_empty());
        assert_eq!(take(&mut of(&[1, 2]), 0, 9), [], "a limit of zero says nothing");
    }

    #[test]
    fn what_is_skipped_waits_on() {
        let mut backlog = of(&[1, 2, 3]);
        let mut out = Vec::new();
        backlog.offer(1, |key| {
            out.push(*key);
            if *key == 2 { Offered::Skipped } else { Offered::Taken }
        });
        assert_eq!(out, [3, 2, 1]);
        assert_eq!(take(&mut backlog, 1, 9), [2]);
    }

    #[test]
    fn newer_news_replaces_and_counts_anew() {
        let mut backlog = of(&[1]);
        backlog.count(&1, 3, 4);
        backlog.put(1, 7);
        assert_eq!((backlog.len(), backlog.get(&1)), (1, Some(&7)));
        assert_eq!((0..9).filter(|_| !take(&mut backlog, 4, 9).is_empty()).count(), 4);
    }

    #[test]
    fn the_bound_drops_what_was_sent_most() {
        let mut backlog = Backlog::new(2);
        backlog.put(1, 1);
        backlog.put(2, 2);
        backlog.count(&2, 1, 4);
        backlog.put(3, 3);
        assert_eq!(take(&mut backlog, 4, 9), [3, 1]);
        assert_eq!(backlog.dropped(), 1);
    }
}
