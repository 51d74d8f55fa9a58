//! The laws that every protocol must pass.

#[allow(dead_code)]
mod common;

use bruit_proto::laws::{Subject, corrupted, round_trips};
use bruit_proto::{Context, PeerId};
use bruit_rumor::{Config, Exchange, Message as Said, Stop};
use common::{Message, Node, Number, node};

fn samples() -> Vec<Message> {
    let id = Number(300);
    vec![
        Said::Tell(id, 3),
        Said::Heard(id, true),
        Said::Heard(id, false),
        Said::Ask,
        Said::Have(id, 2),
        Said::Known(id, u32::MAX),
        Said::Want(id),
        Said::Call,
        Said::Accept,
        Said::Busy,
    ]
}

#[test]
fn all_laws_hold_whatever_the_rules() {
    let minimized = Config { exchange: Exchange::PushPull, minimize: true, ..Config::default() };
    let limited = Config { connections: Some(1), hunt: 3, stop: Stop::Coin { feedback: true, k: 2 }, ..Config::default() };
    let linked = Config { exchange: Exchange::Pull, stop: Stop::Linked, ..Config::default() };
    let wide = Config { contacts: 3, connections: Some(2), hunt: 2, ..Config::default() };
    for config in [minimized, limited, linked, wide].map(|config| Config { capacity: 8, ..config }) {
        let make = |_: u32| node(&config);
        let greet = |site: u32, node: &mut Node, cx: &mut Context<'_, Node>| {
            node.start(cx, Number(site.into()));
        };
        let subject = Subject {
            ids: (1..=5).map(PeerId).collect(),
            make: &make,
            greet: &greet,
            arbitrary: &|rng| corrupted(&samples(), rng),
            timers: 1,
            holds: &|node| node.hot(),
            most: 8,
        };
        subject.check();
    }
}

#[test]
fn messages_are_read_as_they_were_written() {
    round_trips(&samples());
}
