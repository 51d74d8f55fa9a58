//! State by membership: no heartbeats, a sum in every packet, and what differs.

mod common;

use bruit_kit::Hlc;
use bruit_proto::{Change, Duration, Origin, Path, PeerId, Protocol};
use bruit_state::{Breach, Config, Delta, Event, Key, Message, Refused, Schema, Status, Value};
use common::beside::Members;
use common::secs;
use std::collections::BTreeMap;

fn quiet(members: &Members) -> (u64, u64, u64) {
    (members.sum(|c| c.syns), members.sum(|c| c.acks), members.sum(|c| c.relayed + c.piggybacked))
}

#[test]
fn equal_views_cost_nothing_but_their_sum() {
    let mut members = Members::new(32, 1, 0);
    members.until(30, Members::all_equal).expect("all know that all are there");
    members.run(5);
    let before = quiet(&members);
    members.run(600);
    assert_eq!(quiet(&members), before);
    assert!(Message::Sum(u64::MAX >> 16).size_is_small());
}

trait Small {
    fn size_is_small(&self) -> bool;
}

impl Small for Message {
    fn size_is_small(&self) -> bool {
        bruit_proto::Wire::size(self) <= 16
    }
}

#[test]
fn a_change_leaves_at_once() {
    let mut members = Members::new(64, 2, 0);
    members.until(30, Members::all_equal).expect("all know that all are there");
    members.run(5);
    let (syns, copies) = (members.sum(|c| c.syns), members.sum(|c| c.relayed + c.piggybacked));
    members.set(9, "load", "0.5");
    let took = members.until(5, |m| m.all_have(9, "load", "0.5")).expect("all have it");
    assert!(took <= Duration::from_millis(100), "{took:?}");
    members.run(10);
    let (syns, copies) = (members.sum(|c| c.syns) - syns, members.sum(|c| c.relayed + c.piggybacked) - copies);
    assert!(syns <= 4 && (63..64 * 5).contains(&copies), "{syns} SYNs, {copies} copies");
}

/// A sum is heard in some packet, the range in which it differs is found, and that is exchanged.
#[test]
fn by_the_exchange_alone_what_differs_is_found() {
    let mut members = Members::with(64, 3, 0, Config { spread: false, ..Config::default() });
    members.until(60, Members::all_equal).expect("all know that all are there");
    members.set(9, "load", "0.5");
    let took = members.until(30, |m| m.all_have(9, "load", "0.5")).expect("all have it");
    assert!((secs(1)..secs(12)).contains(&took), "{took:?}");
    members.until(10, Members::all_equal).expect("and nothing else differs");
}

#[test]
fn loss_and_partitions_heal() {
    let mut members = Members::new(12, 4, 20);
    for a in 1..=5 {
        (6..=12).for_each(|b| members.part(a, b));
    }
    members.set(2, "side", "left");
    members.set(9, "side", "right");
    members.set_in(3, "bucket/photos", "n_val", "2");
    members.run(1);
    members.set_in(10, "bucket/photos", "n_val", "3");
    members.run(20);
    members.net.heal();
    members.until(60, Members::all_equal).expect("views are equal");
    assert!(members.all_have(2, "side", "left") && members.all_have(9, "side", "right"));
    assert!(members.all_show("bucket/photos", "n_val", "3"), "the later of two");
}

/// Thirty packets of state: each exchange goes on until all is there.
#[test]
fn a_joiner_gets_all_of_it_in_a_few_seconds() {
    let mut members = Members::new(8, 5, 0);
    members.kill(8);
    for i in 1..=7 {
        (0..20).for_each(|k| members.set(i, &format!("key-{k}"), &"x".repeat(200)));
    }
    members.run(5);
    members.restart(8, None);
    let took = members.until(20, |m| (1..=7).all(|i| (0..20).all(|k| m.value(8, i, &format!("key-{k}")).is_some())));
    assert!(took.is_some_and(|took| took < secs(8)), "{took:?}");
}

