//! SWIM alone in the harness: no node, no codec.

mod common;
use bruit_proto::{Duration, Origin, Path, PeerId, Protocol, Tags};
use bruit_swim::{Event, Message, Status, Update};
use common::{Cluster, secs};

#[test]
fn all_know_all_after_a_join() {
    let mut c = Cluster::new(16, 1);
    c.join_all();
    let took = c.until(secs(5), Cluster::agree).expect("views become equal");
    assert!(took < secs(1), "{took:?}");
}

#[test]
fn a_crash_is_known_to_all_and_only_it() {
    let mut c = Cluster::joined(16, 2);
    c.h.kill(5);
    let took = c.until(secs(8), |c| c.all_see(5, Status::Dead)).expect("the crash is known");
    assert!(took < secs(6), "{took:?}");
    c.h.run(secs(20));
    assert!((1..=16).filter(|i| *i != 5).all(|i| c.all_see(i, Status::Alive)));
}

#[test]
fn a_restart_replaces_its_predecessor_at_once() {
    let mut c = Cluster::joined(8, 3);
    c.h.kill(3);
    c.restart(3);
    c.join(3);
    let took = c.until(secs(2), Cluster::agree).expect("it is back");
    assert!(took < secs(1), "{took:?}");
    assert!(c.h.site(1).members().all(|m| m.status == Status::Alive));
}

/// Whoever was probing the predecessor hears nothing, and that is no evidence against the one in its place.
#[test]
fn a_restart_is_not_accused_for_its_predecessors_silence() {
    for tenths in 0..30 {
        let mut c = Cluster::joined(6, 40 + tenths);
        c.h.kill(3);
        c.h.run(Duration::from_millis(100 * tenths));
        c.restart(3);
        c.join(3);
        c.until(secs(2), Cluster::agree).expect("it is back");
        (1..=6).for_each(|i| drop(c.h.events(i)));
        c.h.run(secs(4));
        let accused: Vec<_> = (1..=6).flat_map(|i| c.h.events(i)).filter(|e| matches!(e, Event::Suspected { .. })).collect();
        assert!(accused.is_empty(), "restarted after {tenths} tenths: {accused:?}");
    }
}

#[test]
fn a_leave_is_seen_as_left() {
    let mut c = Cluster::joined(8, 4);
    c.h.turn(2, |s, cx| s.leave(cx));
    c.until(secs(2), |c| c.all_see(2, Status::Left)).expect("it is seen as left");
    assert!(c.h.events(2).contains(&Event::Gone));
    c.h.kill(2);
    c.h.run(secs(20));
    assert!(c.all_see(2, Status::Left));
}

#[test]
fn a_partition_heals_by_itself() {
    let mut c = Cluster::joined(8, 5);
    for a in 1..=3 {
        for b in 4..=8 {
            c.h.cut(a, b);
            c.h.cut(b, a);
        }
    }
    c.h.run(secs(60));
    assert!((4..=8).all(|b| c.sees(1, b) == Some(Status::Dead)));
    c.h.heal();
    let took = c.until(secs(20), |c| (1..=8).all(|i| c.all_see(i, Status::Alive))).expect("halves meet again");
    assert!(took < secs(10), "{took:?}");
}

#[test]
fn tags_reach_everyone() {
    let mut c = Cluster::joined(8, 6);
    let tags: Tags = [("role", "web")].into_iter().collect();
    c.h.turn(4, |s, cx| s.set_tags(cx, tags)).unwrap();
    c.until(secs(1), Cluster::agree).expect("all have them");
    let seen = c.h.site(1).member(PeerId::named("n4")).unwrap();
    assert_eq!(seen.record.tags().get("role"), Some("web"));
}

#[test]
fn a_forced_leave_sticks_to_the_dead_and_is_refuted_by_the_living() {
    let mut c = Cluster::joined(6, 7);
    c.h.kill(6);
    c.until(secs(10), |c| c.all_see(6, Status::Dead)).unwrap();
    c.h.turn(1, |s, cx| s.force_leave(cx, "n6", true)).unwrap();
    c.until(secs(3), |c| (1..=5).all(|i| c.sees(i, 6).is_none())).expect("pruned everywhere");
    c.h.turn(1, |s, cx| s.force_leave(cx, "n5", false)).unwrap();
    c.until(secs(5), |c| c.all_see(5, Status::Alive) && c.agree()).expect("it refutes");
    assert!(c.h.turn(1, |s, cx| s.force_leave(cx, "nobody", false)).is_err());
}

#[test]
fn loss_accuses_nobody_for_good() {
    let mut c = Cluster::lossy(24, 9, 50_000);
    c.join_all();
    c.until(secs(10), Cluster::agree).expect("views become equal");
    for _ in 0..60 {
        c.h.run(secs(10));
        assert!((1..=24).all(|i| !c.all_see(i, Status::Dead)));
    }
    assert!((1..=24).all(|i| c.h.site(i).members().all(|m| m.status != Status::Dead)));
}

/// A restart that met nobody who knew of its first life stands at the same incarnation as that.
#[test]
fn a_second_life_at_the_incarnation_of_the_first_is_told_of_it() {
    let mut c = Cluster::joined(6, 8);
    let (id, held) = (c.id(4), c.h.site(1).member(c.id(4)).unwrap().clone());
    c.h.kill(4);
    c.restart(4);
    assert_eq!(c.h.site(4).me().incarnation, held.incarnation);
    // Its own word reaches somebody before it joins anywhere.
    let mine = Update::Alive { incarnation: held.incarnation, record: c.h.site(4).me().record.clone() };
    let origin = Origin { peer: Some(c.id(2)), path: Path::new(c.id(2).0, None) };
    c.h.turn(1, |s, cx| s.on_message(cx, origin, Message::Update(mine)));
    c.until(secs(2), |c| c.h.site(4).me().incarnation > held.incarnation).expect("it announces itself above its first life");
    c.join(4);
    c.until(secs(3), Cluster::agree).expect("views are equal");
    assert_ne!(c.h.site(1).member(id).unwrap().record.session(), held.record.session());
}

