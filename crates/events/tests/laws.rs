//! The laws that every protocol must pass, and what a peer with a bug may say.

mod common;

use bruit_events::{EventId, Filter, Hello, Message, Reply, Stamp, UserEvent};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Context, PeerId, Rng};
use common::{Node, Pulse};
use std::sync::Arc;

fn event(ltime: u64, origin: u64) -> Message {
    let stamp = Stamp { ltime, id: EventId { origin: PeerId(origin), serial: 1 } };
    let filter = Filter::parse(["role=web*"]).unwrap();
    let event = UserEvent { stamp, filter, name: "n".into(), payload: [7; 600].into() };
    Message::Event { age: 3, event: Arc::new(event) }
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
        node.in_events(cx, |events, cx| events.event(cx, "hello", &[site as u8], Filter::all())).expect("within the bounds");
    };
    let subject = Subject {
        ids: (1..=5).map(PeerId).collect(),
        make: &make,
        greet: &greet,
        arbitrary: &arbitrary,
        timers: 4,
        holds: &|node| node.events.store().len(),
        most: 64,
    };
    subject.check();
    subject.check_composition();
}
