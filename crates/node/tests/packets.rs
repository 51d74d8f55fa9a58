//! The datagram lane: what one entry says to one peer is one packet.

mod world;

use bruit_node::{Direction, Tapped};
use bruit_proto::{PeerId, Reader, Time};
use bruit_wire::{Envelope, MIN_PACKET, take_message};
use std::time::Duration;
use world::*;

#[test]
fn a_ping_is_answered() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| cx.send(id(2), Said::Ping(7)));
    w.run(Duration::from_millis(5));
    assert_eq!(w.log(1), ["start".to_string(), format!("{:?} says Pong(7)", id(2))]);
    assert_eq!(w.sent.len(), 2);
}

#[test]
fn an_entry_is_one_packet_to_each_peer_and_its_spare_room_is_offered() {
    let mut w = World::new(3);
    w.turn(1, |p, cx| {
        p.gossip = vec![1, 2, 3];
        [2, 3, 2].iter().for_each(|j| cx.send(id(*j), Said::Ping(7)));
    });
    let sizes: Vec<_> = w.sent.iter().map(|x| (x.1, x.2.len() - Envelope::HEADER)).collect();
    assert_eq!(sizes, [(at(2), 2 * 3 + 3 * 3), (at(3), 3)]);
}

#[test]
fn several_messages_in_one_packet_are_answered_by_one_packet() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| (0..5).for_each(|n| cx.send(id(2), Said::Ping(n))));
    w.run(Duration::from_millis(5));
    assert_eq!(w.sent.len(), 2);
    assert_eq!(w.log(1).len(), 6);
}

#[test]
fn what_does_not_fit_is_cut_into_packets_that_each_stand_alone() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| (0..10).for_each(|n| cx.send(id(2), Said::Item(n, vec![0; 400]))));
    assert_eq!(w.sent.iter().map(|x| x.2.len() <= 1200).collect::<Vec<_>>(), [true; 5]);
    let last = w.due.keys().next_back().copied().unwrap();
    w.due.retain(|key, _| *key == last);
    w.run(Duration::from_millis(5));
    assert_eq!(w.nodes[&2].protocol().items, [8, 9]);
}

#[test]
fn a_message_beyond_the_limit_and_one_to_a_stranger_are_dropped_and_counted() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| {
        cx.send(id(2), Said::Item(1, vec![0; 1200]));
        cx.send(PeerId(99), Said::Ping(1));
    });
    assert!(w.sent.is_empty());
    assert_eq!((w.node(1).counters().dropped().too_large, w.node(1).counters().dropped().unknown_peer), (1, 1));
}

#[test]
fn a_contact_is_reached_by_address_alone() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| cx.know(id(2), None));
    let contact = w.node(1).contact(at(2));
    assert_eq!(w.node(1).contact(at(2)), contact);
    w.turn(1, |_, cx| cx.send(contact, Said::Ping(7)));
    w.run(Duration::from_millis(5));
    assert_eq!(w.log(1)[1], format!("{:?} says Pong(7)", id(2)));
}

#[test]
fn a_refused_size_makes_the_next_packets_smaller() {
    let mut w = World::new(2);
    (0..9).for_each(|_| w.node(1).packet_too_large(at(2), 600));
    w.turn(1, |_, cx| (0..10).for_each(|n| cx.send(id(2), Said::Item(n, vec![0; 300]))));
    assert!(w.sent.iter().all(|x| x.2.len() <= MIN_PACKET));
    assert_eq!(w.sent.len(), 10);
}

#[test]
#[should_panic(expected = "said to oneself")]
fn nothing_is_said_to_oneself() {
    World::new(1).turn(1, |_, cx| cx.send(id(1), Said::Ping(1)));
}

#[test]
#[should_panic(expected = "in one turn")]
fn a_turn_is_bounded() {
    World::new(2).turn(1, |_, cx| (0..10_001).for_each(|n| cx.send(id(2), Said::Ping(n))));
}

#[test]
fn a_pause_is_told_before_the_timers_that_fell_into_it() {
    let mut w = World::new(1);
    w.turn(1, |_, cx| cx.set(Clock::Chime, Duration::from_secs(1)));
    w.now = Time(5_000_000 + 21_000_000);
    w.run(Duration::ZERO);
    assert_eq!(w.log(1), ["start", "pause 20s", "chime"]);
}

