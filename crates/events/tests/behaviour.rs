//! What users may rely on, one promise a test.

mod common;

use bruit_events::{Config, Filter, Refused, UserEvent};
use bruit_proto::{Duration, PeerId, Tags};
use common::Cluster;

fn names(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|i| format!("e{i}")).collect()
}

#[test]
fn an_event_is_delivered_once_at_every_node_its_origin_included() {
    for loss in [0, 5, 20, 40] {
        let mut cluster = Cluster::new(24, u64::from(loss), loss);
        cluster.run(3);
        for i in 1..=10 {
            cluster.say(i, &format!("e{i}"));
        }
        cluster.until_all_hold(10, Duration::from_secs(30)).expect("nobody is missed for good");
        cluster.run(20);
        for i in 1..=24 {
            let mut delivered = cluster.delivered(i);
            delivered.sort();
            let mut all = names(1, 11);
            all.sort();
            assert_eq!(delivered, all, "node {i} at {loss} % loss");
        }
        assert!(cluster.all_equal());
    }
}

#[test]
fn a_group_is_told_and_everybody_relays() {
    let mut cluster = Cluster::new(12, 1, 0);
    for i in 1..=12 {
        let role = if i % 3 == 0 { "web-1" } else { "db" };
        let tags: Tags = [("role", role)].into_iter().collect();
        cluster.net.turn(i, |node, _| node.events.set_tags(tags));
    }
    cluster.run(3);
    cluster.say_to(1, "deploy", Filter::parse(["role=web-*"]).unwrap());
    cluster.run(3);
    for i in 1..=12 {
        assert_eq!(cluster.delivered(i).len(), usize::from(i % 3 == 0), "node {i}");
        assert_eq!(cluster.events(i).store().len(), 1, "node {i} keeps it to repair others");
    }
}

#[test]
fn a_node_that_was_cut_off_misses_nothing_and_hears_it_in_order() {
    let mut cluster = Cluster::new(16, 2, 5);
    cluster.run(3);
    cluster.isolate(5);
    for i in 0..100 {
        cluster.say(1 + i % 4, &format!("e{i}"));
        cluster.net.run(Duration::from_millis(100));
    }
    cluster.run(20);
    assert_eq!(cluster.delivered(5), [""; 0]);
    cluster.net.heal();
    cluster.until_all_hold(100, Duration::from_secs(5)).expect("repaired soon");
    let delivered = cluster.deliveries(5);
    assert_eq!(delivered.len(), 100);
    let in_order = delivered.windows(2).filter(|w| w[0].ltime <= w[1].ltime).count();
    assert!(in_order >= 95, "{in_order} of 99 in order");
}

#[test]
fn halves_of_a_partition_exchange_what_each_missed() {
    let mut cluster = Cluster::new(20, 3, 0);
    cluster.run(3);
    for a in 1..=10 {
        for b in 11..=20 {
            cluster.net.cut(a, b);
            cluster.net.cut(b, a);
        }
    }
    for i in 0..30 {
        cluster.say(1 + i % 10, &format!("left {i}"));
        cluster.say(11 + i % 10, &format!("right {i}"));
        cluster.net.run(Duration::from_millis(300));
    }
    cluster.run(60);
    cluster.net.heal();
    cluster.until_all_hold(60, Duration::from_secs(10)).expect("both know all");
    assert!((1..=20).all(|i| cluster.delivered(i).len() == 60));
}

#[test]
fn a_joiner_learns_what_was_said_before_it_came_and_delivers_only_what_comes() {
    let mut cluster = Cluster::new(8, 4, 0);
    cluster.run(3);
    (0..50).for_each(|i| cluster.say(1 + i % 3, &format!("e{i}")));
    cluster.run(10);
    assert_eq!(cluster.delivered(8).len(), 50);
    cluster.restart(8, 99);
    cluster.until_all_hold(50, Duration::from_secs(5)).expect("the joiner learns them");
    assert_eq!(cluster.delivered(8), [""; 0]);
    cluster.say(2, "new");
    cluster.run(3);
    assert_eq!(cluster.delivered(8), ["new"]);
    let (asked, sent) = (cluster.sum(|c| c.asked), cluster.sum(|c| c.repaired + c.pushed));
    cluster.run(60);
    assert_eq!(cluster.sum(|c| c.asked), asked, "equal knowledge costs no conversation");
    assert_eq!(cluster.sum(|c| c.repaired + c.pushed), sent);
}

#[test]
fn a_joiner_that_wants_it_is_told_what_was_said_before() {
    let mut cluster = Cluster::with(8, 4, 0, Config { replay: true, ..Config::default() });
    cluster.run(3);
    (0..50).for_each(|i| cluster.say(1 + i % 3, &format!("e{i}")));
    cluster.run(10);
    cluster.restart(8, 99);
    cluster.delivered(8);
    cluster.run(5);
    assert_eq!(cluster.delivered(8), names(0, 50));
}

