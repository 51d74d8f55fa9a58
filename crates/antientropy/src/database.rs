use crate::entry::{Body, Entry, Key};
use bruit_kit::{Hlc, Ledger, Mark, Order, Set, Span, Sum, Sums, Taken, Version};
use bruit_proto::{Duration, PeerId, Wall, Wire};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

/// How much a [`Database`] keeps, and for how long it keeps what is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The most items, certificates included; of more, what is new is refused and counted.
    pub items: usize,
    /// How long a death certificate is kept by all: tau1 of Demers et al. 1987, section 2.1. Well above the time in which
    /// news reaches all, which grows with the logarithm of their number: who holds the item for longer brings it back.
    pub awake: Duration,
    /// How long after that its retention sites keep it asleep: tau2.
    pub asleep: Duration,
}

impl Default for Keep {
    /// Four million items; certificates for 30 days, then for a year at retention sites: the paper's example.
    fn default() -> Self {
        let day = Duration::from_secs(24 * 3600);
        Keep { items: 4 << 20, awake: 30 * day, asleep: 365 * day }
    }
}

/// Items in memory, by place and by time, a million and more: 100 bytes each beside their values.
///
/// Death certificates live here. One that is awake is an item as any other: it makes what is older obsolete and travels. When
/// it has been for [`Keep::awake`] it is forgotten, and at its retention sites put to sleep: it has no part in sums and lists.
/// If an obsolete item meets one asleep, that is news from now on, with the stamp under which it was written (Demers et al.
/// 1987, section 2.2: the activation timestamp is another one), so what was written since the deletion stays.
#[derive(Clone, Debug)]
pub struct Database<K: Ord, V> {
    me: PeerId,
    keep: Keep,
    items: Sums<Entry<K, V>>,
    times: Sums<K>,
    asleep: BTreeMap<K, Entry<K, V>>,
    /// When each certificate goes to sleep or is forgotten, in milliseconds on the wall.
    due: BTreeSet<(u64, K)>,
    now: Wall,
    refused: u64,
}

impl<K: Key, V: Clone + Debug + Wire> Database<K, V> {
    /// An empty one, of this node.
    pub fn new(me: PeerId, keep: Keep) -> Self {
        let (items, times, asleep, due) = (Sums::default(), Sums::default(), BTreeMap::new(), BTreeSet::new());
        Database { me, keep, items, times, asleep, due, now: Wall(0), refused: 0 }
    }

    /// How many items there are, certificates that are awake included.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many certificates sleep here.
    pub fn asleep(&self) -> usize {
        self.asleep.len()
    }

    /// Items that were refused for want of room.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// What is held under a key: its value, or its certificate if that is awake.
    pub fn entry(&self, key: K) -> Option<&Entry<K, V>> {
        self.items.at(Mark(key.place(), 0)).find(|entry| entry.version.key == key)
    }

    /// The value of a key.
    pub fn value(&self, key: K) -> Option<&V> {
        match &self.entry(key)?.body {
            Body::Value(value) => Some(value),
            Body::Deleted(_) => None,
        }
    }

