use crate::delta::Delta;
use crate::digest::Digest;
use crate::endpoint::{Endpoint, Status};
use crate::heart_beat::HeartBeat;
use crate::nodes::Nodes;
use crate::value::{Key, Value};
use bruit_kit::{Arrivals, Hlc};
use bruit_proto::{Duration, PeerId, Time, mix, mutant};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;

/// A node as this one holds it: what it said, and what is seen of it from here.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) endpoint: Endpoint,
    pub(crate) alive: bool,
    pub(crate) quiet: Quiet,
    /// When it was asked for an echo.
    pub(crate) echo: Option<Asked>,
    pub(crate) arrivals: Option<Arrivals>,
    /// Whether phi last said the opposite of `alive`.
    pub(crate) differs: bool,
}

impl Entry {
    pub(crate) fn new(now: Time) -> Entry {
        Entry { endpoint: Endpoint::default(), alive: false, quiet: Quiet::from(now), echo: None, arrivals: None, differs: false }
    }

    /// Seconds since its last sign of life as they travel, rounded up so that no copy grows younger on its way.
    pub(crate) fn age(&self, now: Time) -> u32 {
        if self.alive {
            return 0;
        }
        let age = self.quiet.age(now) + Duration::from_millis(999);
        u32::try_from(age.as_secs()).unwrap_or(u32::MAX)
    }
}

/// Since when there was no sign of life, counted over all the nodes that the news went through: in microseconds of this
/// node's time, below zero before its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quiet(i64);

impl Quiet {
    pub(crate) fn from(now: Time) -> Quiet {
        Quiet(now.0 as i64)
    }

    /// For so many seconds already.
    pub(crate) fn aged(seconds: u32, now: Time) -> Quiet {
        Quiet(now.0 as i64 - i64::from(seconds) * 1_000_000)
    }

    pub(crate) fn age(self, now: Time) -> Duration {
        Duration::from_micros((now.0 as i64).saturating_sub(self.0).max(0) as u64)
    }
}

/// A moment, one microsecond later than it was, so that none takes no room of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked(NonZero<u64>);

impl Asked {
    pub(crate) fn at(now: Time) -> Asked {
        Asked(NonZero::<u64>::MIN.saturating_add(now.0))
    }

    pub(crate) fn age(self, now: Time) -> Duration {
        now.since(Time(self.0.get() - 1))
    }
}

/// What became of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// A node that was not known.
    Joined,
    /// A node that was known by name only, or in an earlier life.
    Began {
        /// In an earlier life.
        restarted: bool,
        /// What of that life anybody may want to keep: its shared values.
        lost: Vec<(Key, Value)>,
    },
    /// More of a life that was known.
    Newer,
    /// It said goodbye.
    Shutdown,
    /// It was removed.
    Removed,
    /// Nothing new.
    Same,
    /// Something is missing before it: ask for what is above this version.
    Gap(u64),
    /// Out of bounds, and why.
    Refused(&'static str),
}

/// What news did: to the node, to keys.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) taken: Taken,
    pub(crate) changed: Vec<(Key, Arc<str>)>,
}

impl From<Taken> for Outcome {
    fn from(taken: Taken) -> Self {
        Outcome { taken, changed: Vec::new() }
    }
}

/// All nodes that this one knows of, itself included.
#[derive(Debug)]
pub(crate) struct Table {
    entries: Nodes<Entry>,
    /// Of each shared key, whose value is the latest.
    shown: BTreeMap<Key, (Hlc, PeerId)>,
    sum: u64,
    max: usize,
    pub(crate) full: u64,
}

impl Table {
    pub(crate) fn new(max: usize) -> Table {
        Table { entries: Nodes::new(), shown: BTreeMap::new(), sum: 0, max, full: 0 }
    }

    pub(crate) fn get(&self, node: PeerId) -> Option<&Entry> {
        self.entries.get(node)
    }

