use crate::mix;
use crate::rng::Rng;
use std::fmt;

/// Who: eight bytes, a hash of the node's name; a dense index in the lab.
///
/// Half of the space, the ids with the top bit set, is for **contacts**: peers known by address only, which is how a
/// join starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct PeerId(pub u64);

const CONTACT: u64 = 1 << 63;

impl PeerId {
    /// Nobody: the id that stands for 'no receiver' in an envelope. No name hashes to it.
    pub const NONE: PeerId = PeerId(0);

    /// The id of the node with this name: FNV-1a over its bytes, then [`mix`], without the contact bit.
    pub fn named(name: &str) -> PeerId {
        let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
        PeerId((mix(hash) & !CONTACT).max(1))
    }

    /// The contact with this number.
    pub const fn contact(number: u64) -> PeerId {
        PeerId(number | CONTACT)
    }

    /// Known by address only.
    pub const fn is_contact(self) -> bool {
        self.0 & CONTACT != 0
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_contact() { write!(f, "contact {}", self.0 & !CONTACT) } else { write!(f, "{:x}", self.0) }
    }
}

/// What happened to a peer, as the membership protocol tells its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is a member now.
    Up,
    /// It failed.
    Down,
    /// It said goodbye.
    Left,
    /// It is alive and its record changed.
    Changed,
    /// It does not answer somebody. It is a member until it is down.
    Suspected,
}

/// The peers that one may talk to, self excluded: the literature's peer-sampling service (Jelasity et al. 2007).
///
/// Full membership, a partial view, or `0..n` in the lab. The table decides the weights, so spatial choice lives here.
pub trait Peers {
    /// How many there are.
    fn len(&self) -> u32;

    /// The `i`-th of them, in the table's own order.
    ///
    /// # Panics
    /// If `i` is not below [`len`](Peers::len).
    fn get(&self, i: u32) -> PeerId;

    /// Whether this one is among them.
    fn contains(&self, peer: PeerId) -> bool;

    /// The first peer after `peer` on the ring of ids, going round at the end. `None` in an empty table.
    fn next(&self, peer: PeerId) -> Option<PeerId>;

    /// The last peer before `peer` on the ring of ids, going round at the start. `None` in an empty table.
    fn previous(&self, peer: PeerId) -> Option<PeerId>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Draws a peer. A table that weighs its peers does so here, and nowhere else.
    ///
    /// # Panics
    /// If there are none.
    fn draw(&self, rng: &mut Rng) -> PeerId {
        self.get(rng.below(self.len()))
    }

    /// One peer that `skip` does not name: the first that [`pick`](Peers::pick) would add.
    fn one(&self, rng: &mut Rng, skip: &dyn Fn(PeerId) -> bool) -> Option<PeerId> {
        (0..3).filter(|_| !self.is_empty()).map(|_| self.draw(rng)).find(|peer| !skip(*peer))
    }

    /// Adds to `out` peers that are not yet in it and that `skip` does not name, until `out` holds `k`.
    ///
    /// Draws at most `3k` times (memberlist's bound), so in small or mostly skipped tables it may add fewer.
    fn pick(&self, rng: &mut Rng, k: u32, skip: &dyn Fn(PeerId) -> bool, out: &mut Vec<PeerId>) {
        for _ in 0..3 * k {
            if self.is_empty() || out.len() as u32 >= k {
                return;
            }
            let peer = self.draw(rng);
            if !out.contains(&peer) && !skip(peer) {
                out.push(peer);
            }
        }
    }
}

/// The table `1..=n` without one of them: what the harness and the lab's one-protocol runs hand in.
#[derive(Clone, Copy, Debug)]
pub struct Upto {
    /// How many nodes there are in all, self included.
    pub n: u32,
    /// Self, a number in `1..=n`.
    pub me: PeerId,
}

impl Peers for Upto {
    fn len(&self) -> u32 {
        self.n.saturating_sub(1)
    }
    fn get(&self, i: u32) -> PeerId {
        let id = u64::from(i) + 1;
        PeerId(if id < self.me.0 { id } else { id + 1 })
    }
    fn contains(&self, peer: PeerId) -> bool {
        peer != self.me && (1..=u64::from(self.n)).contains(&peer.0)
    }
    fn next(&self, peer: PeerId) -> Option<PeerId> {
        let after = |id: u64| PeerId(if id >= u64::from(self.n) { 1 } else { id + 1 });
        (self.n > 1).then(|| if after(peer.0) == self.me { after(self.me.0) } else { after(peer.0) })
    }
    fn previous(&self, peer: PeerId) -> Option<PeerId> {
        let before = |id: u64| PeerId(if id <= 1 { u64::from(self.n) } else { (id - 1).min(self.n.into()) });
        (self.n > 1).then(|| if before(peer.0) == self.me { before(self.me.0) } else { before(peer.0) })
    }
}

/// [`Upto`] without those that are gone.
#[derive(Clone, Copy, Debug)]
pub struct Except<'a> {
    /// Who is there and who was.
    pub all: Upto,
    /// Who is gone, in order: numbers in `1..=n`.
    pub gone: &'a [PeerId],
}

impl Except<'_> {
    fn others(&self) -> impl Iterator<Item = PeerId> {
        self.gone.iter().copied().filter(|gone| *gone != self.all.me)
    }
    /// The first that is there, going on by `step` from one that may not be.
    fn there(&self, from: Option<PeerId>, step: impl Fn(PeerId) -> Option<PeerId>) -> Option<PeerId> {
        let is_gone = |peer: &PeerId| self.gone.binary_search(peer).is_ok();
        std::iter::successors(from, |peer| step(*peer)).take(self.gone.len() + 1).find(|peer| !is_gone(peer))
    }
}

