//! Multicast by direct mail, along a tree and by gossip on the same work: one item from one node to all others, what it costs
//! whom, and what a failure leaves behind.
//!
//! Links take a millisecond, and a node sends eight items in each. Time in the trees and for direct mail is that of
//! [`Solo`]; gossip runs in synchronous [`Cycles`](crate::cycles).

mod gossip;
mod group;
mod mail;
mod star;
mod tree;

pub use gossip::gossip;
pub use group::Group;
pub use mail::{Mailing, flood, mail};
pub use star::requests;
pub use tree::{Planting, tree};

use crate::links::Links;
use crate::solo::Solo;
use bruit_kit::Set;
use bruit_multicast::{Counters, Mail, Tree};
use bruit_proto::{Change, Duration, PeerId, Protocol, Time};

/// How long a packet takes.
pub(crate) const HOP: Duration = Duration::from_millis(1);

/// Links of a constant latency that lose so many packets in a million.
fn links(loss_ppm: u32) -> Links {
    Links { floor_us: HOP.as_micros() as u32, spread_us: 0, loss_ppm, ..Links::default() }
}

/// Up to 64 items, named by number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Items(u64);

impl Set for Items {
    type Id = u8;
    type Item = u8;

    fn id(item: &u8) -> u8 {
        *item
    }
    fn has(&self, id: u8) -> bool {
        self.0 >> (id % 64) & 1 == 1
    }
    fn get(&self, id: u8) -> Option<u8> {
        self.has(id).then_some(id)
    }
    fn insert(&mut self, item: u8) -> bool {
        let news = !self.has(item);
        self.0 |= 1 << (item % 64);
        news
    }
}

/// How one item went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Nodes that are up and lack it.
    pub without: u64,
    /// Time until the last who got it did, up to a look earlier: a millisecond, for direct mail 1/200 of its loop if that is more.
    pub last: Duration,
    /// Messages that its origin sent.
    pub origin: u64,
    /// The most items that any node sent, repairs included.
    pub most: u64,
    /// Items sent, repairs included, per node.
    pub items: f64,
    /// Messages without an item, per node.
    pub control: f64,
    /// Messages without an item that the origin heard.
    pub heard: u64,
}

/// A node of a protocol of [`bruit_multicast`].
trait Node: Protocol {
    fn items(&self) -> &Items;
    fn counters(&self) -> Counters;
    fn is_quiet(&self) -> bool;
}

impl Node for Mail<Items> {
    fn items(&self) -> &Items {
        self.set()
    }
    fn counters(&self) -> Counters {
        self.counters()
    }
    fn is_quiet(&self) -> bool {
        self.queued() == 0
    }
}

impl Node for Tree<Items> {
    fn items(&self) -> &Items {
        self.set()
    }
    fn counters(&self) -> Counters {
        self.counters()
    }
    fn is_quiet(&self) -> bool {
        self.is_quiet()
    }
}

/// Nodes of one protocol, and when the item that is watched came to the last of them, up to the time between two looks earlier.
struct Field<P: Protocol> {
    solo: Solo<P, Group>,
    item: u8,
    with: u64,
    last: Time,
}

impl<P: Node> Field<P> {
    fn new(group: Group, seed: u64, item: u8, mut make: impl FnMut(PeerId) -> P) -> Self {
        let solo = Solo::over(seed, links(0), group, 1, |i| make(PeerId(u64::from(i) + 1)));
        Field { solo, item, with: 0, last: Time::ZERO }
    }

    /// Loses so many packets in a million from now on.
    fn lose(&mut self, loss_ppm: u32) {
        self.solo.lose(loss_ppm);
    }

    /// Nodes that are up and do not have it.
    fn without(&self) -> u64 {
        let nodes = (0..).zip(self.solo.protocols());
        nodes.filter(|(i, node)| self.solo.is_up(*i) && !node.items().has(self.item)).count() as u64
    }

    /// Runs until all that are up have it, or for `span`; looks each `look`.
    fn run(&mut self, span: Duration, look: Duration) {
        let end = self.solo.now() + span;
        while self.solo.now() < end {
            let looked = self.solo.now();
            self.solo.run(look);
            let with = self.solo.protocols().filter(|node| node.items().has(self.item)).count() as u64;
            if with > self.with {
                (self.with, self.last) = (with, looked);
            }
            if self.without() == 0 {
                return;
            }
        }
    }

    /// Runs until nobody has anything to say any more, at most for `span`.
    fn settle(&mut self, span: Duration) {
        let end = self.solo.now() + span;
        let quiet = |field: &Self| (0..).zip(field.solo.protocols()).all(|(i, node)| node.is_quiet() || !field.solo.is_up(i));
        while self.solo.now() < end && !quiet(self) {
            self.solo.run(HOP * 100);
        }
        // What was said last is still under way.
        self.solo.run(HOP * 100);
    }

    /// Switches a node off; the membership says so later, if at all.
    fn crash(&mut self, i: u32) {
        self.solo.set_up(i, false);
    }

    /// The membership of all says that these are down.
    fn declare_down(&mut self, down: &[u32]) {
        let ids: Vec<_> = down.iter().map(|i| PeerId(u64::from(*i) + 1)).collect();
        ids.iter().for_each(|id| self.solo.overlay().remove(*id));
        let nodes = self.solo.protocols().count() as u32;
        for i in (0..nodes).filter(|i| !down.contains(i)) {
            for id in &ids {
                self.solo.command(i, |node, cx| node.on_peer(cx, *id, Change::Down));
            }
        }
    }

    fn outcome(&self, origin: u32) -> Outcome {
        let all: Vec<Counters> = self.solo.protocols().map(Node::counters).collect();
        let n = all.len() as f64;
        let Counters { data, repairs, control, heard, .. } = all[origin as usize];
        Outcome {
            without: self.without(),
            last: self.last.since(Time::ZERO),
            origin: data + repairs + control,
            most: all.iter().map(|one| one.data + one.repairs).max().unwrap_or(0),
            items: all.iter().map(|one| one.data + one.repairs).sum::<u64>() as f64 / n,
            control: all.iter().map(|one| one.control).sum::<u64>() as f64 / n,
            heard,
        }
    }
}