/// Its clock is back at zero and everybody's window is full of later events: the event waits for the clock.
#[test]
fn a_restarted_origin_is_heard_at_once() {
    let mut cluster = Cluster::with(8, 5, 0, Config { window: 16, ..Config::default() });
    cluster.run(3);
    for i in 0..40 {
        cluster.say(1, &format!("e{i}"));
        cluster.net.run(Duration::from_millis(20));
    }
    cluster.run(10);
    (1..=8).for_each(|i| assert_eq!(cluster.delivered(i).len(), 40));
    cluster.restart(1, 7);
    cluster.say(1, "again");
    cluster.run(3);
    (1..=8).for_each(|i| assert_eq!(cluster.delivered(i), ["again"], "node {i}"));
}

/// Two lives of one origin say their first events at the same Lamport time: they are different events.
#[test]
fn lives_of_one_origin_do_not_collide() {
    let mut cluster = Cluster::new(1, 6, 0);
    cluster.say(1, "first life");
    let first = cluster.deliveries(1).remove(0);
    cluster.restart(1, 12345);
    cluster.say(1, "second life");
    let second = cluster.deliveries(1).remove(0);
    assert_eq!((first.origin, first.ltime), (second.origin, second.ltime));
    assert_ne!(first.id, second.id);
}

#[test]
fn the_window_is_bounded_and_stays_equal() {
    let config = Config { window: 32, window_bytes: 2_000, ..Config::default() };
    let mut cluster = Cluster::with(12, 7, 10, config);
    cluster.run(3);
    for i in 0..500 {
        cluster.say(1 + i % 12, "x");
        cluster.net.run(Duration::from_millis(300));
        assert!((1..=12).all(|i| cluster.events(i).store().len() <= 32));
    }
    cluster.run(30);
    assert!(cluster.all_equal());
    assert!(cluster.sum(|c| c.evicted) > 12 * 400);
    (1..=12).for_each(|i| assert_eq!(cluster.delivered(i).len(), 500, "node {i}"));
}

/// News never pauses for long enough to call a difference a gap, so patience has to end by itself.
#[test]
fn under_steady_load_gaps_are_closed_before_the_window_passes() {
    let mut cluster = Cluster::new(16, 8, 30);
    cluster.run(3);
    for i in 0..1_000 {
        cluster.say(1 + i % 16, "x");
        cluster.net.run(Duration::from_millis(20));
    }
    cluster.run(30);
    (1..=16).for_each(|i| assert_eq!(cluster.delivered(i).len(), 1_000, "node {i}"));
    assert!(cluster.all_equal());
}

#[test]
fn an_idle_cluster_talks_about_nothing() {
    let mut cluster = Cluster::new(16, 9, 10);
    cluster.run(3);
    (0..40).for_each(|i| cluster.say(1 + i % 16, "x"));
    cluster.run(30);
    let before = cluster.sum(|c| c.asked + c.relayed + c.piggybacked + c.pushed + c.repaired);
    cluster.run(120);
    assert_eq!(cluster.sum(|c| c.asked + c.relayed + c.piggybacked + c.pushed + c.repaired), before);
    assert!((1..=16).all(|i| cluster.events(i).is_quiet()));
}

#[test]
fn a_mistake_is_the_callers_and_changes_nothing() {
    let mut cluster = Cluster::new(2, 10, 0);
    let mut say = |name: &str, size: usize, filter: Filter| {
        let payload = vec![0; size];
        cluster.net.turn(1, |node, cx| node.in_events(cx, |events, cx| events.event(cx, name, &payload, filter))).unwrap_err()
    };
    assert_eq!(say("", 0, Filter::all()), Refused::Name(0));
    assert_eq!(say(&"n".repeat(129), 0, Filter::all()), Refused::Name(129));
    assert_eq!(say("n", 513, Filter::all()), Refused::Payload { size: 513, limit: 512 });
    assert_eq!(cluster.sum(|c| c.said + c.news), 0);

    let config = Config { payload: UserEvent::MAX_PAYLOAD, ..Config::default() };
    let mut cluster = Cluster::with(1, 10, 0, config);
    let wide = Filter::tags([("k", &*"g".repeat(127))]).unwrap();
    let result =
        cluster.net.turn(1, |node, cx| node.in_events(cx, |events, cx| events.event(cx, &"n".repeat(128), &[0; 900], wide)));
    assert!(matches!(result, Err(Refused::Size(_))), "{result:?}");
}

#[test]
fn what_is_held_back_while_joining_is_bounded() {
    let mut cluster = Cluster::new(2, 11, 100);
    for _ in 0..64 {
        cluster.say(1, "x");
    }
    let result = cluster.net.turn(1, |node, cx| node.in_events(cx, |events, cx| events.event(cx, "x", b"", Filter::all())));
    assert_eq!(result, Err(Refused::Joining));
    cluster.run(5);
    assert_eq!(cluster.delivered(1).len(), 64, "said after a second at most");
}

#[test]
fn the_settings_have_bounds() {
    assert!(Config::default().check().is_ok());
    assert!(Config { payload: 901, ..Config::default() }.check().is_err());
    assert!(Config { window: 0, ..Config::default() }.check().is_err());
    assert!(Config { window_bytes: 1, ..Config::default() }.check().is_err());
    assert!(
        std::panic::catch_unwind(|| {
            bruit_events::Events::<bruit_events::Relay>::new(PeerId(1), 1, Config { window: 5_000, ..Config::default() })
        })
        .is_err()
    );
}
