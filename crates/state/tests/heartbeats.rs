//! State by heartbeats: joins, lives and deaths as phi sees them.

mod common;

use bruit_proto::{Change, Duration, Origin, Path, PeerId, Protocol};
use bruit_state::{Ack, Config, Delta, Event, HeartBeat, Message, Refused, Status};
use common::{Cluster, id, secs};

#[test]
fn all_are_alive_everywhere_after_a_join() {
    let mut cluster = Cluster::new(16, 1);
    let took = cluster.until(secs(60), Cluster::all_alive).expect("all join");
    assert!(took < secs(15), "{took:?}");
    let events = cluster.events(2);
    let of = |event: fn(PeerId) -> Event| events.iter().filter(|e| **e == event(id(9))).count();
    assert_eq!((of(Event::Joined), of(Event::Alive), of(Event::Dead)), (1, 1, 0));
}

/// Threshold 8 is 18.42 mean gaps; the mean is that of what arrives, from anybody, so a little off one second.
#[test]
fn silence_until_down_is_18_42_gaps() {
    let mut cluster = Cluster::joined(8, 2);
    cluster.run(120);
    cluster.net.kill(5);
    let took = cluster.until(secs(60), |c| c.all_dead(5)).expect("it is convicted");
    assert!((secs(14)..secs(28)).contains(&took), "{took:?}");
    let phi = cluster.state(1).phi(id(5), cluster.net.now()).unwrap();
    assert!(phi > 8.0, "{phi}");
    assert!((1..=8).filter(|i| *i != 5).all(|i| cluster.sees(1, i)), "nobody else is");
}

#[test]
fn a_value_reaches_all_by_the_exchange_alone_and_at_once_by_spreading() {
    for spread in [false, true] {
        let mut cluster = Cluster::with(32, 3, Config { spread, ..Config::phi() });
        cluster.until(secs(60), Cluster::all_alive).expect("all join");
        cluster.set(7, "load", "0.5");
        let took = cluster.until(secs(30), |c| c.all_have(7, "load", "0.5")).expect("all have it");
        assert!(if spread { took <= Duration::from_millis(200) } else { took > secs(1) && took < secs(12) }, "{spread} {took:?}");
    }
}

/// A is cut from C and hears of it through B; heartbeats from anybody keep phi low.
#[test]
fn whoever_is_cut_off_from_a_node_sees_it_advance_through_another() {
    let mut cluster = Cluster::joined(3, 4);
    cluster.part(1, 3);
    let before = cluster.state(1).endpoint(id(3)).unwrap().max_version();
    cluster.set(3, "load", "0.7");
    cluster.run(120);
    assert_eq!(cluster.value(1, 3, "load").as_deref(), Some("0.7"));
    assert!(cluster.state(1).endpoint(id(3)).unwrap().max_version() > before + 100);
    assert!(cluster.sees(1, 3));
}

#[test]
fn a_restart_begins_above_its_last_life_and_voids_what_it_said() {
    let mut cluster = Cluster::joined(5, 5);
    cluster.set(3, "load", "0.9");
    cluster.run(5);
    let old = cluster.generation(1, 3).unwrap();
    cluster.forget_events();
    cluster.restart(3, None);
    cluster.until(secs(20), |c| c.all_alive() && c.generation(1, 3) > Some(old)).expect("it is back");
    assert_eq!(cluster.generation(1, 3), Some(old + 1), "the shadow round said who it was");
    assert_eq!(cluster.value(1, 3, "load"), None);
    let events = cluster.events(1);
    assert!(events.contains(&Event::Restarted(id(3))) && !events.contains(&Event::Joined(id(3))), "{events:?}");
}

/// scylladb#5801: a shutdown must not leave a version behind that the next life cannot pass.
#[test]
fn a_shutdown_is_known_at_once_and_a_restart_comes_back() {
    let mut cluster = Cluster::joined(6, 6);
    cluster.turn(4, |state, cx| state.shutdown(cx));
    let took = cluster.until(secs(5), |c| c.all_dead(4)).expect("it is seen");
    assert!(took <= Duration::from_millis(200), "{took:?}");
    cluster.run(30);
    assert!(cluster.all_dead(4));
    assert_eq!(cluster.state(1).endpoint(id(4)).unwrap().status, Status::Shutdown);
    assert_eq!(cluster.turn(4, |state, cx| state.set(cx, "k", "v")), Err(Refused::Stopped));
    cluster.restart(4, None);
    cluster.until(secs(20), Cluster::all_alive).expect("it is back");
}

