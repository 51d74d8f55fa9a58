//! The laws that every protocol must pass, and the layout of messages.

#[allow(dead_code)]
mod common;

use bruit_antientropy::{Config, Entry, Exchange, Flow, How, Keep, Message as Said, Part, Then};
use bruit_kit::{Mark, Order, Set, Span, Version};
use bruit_proto::laws::{Subject, corrupted, round_trips};
use bruit_proto::{Context, Duration, PeerId, Reader, Wire};
use common::{ALL, Item, Node, Number, item, stamp};
use std::sync::Arc;

type Message = Said<Number, Item>;

/// The most items that a database under law holds.
const ITEMS: usize = 120;

fn samples() -> Vec<Message> {
    let flow = Flow { gives: true, takes: true };
    let versions = vec![Version::new(Number(3), stamp(3)), Version { active: stamp(9), ..Version::new(Number(500), stamp(4)) }];
    let part = Part::ALL.parts().nth(11).and_then(|part| part.parts().nth(3)).expect("a part of a part");
    let span = Span { from: Mark(1 << 60, 0), upto: Mark(u64::MAX, 7) };
    let (order, then) = (Order::Place, Then::Next(Mark(5 << 40, 0)));
    vec![
        Said::Give(item(3)),
        Said::Give(Entry::deleted(Number(3), stamp(4), &[PeerId(1), PeerId(2)])),
        Said::Want(versions[1]),
        Said::List { flow, order, span: part.span(), versions: versions.clone(), then: Then::Stop },
        Said::List { flow, order, span: Span::ALL, versions: versions.clone(), then },
        Said::List { flow, order: Order::Time, span, versions: versions.clone(), then: Then::Peel(7, 3) },
        Said::List { flow, order: Order::Time, span, versions, then: Then::Heard },
        Said::More { flow: Flow { gives: false, takes: true }, order, span },
        Said::Check { flow, how: How::Full, upto: span.upto, sum: 9 },
        Said::Check { flow, how: How::PeelBack, upto: Mark::EDGE, sum: 9 },
        Said::Check { flow, how: How::Merkle, upto: Mark::EDGE, sum: 0 },
        Said::Heard { flow, since: span.from },
        Said::Sums { flow, part, sums: [5; 16] },
    ]
}

#[test]
fn all_laws_hold_whatever_the_rules() {
    let exchanges = [Exchange::PushPull, Exchange::Push, Exchange::Pull, Exchange::PushPull];
    for (compare, exchange) in ALL.into_iter().zip(exchanges) {
        let every = Duration::from_secs(6);
        let config = Arc::new(Config { compare, exchange, every, packet: 256, burst: 2048, most: 16 << 10, ..Config::default() });
        let keep = Keep { items: ITEMS, ..Keep::default() };
        let make = |site: u32| {
            let database = bruit_antientropy::Database::new(PeerId(site.into()), keep);
            Node::new(Arc::clone(&config), database).expect("settings in their bounds")
        };
        let greet = |site: u32, node: &mut Node, _: &mut Context<'_, Node>| {
            (0..20).for_each(|i| assert!(node.ledger_mut().insert(item(1000 * u64::from(site) + i))));
        };
        let subject = Subject {
            ids: (1..=5).map(PeerId).collect(),
            make: &make,
            greet: &greet,
            arbitrary: &|rng| corrupted(&samples(), rng),
            timers: 1,
            holds: &|node| node.ledger().len() + node.ledger().asleep(),
            most: ITEMS,
        };
        subject.check();
    }
}

#[test]
fn messages_are_read_as_they_were_written() {
    round_trips(&samples());
}

/// The layout, byte by byte.
#[test]
fn the_layout_is_this() {
    let flow = Flow { gives: true, takes: false };
    let hex = |message: Message| {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let versions = vec![Version::new(Number(5), stamp(2))];
    let span = Part::ALL.parts().nth(15).expect("the last").span();
    let list = Said::List { flow, order: Order::Place, span, versions, then: Then::Stop };
    assert_eq!(hex(list), "0a01f0000100000000000200000005");
    assert_eq!(hex(Said::Check { flow, how: How::Merkle, upto: Mark::EDGE, sum: 0x0102 }), "8c000000000000000102");
    assert_eq!(hex(Said::Give(item(5))), "00000000000005000000050005");
    let span = Span { from: Mark(1 << 16, 1), upto: Mark::EDGE };
    assert_eq!(hex(Said::More { flow, order: Order::Time, span }), "2b100000000000010000000000000000000100");
}

#[test]
fn a_list_of_more_than_there_are_bytes_is_refused_before_it_is_made() {
    let list = [0x0A, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3];
    assert!(Message::decode(&mut Reader::new(&list)).is_err());
    assert!(matches!(Message::decode(&mut Reader::new(&[7])), Err(bruit_proto::Malformed::UNKNOWN)));
}

/// Whatever the data, no message is longer than a packet.
#[test]
fn messages_fit_their_packet() {
    for compare in ALL {
        let config = Config { compare, packet: 256, burst: 4096, every: Duration::from_secs(1), ..Config::default() };
        let mut net = common::cluster(2, 3, &config);
        common::write(&mut net, 1, (0..900).map(item));
        common::write(&mut net, 2, (600..1500).map(item));
        net.run(Duration::from_secs(10));
        assert!(common::equal(&net, 2), "{compare:?}");
        let longest = (1..=2).map(|i| net.site(i).counters().longest).max();
        assert!(longest > Some(130) && longest <= Some(256), "{compare:?}: {longest:?}");
    }
}