#[test]
fn a_pause_is_told_although_a_packet_is_read_first_and_moves_the_timer() {
    let mut w = World::new(1);
    w.turn(1, |_, cx| cx.set(Clock::Chime, Duration::from_secs(1)));
    w.now = Time(5_000_000 + 21_000_000);
    w.turn(1, |_, cx| cx.set(Clock::Chime, Duration::from_secs(1)));
    w.run(Duration::from_millis(10));
    assert_eq!(w.log(1), ["start", "pause 20s"]);
}

#[test]
fn a_pause_is_told_before_what_is_read_first() {
    let mut w = World::new(1);
    w.turn(1, |_, cx| cx.set(Clock::Chime, Duration::from_secs(1)));
    w.now = Time(5_000_000 + 21_000_000);
    w.turn(1, |_, cx| cx.notify("read".into()));
    w.run(Duration::ZERO);
    assert_eq!(w.log(1), ["start", "pause 20s", "event read", "chime"]);
}

#[test]
fn a_second_pause_is_told_although_nothing_was_caught_up_with_between_them() {
    let mut w = World::new(1);
    w.turn(1, |_, cx| cx.set(Clock::Chime, Duration::from_secs(1)));
    w.now = Time(5_000_000 + 21_000_000);
    w.turn(1, |_, cx| cx.notify("read".into()));
    w.now = w.now + Duration::from_secs(60);
    w.turn(1, |_, cx| cx.notify("read".into()));
    w.run(Duration::ZERO);
    assert_eq!(w.log(1), ["start", "pause 20s", "event read", "pause 60s", "event read", "chime"]);
}

#[test]
fn what_is_persisted_is_told_and_events_come_out() {
    let mut w = World::new(1);
    w.turn(1, |_, cx| {
        cx.persist(vec![(b"key".to_vec(), None)]);
        cx.notify("hello".into());
    });
    w.run(Duration::from_millis(5));
    assert_eq!(w.log(1), ["start", "event hello", "stored 1 Ok(())"]);
}

#[test]
fn an_idle_node_is_lean() {
    let beyond = size_of::<bruit_node::Node<Parrot>>() - size_of::<Parrot>();
    assert!(beyond <= 336, "{beyond} bytes");
}

#[test]
fn nodes_at_rest_share_what_an_entry_needs() {
    let mut w = World::new(2);
    let scratch = w.node(1).take_back();
    w.node(2).lend(scratch.unwrap_or_default());
    w.turn(2, |_, cx| cx.send(id(1), Said::Ping(7)));
    w.run(Duration::from_millis(5));
    assert_eq!(w.log(2).len(), 2);
}

#[test]
fn what_packets_say_is_kept_while_somebody_watches_and_not_otherwise() {
    let mut w = World::new(2);
    let ping = |w: &mut World| {
        w.turn(1, |_, cx| cx.send(id(2), Said::Ping(7)));
        w.run(Duration::from_millis(5));
    };
    ping(&mut w);
    assert_eq!((w.nodes[&1].tapped(0).count(), w.nodes[&1].tap_counts()), (0, (0, 0)));
    let now = w.clock();
    w.node(1).tap(now, 1_000);
    ping(&mut w);
    let kept: Vec<Tapped> = w.nodes[&1].tapped(0).cloned().collect();
    let said: Vec<_> = kept.iter().map(|packet| (packet.direction, packet.peer, packet.address, packet.sealed)).collect();
    assert_eq!(said, [(Direction::Out, id(2), at(2), false), (Direction::In, id(2), at(2), false)]);
    assert_eq!(take_message(&mut Reader::new(&kept[0].body)), Ok(Some(Said::Ping(7))));
    assert_eq!(take_message(&mut Reader::new(&kept[1].body)), Ok(Some(Said::Pong(7))));
    assert_eq!((kept[0].number, kept[0].bytes), (1, w.sent[2].2.len()));
    let now = w.clock();
    w.node(1).tap(now, 0);
    assert_eq!(w.nodes[&1].tapped(0).count(), 0);
}
