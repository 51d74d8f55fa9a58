//! The stream lane: every open ends in exactly one `Closed`, and nobody pushes bulk.

mod world;

use bruit_node::{MAX_INBOUND, MAX_OUTBOUND};
use bruit_proto::{Class, PeerId, StreamId};
use std::time::Duration;
use world::*;

fn second() -> Duration {
    Duration::from_secs(1)
}

/// What node `i` was told about streams.
fn news(w: &World, i: usize) -> Vec<&str> {
    w.log(i).iter().map(String::as_str).filter(|l| l.contains("Opened") || l.contains("Closed")).collect()
}

#[test]
fn a_thousand_items_pass_with_credit_and_both_sides_are_done() {
    let mut w = World::new(2);
    w.chunk = 5_000;
    w.turn(1, |p, cx| p.fetch(cx, id(2), 1_000, Class::Bulk));
    w.run(second());
    assert_eq!(w.nodes[&1].protocol().items, (0..1_000).collect::<Vec<_>>());
    assert_eq!(news(&w, 1), ["1 Opened", "1 Closed(Done)"]);
    assert_eq!(news(&w, 2), ["1 Closed(Done)"]);
    assert!(w.nodes[&2].protocol().fills > 8, "504 kB went through a buffer of 64 KiB");
    assert_eq!(w.node(1).streams() + w.node(2).streams(), 0);
    assert_eq!(w.dropped.len(), 2);
}

#[test]
fn words_written_before_the_dial_is_answered_wait_for_it() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| {
        let s = cx.open(id(2), Class::Ask, second());
        cx.write(s, Said::Ping(1)).unwrap();
        cx.close(s);
    });
    w.run(second() / 2);
    assert_eq!(w.log(1)[2], format!("{:?} says Pong(1)", id(2)));
}

#[test]
fn a_full_buffer_gives_words_back_and_asks_for_them_later() {
    let mut w = World::new(2);
    let refused = w.turn(1, |_, cx| {
        let s = cx.open(id(2), Class::Bulk, second());
        (0..1_000).find(|n| cx.write(s, Said::Item(*n, vec![0; 1_000])).is_err())
    });
    assert_eq!(refused, Some(65), "65 of 1,004 bytes are 64 KiB");
    w.run(second() / 2);
    assert!(w.nodes[&1].protocol().fills >= 1);
}

#[test]
fn a_message_longer_than_the_buffer_passes_alone() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| {
        let s = cx.open(id(2), Class::Bulk, second());
        cx.write(s, Said::Item(1, vec![0; 250_000])).unwrap();
        assert!(cx.write(s, Said::Item(2, vec![0; 10])).is_err());
    });
    w.run(second() / 2);
    assert_eq!(w.nodes[&2].protocol().items, [1]);
}

#[test]
fn an_ask_that_takes_too_long_is_late_once() {
    let mut w = World::new(2);
    w.silent = true;
    w.turn(1, |_, cx| cx.open(id(2), Class::Ask, second()));
    w.run(5 * second());
    assert_eq!(news(&w, 1), ["1 Closed(Late)"]);
    assert_eq!(w.dropped, [(1, StreamId(1))]);
}

#[test]
fn an_ask_is_late_although_bytes_still_come_and_bulk_is_not() {
    for (class, end) in [(Class::Ask, "1 Closed(Late)"), (Class::Bulk, "1 Closed(Done)")] {
        let mut w = World::new(2);
        w.pace = Duration::from_millis(1);
        w.turn(1, |p, cx| {
            p.request = Some(Said::Fetch(1_000));
            cx.open(id(2), class, Duration::from_millis(300))
        });
        w.run(10 * second());
        assert_eq!(news(&w, 1), ["1 Opened", end]);
    }
}

#[test]
fn nobody_there_is_refused_and_an_unknown_peer_too_in_a_later_entry() {
    let mut w = World::new(1);
    let contact = w.node(1).contact(at(9));
    w.turn(1, |_, cx| {
        cx.open(contact, Class::Ask, second());
        cx.open(PeerId(99), Class::Ask, second());
    });
    assert_eq!(news(&w, 1), [""; 0]);
    w.run(second() / 2);
    assert_eq!(news(&w, 1), ["1 Closed(Refused)", "2 Closed(Refused)"]);
    assert_eq!(w.dropped, [(1, StreamId(1))], "the second was never dialled");
}

#[test]
fn an_abandoned_dial_is_done_and_dropped() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| {
        let s = cx.open(id(2), Class::Ask, second());
        cx.close(s);
    });
    w.run(second() / 2);
    assert_eq!(news(&w, 1), ["1 Closed(Done)"]);
    assert_eq!(w.node(2).streams(), 0, "the other side forgets it without having heard a word");
    assert_eq!(news(&w, 2), [""; 0]);
}

#[test]
fn another_node_at_the_address_is_not_the_peer() {
    let mut w = World::new(2);
    w.turn(1, |p, cx| {
        let old = bruit_proto::Record::new("old", 1, vec![at(2)], Default::default()).unwrap();
        cx.know(old.id(), Some(&std::sync::Arc::new(old.clone())));
        p.fetch(cx, old.id(), 3, Class::Ask)
    });
    w.run(second());
    assert_eq!(news(&w, 1), ["1 Opened", "1 Closed(Reset)"]);
    assert_eq!(w.node(2).counters().rejected(), [("hello for another node", 1)]);
}

#[test]
fn a_node_that_dials_itself_by_address_is_reset() {
    let mut w = World::new(1);
    let contact = w.node(1).contact(at(1));
    w.turn(1, |p, cx| p.fetch(cx, contact, 3, Class::Ask));
    w.run(second());
    assert!(news(&w, 1).contains(&"1 Closed(Reset)"));
    assert_eq!(w.node(1).streams(), 0);
}

#[test]
fn streams_are_bounded_both_ways() {
    let mut w = World::new(2);
    let now = w.clock();
    let accepted = (0..MAX_INBOUND + 9).filter_map(|_| w.node(2).stream_accepted(now, at(1))).count();
    assert_eq!((accepted, w.node(2).counters().dropped().inbound_full), (MAX_INBOUND, 9));
    w.silent = true;
    w.turn(1, |_, cx| (0..MAX_OUTBOUND + 9).for_each(|_| _ = cx.open(id(2), Class::Ask, second())));
    assert_eq!(w.node(1).counters().dropped().outbound_full, 9);
    w.run(20 * second());
    assert_eq!(w.node(1).streams() + w.node(2).streams(), 0);
    assert_eq!(news(&w, 1).len(), MAX_OUTBOUND + 9);
}

#[test]
fn more_answers_than_a_frame_holds_end_the_stream() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| {
        let s = cx.open(id(2), Class::Bulk, second());
        cx.write(s, Said::Storm(1_000)).unwrap();
    });
    w.run(second() / 2);
    assert_eq!(w.node(2).counters().dropped().stream_overflow, 1);
    assert_eq!(news(&w, 1), ["1 Opened", "1 Closed(Reset)"]);
}
