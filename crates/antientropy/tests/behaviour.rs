//! What the paper says of anti-entropy, among nodes in time: each has its own rhythm, packets take theirs and are lost.

mod common;

use bruit_antientropy::{Compare, Config, Entry, Event, Exchange};
use bruit_kit::{Ledger, Order, Set, Span};
use bruit_proto::Duration;
use bruit_proto::harness::{Harness, Links};
use common::{ALL, Node, Number, cluster, equal, item, node, stamp, sum, write};

const SECOND: Duration = Duration::from_secs(1);

fn rules(compare: Compare) -> Config {
    Config { compare, every: SECOND, ..Config::default() }
}

/// Runs until all hold the same, and that is so many items.
fn until_equal(net: &mut Harness<Node>, n: u32, items: u64, why: &dyn std::fmt::Debug) {
    let done = net.run_until(120 * SECOND, |net| equal(net, n) && sum(net, 1).count == items);
    assert!(done.is_some(), "{why:?}: {:?}", (1..=n).map(|i| sum(net, i)).collect::<Vec<_>>());
}

/// Section 1.3: whatever the method and the direction, the residue is zero; with a fifth of the packets lost, too.
#[test]
fn all_get_everything_whatever_is_lost() {
    let links = Links { loss_ppm: 200_000, ..Links::default() };
    for (compare, exchange) in ALL.into_iter().flat_map(|c| [Exchange::Push, Exchange::Pull, Exchange::PushPull].map(|e| (c, e)))
    {
        let config = Config { exchange, ..rules(compare) };
        let mut net = Harness::new(8, 1, links, |me| node(me, &config));
        (1..=8).for_each(|site| write(&mut net, site, (0..50).map(|i| item(100 * u64::from(site) + i))));
        until_equal(&mut net, 8, 400, &(compare, exchange));
    }
}

/// Each pair of data sets of some hundred items, from equal to disjoint, in small packets and turns.
#[test]
fn any_two_become_equal() {
    for (case, compare) in (0..24).flat_map(|case| ALL.map(|compare| (case, compare))) {
        let config = Config { packet: 256, burst: 1024, ..rules(compare) };
        let mut net = cluster(2, case, &config);
        let size = [0, 1, 40, 700][(case % 4) as usize];
        write(&mut net, 1, (0..size).map(item));
        write(&mut net, 2, (0..600).map(|i| item(i * (case / 4 + 1))));
        let mut all: Vec<u64> = (0..size).chain((0..600).map(|i| i * (case / 4 + 1))).collect();
        all.sort_unstable();
        all.dedup();
        until_equal(&mut net, 2, all.len() as u64, &(case, compare));
    }
}

/// Of two versions of an item the later one holds, at all nodes, and each node tells of what it was given.
#[test]
fn the_later_version_holds() {
    for compare in ALL {
        let mut net = cluster(3, 7, &rules(compare));
        write(&mut net, 1, [Entry::value(Number(1), stamp(10), Number(1)), Entry::value(Number(2), stamp(20), Number(1))]);
        write(&mut net, 2, [Entry::value(Number(1), stamp(11), Number(2)), Entry::value(Number(2), stamp(19), Number(2))]);
        until_equal(&mut net, 3, 2, &compare);
        let values = [1, 2].map(|key| net.site(3).ledger().value(Number(key)).copied());
        assert_eq!(values, [Some(Number(2)), Some(Number(1))], "{compare:?}");
        assert_eq!(net.events(1), [Event::News(Entry::value(Number(1), stamp(11), Number(2)))], "{compare:?}");
    }
}

/// Two nodes that hold the same but for what was written since; what a cycle of both costs when nothing was, and then.
fn cost(compare: Compare, old: u64, new: u64) -> (u64, u64) {
    let mut net = cluster(2, 1, &rules(compare));
    (1..=2).for_each(|site| write(&mut net, site, (0..old).map(item)));
    let said = |net: &Harness<Node>| (1..=2).map(|i| net.site(i).counters().bytes).sum::<u64>();
    // Old is what was written more than a minute ago.
    net.run(100 * SECOND);
    let before = said(&net);
    net.run(10 * SECOND);
    let idle = (said(&net) - before) / 10;
    let now = net.now().0 / 1000;
    write(&mut net, 1, (0..new).map(|i| Entry::value(Number(1_000_000 + i), stamp(now + i), Number(i))));
    let before = said(&net);
    net.run(10 * SECOND);
    assert!(equal(&net, 2), "{compare:?}");
    (idle, said(&net) - before)
}

/// Section 1.3: full exchange costs what the data costs, each time; the others a checksum, and more only for what differs.
#[test]
fn checksums_save_what_agrees() {
    let [full, recent, peel, merkle] = ALL.map(|compare| cost(compare, 1_000, 3));
    assert!(full.0 > 2 * 1_000 * 10, "{full:?}");
    for (name, (idle, differing)) in [("recent", recent), ("peel back", peel), ("merkle", merkle)] {
        assert!((10..80).contains(&idle), "{name}: {idle} B a cycle of two nodes, when nothing differs");
        assert!(differing < full.0 / 4, "{name}: {differing} B for what 3 items cost, {full:?}");
    }
}

