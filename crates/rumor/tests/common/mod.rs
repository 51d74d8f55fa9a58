//! A set of numbers, and nodes that spread them.

use bruit_kit::Set;
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, Malformed, Reader, Wire, put_varint};
use bruit_rumor::{Config, Rumor};
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

pub(crate) type Node = Rumor<Numbers>;
pub(crate) type Message = bruit_rumor::Message<Number, Number>;

pub(crate) fn node(config: &Config) -> Node {
    Rumor::new(Arc::new(config.clone()), Numbers::default()).expect("settings in their bounds")
}

/// `n` nodes; the first has begun rumor 1.
pub(crate) fn cluster(n: u32, seed: u64, config: &Config) -> Harness<Node> {
    let mut net = Harness::new(n, seed, Links::default(), |_| node(config));
    net.turn(1, |node, cx| node.start(cx, Number(1)));
    net
}

/// How many know rumor 1.
pub(crate) fn known(net: &Harness<Node>, n: u32) -> usize {
    (1..=n).filter(|i| Set::has(net.site(*i).set(), Number(1))).count()
}

/// Runs until nobody passes anything on, for a minute at most.
pub(crate) fn until_quiet(net: &mut Harness<Node>, n: u32) {
    let quiet = |net: &Harness<Node>| (1..=n).all(|i| net.site(i).is_quiet());
    net.run_until(Duration::from_secs(60), quiet).expect("rumors die out");
}