    /// All items, by place.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<K, V>> {
        self.items.iter(Span::ALL).map(|(_, entry)| entry)
    }

    fn put(&mut self, entry: Entry<K, V>) -> Taken<Entry<K, V>> {
        let Version { key, .. } = entry.version;
        if self.entry(key).is_some_and(|held| !entry.version.supersedes(&held.version)) {
            return Taken::Known;
        }
        if let Some(certificate) = self.asleep.get(&key) {
            if certificate.version.at > entry.version.at {
                return self.awaken(key);
            }
            if !entry.version.supersedes(&certificate.version) {
                return Taken::Known;
            }
        }
        let known = self.entry(key).is_some() || self.asleep.contains_key(&key);
        if !known && self.items.len() + self.asleep.len() >= self.keep.items {
            self.refused += 1;
            return Taken::Known;
        }
        if entry.is_deleted() && self.changes(&entry, true) <= self.now.0 {
            // Nobody passes it on any more; but it still deletes, and who has to keep it does.
            let held = self.remove(key).is_some();
            self.lay_down(entry);
            return if held { Taken::News } else { Taken::Known };
        }
        self.store(entry);
        Taken::News
    }

    fn store(&mut self, entry: Entry<K, V>) {
        let Version { key, active, .. } = entry.version;
        self.remove(key);
        self.forget(key);
        if entry.is_deleted() {
            self.due.insert((self.changes(&entry, true), key));
        }
        let print = entry.version.print(key.place());
        self.times.insert(Mark(active.0, key.place()), print, key);
        self.items.insert(Mark(key.place(), 0), print, entry);
    }

    fn remove(&mut self, key: K) -> Option<Entry<K, V>> {
        let place = key.place();
        let entry = self.items.remove(Mark(place, 0), |_, entry| entry.version.key == key)?;
        self.times.remove(Mark(entry.version.active.0, place), |_, held| *held == key);
        if entry.is_deleted() {
            self.due.remove(&(self.changes(&entry, true), key));
        }
        Some(entry)
    }

    /// A certificate sleeps no more.
    fn forget(&mut self, key: K) -> Option<Entry<K, V>> {
        let certificate = self.asleep.remove(&key)?;
        self.due.remove(&(self.changes(&certificate, false), key));
        Some(certificate)
    }

    /// A certificate is news again, later than it ever was.
    fn awaken(&mut self, key: K) -> Taken<Entry<K, V>> {
        let Some(mut certificate) = self.forget(key) else { return Taken::Known };
        let active = certificate.version.active.0.saturating_add(1).max(Hlc::at(self.now).0);
        certificate.version.active = Hlc(active);
        self.store(certificate.clone());
        Taken::Awake(certificate)
    }

    /// A certificate that all have had is forgotten, but for its retention sites.
    fn lay_down(&mut self, certificate: Entry<K, V>) {
        let until = self.changes(&certificate, false);
        let Body::Deleted(sites) = &certificate.body else { return };
        if sites.contains(&self.me) && until > self.now.0 {
            self.due.insert((until, certificate.version.key));
            self.asleep.insert(certificate.version.key, certificate);
        }
    }

    /// When a certificate goes to sleep if it is awake, and is forgotten if it is not.
    fn changes(&self, certificate: &Entry<K, V>, awake: bool) -> u64 {
        let span = if awake { self.keep.awake } else { self.keep.awake.saturating_add(self.keep.asleep) };
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        certificate.version.active.wall().0.saturating_add(millis)
    }
}

impl<K: Key, V: Clone + Debug + Wire> Set for Database<K, V> {
    type Id = Version<K>;
    type Item = Entry<K, V>;

    fn id(item: &Entry<K, V>) -> Version<K> {
        item.version
    }

    /// What a certificate that sleeps makes obsolete counts as lacking: met, it awakens that.
    fn has(&self, id: Version<K>) -> bool {
        self.entry(id.key).is_some_and(|held| !id.supersedes(&held.version))
            || self.asleep.get(&id.key).is_some_and(|certificate| certificate.version == id)
    }

    fn get(&self, id: Version<K>) -> Option<Entry<K, V>> {
        self.entry(id.key).filter(|held| held.version == id).cloned()
    }

    fn insert(&mut self, item: Entry<K, V>) -> bool {
        matches!(self.put(item), Taken::News)
    }
}

impl<K: Key, V: Clone + Debug + Wire> Ledger for Database<K, V> {
    type Key = K;

    fn place(key: K) -> u64 {
        key.place()
    }

    fn sum(&self, order: Order, span: Span) -> Sum {
        match order {
            Order::Place => self.items.sum(span),
            Order::Time => self.times.sum(span),
        }
    }

    fn versions(&self, order: Order, span: Span) -> impl DoubleEndedIterator<Item = Version<K>> {
        let of = |wanted| (order == wanted).then_some(span).into_iter();
        let places = of(Order::Place).flat_map(|span| self.items.iter(span)).map(|(_, entry)| entry.version);
        let times = of(Order::Time).flat_map(|span| self.times.iter(span));
        places.chain(times.filter_map(|(_, key)| Some(self.entry(*key)?.version)))
    }

    fn take(&mut self, item: Entry<K, V>, wall: Wall) -> Taken<Entry<K, V>> {
        self.now = self.now.max(wall);
        self.put(item)
    }

    fn expire(&mut self, wall: Wall) {
        self.now = self.now.max(wall);
        while self.due.first().is_some_and(|(at, _)| *at <= self.now.0) {
            let Some((_, key)) = self.due.pop_first() else { return };
            if self.forget(key).is_none() {
                self.remove(key).into_iter().for_each(|certificate| self.lay_down(certificate));
            }
        }
    }
}
