//! A set of numbers, and nodes that multicast them.

use bruit_kit::Set;
use bruit_multicast::tree::{self, Tree};
use bruit_multicast::{Build, Mail, Root, mail};
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, Malformed, PeerId, Reader, Wire, put_varint};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A number that is its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) u64);

impl Wire for Number {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        input.varint().map(Number)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Numbers(pub(crate) BTreeSet<Number>);

impl Set for Numbers {
    type Id = Number;
    type Item = Number;

    fn id(item: &Number) -> Number {
        *item
    }
    fn has(&self, id: Number) -> bool {
        self.0.contains(&id)
    }
    fn get(&self, id: Number) -> Option<Number> {
        self.0.get(&id).copied()
    }
    fn insert(&mut self, item: Number) -> bool {
        self.0.insert(item)
    }
}

pub(crate) type Post = Mail<Numbers>;
pub(crate) type Node = Tree<Numbers>;

pub(crate) fn mail(config: &mail::Config) -> Post {
    Mail::new(Arc::new(config.clone()), Numbers::default()).expect("settings in their bounds")
}

pub(crate) fn node(me: PeerId, config: &tree::Config) -> Node {
    Tree::new(me, Arc::new(config.clone()), Numbers::default()).expect("settings in their bounds")
}

/// A computed tree below each origin.
pub(crate) fn computed() -> tree::Config {
    tree::Config { fan_out: 3, ..tree::Config::new(Build::Computed(Root::Origin)) }
}

/// `n` nodes on links of a millisecond that lose `percent` of the packets.
pub(crate) fn cluster(n: u32, seed: u64, percent: u32, config: &tree::Config) -> Harness<Node> {
    Harness::new(n, seed, links(percent), |me| node(me, config))
}

pub(crate) fn links(percent: u32) -> Links {
    let delay = Duration::from_millis(1);
    Links { delay: (delay, delay), loss_ppm: percent * 10_000, ..Links::default() }
}

/// Which nodes lack a number.
pub(crate) fn lacking(net: &Harness<Node>, n: u32, number: u64) -> Vec<u32> {
    (1..=n).filter(|i| net.is_up(*i) && !net.site(*i).set().has(Number(number))).collect()
}
