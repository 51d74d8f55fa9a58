use bruit_proto::PeerId;

/// Ids in a drawer: they fill a line of a processor's cache.
const DRAWER: usize = 8;

/// Ids in their order, none twice, each of whose places is found at once: ids are hashes, spread evenly, so an id tells where
/// it lies (Perl, Itai, Avni 1978, "Interpolation search"). 8.5 bytes an id.
///
/// Ids that are not spread evenly are found as well, by bisection.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    ids: Vec<PeerId>,
    /// Where each drawer begins, and where the last ends.
    drawers: Vec<u32>,
}

impl Roster {
    /// Of these ids.
    pub fn new(ids: impl IntoIterator<Item = PeerId>) -> Roster {
        let mut ids: Vec<PeerId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let count = ids.len().div_ceil(DRAWER);
        let drawers = (0..=count).map(|k| ids.partition_point(|id| drawer(*id, count) < k) as u32).collect();
        Roster { ids, drawers }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id at a place.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn id(&self, place: usize) -> PeerId {
        self.ids[place]
    }

    /// Where an id stands.
    pub fn place(&self, id: PeerId) -> Option<usize> {
        let place = self.before(id);
        (self.ids.get(place) == Some(&id)).then_some(place)
    }

    /// How many stand before an id, which need not be here.
    pub fn before(&self, id: PeerId) -> usize {
        let Some(last) = self.drawers.len().checked_sub(2) else { return 0 };
        let k = drawer(id, last + 1);
        let (first, end) = (self.drawers[k] as usize, self.drawers[k + 1] as usize);
        first + self.ids[first..end].partition_point(|other| *other < id)
    }

    /// How many stand before an id or are it.
    pub fn upto(&self, id: PeerId) -> usize {
        let place = self.before(id);
        place + usize::from(self.ids.get(place) == Some(&id))
    }
}

/// Which of so many drawers an id belongs into. Names have ids of 63 bits; what is above them is in the last.
fn drawer(id: PeerId, drawers: usize) -> usize {
    ((u128::from(id.0) * drawers as u128) >> 63).min(drawers as u128 - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::{Rng, mix};
    use std::collections::BTreeSet;

    /// Hashes of 63 bits, few of which are in, dense ids and ids of contacts, above them all: places are those of a sorted set.
    #[test]
    fn agrees_with_a_sorted_set() {
        let mut rng = Rng::seeded(1);
        for size in [0, 1, 2, 7, 8, 9, 100, 3_000] {
            let ids = |shape: fn(u64) -> u64| (0..size).map(shape).collect::<Vec<_>>();
            for ids in [ids(|i| mix(i) >> 1), ids(|i| i + 1), ids(|i| mix(i % 5)), ids(|i| 1 << 63 | mix(i))] {
                let set: BTreeSet<PeerId> = ids.iter().copied().map(PeerId).collect();
                let roster = Roster::new(ids.iter().copied().map(PeerId));
                assert_eq!((roster.len(), roster.is_empty()), (set.len(), set.is_empty()));
                assert!(set.iter().enumerate().all(|(place, id)| roster.place(*id) == Some(place) && roster.id(place) == *id));
                for id in (0..200).map(|_| PeerId(rng.bits() >> (rng.below(3) * 31))).chain([PeerId(0), PeerId(u64::MAX)]) {
                    assert_eq!(roster.before(id), set.range(..id).count());
                    assert_eq!(roster.upto(id), set.range(..=id).count());
                    assert_eq!(roster.place(id).is_some(), set.contains(&id));
                }
            }
        }
    }
}