    /// To change what is seen of it from here; never what it said.
    pub(crate) fn get_mut(&mut self, node: PeerId) -> Option<&mut Entry> {
        self.entries.get_mut(node)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (PeerId, &Entry)> {
        self.entries.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (PeerId, &mut Entry)> {
        self.entries.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry of a node, made if there is room for it.
    pub(crate) fn entry(&mut self, node: PeerId, now: Time) -> Option<&mut Entry> {
        if self.entries.len() >= self.max && self.entries.get(node).is_none() {
            self.full += 1;
            return None;
        }
        Some(self.entries.get_or_insert_with(node, || Entry::new(now)))
    }

    /// Changes what a node says, and keeps sum and index with it.
    pub(crate) fn change<R>(&mut self, node: PeerId, change: impl FnOnce(&mut Endpoint) -> R) -> Option<R> {
        let entry = self.entries.get_mut(node)?;
        let before = hash(node, &entry.endpoint);
        let result = change(&mut entry.endpoint);
        let after = hash(node, &entry.endpoint);
        self.sum = self.sum.wrapping_sub(before).wrapping_add(after);
        Some(result)
    }

    pub(crate) fn remove(&mut self, node: PeerId) -> Option<Entry> {
        let entry = self.entries.remove(node)?;
        self.sum = self.sum.wrapping_sub(hash(node, &entry.endpoint));
        self.show_again(&entry.endpoint);
        Some(entry)
    }

    /// The sum over all digests: equal knowledge is an equal sum.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// How many nodes there are in a range, and the sum over them.
    pub(crate) fn range(&self, from: PeerId, to: PeerId) -> (usize, u32) {
        let hashes = self.digests(from, to).map(|digest| hash_digest(&digest));
        let (count, sum) = hashes.fold((0, 0u64), |(count, sum), hash| (count + 1, sum.wrapping_add(hash)));
        (count, (sum >> 32) as u32)
    }

    /// What is known of the nodes in a range, by id.
    pub(crate) fn digests(&self, from: PeerId, to: PeerId) -> impl Iterator<Item = Digest> {
        let range = self.entries.range(from, to).filter(|x| !x.1.endpoint.is_blank());
        range.map(|(node, entry)| entry.endpoint.digest(node))
    }

    /// All that a node has above a version.
    pub(crate) fn delta(&self, node: PeerId, above: u64, now: Time) -> Option<Delta> {
        let entry = self.entries.get(node).filter(|entry| !entry.endpoint.is_blank())?;
        Some(Delta::of(node, &entry.endpoint, above, entry.age(now)))
    }

    /// The latest value of a shared key, and who wrote it: by stamp, then by id.
    pub(crate) fn shown(&self, key: &Key) -> Option<(PeerId, &Value)> {
        let (_, node) = self.shown.get(key)?;
        Some((*node, self.entries.get(*node)?.endpoint.get(key)?))
    }

    /// All shared keys.
    pub(crate) fn shared(&self) -> impl Iterator<Item = &Key> {
        self.shown.keys()
    }

    /// Puts a value where its owner says it; whether that is what is shown now.
    pub(crate) fn put(&mut self, node: PeerId, key: &Key, value: Value) -> Result<bool, crate::endpoint::Overfull> {
        let stamp = value.stamp.unwrap_or_default();
        self.change(node, |endpoint| endpoint.put(key.clone(), value)).unwrap_or(Ok(()))?;
        if !key.is_shared() {
            return Ok(true);
        }
        let shown = self.shown.entry(key.clone()).or_insert((stamp, node));
        let latest = (stamp, node) >= *shown || mutant("the earliest stamp is shown");
        if latest {
            *shown = (stamp, node);
        }
        Ok(latest)
    }

    /// What a node said is gone: of its shared keys the next latest is shown.
    fn show_again(&mut self, gone: &Endpoint) {
        for (key, _) in gone.values().filter(|x| x.0.is_shared()) {
            let stamps = self.entries.iter().filter_map(|(node, entry)| Some((entry.endpoint.get(key)?.stamp?, node)));
            match stamps.max() {
                Some(latest) => self.shown.insert(key.clone(), latest),
                None => self.shown.remove(key),
            };
        }
    }

    /// Takes news that is within its bounds; `accept` says which values to keep.
    pub(crate) fn take(&mut self, delta: &Delta, now: Time, accept: &mut dyn FnMut(&Key, &Value) -> bool) -> Outcome {
        let known = self.entries.get(delta.node).is_some();
        let held = self.entries.get(delta.node).map_or(HeartBeat::default(), |entry| entry.endpoint.heart_beat);
        let (status, max) = self
            .entries
            .get(delta.node)
            .map_or((Status::Running, 0), |entry| (entry.endpoint.status, entry.endpoint.max_version()));
        if held.generation > 0 && delta.generation > held.generation.saturating_add(HeartBeat::JUMP) {
            return Taken::Refused("generation from too far ahead").into();
        }
        let removes = delta.status == Status::Removed;
        let later = delta.generation > held.generation;
        if delta.generation < held.generation {
            return Taken::Same.into();
        }
        if !later && status == Status::Removed {
            return Taken::Same.into();
        }
        let have = if later { 0 } else { max };
        if delta.above > have && !removes && !mutant("gaps are not seen") {
            return Taken::Gap(have).into();
        }
        if !later && !removes && delta.digest().version <= max {
            return Taken::Same.into();
        }
        let Some(entry) = self.entry(delta.node, now) else { return Taken::Refused("more nodes than there may be").into() };
        entry.quiet = Quiet::aged(delta.age, now);
        if removes {
            return self.bury(delta.node, delta.generation).into();
        }
        let mut lost = Vec::new();
        if later {
            lost = self.begin(delta.node, delta.generation);
        }
        let changed = self.fill(delta, accept);
        let taken = match (known, later) {
            (_, false) if delta.status == Status::Shutdown && status != Status::Shutdown => Taken::Shutdown,
            (false, _) => Taken::Joined,
            (true, true) => Taken::Began { restarted: held.generation > 0, lost },
            (true, false) => Taken::Newer,
        };
        Outcome { taken, changed }
    }

    /// Forgets what others wrote in a namespace; whose values there were.
    pub(crate) fn forget(&mut self, me: PeerId, namespace: &str) -> Vec<PeerId> {
        let mut gone = Vec::new();
        for node in self.entries.iter().map(|x| x.0).filter(|node| *node != me).collect::<Vec<_>>() {
            let Some(old) = self.entries.get(node).map(|entry| entry.endpoint.clone()) else { continue };
            if old.status != Status::Removed && self.change(node, |endpoint| endpoint.forget(namespace)) == Some(true) {
                self.show_again(&old);
                gone.push(node);
            }
        }
        gone
    }

    /// Takes back what was forgotten, of a life that is known; what is shown anew.
    pub(crate) fn restore(
        &mut self,
        delta: &Delta,
        namespace: &str,
        accept: &mut dyn FnMut(&Key, &Value) -> bool,
    ) -> Vec<(Key, Arc<str>)> {
        let mut shown = Vec::new();
        for (key, value) in delta.values.iter().filter(|x| &*x.0.namespace == namespace) {
            let absent = self.entries.get(delta.node).is_some_and(|entry| {
                entry.endpoint.heart_beat.generation == delta.generation && entry.endpoint.get(key).is_none()
            });
            if absent && accept(key, value) && self.put(delta.node, key, value.clone()) == Ok(true) {
                shown.push((key.clone(), value.value.clone()));
            }
        }
        shown
    }

    /// A node begins another life; its shared values of the last one.
    pub(crate) fn begin(&mut self, node: PeerId, generation: u64) -> Vec<(Key, Value)> {
        let Some(old) = self.change(node, |endpoint| {
            let old = endpoint.clone();
            endpoint.begin(generation);
            old
        }) else {
            return Vec::new();
        };
        if let Some(entry) = self.entries.get_mut(node) {
            entry.arrivals = None;
        }
        self.show_again(&old);
        old.values().filter(|x| x.0.is_shared()).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Since when there was no sign of life, or since when it is removed.
    pub(crate) fn grow_old(&mut self, node: PeerId, quiet: Quiet) {
        if let Some(entry) = self.entries.get_mut(node) {
            entry.quiet = quiet;
        }
    }

    /// A node is removed in this life and all before it.
    pub(crate) fn bury(&mut self, node: PeerId, generation: u64) -> Taken {
        self.begin(node, generation);
        self.change(node, |endpoint| endpoint.status = Status::Removed);
        if let Some(entry) = self.entries.get_mut(node) {
            entry.alive = false;
        }
        Taken::Removed
    }

    fn fill(&mut self, delta: &Delta, accept: &mut dyn FnMut(&Key, &Value) -> bool) -> Vec<(Key, Arc<str>)> {
        let mut changed = Vec::new();
        for (key, value) in &delta.values {
            let old = self.entries.get(delta.node).and_then(|entry| entry.endpoint.get(key));
            if old.is_some_and(|old| old.version >= value.version) {
                continue;
            }
            let same = old.is_some_and(|old| old.value == value.value);
            match accept(key, value).then(|| self.put(delta.node, key, value.clone())) {
                Some(Ok(shown)) if shown && !same => changed.push((key.clone(), value.value.clone())),
                Some(Ok(_)) => {}
                // Not kept, but not asked for again either.
                Some(Err(_)) | None => self.raise(delta.node, value.version),
            }
        }
        let (node, heartbeat, status) = (delta.node, delta.heartbeat, delta.status);
        self.change(node, |endpoint| {
            endpoint.heart_beat.version = endpoint.heart_beat.version.max(heartbeat);
            endpoint.status = endpoint.status.max(status);
        });
        changed
    }

    fn raise(&mut self, node: PeerId, version: u64) {
        self.change(node, |endpoint| endpoint.heart_beat.version = endpoint.heart_beat.version.max(version));
    }
}

fn hash(node: PeerId, endpoint: &Endpoint) -> u64 {
    if endpoint.is_blank() { 0 } else { hash_digest(&endpoint.digest(node)) }
}

fn hash_digest(digest: &Digest) -> u64 {
    mix(digest.node.0 ^ mix(digest.generation ^ mix(digest.version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000_000);

    fn delta(generation: u64, above: u64, heartbeat: u64, versions: &[u64]) -> Delta {
        let value = |version: u64| Value { value: format!("v{version}").into(), version, stamp: None };
        let values = versions.iter().map(|v| (Key::own(&format!("k{}", v % 10)), value(*v))).collect();
        Delta { node: PeerId(7), generation, status: Status::Running, above, heartbeat, age: 0, values }
    }

    fn removal(generation: u64) -> Delta {
        Delta { status: Status::Removed, ..delta(generation, 0, 0, &[]) }
    }

    fn began(restarted: bool) -> Taken {
        Taken::Began { restarted, lost: vec![] }
    }

    /// A table that holds life 5 of node 7 with values 3 and 4 and heartbeat 9 is told this.
    fn check(told: Delta, taken: Taken, digest: (u64, u64)) {
        let mut table = Table::new(2);
        assert_eq!(table.take(&delta(5, 0, 9, &[3, 4]), NOW, &mut |_, _| true).taken, Taken::Joined);
        assert_eq!(table.take(&told, NOW, &mut |_, _| true).taken, taken, "{told:?}");
        let held = table.get(PeerId(7)).unwrap().endpoint.digest(PeerId(7));
        assert_eq!((held.generation, held.version), digest, "{told:?}");
        assert_eq!(table.sum() >> 32, u64::from(table.range(PeerId(1), PeerId(9)).1), "the sum is kept with it");
    }

    #[test]
    fn what_becomes_of_news() {
        // more of the same life, and nothing new in it
        check(delta(5, 4, 10, &[]), Taken::Newer, (5, 10));
        check(delta(5, 9, 0, &[13]), Taken::Newer, (5, 13));
        check(delta(5, 0, 9, &[3, 4]), Taken::Same, (5, 9));
        check(delta(5, 0, 2, &[]), Taken::Same, (5, 9));
        // something between what is held and what comes
        check(delta(5, 11, 0, &[13]), Taken::Gap(9), (5, 9));
        check(delta(6, 2, 8, &[]), Taken::Gap(0), (5, 9));
        // other lives
        check(delta(6, 0, 1, &[]), began(true), (6, 1));
        check(delta(4, 0, 99, &[]), Taken::Same, (5, 9));
        check(delta(6 + HeartBeat::JUMP, 0, 1, &[]), Taken::Refused("generation from too far ahead"), (5, 9));
        // the end of this one, of an earlier one, of one not heard of
        check(Delta { status: Status::Shutdown, ..delta(5, 4, 10, &[]) }, Taken::Shutdown, (5, 10));
        check(removal(5), Taken::Removed, (5, HeartBeat::REMOVED));
        check(removal(4), Taken::Same, (5, 9));
        check(removal(6), Taken::Removed, (6, HeartBeat::REMOVED));
    }

    #[test]
    fn a_removed_node_returns_in_another_life_alone() {
        let mut table = Table::new(2);
        let mut take = |delta: Delta| table.take(&delta, NOW, &mut |_, _| true).taken;
        assert_eq!(take(removal(5)), Taken::Removed);
        assert_eq!(take(delta(5, 0, 99, &[3])), Taken::Same);
        assert_eq!(take(delta(6, 0, 1, &[])), began(true));
        assert_eq!(take(removal(5)), Taken::Same);
    }

    #[test]
    fn what_is_not_accepted_is_not_asked_for_again() {
        let mut table = Table::new(2);
        table.take(&delta(5, 0, 0, &[3, 4]), NOW, &mut |key, _| key.name.as_ref() != "k4");
        let endpoint = &table.get(PeerId(7)).unwrap().endpoint;
        assert_eq!((endpoint.max_version(), endpoint.values().len()), (4, 1));
    }

    #[test]
    fn the_bound_on_nodes_holds() {
        let mut table = Table::new(2);
        let mut take = |node| table.take(&Delta { node: PeerId(node), ..delta(5, 0, 1, &[]) }, NOW, &mut |_, _| true).taken;
        assert_eq!([take(1), take(2), take(3)], [Taken::Joined, Taken::Joined, Taken::Refused("more nodes than there may be")]);
        assert_eq!((table.len(), table.full), (2, 1));
    }

    #[test]
    fn the_latest_stamp_is_shown_and_ties_go_by_id() {
        let mut table = Table::new(4);
        let key = Key::shared("bucket", "n_val");
        let mut put = |node: u64, stamp: u64| {
            let value = Value { value: format!("{node}").into(), version: stamp, stamp: Some(Hlc(stamp)) };
            let told = Delta { node: PeerId(node), values: vec![(key.clone(), value)], ..delta(5, 0, 0, &[]) };
            table.take(&told, NOW, &mut |_, _| true).changed.len()
        };
        assert_eq!([put(2, 50), put(3, 40), put(1, 50), put(4, 50)], [1, 0, 0, 1]);
        assert_eq!(table.shown(&key).unwrap().0, PeerId(4));
        table.remove(PeerId(4));
        assert_eq!(table.shown(&key).unwrap().0, PeerId(2));
        table.bury(PeerId(2), 5);
        assert_eq!(table.shown(&key).unwrap().0, PeerId(1));
    }
}