#[test]
fn an_assassinated_node_is_gone_everywhere_until_its_next_life() {
    let mut cluster = Cluster::joined(6, 7);
    assert_eq!(cluster.turn(1, |state, cx| state.assassinate(cx, id(4))), Err(Refused::Alive(id(4))));
    assert_eq!(cluster.turn(1, |state, cx| state.assassinate(cx, id(9))), Err(Refused::Unknown(id(9))));
    assert_eq!(cluster.turn(1, |state, cx| state.assassinate(cx, id(1))), Err(Refused::Own));
    cluster.net.kill(4);
    cluster.until(secs(60), |c| c.all_dead(4)).expect("it is convicted");
    cluster.forget_events();
    cluster.turn(1, |state, cx| state.assassinate(cx, id(4))).unwrap();
    let removed = |c: &Cluster| c.up().into_iter().all(|i| c.state(i).endpoint(id(4)).unwrap().status == Status::Removed);
    cluster.until(secs(5), removed).expect("it is removed everywhere");
    assert!((1..=6).filter(|i| *i != 4).all(|i| cluster.events(i).contains(&Event::Removed(id(4)))));
    cluster.run(200);
    assert!(removed(&cluster) && cluster.all_dead(4));
    cluster.restart(4, None);
    cluster.until(secs(20), Cluster::all_alive).expect("its next life is welcome");
}

/// It was cut off when it was removed: it hears of that, and leaves; it does not argue.
#[test]
fn a_node_that_was_removed_alive_stops() {
    let mut cluster = Cluster::joined(5, 8);
    cluster.isolate(5);
    cluster.until(secs(60), |c| (1..=4).all(|i| !c.sees(i, 5))).expect("it is convicted");
    cluster.turn(1, |state, cx| state.assassinate(cx, id(5))).unwrap();
    cluster.run(5);
    cluster.net.heal();
    cluster.until(secs(60), |c| !c.state(5).is_running()).expect("it hears of it");
    assert!(cluster.events(5).contains(&Event::Removed(id(5))));
    cluster.run(60);
    assert!((1..=4).all(|i| cluster.state(i).endpoint(id(5)).unwrap().status == Status::Removed));
}

/// Who was dropped is not heard of for a while; then a copy that comes late is too old, and only life comes back.
#[test]
fn a_silent_node_expires_everywhere_and_comes_back_after_quarantine() {
    let config = Config { expire: secs(60), quarantine: secs(20), ..Config::phi() };
    let mut cluster = Cluster::with(6, 9, config);
    cluster.until(secs(60), Cluster::all_alive).expect("all join");
    cluster.net.kill(6);
    let unknown = |c: &Cluster| (1..=5).all(|i| c.state(i).endpoint(id(6)).is_none());
    let took = cluster.until(secs(120), unknown).expect("it is dropped");
    assert!(took > secs(60), "{took:?}");
    cluster.run(120);
    assert!(unknown(&cluster), "and stays so");
    assert!(cluster.events(1).contains(&Event::Removed(id(6))));
    cluster.restart(6, None);
    cluster.until(secs(60), Cluster::all_alive).expect("it is back");
}

/// CASSANDRA-12653: whatever comes to a running node after its shadow round is no state of its own.
#[test]
fn a_late_shadow_answer_is_never_applied() {
    let mut cluster = Cluster::joined(4, 10);
    cluster.set(2, "load", "new");
    let own = cluster.state(2).endpoint(id(2)).unwrap().clone();
    let mut old = cluster.state(3).endpoint(id(2)).unwrap().clone();
    old.heart_beat.generation -= 1;
    let late = Delta {
        node: id(2),
        generation: own.heart_beat.generation - 1,
        status: Status::Running,
        above: 0,
        heartbeat: 999,
        age: 0,
        values: vec![(bruit_state::Key::own("load"), bruit_state::Value { value: "old".into(), version: 998, stamp: None })],
    };
    let from = Origin { peer: Some(id(1)), path: Path::new(1, None) };
    cluster.turn(2, |state, cx| state.on_message(cx, from, Message::Ack(Ack { deltas: vec![late], ..Ack::default() })));
    assert_eq!(cluster.state(2).endpoint(id(2)).unwrap(), &own);
}

#[test]
fn a_first_node_goes_on_alone_and_two_that_ask_each_other_go_on_together() {
    let mut cluster = Cluster::new(3, 11);
    cluster.net.kill(1);
    cluster.run(20);
    assert!(!cluster.state(2).is_running(), "it still asks its seed");
    cluster.run(20);
    assert!(cluster.state(2).is_running() && cluster.state(3).is_running(), "and then goes on alone");
    let mut both = Cluster::new(2, 12);
    both.turn(1, |state, _| state.set_seeds(&[id(2)]));
    both.restart(1, None);
    both.until(secs(20), Cluster::all_alive).expect("they meet");
}

