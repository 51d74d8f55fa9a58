use bruit_proto::{PeerId, Peers};

/// The ring of ids from the root onwards, self included: what every node sees alike.
///
/// A node's place in the tree of fan-out f follows from it by k-ary search (El-Ansary, Alima, Brand, Haridi 2003, "Efficient
/// broadcast in structured P2P networks"): the first node of an arc is at its top, the arc is cut into f equal ones, and the
/// first node of each of these is a child; of an arc with no more than f all are children. Hashed ids lie evenly, so the tree is about log_f n deep; an arc whose nodes all lie
/// in one of its parts is cut further at once, so uneven ids cost no hop. A node that goes is replaced by the next of its arc,
/// and no place outside that line moves.
pub(crate) struct Ring<'a> {
    pub(crate) peers: &'a dyn Peers,
    pub(crate) me: PeerId,
    pub(crate) root: PeerId,
    pub(crate) fan_out: u32,
}

/// Offsets from the root: `start..start + width`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Arc {
    start: u64,
    width: u128,
}

/// Where a node is in a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edges {
    pub(crate) up: Option<PeerId>,
    pub(crate) down: Vec<PeerId>,
}

impl Arc {
    const ALL: Arc = Arc { start: 0, width: 1 << 64 };

    fn parts(self, fan_out: u32) -> u128 {
        u128::from(fan_out).min(self.width)
    }

    /// The `i`-th of its parts.
    fn part(self, fan_out: u32, i: u128) -> Arc {
        let parts = self.parts(fan_out);
        let edge = |i: u128| self.width * i / parts;
        Arc { start: self.start + edge(i) as u64, width: edge(i + 1) - edge(i) }
    }

    /// In which of its parts an offset lies.
    fn which(self, fan_out: u32, offset: u64) -> u128 {
        let (parts, into) = (self.parts(fan_out), u128::from(offset - self.start));
        let i = into * parts / self.width;
        // Edges are rounded down, so it may lie in the part after.
        if self.width * (i + 1) / parts <= into { i + 1 } else { i }
    }

    fn contains(self, offset: u64) -> bool {
        offset.checked_sub(self.start).is_some_and(|into| u128::from(into) < self.width)
    }
}

