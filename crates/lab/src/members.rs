//! SWIM alone, among nodes that know each other from the start.

use crate::solo::Solo;
use bruit_proto::{Record, Tags};
use bruit_swim::{Base, Config, Order, Profile, Swim};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// `n` nodes in one view that they share, everybody alive in it, in the order of their ids.
pub(crate) fn solo(n: u32, seed: u64, config: Config) -> Solo<Swim> {
    let record = |i: u32| {
        let at = SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + i), 7946));
        Arc::new(Record::new(&format!("n{i}"), u64::from(i), vec![at], Tags::default()).expect("a short name and one address"))
    };
    let mut records: Vec<Arc<Record>> = (0..n).map(record).collect();
    records.sort_unstable_by_key(|r| r.id());
    let base = Arc::new(Base::new(records.iter().cloned()));
    let (roster, config) = (base.roster().clone(), Arc::new(config));
    Solo::of(seed, roster, records.into_iter().map(|r| Swim::with_base(config.clone(), base.clone(), r)).collect())
}

/// SWIM as it was published, as far as settings go: each node probes by an order of its own, news rides on pings and acks
/// alone, and nothing of Lifeguard's. Periods of a second, in which an ack is awaited for half of one.
pub(crate) fn published() -> Config {
    Config {
        order: Order::Own,
        gossip: false,
        buddy: false,
        health_limit: 1,
        suspicion_max: 1,
        ..Config::memberlist(Profile::Lan)
    }
}