/// A node back from a pause convicts nobody: it was deaf, they were not silent.
#[test]
fn a_node_that_stood_still_convicts_nobody() {
    let mut cluster = Cluster::joined(5, 13);
    cluster.run(60);
    cluster.forget_events();
    // Deaf for a minute, while its own rounds stand still.
    cluster.isolate(2);
    for _ in 0..60 {
        cluster.turn(2, |state, cx| state.on_pause(cx, secs(1)));
        cluster.run(1);
    }
    cluster.net.heal();
    cluster.turn(2, |state, cx| state.on_pause(cx, Duration::from_millis(600)));
    cluster.run(30);
    assert!(!cluster.events(2).iter().any(|e| matches!(e, Event::Dead(_))));
    cluster.until(secs(60), Cluster::all_alive).expect("and the others take it back");
}

/// CASSANDRA-3654, -8113, -10969, scylladb#5164: generations far apart, clocks set back, lock nobody out.
#[test]
fn twenty_years_of_uptime_and_clocks_set_back_lock_nobody_out() {
    let year = 366 * 24 * 3600;
    let now = 1_900_000_000;
    // Started twenty years apart, by clocks that are off by years.
    let born = |i: u32| Some(now + u64::from(i) * 5 * year);
    let mut cluster = Cluster::born(5, 14, Config::phi(), born);
    cluster.until(secs(60), Cluster::all_alive).expect("all join");
    // The harness's clock says 1970: a clock set back by more than a year, and no disk.
    for i in 2..=5 {
        cluster.restart(i, None);
        cluster.run(10);
    }
    cluster.until(secs(60), Cluster::all_alive).expect("all are back");
    // As above, and nobody to ask: it goes on in a generation far below the one that is remembered.
    let old = cluster.generation(2, 4).unwrap();
    cluster.isolate(4);
    cluster.restart(4, None);
    cluster.run(40);
    assert!(cluster.state(4).is_running() && cluster.generation(4, 4) < Some(now));
    cluster.net.heal();
    cluster.until(secs(120), |c| c.generation(2, 4) > Some(old) && c.all_alive()).expect("it goes above that");
    assert!(cluster.state(4).counters().renewed > 0);
}

/// Generations beyond reason are refused, and change nothing.
#[test]
fn a_forged_generation_is_refused() {
    let mut cluster = Cluster::joined(3, 15);
    let held = cluster.generation(1, 3).unwrap();
    let forged = Delta {
        node: id(3),
        generation: held + HeartBeat::JUMP + 1,
        status: Status::Running,
        above: 0,
        heartbeat: 1,
        age: 0,
        values: vec![],
    };
    let from = Origin { peer: Some(id(2)), path: Path::new(2, None) };
    cluster.turn(1, |state, cx| state.on_message(cx, from, Message::News(forged)));
    assert_eq!(cluster.generation(1, 3), Some(held));
    assert_eq!(cluster.net.rejected(1), ["generation from too far ahead"]);
}

/// Membership decides, and where phi is of another mind is kept.
#[test]
fn with_both_detectors_every_disagreement_is_kept() {
    let config = Config { detector: bruit_state::Detector::Both, ..Config::default() };
    let mut cluster = Cluster::with(4, 16, config);
    let up = |cluster: &mut Cluster, of: u32, change: Change| {
        let others: Vec<u32> = (1..=4).filter(|i| *i != of).collect();
        others.into_iter().for_each(|i| cluster.turn(i, |state, cx| state.on_peer(cx, id(of), change)));
    };
    (1..=4).for_each(|i| up(&mut cluster, i, Change::Up));
    cluster.run(60);
    assert!(cluster.all_alive() && cluster.state(1).disagreements().count() == 0);
    up(&mut cluster, 3, Change::Down);
    cluster.run(5);
    let said: Vec<_> = cluster.state(1).disagreements().map(|d| (d.node, d.alive, d.phi < 8.0)).collect();
    assert_eq!(said, [(id(3), false, true)], "its heart beats, and membership says it is dead");
    up(&mut cluster, 3, Change::Up);
    cluster.net.kill(3);
    cluster.run(60);
    let last = cluster.state(1).disagreements().last().unwrap();
    assert!(last.alive && last.phi > 8.0 && cluster.sees(1, 3), "membership decides: {last:?}");
}
