//! A set of numbers, and nodes that multicast them.

#[path = "../../../rumor/tests/common/numbers.rs"]
mod numbers;

use bruit_kit::Set;
use bruit_multicast::tree::{self, Tree};
use bruit_multicast::{Build, Mail, Root, mail};
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, PeerId};
use std::sync::Arc;

pub(crate) use numbers::{Number, Numbers};

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
