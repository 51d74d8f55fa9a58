//! What operators may rely on, one promise a test.

mod common;

use bruit_history::{Config, Event, History, Refused, What};
use bruit_proto::{Duration, PeerId, Restored};
use common::{Cluster, story};
use std::collections::BTreeMap;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn what_is_asked_of_one_is_known_to_all() {
    for loss in [0, 20] {
        let mut cluster = Cluster::settled(32, 1, loss, 10_000);
        let id = cluster.try_append(7, What::ForceLeave, "node-9").expect("within the bounds");
        cluster.net.run(Duration::from_millis(2));
        let took = cluster.until_equal(MINUTE).expect("all have it");
        assert!(took < Duration::from_secs(20), "{took:?} at {loss} % loss");
        for i in 1..=32 {
            let [entry] = &cluster.entries(i)[..] else { panic!("node {i} has not one entry") };
            assert_eq!((entry.id, entry.what, &*entry.node, &*entry.by), (id, What::ForceLeave, "node-9", "ops"));
            assert!(entry.at.0 >= 5_000, "the wall clock of the node that was asked");
            let told = cluster.net.events(i);
            let expected = if i == 7 { vec![Event::Stored(id), Event::Shared(id)] } else { vec![Event::Learned(entry.clone())] };
            assert_eq!(told, expected, "node {i}, once");
        }
    }
}

/// Where no packet leaves anyway: two in three seconds.
#[test]
fn equal_histories_cost_a_digest_a_second() {
    let mut cluster = Cluster::settled(8, 2, 0, 10_000);
    cluster.append(3, "a");
    cluster.run(20);
    assert!(cluster.all_equal());
    let (compared, asked) = (cluster.sum(|c| c.compared), cluster.sum(|c| c.asked));
    cluster.run(60);
    assert_eq!(cluster.sum(|c| c.compared) - compared, 8 * 40);
    assert_eq!(cluster.sum(|c| c.asked), asked);
    assert!((1..=8).all(|i| cluster.net.site(i).is_quiet()));
}

#[test]
fn a_conversation_moves_only_what_differs() {
    let mut cluster = Cluster::settled(2, 3, 0, 10_000);
    cluster.append_many(1, 2_000);
    cluster.until_equal(MINUTE).expect("equal");
    assert_eq!(cluster.sum(|c| c.given), 2_000, "nothing is given twice");
    cluster.split(1);
    cluster.append(1, "left");
    cluster.append(2, "right");
    cluster.run(2);
    cluster.net.heal();
    cluster.until_equal(MINUTE).expect("equal");
    assert_eq!(cluster.sum(|c| c.given), 2_002);
    assert_eq!(cluster.sum(|c| c.duplicates), 0);
}

#[test]
fn halves_of_a_partition_exchange_what_each_missed() {
    let mut cluster = Cluster::settled(12, 4, 5, 10_000);
    cluster.append_many(1, 100);
    cluster.until_equal(MINUTE).expect("equal");
    cluster.split(5);
    for round in 0..40 {
        cluster.append(1 + round % 5, "left");
        cluster.append(6 + round % 7, "right");
        cluster.net.run(Duration::from_millis(500));
    }
    cluster.run(20);
    assert!(!cluster.all_equal());
    cluster.net.heal();
    cluster.until_equal(2 * MINUTE).expect("both know all");
    assert_eq!(cluster.entries(1).len(), 180);
}

/// Differences of every kind: a history without, with half, with every eighth entry of another's.
#[test]
fn any_two_histories_become_equal() {
    for (seed, (left, right)) in [(0, 500), (500, 0), (1, 900), (300, 300), (900, 33), (40, 31)].into_iter().enumerate() {
        let mut cluster = Cluster::settled(2, seed as u64, 0, 10_000);
        cluster.append_many(1, 100);
        cluster.until_equal(MINUTE).expect("equal");
        cluster.split(1);
        cluster.append_many(1, left);
        cluster.append_many(2, right);
        cluster.net.heal();
        cluster.until_equal(2 * MINUTE).unwrap_or_else(|| panic!("{left} and {right} others"));
        assert_eq!(cluster.entries(1).len(), 100 + left + right);
        assert_eq!(cluster.sum(|c| c.given), 100 + (left + right) as u64, "{left} and {right}: each once");
    }
}

