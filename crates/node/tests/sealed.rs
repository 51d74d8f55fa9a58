//! Two nodes and more under sealing, end to end.

mod world;

use bruit_node::{Node, Settings};
use bruit_proto::{Class, Nobody, Reader, Wall};
use bruit_wire::{KeyRing, Mode, Seal, take_message};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use world::*;

static FRESH: AtomicU64 = AtomicU64::new(1_000);

fn sealed(i: usize, mode: Mode, session: u64) -> Settings {
    let fresh = Arc::new(|| FRESH.fetch_add(1, Ordering::Relaxed));
    settings(i).seal(Seal { mode, keys: KeyRing::generate([7; 32]), session, fresh })
}

/// Nodes `1..=n`; whether they know each other.
fn world(n: usize, mode: Mode, know: bool) -> World {
    let mut w = World::new(0);
    for i in 1..=n {
        // Records say session 1 for all; what a node says itself is another.
        w.nodes.insert(i, Node::new(sealed(i, mode, 100 + i as u64), Parrot::default(), Box::new(Nobody)));
        let now = w.clock();
        w.node(i).start(now);
        for j in (1..=n).filter(|j| *j != i && know) {
            let record = bruit_proto::Record::new(&format!("node-{j}"), 100 + j as u64, vec![at(j)], Default::default());
            let record = Arc::new(record.unwrap());
            w.turn(i, |_, cx| cx.know(id(j), Some(&record)));
        }
    }
    w
}

fn pongs(w: &World, i: usize) -> usize {
    w.log(i).iter().filter(|line| line.contains("Pong")).count()
}

fn ping(w: &mut World, i: usize, j: usize) {
    w.turn(i, |_, cx| cx.send(id(j), Said::Ping(7)));
    w.run(Duration::from_millis(20));
}

#[test]
fn members_ping_each_other_with_no_packet_in_the_open() {
    let mut w = world(2, Mode::Require, true);
    (0..100).for_each(|_| ping(&mut w, 1, 2));
    assert_eq!(pongs(&w, 1), 100);
    assert_eq!(w.sent.len(), 200, "records vouch: no hello is needed");
    assert!(w.sent.iter().all(|x| x.2[0] & 0x80 != 0));
    assert_eq!((w.node(1).counters().rejections(), w.node(2).counters().rejections()), (0, 0));
}

#[test]
fn a_contact_is_asked_who_it_is_and_then_told_what_waited() {
    let mut w = world(2, Mode::Require, false);
    let contact = w.node(1).contact(at(2));
    w.turn(1, |_, cx| cx.send(contact, Said::Ping(7)));
    w.run(Duration::from_millis(20));
    assert_eq!((pongs(&w, 1), w.sent.len()), (1, 4));
    assert_eq!(w.node(1).sealing().unwrap().asked, 1);
}

#[test]
fn everything_replayed_at_everybody_after_a_restart_tells_nobody_anything() {
    let mut w = world(3, Mode::Require, true);
    (0..5).for_each(|_| [(1, 2), (2, 3), (3, 1)].iter().for_each(|(i, j)| ping(&mut w, *i, *j)));
    let recorded = w.sent.clone();
    w.nodes.insert(2, Node::new(sealed(2, Mode::Require, 202), Parrot::default(), Box::new(Nobody)));
    let heard = |w: &World| [1, 2, 3].map(|i| w.log(i).len());
    let before = heard(&w);
    for (from, _, bytes) in &recorded {
        for j in 1..=3 {
            let now = w.clock();
            w.node(j).receive(now, at(*from), bytes);
            while w.node(j).poll().is_some() {}
        }
    }
    assert_eq!(heard(&w), before);
}

/// Node 1 fetches so many items from node 2.
fn fetch(w: &mut World, n: u64, class: Class) {
    w.turn(1, |p, cx| p.fetch(cx, id(2), n, class));
    w.run(Duration::from_secs(1));
}

#[test]
fn a_thousand_items_pass_sealed_with_credit_and_both_sides_are_done() {
    for (chunk, class) in [(100, Class::Bulk), (5_000, Class::Ask), (100_000, Class::Bulk)] {
        let mut w = world(2, Mode::Require, true);
        (w.chunk, w.pace) = (chunk, Duration::from_nanos(1));
        fetch(&mut w, 1_000, class);
        assert_eq!(w.nodes[&1].protocol().items, (0..1_000).collect::<Vec<_>>());
        assert_eq!(w.log(1)[1..], ["1 Opened", "1 Closed(Done)"]);
        assert_eq!(w.log(2)[1..], ["1 Closed(Done)"]);
        assert_eq!((w.node(1).streams(), w.node(2).streams(), w.dropped.len()), (0, 0, 2));
        assert_eq!(w.node(1).counters().rejections() + w.node(2).counters().rejections(), 0);
        let (sent, received) = (w.node(2).counters().streams.sent, w.node(1).counters().streams.received);
        assert_eq!(sent, received, "a handshake is no frame");
    }
}

