use std::collections::BTreeMap;

/// How often one piece of news is sent: `mult` x ceil(log10(`n` + 1)), at least once; `n` counts the peers.
///
/// memberlist's `retransmitLimit` (SWIM section 4.1: a small multiple of log n reaches all with high probability).
/// In integers: ceil(log10(n + 1)) is the number of decimal digits of n.
pub const fn retransmit_limit(mult: u32, n: u32) -> u32 {
    let digits = if n == 0 { 0 } else { n.ilog10() + 1 };
    let limit = mult.saturating_mul(digits);
    if limit == 0 { 1 } else { limit }
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
    pub fn new(capacity: usize) -> Self {
        Backlog { items: BTreeMap::new(), order: BTreeMap::new(), capacity, seq: 0, dropped: 0 }
    }

    /// Adds news, not sent yet. If that is too much, whatever was sent most, and oldest among equals, is dropped.
    pub fn push(&mut self, key: K, body: B) {
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

    /// Offers items in order until `take` returns false. One that was taken for the `limit`-th time is done.
    pub fn offer(&mut self, limit: u32, mut take: impl FnMut(&K, &B) -> bool) {
        let items = &self.items;
        let taken: Vec<K> = self.order.values().take_while(|key| take(key, &items[key].body)).copied().collect();
        for key in taken {
            self.count(&key, 1, limit);
        }
    }

    /// What waits under this key.
    pub fn get(&self, key: &K) -> Option<&B> {
        self.items.get(key).map(|item| &item.body)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether nothing is left to say.
    pub fn is_quiet(&self) -> bool {
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

    fn take(backlog: &mut Backlog<u32, &'static str>, limit: u32, room: usize) -> Vec<u32> {
        let mut out = Vec::new();
        backlog.offer(limit, |key, _| {
            let fits = out.len() < room;
            if fits {
                out.push(*key);
            }
            fits
        });
        out
    }

    #[test]
    fn the_limit_is_memberlists() {
        let limits: Vec<u32> = [0, 1, 9, 10, 99, 100, 999, 1000].map(|n| retransmit_limit(4, n)).to_vec();
        assert_eq!(limits, [1, 4, 4, 8, 8, 12, 12, 16]);
    }

    #[test]
    fn least_sent_first_then_newest() {
        let mut backlog = Backlog::new(8);
        for key in 1..=3 {
            backlog.push(key, "");
        }
        assert_eq!(take(&mut backlog, 9, 2), [3, 2]);
        backlog.push(4, "");
        assert_eq!(take(&mut backlog, 9, 9), [4, 1, 3, 2]);
        backlog.count(&4, 5, 9);
        assert_eq!(take(&mut backlog, 9, 9).last(), Some(&4));
    }

    #[test]
    fn done_at_its_limit() {
        let mut backlog = Backlog::new(8);
        backlog.push(1, "");
        backlog.count(&1, 2, 4);
        assert_eq!(take(&mut backlog, 4, 9), [1]);
        assert_eq!(take(&mut backlog, 4, 9), [1]);
        assert!(backlog.is_quiet());
        assert_eq!(backlog.dropped(), 0);
    }

    #[test]
    fn newer_news_replaces_and_counts_anew() {
        let mut backlog = Backlog::new(8);
        backlog.push(1, "old");
        backlog.count(&1, 3, 4);
        backlog.push(1, "new");
        assert_eq!((backlog.len(), backlog.get(&1)), (1, Some(&"new")));
        assert_eq!((0..9).filter(|_| !take(&mut backlog, 4, 9).is_empty()).count(), 4);
    }

    #[test]
    fn the_bound_drops_what_was_sent_most() {
        let mut backlog = Backlog::new(2);
        backlog.push(1, "");
        backlog.push(2, "");
        backlog.count(&2, 1, 4);
        backlog.push(3, "");
        assert_eq!(take(&mut backlog, 4, 9), [3, 1]);
        assert_eq!(backlog.dropped(), 1);
    }
}
