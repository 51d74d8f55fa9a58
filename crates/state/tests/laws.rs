//! The laws that every protocol must pass, and what a peer with a bug may say.

mod common;

use bruit_kit::Hlc;
use bruit_proto::harness::Pulse;
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Change, PeerId, Protocol, Rng};
use bruit_state::{Ack, Ack2, Config, Delta, Digest, HeartBeat, Key, Message, State, Status, Sums, Syn, Value};
use common::beside::{self, Node};
use std::sync::Arc;

fn delta(node: u64, generation: u64, version: u64) -> Delta {
    let own = (Key::own("load"), Value { value: "0.5".into(), version, stamp: None });
    let stamp = Some(Hlc(1 << 40));
    let shared = (Key::shared("bucket", "w"), Value { value: "x".repeat(90).into(), version: version + 2, stamp });
    let values = vec![own, shared];
    Delta { node: PeerId(node), generation, status: Status::Running, above: 0, heartbeat: version + 1, age: 0, values }
}

fn samples() -> Vec<Message> {
    let digest = |node, generation, version| Digest { node: PeerId(node), generation, version };
    let all = || (1..=5).map(|node| digest(node, 3, 7)).collect::<Vec<_>>();
    let (low, high) = (PeerId(1), PeerId(u64::MAX >> 1));
    let gone = |node| Delta { status: Status::Removed, values: vec![], heartbeat: 0, age: 3, ..delta(node, 1, 2) };
    let mut messages = vec![
        Message::Sum(0),
        Message::Sum(7),
        Message::Sums(Sums { from: low, parts: vec![(PeerId(3), 1), (high, 2)] }),
        Message::Syn(Syn { from: low, to: high, digests: all() }),
        Message::Syn(Syn { from: low, to: high, digests: vec![digest(2, 1, HeartBeat::REMOVED), digest(9, 0, 0)] }),
        Message::Syn(Syn { from: PeerId(2), to: PeerId(2), digests: vec![] }),
        Message::Ack(Ack { wants: all(), deltas: vec![delta(2, 1, 40)], more: true, shadow: false }),
        Message::Ack(Ack { shadow: true, ..Ack::default() }),
        Message::Ack2(Ack2 { deltas: vec![delta(3, 2, 4), gone(4)], more: true }),
        Message::Echo(1),
        Message::Echoed(1),
    ];
    for node in [1, 2, 3, 4, 5, 77, u64::MAX >> 1] {
        messages.push(Message::News(delta(node, 1, 50)));
        messages.push(Message::News(delta(node, HeartBeat::MAX_GENERATION, HeartBeat::MAX_VERSION - 2)));
        messages.push(Message::News(gone(node)));
        messages.push(Message::News(Delta { status: Status::Shutdown, above: 9, ..delta(node, 1, 60) }));
    }
    messages
}

#[test]
fn heartbeats_pass_the_laws() {
    let config = Arc::new(Config { nodes: 40, ..Config::phi() });
    let samples = samples();
    let make = |site: u32| {
        let mut state: State = State::new(PeerId(site.into()), config.clone());
        state.set_seeds(&[PeerId(1)]);
        state
    };
    Subject {
        ids: (1..=5).map(PeerId).collect(),
        make: &make,
        greet: &|_, state, cx| drop(state.set(cx, "hello", "world")),
        arbitrary: &|rng| corrupted(&samples, rng),
        timers: 5,
        holds: &State::held,
        most: 40 + 256 + 40,
    }
    .check();
}

#[test]
fn membership_passes_the_laws_in_a_composition() {
    let config = Arc::new(Config { nodes: 40, ..Config::default() });
    let samples = samples();
    let arbitrary = |rng: &mut Rng| {
        if rng.chance(50_000) { beside::Message::Beat(Pulse::Ping) } else { beside::Message::State(corrupted(&samples, rng)) }
    };
    let subject = Subject {
        ids: (1..=5).map(PeerId).collect(),
        make: &|site| Node::new(PeerId(site.into()), 1, config.clone(), None),
        greet: &|_, node: &mut Node, cx| {
            node.in_state(cx, |state, cx| state.set_in(cx, "greetings", "hello", "world").map(drop)).expect("within the bounds");
            node.on_peer(cx, PeerId(2), Change::Left);
        },
        arbitrary: &arbitrary,
        timers: 5,
        holds: &|node| node.state.held(),
        most: 40 + 256 + 40,
    };
    subject.check();
    subject.check_composition();
}