#[test]
fn a_contact_is_dialled_sealed_and_learned_from_its_answer() {
    let mut w = world(2, Mode::Require, false);
    let contact = w.node(1).contact(at(2));
    w.turn(1, |_, cx| {
        let s = cx.open(contact, Class::Ask, Duration::from_secs(1));
        cx.write(s, Said::Ping(1)).unwrap();
        cx.close(s);
    });
    w.run(Duration::from_millis(500));
    assert_eq!(w.log(1)[1..], ["1 Opened".to_string(), format!("{:?} says Pong(1)", id(2))]);
    assert!(w.written.iter().all(|x| !x.2.starts_with(b"bru")));
}

#[test]
fn every_stream_replayed_at_everybody_after_a_restart_tells_nobody_anything() {
    let mut w = world(3, Mode::Require, true);
    fetch(&mut w, 3, Class::Ask);
    let recorded: Vec<u8> = w.written.iter().filter(|x| x.1 == 0).flat_map(|x| x.2.clone()).collect();
    w.nodes.insert(2, Node::new(sealed(2, Mode::Require, 202), Parrot::default(), Box::new(Nobody)));
    let heard = [1, 2, 3].map(|i| w.log(i).len());
    for j in 1..=3 {
        let now = w.clock();
        let stream = w.node(j).stream_accepted(now, at(1)).unwrap();
        w.node(j).stream_receive(now, stream, &recorded);
        while w.node(j).poll().is_some() {}
        assert_eq!((w.node(j).streams(), w.node(j).counters().dropped().unspoken), (0, 1));
    }
    assert_eq!([1, 2, 3].map(|i| w.log(i).len()), heard);
    let why = |i: usize| w.nodes[&i].counters().rejected().to_vec();
    assert_eq!(why(2), [("record damaged", 1)]);
    assert_eq!(why(3), [("hello for another node", 1)]);
}

#[test]
fn a_thousand_half_open_streams_hold_little_and_are_over_in_ten_seconds() {
    let mut w = world(2, Mode::Require, true);
    fetch(&mut w, 1, Class::Ask);
    let opening: Vec<u8> = w.written.iter().find(|x| x.1 == 0).unwrap().2.clone();
    let told = w.log(2).len();
    let begun = [&opening[..], &[0x40, 0x10], &[7; 9_000]].concat();
    for n in 0..1_000 {
        let now = w.clock();
        let stream = w.node(2).stream_accepted(now, at(9)).unwrap();
        // A prefix of something recorded, all of it, or that and the beginning of a record.
        let bytes = [&opening[..n % (opening.len() + 1)], &opening, &begun][n % 3];
        w.node(2).stream_receive(now, stream, bytes);
        w.drain(2);
    }
    assert_eq!(w.node(2).streams(), 1_000);
    // Each says a little now and then, which is no reason to wait for it any longer.
    w.run(bruit_node::SILENCE / 2);
    for n in 0..1_000 {
        let (now, stream) = (w.clock(), bruit_proto::StreamId(2 + n));
        w.node(2).stream_receive(now, stream, &[]);
        w.drain(2);
    }
    w.run(bruit_node::SILENCE / 2 + Duration::from_millis(1));
    assert_eq!((w.node(2).streams(), w.node(2).counters().dropped().unspoken), (0, 1_000));
    assert_eq!(w.log(2).len(), told);
    w.turn(1, |p, cx| p.fetch(cx, id(2), 1, Class::Ask));
    w.run(Duration::from_secs(1));
    assert_eq!(w.nodes[&1].protocol().items, [0, 0]);
}

#[test]
fn clocks_that_part_end_streams_whose_twins_may_go_on() {
    let mut w = world(2, Mode::Require, true);
    w.pace = Duration::from_millis(10);
    w.turn(1, |p, cx| p.fetch(cx, id(2), 1_000, Class::Bulk));
    w.run(Duration::from_millis(100));
    assert_eq!(w.node(1).streams(), 1);
    let mut now = w.clock();
    now.wall = Wall(now.wall.0 + 3_600_000);
    w.node(1).command(now, |_, _| ());
    assert_eq!((w.node(1).streams(), w.log(1).last().unwrap().as_str()), (0, "1 Closed(Reset)"));
}

