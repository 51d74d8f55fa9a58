//! Rumors among nodes in time: each has its own rhythm, packets take theirs.

mod common;

use bruit_proto::{Duration, Origin, Path, PeerId, Protocol};
use bruit_rumor::{Config, Event, Exchange, Message as Said, Stop};
use common::{Message, Number, cluster, known, until_quiet};

fn counter(k: u32) -> Stop {
    Stop::Counter { feedback: true, k }
}

#[test]
fn a_rumor_reaches_nearly_all_and_dies_out() {
    let rules = [
        Config { stop: counter(5), ..Config::default() },
        Config { stop: Stop::Counter { feedback: false, k: 8 }, ..Config::default() },
        Config { exchange: Exchange::Pull, ..Config::default() },
        Config { exchange: Exchange::PushPull, ..Config::default() },
        Config { exchange: Exchange::PushPull, minimize: true, ..Config::default() },
        Config { connections: Some(1), hunt: 4, stop: counter(5), ..Config::default() },
        Config { contacts: 3, ..Config::default() },
        Config { contacts: 2, connections: Some(2), hunt: 4, stop: counter(5), ..Config::default() },
        Config { exchange: Exchange::PushThenPull { copies: 6, hops: 1 }, minimize: true, ..Config::default() },
    ];
    for (seed, config) in (0..20).flat_map(|seed| rules.iter().map(move |config| (seed, config))) {
        let mut net = cluster(64, seed, config);
        until_quiet(&mut net, 64);
        assert!(known(&net, 64) >= 60, "seed {seed}: {} know it under {config:?}", known(&net, 64));
    }
}

#[test]
fn push_is_silent_once_it_is_over() {
    let mut net = cluster(32, 1, &Config::default());
    until_quiet(&mut net, 32);
    net.run(Duration::from_secs(2));
    let trace = net.trace();
    net.run(Duration::from_secs(60));
    assert_eq!((net.trace(), net.timers(1)), (trace, 0));
}

/// Who stops only when all that it is linked with have it leaves nobody out, and tells each peer at most once.
#[test]
fn the_linked_rule_reaches_all_with_a_message_a_link() {
    for seed in 0..50 {
        let n = 12;
        let mut net = cluster(n, seed, &Config { stop: Stop::Linked, ..Config::default() });
        until_quiet(&mut net, n);
        assert_eq!(known(&net, n), n as usize, "seed {seed}");
        let most = (1..=n).map(|i| net.site(i).counters().told).max();
        assert!(most <= Some(u64::from(n) + 1), "seed {seed}: {most:?} messages at a node with {} peers", n - 1);
    }
}

#[test]
fn a_node_is_susceptible_then_infective_then_removed() {
    let mut net = cluster(8, 3, &Config::default());
    assert!(net.site(1).is_hot(Number(1)) && !net.site(2).set().contains(&Number(1)));
    until_quiet(&mut net, 8);
    for i in (1..=8).filter(|i| net.site(*i).set().contains(&Number(1))).collect::<Vec<_>>() {
        let mut told = net.events(i);
        assert_eq!(told.pop(), Some(Event::Removed(Number(1))), "node {i}");
        assert!(i == 1 || matches!(told.pop(), Some(Event::News { item: Number(1), via: Some(_), hop: 1.. })), "node {i}");
        assert_eq!(told, [], "node {i}");
    }
}

/// Says something to node 1, from node `from`.
fn say(net: &mut bruit_proto::harness::Harness<common::Node>, from: u64, message: Message) {
    let from = Origin { peer: Some(PeerId(from)), path: Path::new(from, None) };
    net.turn(1, |node, cx| node.on_message(cx, from, message));
}

/// A cycle's contacts are with so many peers, all different, and one that takes no more is replaced by another.
#[test]
fn a_node_contacts_as_many_peers_in_a_cycle_as_it_is_set_to() {
    for (contacts, connections) in [(1, None), (3, None), (3, Some(1))] {
        let config = Config { contacts, connections, hunt: 2, ..Config::default() };
        let mut net = cluster(16, 5, &config);
        net.run(config.every + Duration::from_millis(20));
        assert_eq!((net.site(1).counters().told, known(&net, 16)), (contacts.into(), contacts as usize + 1));
    }
}

#[test]
fn the_oldest_rumor_goes_when_there_are_too_many() {
    let mut net = cluster(2, 1, &Config { capacity: 2, ..Config::default() });
    say(&mut net, 2, Said::Tell(Number(2), 1));
    say(&mut net, 2, Said::Tell(Number(3), 1));
    let node = net.site(1);
    assert_eq!([1, 2, 3].map(|id| node.is_hot(Number(id))), [false, true, true]);
    assert_eq!((node.set().len(), node.counters().dropped), (3, 1));
}

#[test]
fn settings_out_of_bounds_are_named() {
    let bad = [
        Config { stop: counter(0), ..Config::default() },
        Config { every: Duration::ZERO, ..Config::default() },
        Config { connections: Some(0), ..Config::default() },
        Config { contacts: 0, ..Config::default() },
        Config { contacts: 65, ..Config::default() },
        Config { minimize: true, stop: Stop::Linked, ..Config::default() },
        Config { exchange: Exchange::PushThenPull { copies: 4, hops: 2 }, ..Config::default() },
        Config { capacity: 0, ..Config::default() },
    ];
    bad.iter().for_each(|config| assert!(config.check().is_err(), "{config:?}"));
}