impl Peers for Except<'_> {
    fn len(&self) -> u32 {
        self.all.len() - self.others().count() as u32
    }
    fn get(&self, i: u32) -> PeerId {
        let skip = |i: u32, gone: PeerId| i + u32::from(gone <= self.all.get(i));
        self.all.get(self.others().fold(i, skip))
    }
    fn contains(&self, peer: PeerId) -> bool {
        self.all.contains(peer) && self.gone.binary_search(&peer).is_err()
    }
    fn next(&self, peer: PeerId) -> Option<PeerId> {
        self.there(self.all.next(peer), |peer| self.all.next(peer))
    }
    fn previous(&self, peer: PeerId) -> Option<PeerId> {
        self.there(self.all.previous(peer), |peer| self.all.previous(peer))
    }
}

/// A list of peers in order of their ids, as a table of them.
#[derive(Clone, Copy, Debug)]
pub struct Sorted<'a>(pub &'a [PeerId]);

impl Peers for Sorted<'_> {
    fn len(&self) -> u32 {
        self.0.len() as u32
    }
    fn get(&self, i: u32) -> PeerId {
        self.0[i as usize]
    }
    fn contains(&self, peer: PeerId) -> bool {
        self.0.binary_search(&peer).is_ok()
    }
    fn next(&self, peer: PeerId) -> Option<PeerId> {
        let after = self.0.partition_point(|x| *x <= peer);
        self.0.get(after).or(self.0.first()).copied()
    }
    fn previous(&self, peer: PeerId) -> Option<PeerId> {
        let before = self.0.partition_point(|x| *x < peer);
        before.checked_sub(1).map_or(self.0.last(), |i| self.0.get(i)).copied()
    }
}

/// No peers at all: the outermost table of a stack that brings its own membership.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Peers for Nobody {
    fn len(&self) -> u32 {
        0
    }
    fn get(&self, i: u32) -> PeerId {
        panic!("peer {i} of nobody")
    }
    fn contains(&self, _: PeerId) -> bool {
        false
    }
    fn next(&self, _: PeerId) -> Option<PeerId> {
        None
    }
    fn previous(&self, _: PeerId) -> Option<PeerId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upto_is_everyone_else() {
        let table = Upto { n: 4, me: PeerId(2) };
        assert_eq!((0..3).map(|i| table.get(i).0).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(table.next(PeerId(1)), Some(PeerId(3)));
        assert_eq!(table.next(PeerId(4)), Some(PeerId(1)));
        assert_eq!(table.previous(PeerId(3)), Some(PeerId(1)));
        assert_eq!(table.previous(PeerId(1)), Some(PeerId(4)));
        assert_eq!((table.next(PeerId(9)), table.previous(PeerId(9))), (Some(PeerId(1)), Some(PeerId(4))), "nobody's id");
        assert!(!table.contains(PeerId(2)) && !table.contains(PeerId(5)));
    }

    #[test]
    fn who_is_gone_is_in_no_table() {
        let gone = [1, 3, 4].map(PeerId);
        let of = |me| Except { all: Upto { n: 6, me: PeerId(me) }, gone: &gone };
        let list = |table: Except<'_>| (0..table.len()).map(|i| table.get(i).0).collect::<Vec<_>>();
        assert_eq!((list(of(2)), list(of(3))), (vec![5, 6], vec![2, 5, 6]));
        assert_eq!([2, 4, 6].map(|id| of(2).next(PeerId(id)).map(|p| p.0)), [Some(5), Some(5), Some(5)]);
        assert_eq!([2, 5, 6].map(|id| of(2).previous(PeerId(id)).map(|p| p.0)), [Some(6), Some(6), Some(5)]);
        assert!(of(2).contains(PeerId(5)) && !of(2).contains(PeerId(3)) && !of(2).contains(PeerId(2)));
        let alone = Except { all: Upto { n: 2, me: PeerId(2) }, gone: &gone[..1] };
        assert_eq!((alone.len(), alone.next(PeerId(2))), (0, None));
    }

    #[test]
    fn a_sorted_list_is_a_ring() {
        let ids = [3, 5, 9].map(PeerId);
        let ring = Sorted(&ids);
        assert_eq!([3, 4, 9].map(|id| ring.next(PeerId(id)).unwrap().0), [5, 5, 3]);
        assert_eq!([3, 4, 9].map(|id| ring.previous(PeerId(id)).unwrap().0), [9, 3, 5]);
        assert!(Sorted(&[]).next(PeerId(1)).is_none() && ring.contains(PeerId(5)) && !ring.contains(PeerId(4)));
    }

    #[test]
    fn one_is_the_first_that_pick_adds() {
        let (table, mut a, mut b) = (Upto { n: 6, me: PeerId(1) }, Rng::seeded(1), Rng::seeded(1));
        let skip = |peer: PeerId| peer.0 > 2;
        for _ in 0..200 {
            let mut out = Vec::new();
            table.pick(&mut b, 1, &skip, &mut out);
            assert_eq!((table.one(&mut a, &skip), &a), (out.pop(), &b));
        }
        assert_eq!(Nobody.one(&mut a, &skip), None);
    }

    #[test]
    fn names_never_hash_to_contacts() {
        assert!((0..1000).all(|i| !PeerId::named(&format!("node-{i}")).is_contact()));
    }
}