#[test]
fn a_running_node_goes_from_open_to_sealed_and_back_with_whom_it_knows() {
    let mut w = World::new(2);
    let seal = |mode, session| {
        let fresh = Arc::new(|| FRESH.fetch_add(1, Ordering::Relaxed));
        Some(Seal { mode, keys: KeyRing::generate([7; 32]), session, fresh })
    };
    let mut items = 0;
    let mut talk = |w: &mut World, sealed: bool| {
        let (before, pongs_before) = (w.sent.len(), pongs(w, 1));
        ping(w, 1, 2);
        fetch(w, 1, Class::Ask);
        items += 1;
        assert_eq!((pongs(w, 1), w.nodes[&1].protocol().items.len()), (pongs_before + 1, items));
        let last = w.sent.last().unwrap();
        assert!(w.sent.len() > before && (last.2[0] & 0x80 != 0) == sealed, "{last:?}");
        let opening = &w.written.iter().find(|x| x.0 == w.conns.len() - 1).unwrap().2;
        assert_eq!(opening[0] & 0x80 != 0, sealed);
    };
    talk(&mut w, false);
    // Records say session 1 for all, which is what each begins with.
    w.node(1).reseal("test", seal(Mode::Permissive, 11));
    talk(&mut w, false);
    w.node(2).reseal("test", seal(Mode::Permissive, 12));
    talk(&mut w, true);
    w.node(1).reseal("test", seal(Mode::Require, 11));
    talk(&mut w, true);
    w.node(2).reseal("test", seal(Mode::Require, 12));
    talk(&mut w, true);
    w.node(1).reseal("test", None);
    w.node(2).reseal("test", None);
    talk(&mut w, false);
    let mut pairs: Vec<_> = w.sent.iter().filter(|x| x.2[0] & 0x80 != 0).map(|x| x.2[1..15].to_vec()).collect();
    pairs.sort();
    assert!(pairs.windows(2).all(|p| p[0] != p[1]));
}

#[test]
fn a_full_packet_stays_within_the_limit() {
    let mut w = world(2, Mode::Require, true);
    w.turn(1, |_, cx| (0..40).for_each(|n| cx.send(id(2), Said::Item(n, vec![0; 100]))));
    assert!(w.sent.iter().all(|x| x.2.len() <= 1_200) && w.sent.len() == 4);
    w.run(Duration::from_millis(20));
    assert_eq!(w.nodes[&2].protocol().items.len(), 40);
}

#[test]
fn no_pair_of_session_and_counter_repeats_although_the_clocks_part() {
    let mut w = world(2, Mode::Require, true);
    (0..10).for_each(|_| ping(&mut w, 1, 2));
    let mut now = w.clock();
    now.wall = Wall(now.wall.0 + 3_600_000);
    w.node(1).command(now, |_, _| ());
    assert_eq!(w.node(1).sealing().unwrap().renewed, 1);
    w.turn(1, |_, cx| cx.send(id(2), Said::Ping(7)));
    let mut pairs: Vec<_> = w.sent.iter().map(|x| x.2[1..15].to_vec()).collect();
    pairs.sort();
    assert!(pairs.windows(2).all(|p| p[0] != p[1]));
}

#[test]
fn open_permissive_and_required_go_side_by_side() {
    let mut w = world(2, Mode::Permissive, true);
    ping(&mut w, 1, 2);
    assert_eq!(pongs(&w, 1), 1);
    let before = w.sent.len();
    ping(&mut w, 1, 2);
    assert!(w.sent[before..].iter().all(|x| x.2[0] & 0x80 != 0) && w.sent.len() == before + 2, "sealed once both are heard");
    w.nodes.insert(2, Node::new(settings(2), Parrot::default(), Box::new(Nobody)));
    w.turn(2, |_, cx| cx.know(id(1), Some(&record(1))));
    ping(&mut w, 2, 1);
    assert_eq!(pongs(&w, 1), 2, "one that has no key yet");
}

#[test]
fn who_watches_sees_what_was_sealed_and_its_size_on_the_wire() {
    let mut w = world(2, Mode::Require, true);
    let now = w.clock();
    w.node(1).tap(now, 1_000);
    ping(&mut w, 1, 2);
    let kept: Vec<_> = w.nodes[&1].tapped(0).filter(|packet| !packet.body.is_empty()).collect();
    assert!(kept.len() == 2 && kept.iter().all(|packet| packet.sealed), "{kept:?}");
    assert_eq!(take_message(&mut Reader::new(&kept[0].body)), Ok(Some(Said::Ping(7))));
    assert!(w.sent.iter().any(|sent| sent.2.len() == kept[0].bytes && !sent.2.windows(2).any(|two| two == kept[0].body)));
}
