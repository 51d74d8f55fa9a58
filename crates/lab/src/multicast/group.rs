use crate::cycles::Overlay;
use bruit_proto::{Except, PeerId, Peers, Rng, Sorted, Upto};

/// N nodes that know each other, but for those that are down; one of them may know fewer.
#[derive(Clone, Debug)]
pub struct Group {
    n: u32,
    down: Vec<PeerId>,
    /// Who knows only some, and whom, in order.
    short: Option<(u32, Vec<PeerId>)>,
}

impl Group {
    /// `n` nodes, all of which know all.
    pub fn new(n: u32) -> Group {
        Group { n, down: Vec::new(), short: None }
    }

    /// One node knows only these others, which are in order.
    pub fn knowing(mut self, i: u32, known: Vec<PeerId>) -> Group {
        self.short = Some((i, known));
        self
    }

    /// Of `n` nodes the others than `i`, each with a chance of so many in a million, in order.
    pub fn drawn(n: u32, i: u32, ppm: u32, dice: &mut Rng) -> Vec<PeerId> {
        let others = (0..n).filter(|other| *other != i).map(|other| PeerId(u64::from(other) + 1));
        others.filter(|_| dice.chance(ppm)).collect()
    }

    pub(super) fn remove(&mut self, peer: PeerId) {
        if let Err(at) = self.down.binary_search(&peer) {
            self.down.insert(at, peer);
        }
        if let Some((_, known)) = &mut self.short {
            known.retain(|known| *known != peer);
        }
    }
}

/// What one of a [`Group`] sees.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// All that are not down.
    All(Except<'a>),
    /// Some.
    Some(Sorted<'a>),
}

impl View<'_> {
    fn table(&self) -> &dyn Peers {
        match self {
            View::All(table) => table,
            View::Some(table) => table,
        }
    }
}

impl Peers for View<'_> {
    fn len(&self) -> u32 {
        self.table().len()
    }
    fn get(&self, i: u32) -> PeerId {
        self.table().get(i)
    }
    fn contains(&self, peer: PeerId) -> bool {
        self.table().contains(peer)
    }
    fn next(&self, peer: PeerId) -> Option<PeerId> {
        self.table().next(peer)
    }
    fn previous(&self, peer: PeerId) -> Option<PeerId> {
        self.table().previous(peer)
    }
}

impl Overlay for Group {
    type View<'a> = View<'a>;

    fn len(&self) -> u32 {
        self.n
    }
    fn view(&self, i: u32) -> View<'_> {
        match &self.short {
            Some((short, known)) if *short == i => View::Some(Sorted(known)),
            _ => View::All(Except { all: Upto { n: self.n, me: PeerId(u64::from(i) + 1) }, gone: &self.down }),
        }
    }
}
