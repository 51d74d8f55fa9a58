//! Multicast along a tree: what it costs, what a failure cuts off, and what repairs it.

#[allow(dead_code)]
mod common;

use bruit_kit::Set;
use bruit_multicast::tree::{Config, Event, Key, Message, Report};
use bruit_multicast::{Build, Pace, Repair, Root, Scope};
use bruit_proto::harness::Harness;
use bruit_proto::{Duration, Origin, Path, PeerId, Protocol, Upto};
use common::{Node, Number, cluster, computed, lacking};

const N: u32 = 60;

fn ack() -> Config {
    Config { repair: Repair::Ack { every: Duration::from_millis(20), tries: 10 }, ..computed() }
}

fn nak() -> Config {
    Config { repair: Repair::NAK, ..computed() }
}

fn joined() -> Config {
    Config { build: Build::Joined(PeerId(1)), ..computed() }
}

fn publish(net: &mut Harness<Node>, i: u32, number: u64) {
    net.turn(i, |tree, cx| tree.publish(cx, Number(number)));
}

/// Whoever is below a node in the tree of `origin`, itself included.
fn subtree(net: &Harness<Node>, origin: u32, top: u32) -> Vec<u32> {
    let (mut below, mut at) = (Vec::new(), vec![top]);
    while let Some(i) = at.pop() {
        below.push(i);
        let peers = Upto { n: N, me: PeerId(i.into()) };
        at.extend(net.site(i).children(&peers, PeerId(origin.into())).iter().map(|peer| peer.0 as u32));
    }
    below.sort_unstable();
    below
}

/// A child of the origin that has children.
fn inner(net: &Harness<Node>, origin: u32) -> u32 {
    let children = net.site(origin).children(&Upto { n: N, me: PeerId(origin.into()) }, PeerId(origin.into()));
    children.iter().map(|peer| peer.0 as u32).max_by_key(|child| subtree(net, origin, *child).len()).expect("a child")
}

#[test]
fn an_item_is_sent_n_minus_1_times_and_no_node_sends_more_than_its_fan_out() {
    let given = Config { build: Build::Computed(Root::Given(PeerId(9))), ..computed() };
    for (config, origin) in [(computed(), 17), (given, 33), (joined(), 40)] {
        let mut net = cluster(N, 1, 0, &config);
        net.run(Duration::from_secs(20));
        publish(&mut net, origin, 5);
        net.run(Duration::from_secs(1));
        assert_eq!(lacking(&net, N, 5), []);
        assert_eq!((1..=N).map(|i| net.site(i).counters().data).sum::<u64>(), u64::from(N) - 1);
        // In a shared tree an item goes up as well.
        assert!((1..=N).all(|i| net.site(i).counters().data <= 4), "{config:?}");
        let news =
            |net: &mut Harness<Node>, i| matches!(net.events(i)[..], [Event::News { item: Number(5), via: Some(_), hop: 1.. }]);
        assert!((1..=N).filter(|i| *i != origin).all(|i| news(&mut net, i)), "each is told once");
    }
}

#[test]
fn a_failed_inner_node_cuts_off_its_subtree_exactly() {
    let mut net = cluster(N, 1, 0, &computed());
    let gone = inner(&net, 17);
    let cut: Vec<u32> = subtree(&net, 17, gone).into_iter().filter(|i| *i != gone).collect();
    assert!(cut.len() > 5);
    net.kill(gone);
    publish(&mut net, 17, 5);
    net.run(Duration::from_secs(600));
    assert_eq!(lacking(&net, N, 5), cut);
}

#[test]
fn the_tree_is_rebuilt_when_the_membership_says_so_and_repair_serves_who_was_cut_off() {
    for (name, config, served) in [("none", computed(), false), ("ack", ack(), true), ("nak", nak(), true)] {
        let mut net = cluster(N, 1, 0, &config);
        let gone = inner(&net, 17);
        net.kill(gone);
        publish(&mut net, 17, 5);
        net.run(Duration::from_millis(200));
        let cut = lacking(&net, N, 5);
        assert!(cut.len() > 5, "{name}: {cut:?}");
        net.declare_down(gone);
        net.run(Duration::from_secs(30));
        assert_eq!(lacking(&net, N, 5).is_empty(), served, "{name}: {:?}", lacking(&net, N, 5));
    }
}