/// One that left and still runs tells whoever has not heard of it.
#[test]
fn a_ping_to_one_that_left_is_answered_with_its_goodbye() {
    let mut c = Cluster::joined(6, 9);
    for other in 1..=5 {
        c.h.cut(6, other);
    }
    c.h.turn(6, |s, cx| s.leave(cx));
    c.h.run(secs(4));
    c.h.heal();
    c.until(secs(8), |c| c.all_see(6, Status::Left)).expect("it is seen as left");
}

/// An answer of one that left is word of a living one to whoever has not heard of it, so each comes with the goodbye.
#[test]
fn whatever_one_that_left_still_says_comes_with_its_goodbye() {
    let mut c = Cluster::joined(6, 9);
    (2..=6).for_each(|i| c.h.cut(i, 1));
    c.h.turn(4, |s, cx| s.leave(cx));
    c.h.run(secs(1));
    c.h.heal();
    assert_eq!(c.sees(1, 4), Some(Status::Alive));
    let (origin, target) = (Origin { peer: Some(c.id(1)), path: Path::new(c.id(1).0, None) }, c.id(4));
    c.h.turn(4, |s, cx| s.on_message(cx, origin, Message::PingReq { seq: 1, target }));
    c.until(Duration::from_millis(20), |c| c.sees(1, 4) == Some(Status::Left)).expect("1 hears it with the first word");
}

/// A node whose last peer died goes back to its seeds, one of which may be there again.
#[test]
fn one_that_is_left_alone_joins_through_its_seeds_again() {
    let mut c = Cluster::joined(2, 10);
    c.h.kill(1);
    c.until(secs(10), |c| c.sees(2, 1) == Some(Status::Dead)).unwrap();
    c.h.run(secs(20));
    c.restart(1);
    let took = c.until(secs(10), Cluster::agree).expect("they find each other");
    assert!(took < secs(6), "{took:?}");
}

/// Nodes that start while a seed cannot be reached find each other; the other half is found as soon as it is there.
#[test]
fn islands_of_a_start_meet_through_the_other_seeds() {
    let mut c = Cluster::new(4, 13);
    for (a, b) in [(1, 2), (1, 3), (4, 2), (4, 3)] {
        c.h.cut(a, b);
        c.h.cut(b, a);
    }
    for i in [2, 3, 4] {
        let seeds: Vec<PeerId> = [1, 2, 3].into_iter().filter(|s| *s != i).map(|s| PeerId::contact(s.into())).collect();
        c.h.turn(i, |s, cx| s.join(cx, &seeds));
    }
    c.until(secs(3), |c| c.sees(3, 2).is_some() && c.sees(4, 1).is_some()).expect("two islands");
    c.h.heal();
    let took = c.until(secs(60), Cluster::agree).expect("they meet");
    assert!(took < secs(8), "{took:?}");
}

/// An unknown member may come at any incarnation, the last one too: what is said of it afterwards must not overflow.
#[test]
fn the_last_incarnation_overflows_nothing() {
    let mut c = Cluster::joined(3, 11);
    let record =
        std::sync::Arc::new(bruit_proto::Record::new("far", 9, vec!["10.9.9.9:1".parse().unwrap()], Tags::default()).unwrap());
    let (peer, by) = (record.id(), c.id(2));
    let origin = Origin { peer: Some(by), path: Path::new(by.0, None) };
    let last = u64::MAX;
    let mut said = |update| {
        c.h.turn(1, |s, cx| s.on_message(cx, origin, Message::Update(update)));
        c.h.site(1).member(peer).unwrap().status
    };
    said(Update::Alive { incarnation: last, record: record.clone() });
    assert_eq!(said(Update::Alive { incarnation: last, record }), Status::Alive);
    assert_eq!(said(Update::Suspect { peer, incarnation: last, accusers: vec![by] }), Status::Suspect);
    assert_eq!(said(Update::Dead { peer, incarnation: last, by }), Status::Dead);
    assert_eq!(said(Update::Left { peer, incarnation: last, clock: 1, prune: false }), Status::Left);
}

/// A node that was told to announce itself above the last incarnation but one stands at the last and does not fall off it.
#[test]
fn a_node_at_the_last_incarnation_survives_an_accusation() {
    let mut c = Cluster::new(2, 12);
    c.join(2);
    c.h.run(bruit_proto::Duration::from_micros(4500));
    let (me, by) = (c.id(2), c.id(1));
    let streams = (0..9).map(bruit_proto::StreamId);
    for stream in streams {
        let origin = Origin { peer: Some(by), path: Path::new(by.0, Some(stream)) };
        c.h.turn(2, |s, cx| s.on_message(cx, origin, Message::Above { incarnation: u64::MAX - 1 }));
    }
    assert_eq!(c.h.site(2).me().incarnation, u64::MAX, "the join is under way");
    let origin = Origin { peer: Some(by), path: Path::new(by.0, None) };
    let accused = Update::Suspect { peer: me, incarnation: u64::MAX, accusers: vec![by] };
    c.h.turn(2, |s, cx| s.on_message(cx, origin, Message::Update(accused)));
    c.h.turn(2, |s, cx| s.set_tags(cx, [("a", "b")].into_iter().collect())).unwrap();
}
