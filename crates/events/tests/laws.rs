//! The laws that every protocol must pass, and what a peer with a bug may say.

mod common;

use bruit_events::{Answer, EventId, Filter, Have, Hello, Message, Reply, Report, Stamp, Trace, UserEvent, Wait};
use bruit_proto::harness::Pulse;
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Context, Duration, Origin, Path, PeerId, Protocol, Rng, StreamId};
use common::{Cluster, Node};
use std::sync::Arc;

fn event(ltime: u64, origin: u64) -> Message {
    let stamp = Stamp { ltime, id: EventId { origin: PeerId(origin), serial: 1 } };
    let filter = Filter::parse(["role=web*"]).unwrap();
    let event = UserEvent { stamp, filter, wait: Wait::Named, name: "n".into(), payload: [7; 600].into() };
    Message::Event { age: 3, hop: 2, event: Arc::new(event) }
}

fn id(origin: u64) -> EventId {
    EventId { origin: PeerId(origin), serial: 1 }
}

fn report(origin: u64, have: Have) -> Message {
    Message::Report(Report { id: id(origin), hop: 9, seq: 1, have })
}

fn samples() -> Vec<Message> {
    let floor = Some(Stamp { ltime: 2, id: EventId { origin: PeerId(1), serial: 5 } });
    vec![
        event(1, 2),
        event(70_000, 3),
        event(u64::MAX, 4),
        Message::Digest(0),
        Message::Digest(7),
        Message::Hello(Hello { clock: 3, floor: None, salt: 1, since: 0, recent: vec![], older: 0 }),
        Message::Hello(Hello { clock: u64::MAX, floor, salt: 1, since: 9, recent: vec![1; 99], older: 4 }),
        Message::Reply(Reply { clock: 9, floor, want: (0..99).collect(), rest: Some((0..99).collect()) }),
        Message::Want((0..999).collect()),
        Message::Busy,
        Message::Check,
        Message::Checked,
        report(3, Have::Count(7)),
        report(1, Have::Ids((1..=5).map(PeerId).collect())),
        report(2, Have::Bits { view: 7, bits: vec![0xFF] }),
        Message::Answer { id: id(1), seq: 1, answer: Answer::Taken },
        Message::Answer { id: id(2), seq: 2, answer: Answer::OtherView },
        Message::Trace(id(2)),
        Message::Traced { id: id(3), trace: Some(Trace { via: Some(PeerId(1)), hop: 3, held: 7 }) },
    ]
}

fn arbitrary(rng: &mut Rng) -> common::Message {
    if rng.chance(50_000) { common::Message::Beat(Pulse::Ping) } else { common::Message::Events(corrupted(&samples(), rng)) }
}

#[test]
fn all_laws_hold() {
    let config = bruit_events::Config { window: 64, ..Default::default() };
    let make = |site: u32| Node::new(PeerId(u64::from(site)), 1, u64::from(site), config.clone());
    let greet = |site: u32, node: &mut Node, cx: &mut Context<'_, Node>| {
        node.in_events(cx, |events, cx| events.event_covered(cx, "hello", &[site as u8], Filter::all()))
            .expect("within the bounds");
    };
    let subject = Subject {
        ids: (1..=5).map(PeerId).collect(),
        make: &make,
        greet: &greet,
        arbitrary: &arbitrary,
        timers: 6,
        holds: &|node| node.events.store().len(),
        most: 64,
    };
    subject.check();
    subject.check_composition();
}

/// Node 2 says this to node 1 on a conversation of its own.
fn word(cluster: &mut Cluster, stream: u64, message: Message) {
    let from = Origin { peer: Some(PeerId(2)), path: Path::new(2, Some(StreamId(stream))) };
    cluster.net.turn(1, |node, cx| node.on_message(cx, from, common::Message::Events(message)));
}

fn hello(clock: u64, floor: Option<Stamp>) -> Message {
    Message::Hello(Hello { clock, floor, salt: 1, since: 0, recent: vec![], older: 0 })
}

#[test]
fn conversations_of_others_are_few_at_a_time() {
    let mut cluster = Cluster::new(2, 1, 0);
    (0..10).for_each(|stream| word(&mut cluster, 1_000 + stream, hello(1, None)));
    let counters = cluster.events(1).counters();
    assert_eq!((counters.answered, counters.turned_away), (4, 6));
    cluster.run(11);
    word(&mut cluster, 2_000, hello(1, None));
    assert_eq!(cluster.events(1).counters().answered, 5, "those that never ended hold nobody up");
}

/// It would keep out all that is still to come.
#[test]
fn a_floor_beyond_the_clock_is_not_taken() {
    let mut cluster = Cluster::new(2, 2, 0);
    cluster.say(1, "one");
    cluster.net.run(Duration::from_secs(2));
    let floor = Stamp { ltime: 1 << 40, id: EventId { origin: PeerId(2), serial: 1 } };
    word(&mut cluster, 1_000, hello(u64::MAX, Some(floor)));
    assert_eq!(cluster.events(1).store().floor(), None);
    assert_eq!(cluster.events(1).store().len(), 1);
}

#[test]
fn a_clock_from_too_far_ahead_is_refused() {
    let mut cluster = Cluster::new(2, 3, 0);
    cluster.say(1, "one");
    cluster.run(2);
    let from = Origin { peer: Some(PeerId(2)), path: Path::new(2, None) };
    let message = common::Message::Events(event(1 << 30, 2));
    cluster.net.turn(1, |node, cx| node.on_message(cx, from, message));
    assert_eq!(cluster.events(1).counters().too_far, 1);
    assert_eq!(cluster.net.rejected(1), ["event from too far ahead"]);
    assert_eq!(cluster.events(1).store().len(), 1);
}
