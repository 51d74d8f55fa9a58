//! A set of numbers, and nodes that spread them.

mod numbers;

use bruit_kit::Set;
use bruit_proto::Duration;
use bruit_proto::harness::{Harness, Links};
use bruit_rumor::{Config, Rumor};
use std::sync::Arc;

pub(crate) use numbers::{Number, Numbers};

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