#[test]
fn a_restart_voids_own_values_and_keeps_what_it_shared() {
    let mut members = Members::new(6, 6, 0);
    members.set(3, "load", "0.5");
    members.set_in(3, "bucket", "n_val", "3");
    members.set_in(3, "bucket", "w", "2");
    members.run(5);
    members.set_in(4, "bucket", "w", "1");
    members.run(5);
    members.kill(3);
    members.run(20);
    assert!(members.all_show("bucket", "n_val", "3"), "a writer may be down");
    members.restart(3, None);
    members.until(20, Members::all_equal).expect("views are equal");
    members.run(5);
    assert!(members.all_show("bucket", "n_val", "3") && members.all_show("bucket", "w", "1"));
    assert!((1..=6).all(|i| members.value(i, 3, "load").is_none()));
    assert!((1..=6).all(|i| members.state(i).get_in("bucket", "n_val").unwrap().writer == PeerId(3)));
}

#[test]
fn listeners_are_told_in_order() {
    let mut members = Members::new(3, 7, 0);
    members.run(3);
    let joined = members.net.events(1);
    assert!(joined.contains(&Event::Joined(PeerId(2))) && joined.contains(&Event::Alive(PeerId(2))));
    members.set(2, "load", "1");
    members.set(2, "load", "2");
    members.set(2, "load", "2");
    members.kill(3);
    members.run(3);
    let value = |value: &str| Event::Changed { node: PeerId(2), key: Key::own("load"), value: value.into() };
    let told = members.net.events(1);
    assert_eq!(told.last(), Some(&value("2")), "the latest for certain: {told:?}");
    assert_eq!(told.iter().filter(|e| **e == value("2")).count(), 1, "the same again is no change");
    assert!(told.contains(&Event::Dead(PeerId(3))));
}

/// The dead are kept for three days, wherever they are heard of, and then by nobody.
#[test]
fn the_dead_expire_everywhere_joiners_included() {
    let mut members = Members::with(5, 8, 0, Config { expire: secs(600), ..Config::default() });
    members.set(5, "load", "1");
    members.run(5);
    members.kill(5);
    members.kill(4);
    members.run(300);
    members.restart(4, None);
    members.net.turn(4, |node, cx| node.on_peer(cx, PeerId(5), Change::Down));
    members.run(20);
    assert_eq!(members.value(4, 5, "load").as_deref(), Some("1"), "a joiner hears of the dead");
    members.run(500);
    assert!((1..=4).all(|i| members.state(i).endpoint(PeerId(5)).is_none()));
    assert!(members.all_equal());
}

#[test]
fn what_is_too_large_is_the_callers_error() {
    let mut members = Members::new(2, 9, 0);
    let mut set = |key: &str, value: &str| members.turn(1, |state, cx| state.set(cx, key, value));
    assert_eq!(set("", "x"), Err(Refused::Name(0)));
    assert_eq!(set(&"k".repeat(65), "x"), Err(Refused::Name(65)));
    assert_eq!(set("k", &"x".repeat(513)), Err(Refused::Value { size: 513, limit: 512 }));
    (0..256).for_each(|i| assert!(set(&format!("k{i}"), "x").is_ok()));
    assert_eq!(set("one more", "x"), Err(Refused::Full));
    assert!(set("k7", "another").is_ok(), "an old key may change");
    members.until(60, Members::all_equal).expect("all of it travels");
    assert_eq!(members.state(2).endpoint(PeerId(1)).unwrap().values().len(), 256);
}

fn load() -> BTreeMap<Key, Schema> {
    BTreeMap::from([(Key::own("load"), Schema::F64 { min: 0.0, max: 100.0, max_change_per_s: Some(50.0) })])
}

