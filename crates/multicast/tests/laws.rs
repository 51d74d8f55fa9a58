//! The laws that every protocol must pass.

#[allow(dead_code)]
mod common;

use bruit_multicast::mail::{self, Ack};
use bruit_multicast::tree::{Config, Key, Message, Report};
use bruit_multicast::{Build, Repair, Root, Scope};
use bruit_proto::laws::{Subject, corrupted, round_trips};
use bruit_proto::{Context, Duration, PeerId, Reader, Wire};
use common::{Node, Number, Post, computed, mail, node};

type Posted = mail::Message<Number, Number>;

fn letters() -> Vec<Posted> {
    vec![Posted::Item(Number(300), false), Posted::Item(Number(3), true), Posted::Got(Number(3))]
}

fn samples() -> Vec<Message<Number>> {
    let keys = [Key { origin: PeerId(2), life: 9 }, Key { origin: PeerId(1), life: 1 }];
    let report = Report { next: 2, have: vec![5, 0, 128] };
    let of = |key| {
        [
            Message::Data(key, 3, 1, Number(300)),
            Message::Repair(key, 2, 1, Number(7), 2),
            Message::Session(key, 200, 2, 3),
            Message::Report(key, report.clone(), false),
            Message::Report(key, Report { next: 1, have: Vec::new() }, true),
            Message::Nak(key, 4, 1, 2),
            Message::Join,
            Message::Welcome(vec![PeerId(2), PeerId(1)]),
            Message::Full(PeerId(3)),
            Message::Part,
        ]
    };
    keys.into_iter().flat_map(of).collect()
}

#[test]
fn all_laws_hold_for_mail() {
    let ack = Ack { every: Duration::from_millis(50), tries: 3, audience: 4 };
    for config in
        [mail::Config { queue: 2, ..Default::default() }, mail::Config { queue: 2, ack: Some(ack), ..Default::default() }]
    {
        let greet = |site: u32, mail: &mut Post, cx: &mut Context<'_, Post>| {
            mail.send(cx, Number(site.into()));
        };
        let subject = Subject {
            ids: (1..=5).map(PeerId).collect(),
            make: &|_| mail(&config),
            greet: &greet,
            arbitrary: &|rng| corrupted(&letters(), rng),
            timers: 2,
            holds: &|mail| mail.queued() + mail.waiting(),
            most: 2 + 2 * 4,
        };
        subject.check();
    }
}

#[test]
fn all_laws_hold_for_trees_however_made_and_repaired() {
    let hop = Duration::from_millis(1);
    let group =
        Repair::Nak { ask: [2, 2], answer: [1, 1], hop, scope: Scope::Group, session: Duration::from_millis(50), sessions: 4 };
    let rules = [
        (Build::Computed(Root::Origin), Repair::ACK),
        (Build::Computed(Root::Given(PeerId(4))), group),
        (Build::Joined(PeerId(1)), Repair::ACK),
        (Build::Joined(PeerId(1)), Repair::NAK),
    ];
    for (build, repair) in rules {
        let config = Config { build, repair, window: 4, streams: 3, queue: 64, ..computed() };
        let greet = |site: u32, tree: &mut Node, cx: &mut Context<'_, Node>| {
            tree.publish(cx, Number(site.into()));
        };
        let subject = Subject {
            ids: (1..=5).map(PeerId).collect(),
            make: &|site| node(PeerId(site.into()), &config),
            greet: &greet,
            arbitrary: &|rng| corrupted(&samples(), rng),
            timers: 4,
            holds: &|tree| tree.holds(),
            // Windows and neighbours of each stream, sends, requests to make, one for each place, and to answer, children.
            most: 3 * (4 + 4) + 64 + 3 * 4 + Config::PENDING + 3,
        };
        subject.check();
    }
}

#[test]
fn messages_are_read_as_they_were_written() {
    round_trips(&letters());
    round_trips(&samples());
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let decode = |bytes: &[u8]| Message::<Number>::decode(&mut Reader::new(bytes)).is_err();
    assert!(decode(&[7, 65]) && decode(&[7, 255]), "a line of 65 ancestors");
    let report = |have: Vec<u8>| {
        let mut bytes = Vec::new();
        Message::<Number>::Report(Key { origin: PeerId(1), life: 1 }, Report { next: 1, have }, false).encode(&mut bytes);
        decode(&bytes)
    };
    assert!(!report(vec![1; 128]) && report(vec![1; 129]), "a bitmap of 129 bytes");
    assert!(report(vec![1, 0]), "one that ends in nothing");
}