#[test]
fn an_entry_is_acknowledged_when_it_is_on_the_disk_and_not_before() {
    let mut cluster = Cluster::settled(3, 5, 0, 100);
    let id = cluster.append(1, "a");
    assert_eq!(cluster.outcomes(1), (vec![], vec![]));
    assert!(cluster.net.site(1).book().is_empty(), "and nobody hears of it either");
    cluster.net.run(Duration::from_millis(2));
    assert_eq!(cluster.outcomes(1), (vec![id], vec![]));
    assert_eq!(cluster.ids(1), [id]);
}

/// Whoever asked may end the node at once: the entry does not wait for the next second, and it says when it may go.
#[test]
fn an_entry_is_handed_on_as_soon_as_it_is_safe() {
    let mut cluster = Cluster::settled(5, 17, 0, 100);
    cluster.append(1, "a");
    let id = cluster.append(1, "b");
    cluster.net.run(Duration::from_millis(40));
    let shared: Vec<_> = cluster.net.events(1).into_iter().filter(|event| matches!(event, Event::Shared(_))).collect();
    assert_eq!(shared, [Event::Shared(id)]);
    cluster.net.kill(1);
    cluster.run(10);
    assert!((2..=5).all(|i| cluster.entries(i).len() == 2));
}

/// A peer that has just had a conversation begins none for a while: it is called.
#[test]
fn an_entry_is_handed_on_to_peers_that_ask_nobody_now() {
    for seed in 0..40 {
        let mut cluster = Cluster::settled(3, 100 + seed, 0, 100);
        for k in 0..6 {
            cluster.append(1 + k % 2, "a");
            cluster.net.run(Duration::from_millis(700));
        }
        let id = cluster.append(3, "last");
        cluster.net.run(Duration::from_millis(200));
        assert!((1..=2).any(|i| cluster.ids(i).contains(&id)), "seed {}", 100 + seed);
    }
}

#[test]
fn an_entry_that_the_disk_lost_never_happened() {
    let mut cluster = Cluster::settled(3, 6, 0, 100);
    cluster.net.break_disk(1, true);
    let id = cluster.append(1, "a");
    cluster.run(10);
    assert_eq!(cluster.outcomes(1), (vec![], vec![id]));
    assert!((1..=3).all(|i| cluster.entries(i).is_empty()));
    cluster.net.break_disk(1, false);
    let next = cluster.append(1, "a");
    assert_ne!(id, next);
    cluster.run(10);
    assert!((1..=3).all(|i| cluster.ids(i) == [next]));
}

/// What others said is kept in memory, and written when the disk is back.
#[test]
fn what_others_said_is_written_again_until_it_is_safe() {
    let mut cluster = Cluster::settled(3, 7, 0, 100);
    cluster.net.break_disk(2, true);
    cluster.append_many(1, 30);
    cluster.run(20);
    assert!(cluster.all_equal(), "a broken disk keeps nobody from hearing");
    assert!(cluster.net.disk(2).is_empty());
    assert!(cluster.net.events(2).iter().any(|event| matches!(event, Event::Unsaved(_))), "and somebody is told");
    cluster.net.break_disk(2, false);
    cluster.run(2);
    assert_eq!(cluster.net.disk(2).len(), 30);
    assert!(cluster.net.site(2).is_quiet());
}