/// S3, 20 July 2008: state that parses and is nonsense must not get in, at the setter nor from a peer.
#[test]
fn what_breaks_its_schema_is_refused_here_and_dropped_there() {
    let mut members = Members::with(3, 10, 0, Config { schemas: load(), ..Config::default() });
    members.set(1, "load", "5");
    let refused = members.turn(1, |state, cx| state.set(cx, "load", "500"));
    assert!(matches!(refused, Err(Refused::Schema { breach: Breach::Range(_), .. })), "{refused:?}");
    let refused = members.turn(1, |state, cx| state.set(cx, "load", "99"));
    assert!(matches!(refused, Err(Refused::Schema { breach: Breach::Change { .. }, .. })), "{refused:?}");
    members.run(5);
    // Node 3 has no such scruples.
    let held = members.state(1).endpoint(PeerId(3)).unwrap().digest(PeerId(3));
    let values = vec![(Key::own("load"), Value { value: "1e300".into(), version: held.version + 1, stamp: None })];
    let bad =
        Delta { node: PeerId(3), generation: held.generation, status: Status::Running, above: 0, heartbeat: 0, age: 0, values };
    let from = Origin { peer: Some(PeerId(3)), path: Path::new(3, None) };
    let said = common::beside::Message::State(Message::News(bad));
    members.net.turn(1, |node, cx| node.on_message(cx, from, said));
    assert_eq!(members.value(1, 3, "load"), None);
    let key = Key::own("load");
    assert_eq!(members.state(1).refusals().collect::<Vec<_>>(), [(PeerId(3), &key, 1)]);
    assert_eq!(members.state(1).counters().breaches, 1);
}

/// A stamp a century ahead would win for ever.
#[test]
fn a_stamp_from_too_far_ahead_is_dropped() {
    let mut members = Members::new(3, 11, 0);
    members.set_in(1, "bucket", "w", "1");
    members.run(5);
    let held = members.state(1).endpoint(PeerId(3)).unwrap().digest(PeerId(3));
    let value = Value { value: "9".into(), version: held.version + 1, stamp: Some(Hlc(u64::MAX)) };
    let bad = Delta {
        node: PeerId(3),
        generation: held.generation,
        status: Status::Running,
        above: 0,
        heartbeat: 0,
        age: 0,
        values: vec![(Key::shared("bucket", "w"), value)],
    };
    let from = Origin { peer: Some(PeerId(3)), path: Path::new(3, None) };
    let said = common::beside::Message::State(Message::News(bad));
    members.net.turn(1, |node, cx| node.on_message(cx, from, said));
    assert_eq!(members.state(1).counters().too_far, 1);
    members.set_in(2, "bucket", "w", "2");
    members.run(5);
    assert!(members.all_show("bucket", "w", "2"));
}

/// A namespace of three packets, gone bad here.
#[test]
fn a_namespace_is_rebuilt_from_peers_at_a_limited_rate() {
    let mut members = Members::new(4, 12, 0);
    for i in 2..=4 {
        (0..16).for_each(|k| members.set_in(i, "bucket", &format!("{i}-{k}"), &"x".repeat(60)));
        members.set_in(i, "other", &format!("{i}"), "y");
    }
    members.until(30, Members::all_equal).expect("all know all");
    let shared = |m: &Members| m.state(1).shared().cloned().collect::<Vec<_>>();
    let before = shared(&members);
    let writers = members.turn(1, |state, cx| state.reset(cx, "bucket")).unwrap();
    assert_eq!((writers, shared(&members).len()), (3, 3), "another namespace is left alone");
    assert!(members.all_equal(), "it knows how far it knew, and asks by itself");
    assert_eq!(members.turn(1, |state, cx| state.reset(cx, "bucket")), Ok(3), "it is under way");
    assert_eq!(members.turn(1, |state, cx| state.reset(cx, "other")), Err(Refused::Rebuilding("bucket".into())));
    let took = members.until(10, |m| m.state(1).rebuilding() == 0).expect("it is rebuilt");
    assert!(took >= Duration::from_millis(500), "{took:?}");
    assert_eq!(shared(&members), before);
    assert_eq!(members.turn(1, |state, cx| state.reset(cx, "")), Err(Refused::Namespace(String::new())));
    assert_eq!(members.turn(1, |state, cx| state.reset(cx, "bucket")), Ok(3), "once more");
}