#[test]
fn with_loss_all_get_it_by_ack_or_nak_and_not_without_repair() {
    let group = Repair::Nak {
        ask: [2, 8],
        answer: [1, 2],
        hop: Duration::from_millis(1),
        scope: Scope::Group,
        session: Duration::from_millis(50),
        sessions: 8,
    };
    let given = Build::Computed(Root::Given(PeerId(9)));
    let all = [
        ("ack", ack()),
        ("nak", nak()),
        ("nak to the group", Config { repair: group, ..computed() }),
        ("ack, one tree", Config { build: given, ..ack() }),
        ("nak, one tree", Config { build: given, ..nak() }),
        ("ack, joined", Config { repair: ack().repair, ..joined() }),
        ("nak, joined", Config { repair: Repair::NAK, ..joined() }),
        ("none", computed()),
    ];
    for (name, config) in all {
        let mut missed = 0;
        for seed in 0..5 {
            let mut net = cluster(N, seed, 5, &config);
            net.run(Duration::from_secs(20));
            (1..=20).for_each(|number| publish(&mut net, 17, number));
            publish(&mut net, 30, 21);
            net.run(Duration::from_secs(120));
            missed += (1..=21).map(|number| lacking(&net, N, number).len()).sum::<usize>();
            assert!((1..=N).all(|i| net.site(i).is_quiet()), "{name}: somebody still talks");
        }
        assert_eq!(missed == 0, name != "none", "{name}: {missed} missed");
    }
}

#[test]
fn a_root_that_crashes_in_its_send_loop_has_served_some_and_they_serve_the_rest() {
    for (name, config, served) in [("none", computed(), false), ("ack", ack(), true), ("nak", nak(), true)] {
        let slow = Config { fan_out: 8, pace: Pace { burst: 2, every: Duration::from_millis(5) }, ..config };
        let mut net = cluster(N, 1, 0, &slow);
        publish(&mut net, 1, 5);
        net.run(Duration::from_millis(3));
        net.kill(1);
        net.run(Duration::from_millis(300));
        let cut = lacking(&net, N, 5).len();
        assert!((10..50).contains(&cut), "{name}: {cut} without");
        net.declare_down(1);
        net.run(Duration::from_secs(30));
        assert_eq!(lacking(&net, N, 5).is_empty(), served, "{name}: {:?}", lacking(&net, N, 5));
    }
}

#[test]
fn a_gap_is_found_by_a_later_item_or_by_a_session_message() {
    for later in [true, false] {
        let mut net = cluster(2, 1, 0, &nak());
        net.cut(1, 2);
        publish(&mut net, 1, 5);
        net.heal();
        if later {
            publish(&mut net, 1, 6);
        }
        net.run(Duration::from_millis(40));
        assert_eq!(lacking(&net, 2, 5).is_empty(), later);
        net.run(Duration::from_millis(40));
        assert_eq!(lacking(&net, 2, 5), []);
    }
}

#[test]
fn who_was_away_catches_up_from_a_bounded_window() {
    let mut net = cluster(2, 1, 0, &Config { window: 8, ..nak() });
    net.cut(1, 2);
    (1..=20).for_each(|number| publish(&mut net, 1, number));
    net.heal();
    publish(&mut net, 1, 21);
    net.run(Duration::from_secs(1));
    let lacks: Vec<u64> = (1..=21).filter(|number| !net.site(2).set().has(Number(*number))).collect();
    assert_eq!((lacks, net.site(2).counters().dropped), ((1..=13).collect(), 13));
}

