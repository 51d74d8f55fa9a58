use bruit_proto::PeerId;
use std::cell::Cell;

/// Entries of a block at most: 64. A smaller block costs a list of more of them; a larger one moves more with each that is
/// added.
const BLOCK: usize = 64;
/// Blocks grow by 8 entries, so that no more of them stand empty.
const STEP: usize = 8;

/// Something of each node, by id: sorted blocks, found by the first id of each.
///
/// A digest list runs through all ids in order, news comes in order too: both walk from one entry to the next, where a tree
/// would begin at its root each time, and a tree's nodes are half empty after a join.
#[derive(Debug)]
pub(crate) struct Nodes<T> {
    firsts: Vec<PeerId>,
    /// None of them empty.
    blocks: Vec<Vec<(PeerId, T)>>,
    len: usize,
    /// Where was found what was asked for last: it or the next one is asked for next.
    last: Cell<Place>,
}

/// A block, and where in it.
type Place = (usize, usize);

impl<T> Nodes<T> {
    pub(crate) fn new() -> Nodes<T> {
        Nodes { firsts: Vec::new(), blocks: Vec::new(), len: 0, last: Cell::new((0, 0)) }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, node: PeerId) -> Option<&T> {
        let (block, i) = self.find(node).ok()?;
        Some(&self.blocks[block][i].1)
    }

    pub(crate) fn get_mut(&mut self, node: PeerId) -> Option<&mut T> {
        let (block, i) = self.find(node).ok()?;
        Some(&mut self.blocks[block][i].1)
    }

    /// What there is of a node, or what is made for it.
    pub(crate) fn get_or_insert_with(&mut self, node: PeerId, new: impl FnOnce() -> T) -> &mut T {
        let (block, i) = self.find(node).unwrap_or_else(|place| self.insert(place, (node, new())));
        &mut self.blocks[block][i].1
    }

    pub(crate) fn remove(&mut self, node: PeerId) -> Option<T> {
        let (block, i) = self.find(node).ok()?;
        let (_, gone) = self.blocks[block].remove(i);
        match self.blocks[block].first() {
            Some((first, _)) => self.firsts[block] = *first,
            None => {
                self.blocks.remove(block);
                self.firsts.remove(block);
            }
        }
        self.len -= 1;
        Some(gone)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (PeerId, &T)> {
        self.blocks.iter().flatten().map(|(node, entry)| (*node, entry))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (PeerId, &mut T)> {
        self.blocks.iter_mut().flatten().map(|(node, entry)| (*node, entry))
    }

    /// From `from` to `to`, both included.
    pub(crate) fn range(&self, from: PeerId, to: PeerId) -> impl Iterator<Item = (PeerId, &T)> {
        let (block, i) = self.find(from).unwrap_or_else(|place| place);
        let head = self.blocks.get(block).map_or(&[][..], |block| &block[i..]);
        let tail = self.blocks.iter().skip(block + 1).flatten();
        head.iter().chain(tail).map(|(node, entry)| (*node, entry)).take_while(move |x| x.0 <= to)
    }

    /// Where a node is, or where it would be.
    fn find(&self, node: PeerId) -> Result<Place, Place> {
        let (block, i) = self.last.get();
        let near = self.blocks.get(block).and_then(|block| block.get(i..));
        if let Some(k) = near.and_then(|near| near.iter().take(2).position(|x| x.0 == node)) {
            self.last.set((block, i + k));
            return Ok((block, i + k));
        }
        let block = self.firsts.partition_point(|first| *first <= node).saturating_sub(1);
        let Some(entries) = self.blocks.get(block) else { return Err((0, 0)) };
        let found = entries.binary_search_by_key(&node, |x| x.0).map(|i| (block, i));
        found.inspect(|place| self.last.set(*place)).map_err(|i| (block, i))
    }

    /// A full block is cut where the new one goes: those that come in order fill the block that they began.
    fn insert(&mut self, (mut block, mut i): Place, entry: (PeerId, T)) -> Place {
        self.len += 1;
        if self.blocks.is_empty() || (self.blocks[block].len() == BLOCK && i == BLOCK) {
            (block, i) = (if self.blocks.is_empty() { 0 } else { block + 1 }, 0);
            self.blocks.insert(block, Vec::new());
            self.firsts.insert(block, entry.0);
        } else if self.blocks[block].len() == BLOCK {
            let rest = self.blocks[block].split_off(i);
            self.blocks[block].shrink_to(i + STEP);
            self.firsts.insert(block + 1, rest[0].0);
            self.blocks.insert(block + 1, rest);
        }
        let entries = &mut self.blocks[block];
        if entries.len() == entries.capacity() {
            entries.reserve_exact(STEP);
        }
        if i == 0 {
            self.firsts[block] = entry.0;
        }
        entries.insert(i, entry);
        self.last.set((block, i));
        (block, i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;
    use std::collections::BTreeMap;

    /// Whatever comes and goes, in runs or at random, all of it is found, in order.
    #[test]
    fn agrees_with_a_tree() {
        let (mut nodes, mut tree, mut rng) = (Nodes::new(), BTreeMap::new(), Rng::seeded(5));
        for round in 0..600 {
            let start = u64::from(rng.below(900)) + 1;
            let run = if round % 3 == 0 { u64::from(rng.below(90)) } else { 1 };
            for id in (start..start + run).map(PeerId) {
                if round % 7 == 6 {
                    assert_eq!(nodes.remove(id), tree.remove(&id));
                } else {
                    *nodes.get_or_insert_with(id, || 0) += id.0;
                    *tree.entry(id).or_insert(0) += id.0;
                }
                assert_eq!(nodes.get(id), tree.get(&id));
            }
            assert_eq!(nodes.len(), tree.len());
            assert!(nodes.iter().eq(tree.iter().map(|(id, n)| (*id, n))));
            let (from, to) = (PeerId(start / 2), PeerId(start));
            assert!(nodes.range(from, to).eq(tree.range(from..=to).map(|(id, n)| (*id, n))), "{from:?} to {to:?}");
            assert_eq!(nodes.get_mut(to).copied(), tree.get(&to).copied());
        }
        assert!(nodes.blocks.iter().all(|block| (1..=BLOCK).contains(&block.len())));
        assert!(nodes.firsts.iter().eq(nodes.blocks.iter().map(|block| &block[0].0)));
    }

    /// Those that come in order leave no room unused but a step.
    #[test]
    fn a_run_fills_its_blocks() {
        let mut nodes = Nodes::new();
        (1..=6_400).for_each(|id| *nodes.get_or_insert_with(PeerId(id), || 0) += 1);
        assert_eq!(nodes.blocks.len(), 100);
        assert!(nodes.blocks.iter().all(|block| block.capacity() == BLOCK));
    }
}