#[test]
fn a_restart_brings_back_what_was_kept() {
    let mut cluster = Cluster::settled(4, 8, 0, 50);
    cluster.append_many(1, 130);
    cluster.until_equal(MINUTE).expect("equal");
    cluster.run(2);
    let before = (cluster.entries(2), cluster.net.site(2).book().checkpoint());
    assert_eq!(before.1.map(|checkpoint| checkpoint.count), Some(80));
    cluster.split(2);
    (1..=4).for_each(|i| cluster.restart(i));
    assert_eq!((cluster.entries(2), cluster.net.site(2).book().checkpoint()), before);
    assert!(cluster.all_equal());
    assert_eq!(cluster.net.disk(2).len(), 51, "and no more than that lies on the disk");
    assert_eq!(cluster.sum(|c| c.damaged), 0);
    cluster.run(6);
    let next = cluster.append(1, "again");
    assert!(cluster.ids(1).iter().all(|id| *id < next), "the clock came back, too");
}

#[test]
fn restarted_alone_or_with_an_empty_disk_it_learns_the_rest() {
    let mut cluster = Cluster::settled(5, 9, 0, 50);
    cluster.append_many(1, 60);
    cluster.until_equal(MINUTE).expect("equal");
    cluster.net.kill(2);
    cluster.append_many(1, 70);
    cluster.run(5);
    cluster.restart(2);
    cluster.restart_with(3, BTreeMap::new());
    assert_eq!(cluster.try_append(3, What::Leave, "a"), Err(Refused::Joining), "its clock is at zero");
    cluster.until_equal(MINUTE).expect("equal again");
    cluster.run(3);
    cluster.append(3, "a");
    cluster.net.run(Duration::from_millis(2));
    cluster.until_equal(MINUTE).expect("equal again");
    assert!(cluster.entries(1).iter().any(|entry| &*entry.node == "a"));
}

/// Each record torn, one after the other: it is counted, the others are read, and a peer has what is missing.
#[test]
fn a_damaged_disk_is_reported_and_survived() {
    let mut cluster = Cluster::settled(2, 10, 0, 20);
    cluster.append_many(1, 25);
    cluster.until_equal(MINUTE).expect("equal");
    cluster.run(2);
    let disk = cluster.net.disk(2).clone();
    for torn in 0..disk.len() {
        let mut damaged = disk.clone();
        damaged.values_mut().nth(torn).expect("counted").pop();
        cluster.restart_with(2, damaged);
        assert!(cluster.net.site(2).counters().damaged >= 1, "record {torn}");
        cluster.until_equal(MINUTE).unwrap_or_else(|| panic!("record {torn}"));
        cluster.run(2);
        assert_eq!(cluster.net.disk(2), &disk, "and mended on the disk");
    }
}

/// It may have been written by a process that ended before it could fold what it had learned.
#[test]
fn a_disk_with_more_than_is_kept_is_folded_at_the_start() {
    let mut big = Cluster::settled(1, 15, 0, 100);
    big.append_many(1, 90);
    let disk = big.net.disk(1).clone();
    let mut cluster = Cluster::settled(1, 15, 0, 20);
    cluster.restart_with(1, disk);
    assert_eq!(cluster.ids(1), big.ids(1)[70..]);
    assert_eq!(cluster.net.site(1).book().checkpoint().map(|checkpoint| checkpoint.count), Some(70));
}

/// A checkpoint whose book was damaged would keep out what a peer still has, for ever.
#[test]
fn a_checkpoint_without_its_book_is_given_up() {
    let mut cluster = Cluster::settled(2, 16, 0, 20);
    cluster.append_many(1, 3);
    cluster.run(10);
    let early = cluster.net.disk(1).clone();
    cluster.append_many(1, 25);
    cluster.run(10);
    let late: BTreeMap<_, _> = cluster.net.disk(2).clone().into_iter().take(10).collect();
    cluster.restart_with(1, early);
    cluster.restart_with(2, late);
    cluster.until_equal(MINUTE).expect("equal, with what is left of both");
    assert_eq!(cluster.entries(1).len(), 3 + 9);
}