#[test]
fn a_request_is_not_made_if_another_was_heard() {
    let asked = |spread| {
        let group = Repair::Nak {
            ask: [2, spread],
            answer: [0, 1],
            hop: Duration::from_millis(1),
            scope: Scope::Group,
            session: Duration::from_millis(50),
            sessions: 8,
        };
        let pace = Pace { burst: 100, ..Pace::default() };
        let mut net = cluster(N, 3, 0, &Config { fan_out: N - 1, repair: group, pace, ..computed() });
        (2..=N).for_each(|i| net.cut(1, i));
        publish(&mut net, 1, 5);
        net.run(Duration::from_millis(20));
        net.heal();
        publish(&mut net, 1, 6);
        net.run(Duration::from_secs(1));
        assert_eq!(lacking(&net, N, 5), []);
        (1..=N).map(|i| net.site(i).counters().requests).sum::<u64>()
    };
    assert_eq!(asked(0), 59, "all at the same time");
    assert!((1..=12).contains(&asked(20)), "{} requests", asked(20));
}

#[test]
fn a_joined_tree_is_below_its_fan_out_and_orphans_find_a_parent() {
    let config = Config { repair: Repair::NAK, ..joined() };
    let mut net = cluster(N, 2, 0, &config);
    net.run(Duration::from_secs(20));
    let check = |net: &Harness<Node>, top: u32| {
        let all = subtree(net, 0, top);
        assert_eq!(all, (1..=N).filter(|i| net.is_up(*i)).collect::<Vec<_>>(), "below {top}");
        assert!(all.iter().all(|i| net.site(*i).children(&Upto { n: N, me: PeerId(0) }, PeerId(0)).len() <= 3));
    };
    check(&net, 1);
    let gone = inner(&net, 1);
    net.kill(gone);
    publish(&mut net, 1, 5);
    net.run(Duration::from_millis(30));
    assert!(lacking(&net, N, 5).len() > 3);
    net.declare_down(gone);
    net.run(Duration::from_secs(20));
    check(&net, 1);
    assert_eq!(lacking(&net, N, 5), []);
}

fn say(net: &mut Harness<Node>, message: Message<Number>) {
    let from = Origin { peer: Some(PeerId(2)), path: Path::new(2, None) };
    net.turn(1, |tree, cx| tree.on_message(cx, from, message));
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let mut net = cluster(3, 1, 0, &nak());
    let key = Key { origin: PeerId(3), life: 7 };
    say(&mut net, Message::Data(key, 5, 1, Number(1)));
    say(&mut net, Message::Session(key, 5 + (1 << 20) + 1, 1, 1));
    say(&mut net, Message::Report(key, Report::default(), false));
    assert_eq!(net.rejected(1), ["a number too far ahead", "nobody asked for acknowledgements"]);
}

#[test]
fn settings_out_of_bounds_are_named() {
    let nak = |ask, hop, scope| Repair::Nak { ask, answer: [1, 1], hop, scope, session: Duration::from_millis(1), sessions: 1 };
    let ms = Duration::from_millis(1);
    let bad = [
        Config { fan_out: 1, ..computed() },
        Config { window: 0, ..computed() },
        Config { window: 1025, ..computed() },
        Config { streams: 0, ..computed() },
        Config { queue: 0, ..computed() },
        Config { build: Build::Joined(PeerId::NONE), ..computed() },
        Config { repair: Repair::Ack { every: Duration::ZERO, tries: 1 }, ..computed() },
        Config { repair: nak([10_001, 0], ms, Scope::Group), ..computed() },
        Config { repair: nak([1, 1], Duration::ZERO, Scope::Group), ..computed() },
        Config { repair: nak([1, 1], ms, Scope::Hops(0)), ..computed() },
    ];
    bad.iter().for_each(|config| assert!(config.check().is_err(), "{config:?}"));
    assert!(computed().check().is_ok() && ack().check().is_ok() && Config { repair: Repair::NAK, ..joined() }.check().is_ok());
}
