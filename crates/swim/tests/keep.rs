//! What a node keeps over a restart: its incarnation, its clock, and whom to join through.

mod common;

use bruit_proto::Duration;
use bruit_swim::{Event, Status};
use common::{Cluster, secs};

/// `n` nodes that keep what they know, joined.
fn kept(n: u32, seed: u64) -> Cluster {
    let mut c = Cluster::new(n, seed);
    (1..=n).for_each(|i| c.restart_from_disk(i));
    c.join_all();
    c.until(secs(10), Cluster::agree).expect("all join");
    c.h.run(secs(5));
    c
}

#[test]
fn a_restart_needs_no_seeds_and_no_refutation() {
    let mut c = kept(8, 1);
    let before = c.h.site(3).me().incarnation;
    for life in 1..=3 {
        c.restart_from_disk(3);
        assert!(c.h.site(3).me().incarnation > before, "life {life}");
        c.until(secs(5), Cluster::agree).unwrap_or_else(|| panic!("life {life} joins through whom it knew"));
        assert_eq!(c.h.site(3).counters().refutations, 0, "life {life}");
        c.h.run(secs(5));
    }
    assert!((1..=8).all(|i| c.h.site(i).counters().declared_dead == 0));
}

/// The power of all goes and comes again. Nobody remembers anybody but by disk.
#[test]
fn a_whole_cluster_restarts_without_seeds() {
    let mut c = kept(12, 2);
    (1..=12).for_each(|i| c.h.kill(i));
    (1..=12).for_each(|i| c.restart_from_disk(i));
    c.until(secs(20), Cluster::agree).expect("all find each other again");
}

/// They declared each other dead before they ended: that is no reason to forget where the others were.
#[test]
fn the_two_sides_of_a_cut_restart_and_find_each_other() {
    let mut c = kept(2, 3);
    c.h.cut(1, 2);
    c.h.cut(2, 1);
    c.until(secs(60), |c| c.sees(1, 2) == Some(Status::Dead) && c.sees(2, 1) == Some(Status::Dead)).expect("apart");
    c.h.run(secs(5));
    c.h.heal();
    (1..=2).for_each(|i| c.restart_from_disk(i));
    c.until(secs(10), Cluster::agree).expect("together");
}

#[test]
fn who_left_is_not_asked_again() {
    let mut c = kept(4, 4);
    c.h.turn(4, |s, cx| s.leave(cx));
    c.until(secs(5), |c| c.sees(1, 4) == Some(Status::Left)).expect("it left");
    c.h.run(secs(5));
    assert_eq!(c.h.disk(1).len(), 1 + 2, "itself and two others");
    c.restart_from_disk(4);
    assert!(c.h.site(4).me().incarnation > c.h.site(1).member(c.id(4)).expect("remembered").incarnation, "and may come back");
    c.until(secs(5), Cluster::agree).expect("it does, without seeds");
}

/// A force-leave is stamped by a clock that survives.
#[test]
fn the_clock_of_intents_survives() {
    let mut c = kept(3, 5);
    for _ in 0..4 {
        c.h.turn(1, |s, cx| s.force_leave(cx, "n3", false)).expect("known");
        c.until(secs(10), |c| c.sees(1, 3) == Some(Status::Alive)).expect("it refutes");
    }
    let stamp = c.h.site(1).member(c.id(3)).expect("known").intent;
    c.h.run(secs(5));
    c.restart_from_disk(1);
    c.until(secs(5), Cluster::agree).expect("back");
    c.h.turn(1, |s, cx| s.force_leave(cx, "n3", false)).expect("known");
    assert!(c.h.site(1).member(c.id(3)).expect("known").intent > stamp);
}

/// What changes all the time is written now and then: not by every change, and nothing while nothing changes.
#[test]
fn little_is_written() {
    let mut c = kept(5, 6);
    let quiet = c.h.disk(1).clone();
    c.h.record();
    c.h.run(secs(60));
    assert_eq!(c.h.disk(1), &quiet);
    for i in 0..50 {
        let tags = [("k", i.to_string())].into_iter().collect();
        c.h.turn(2, |s, cx| s.set_tags(cx, tags)).expect("within bounds");
        c.h.run(Duration::from_millis(100));
    }
    c.h.run(secs(5));
    let now = c.h.site(1).member(c.id(2)).expect("known").record.digest();
    c.restart_from_disk(1);
    c.until(secs(5), Cluster::agree).expect("back");
    assert_eq!(c.h.site(1).member(c.id(2)).expect("known").record.digest(), now);
}

#[test]
fn a_disk_that_fails_is_counted_and_written_again() {
    let mut c = kept(4, 7);
    c.h.break_disk(2, true);
    let tags = [("k", "v")].into_iter().collect();
    c.h.turn(1, |s, cx| s.set_tags(cx, tags)).expect("within bounds");
    c.h.run(secs(10));
    assert!(c.h.site(2).counters().unsaved > 0);
    c.h.break_disk(2, false);
    c.h.run(secs(5));
    let (old, new) = (c.h.disk(2).clone(), c.h.disk(3).clone());
    let members = old.iter().filter(|row| row.0.len() > 2);
    assert_eq!(members.filter(|row| new.get(row.0) == Some(row.1)).count(), 2, "the two whom both know, as they are now");
}

/// Each row torn or changed, one after the other: counted, and survived.
#[test]
fn rows_that_cannot_be_read_are_counted_and_survived() {
    let mut c = kept(4, 8);
    for row in 0..c.h.disk(2).len() {
        let mut disk = c.h.disk(2).clone();
        disk.values_mut().nth(row).expect("counted").pop();
        c.restart_with(2, disk);
        assert_eq!(c.h.site(2).counters().unreadable, 1, "row {row}");
        c.until(secs(5), Cluster::agree).unwrap_or_else(|| panic!("row {row}"));
        assert!(!c.h.events(2).contains(&Event::NameTaken));
        c.h.run(secs(5));
    }
}