/// A process that ends amid its writes: whatever the disk holds by then, it is a history.
#[test]
fn a_kill_at_any_time_leaves_a_disk_to_start_from() {
    for after in 0..60 {
        let mut cluster = Cluster::settled(2, 11, 0, 40);
        cluster.split(1);
        cluster.append_many(1, 40);
        cluster.append_many(2, 70);
        cluster.net.heal();
        cluster.net.run(Duration::from_millis(40 * after));
        cluster.restart(2);
        assert_eq!(cluster.net.site(2).counters().damaged, 0, "after {after}");
        cluster.until_equal(MINUTE).unwrap_or_else(|| panic!("after {after}"));
    }
}

#[test]
fn a_mistake_is_the_callers_and_changes_nothing() {
    let mut cluster = Cluster::settled(2, 12, 0, 100);
    let mut append = |node: &str, by: &str| cluster.net.turn(1, |h, cx| h.append(cx, What::Join, node, by)).unwrap_err();
    assert_eq!(append("", "ops"), Refused::Node(0));
    assert_eq!(append(&"n".repeat(129), "ops"), Refused::Node(129));
    assert_eq!(append("n", &"b".repeat(129)), Refused::By(129));
    let results: Vec<_> = (0..65).map(|_| cluster.try_append(1, What::Join, "n")).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 64);
    assert_eq!(results[64], Err(Refused::Waiting));
    cluster.run(10);
    assert_eq!(cluster.entries(2).len(), 64);
}

/// It waits for its peers' clock, but not for ever: an operator with a lone node is heard.
#[test]
fn a_node_whose_peers_are_silent_takes_entries_after_five_seconds() {
    let mut cluster = Cluster::new(2, 13, 100, 100);
    assert_eq!(cluster.try_append(1, What::ForceLeave, "2"), Err(Refused::Joining));
    cluster.run(5);
    assert!(cluster.try_append(1, What::ForceLeave, "2").is_ok());
    let mut alone = Cluster::new(1, 13, 0, 100);
    assert!(alone.try_append(1, What::Join, "2").is_ok(), "who has no peers asks nobody");
}

#[test]
fn the_settings_have_bounds() {
    let make = |config: Config| History::new(PeerId(1), 1, config, &Restored::default());
    assert!(Config::default().check().is_ok());
    for config in [
        Config { limit: 0, ..Config::default() },
        Config { limit: 10_001, ..Config::default() },
        Config { compare: Duration::ZERO, ..Config::default() },
    ] {
        assert!(config.check().is_err());
        assert!(std::panic::catch_unwind(|| make(config)).is_err());
    }
}

/// A call into the cut hangs for ten seconds; the other side's gets through before.
#[test]
fn a_call_that_a_cut_swallowed_keeps_nobody_waiting() {
    for (caller, seed) in [(1, 18), (2, 19)] {
        let mut cluster = Cluster::settled(2, seed, 0, 100);
        cluster.net.cut(caller, 3 - caller);
        cluster.append(3 - caller, "a");
        cluster.run(2);
        cluster.net.heal();
        let took = cluster.until_equal(MINUTE).expect("equal");
        assert!(took < Duration::from_secs(4), "{took:?} after the cut");
    }
}

/// The two sides of a cut, told word by word.
#[test]
fn a_cut_heals() {
    let mut cluster = Cluster::settled(2, 14, 0, 100);
    cluster.append_many(1, 20);
    cluster.until_equal(MINUTE).expect("equal");
    cluster.split(1);
    cluster.append(1, "left");
    cluster.append(2, "right");
    cluster.run(2);
    cluster.net.heal();
    cluster.net.record();
    cluster.until_equal(MINUTE).expect("equal");
    cluster.net.run(Duration::from_millis(20));
    let lines = cluster.net.story();
    let spoken: Vec<_> = lines.into_iter().filter(|line| !line.contains("timer")).collect();
    story::check("a_cut_heals", &format!("{}\n", spoken.join("\n")));
}