impl Ring<'_> {
    /// Parent and children of this node.
    pub(crate) fn edges(&self) -> Edges {
        let Some(mut holder) = self.first(Arc::ALL) else { return Edges::default() };
        let (mut arc, mut up) = (Arc::ALL, None);
        while holder != self.me {
            if self.few(arc, holder).is_some() {
                return Edges { up: Some(holder), down: Vec::new() };
            }
            arc = self.cut(arc, holder);
            let part = arc.part(self.fan_out, arc.which(self.fan_out, self.offset(self.me)));
            up = Some(holder);
            (holder, arc) = (self.after(part, holder).unwrap_or(self.me), part);
        }
        if let Some(down) = self.few(arc, holder) {
            return Edges { up, down };
        }
        arc = self.cut(arc, holder);
        let parts = 0..arc.parts(self.fan_out);
        let down = parts.filter_map(|i| self.after(arc.part(self.fan_out, i), self.me)).collect();
        Edges { up, down }
    }

    /// All of an arc after its holder, if they are no more than its children may be.
    fn few(&self, arc: Arc, holder: PeerId) -> Option<Vec<PeerId>> {
        let rest = std::iter::successors(self.after(arc, holder), |peer| self.after(arc, *peer));
        let few: Vec<PeerId> = rest.take(self.fan_out as usize + 1).collect();
        (few.len() <= self.fan_out as usize).then_some(few)
    }

    /// The part of an arc in which all that are after its holder lie, none of them all in one of its own parts.
    fn cut(&self, mut arc: Arc, holder: PeerId) -> Arc {
        let (Some(first), Some(last)) = (self.after(arc, holder), self.last(arc)) else { return arc };
        let (first, last) = (self.offset(first), self.offset(last));
        while arc.width > 1 {
            let i = arc.which(self.fan_out, first);
            if i != arc.which(self.fan_out, last) {
                break;
            }
            arc = arc.part(self.fan_out, i);
        }
        arc
    }

    fn offset(&self, peer: PeerId) -> u64 {
        peer.0.wrapping_sub(self.root.0)
    }

    /// The first node of an arc.
    fn first(&self, arc: Arc) -> Option<PeerId> {
        let before = PeerId(self.root.0.wrapping_add(arc.start).wrapping_sub(1));
        let them = self.peers.next(before).filter(|peer| arc.contains(self.offset(*peer)));
        self.with_me(arc, them).min_by_key(|peer| self.offset(*peer))
    }

    fn last(&self, arc: Arc) -> Option<PeerId> {
        let after = PeerId(self.root.0.wrapping_add(arc.start).wrapping_add(arc.width as u64));
        let them = self.peers.previous(after).filter(|peer| arc.contains(self.offset(*peer)));
        self.with_me(arc, them).max_by_key(|peer| self.offset(*peer))
    }

    fn with_me(&self, arc: Arc, them: Option<PeerId>) -> impl Iterator<Item = PeerId> {
        let me = Some(self.me).filter(|me| arc.contains(self.offset(*me)));
        them.into_iter().chain(me)
    }

    /// The first node of an arc that comes after this one.
    fn after(&self, arc: Arc, holder: PeerId) -> Option<PeerId> {
        let end = u128::from(arc.start) + arc.width;
        let start = (u128::from(self.offset(holder)) + 1).max(u128::from(arc.start));
        let width = end.checked_sub(start).filter(|width| *width > 0)?;
        self.first(Arc { start: start as u64, width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::{Rng, Upto};
    use std::collections::BTreeMap;

    /// A table that is a list.
    struct Ids<'a>(&'a [PeerId], PeerId);

    impl Peers for Ids<'_> {
        fn len(&self) -> u32 {
            self.0.len() as u32 - 1
        }
        fn get(&self, i: u32) -> PeerId {
            let others: Vec<_> = self.0.iter().filter(|peer| **peer != self.1).collect();
            *others[i as usize]
        }
        fn contains(&self, peer: PeerId) -> bool {
            peer != self.1 && self.0.contains(&peer)
        }
        fn next(&self, peer: PeerId) -> Option<PeerId> {
            self.0.iter().filter(|p| **p != self.1).min_by_key(|p| p.0.wrapping_sub(peer.0).wrapping_sub(1)).copied()
        }
        fn previous(&self, peer: PeerId) -> Option<PeerId> {
            self.0.iter().filter(|p| **p != self.1).min_by_key(|p| peer.0.wrapping_sub(p.0).wrapping_sub(1)).copied()
        }
    }

    fn tree(ids: &[PeerId], root: PeerId, fan_out: u32) -> BTreeMap<PeerId, Edges> {
        let edges = |me: &PeerId| (*me, Ring { peers: &Ids(ids, *me), me: *me, root, fan_out }.edges());
        ids.iter().map(edges).collect()
    }

    /// How far each is from the top; fails if somebody is reached twice or not at all.
    fn depths(tree: &BTreeMap<PeerId, Edges>) -> BTreeMap<PeerId, u32> {
        let top: Vec<_> = tree.iter().filter(|(_, edges)| edges.up.is_none()).map(|x| *x.0).collect();
        assert_eq!(top.len(), 1, "one root: {tree:?}");
        let (mut depths, mut at) = (BTreeMap::new(), vec![(top[0], 0)]);
        while let Some((peer, depth)) = at.pop() {
            assert!(depths.insert(peer, depth).is_none(), "{peer:?} is reached twice");
            for child in &tree[&peer].down {
                assert_eq!(tree[child].up, Some(peer));
                at.push((*child, depth + 1));
            }
        }
        assert_eq!(depths.len(), tree.len(), "somebody is not reached");
        depths
    }

    fn hashed(n: u64, seed: u64) -> Vec<PeerId> {
        let mut ids: Vec<_> = (0..n).map(|i| PeerId::named(&format!("{seed}/{i}"))).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn whatever_the_ids_all_are_in_one_tree_below_its_fan_out() {
        let mut rng = Rng::seeded(1);
        for seed in 0..60 {
            let (n, fan_out) = (1 + rng.below(40), 2 + rng.below(9));
            let mut ids = match seed % 3 {
                0 => hashed(n.into(), seed),
                1 => (1..=u64::from(n)).map(PeerId).collect(),
                _ => (0..u64::from(n)).map(|i| PeerId(u64::MAX - i * i)).collect(),
            };
            ids.sort_unstable();
            for root in [ids[rng.below(n) as usize], PeerId(rng.bits())] {
                let tree = tree(&ids, root, fan_out);
                assert!(tree.values().all(|edges| edges.down.len() <= fan_out as usize));
                let depths = depths(&tree);
                assert!(!ids.contains(&root) || depths[&root] == 0);
            }
        }
    }

    #[test]
    fn depth_is_logarithmic() {
        for (n, deepest) in [(10, 3), (100, 4), (500, 5)] {
            let ids = hashed(n, 7);
            let depth = depths(&tree(&ids, ids[3], 8)).into_values().max();
            assert!(depth <= Some(deepest), "{n} nodes: {depth:?}");
        }
        // Dense ids, as the lab has them.
        let depth = |me: u64| {
            let (mut depth, mut at) = (0, PeerId(me));
            while let Some(up) = (Ring { peers: &Upto { n: 4096, me: at }, me: at, root: PeerId(1), fan_out: 8 }).edges().up {
                (depth, at) = (depth + 1, up);
            }
            depth
        };
        assert!((1..=4096).step_by(37).all(|me| depth(me) <= 5));
    }

    /// Others keep their parents, but for those in whose line it was.
    #[test]
    fn who_goes_is_replaced_and_hardly_anybody_moves() {
        let ids = hashed(300, 2);
        let before = tree(&ids, ids[0], 6);
        for gone in (0..300).step_by(7) {
            let rest: Vec<_> = ids.iter().copied().filter(|id| *id != ids[gone]).collect();
            let after = tree(&rest, ids[0], 6);
            depths(&after);
            let moved = rest.iter().filter(|id| after[id].up != before[id].up).count();
            assert!(moved <= 40, "{moved} of 299 have another parent after {gone} went");
        }
    }
}