/// Section 1.3: a checksum with a recent-update list needs no full exchange for as long as news reaches all in time.
#[test]
fn recent_updates_are_listed_and_the_rest_is_not() {
    let config = rules(Compare::Recent { within: 60 * SECOND });
    // Nothing overtakes: a checksum before the item that it counts would differ.
    let links = Links { delay: (SECOND / 1000, SECOND / 1000), ..Links::default() };
    let mut net = Harness::new(8, 2, links, |me| node(me, &config));
    (1..=8).for_each(|site| write(&mut net, site, (0..300).map(item)));
    net.run(100 * SECOND);
    let full = |net: &Harness<Node>| (1..=8).map(|i| net.site(i).counters().full).sum::<u64>();
    assert_eq!(full(&net), 0, "they are equal");
    let now = net.now().0 / 1000;
    write(&mut net, 3, [Entry::value(Number(5), stamp(now), Number(7))]);
    until_equal(&mut net, 8, 300, &"a new version of an old item");
    assert_eq!(full(&net), 0, "it was young when it came");
    write(&mut net, 4, [Entry::value(Number(1000), stamp(1), Number(7))]);
    until_equal(&mut net, 8, 301, &"an old item at one node alone");
    assert!(full(&net) > 0);
}

/// Section 1.3: peel-back lists no further back than the oldest that differs, and about twice that.
#[test]
fn peel_back_goes_as_far_back_as_what_differs() {
    let ago = |ago: u64| {
        let mut net = cluster(2, 1, &rules(Compare::PeelBack));
        write(&mut net, 1, (0..20_000).map(item));
        write(&mut net, 2, (0..20_000).filter(|i| *i != 20_000 - ago).map(item));
        until_equal(&mut net, 2, 20_000, &ago);
        (1..=2).map(|i| net.site(i).counters().bytes).sum::<u64>()
    };
    let (near, far, all) = (ago(10), ago(2_000), ago(20_000));
    // A version takes 10 to 12 bytes. Both may begin at once.
    assert!(near < 2 * 1_160 + 300, "{near}");
    assert!((2_000 * 10..2 * 3 * 2_000 * 12).contains(&far), "{far}");
    assert!(all > 20_000 * 10, "{all}");
}

/// The traffic of anti-entropy does not end: after all are equal they still ask.
#[test]
fn it_never_ends() {
    for compare in ALL {
        let mut net = cluster(4, 1, &rules(compare));
        write(&mut net, 1, (0..20).map(item));
        until_equal(&mut net, 4, 20, &compare);
        let said = |net: &Harness<Node>| net.site(1).counters().messages;
        let before = said(&net);
        net.run(20 * SECOND);
        assert!(said(&net) > before, "{compare:?}");
    }
}

/// A turn and a cycle say no more than they may, and all comes through all the same.
#[test]
fn what_a_cycle_may_say_is_bounded() {
    for compare in ALL {
        let config = Config { packet: 256, burst: 1024, most: 4096, ..rules(compare) };
        let mut net = cluster(2, 5, &config);
        write(&mut net, 1, (0..2_000).map(item));
        let mut before = 0;
        for cycle in 0..10 {
            net.run(SECOND);
            let said = net.site(1).counters().bytes;
            assert!(said - before <= 2 * 4096, "{compare:?}, cycle {cycle}: {}", said - before);
            before = said;
        }
        assert!(net.site(1).counters().cut > 0, "{compare:?}");
        until_equal(&mut net, 2, 2_000, &compare);
    }
}

#[test]
fn an_item_that_no_packet_holds_is_not_sent_and_counted() {
    let config = Config { packet: 256, burst: 1024, ..rules(Compare::Merkle) };
    let mut net: Harness<bruit_antientropy::AntiEntropy<bruit_antientropy::Database<Number, common::Text>>> =
        Harness::new(2, 1, Links::default(), |me| {
            let database = bruit_antientropy::Database::new(me, Default::default());
            bruit_antientropy::AntiEntropy::new(config.clone().into(), database).expect("settings in their bounds")
        });
    net.turn(1, |node, _| {
        node.ledger_mut().insert(Entry::value(Number(1), stamp(1), common::Text("x".repeat(300))));
        node.ledger_mut().insert(Entry::value(Number(2), stamp(2), common::Text("x".repeat(200))));
    });
    net.run(5 * SECOND);
    assert!(net.site(1).counters().too_long > 0);
    assert_eq!(net.site(2).ledger().sum(Order::Place, Span::ALL).count, 1);
}

#[test]
fn settings_out_of_bounds_are_named() {
    let good = Config::default();
    let bad = [
        Config { every: Duration::ZERO, ..good.clone() },
        Config { packet: 100, ..good.clone() },
        Config { burst: 2_000, ..good.clone() },
        Config { burst: 16 << 20, ..good.clone() },
        Config { most: 1, ..good.clone() },
        Config { leaf: 0, ..good.clone() },
    ];
    assert_eq!(good.check(), Ok(()));
    bad.iter().for_each(|config| assert!(config.check().is_err(), "{config:?}"));
}
