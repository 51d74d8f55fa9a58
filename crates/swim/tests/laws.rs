//! SWIM under the laws that every protocol must pass.

use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{PeerId, Record, Tags};
use bruit_swim::{Config, Message, Profile, Swim, Update};
use std::sync::Arc;

fn record(site: u32) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    Arc::new(Record::new(&format!("n{site}"), u64::from(site), vec![at], Tags::default()).unwrap())
}

fn samples() -> Vec<Message> {
    let (a, b) = (record(2).id(), record(3).id());
    let mut messages = vec![
        Message::Ping { seq: 1, digest: 2 },
        Message::Ack { seq: 1, digest: 2 },
        Message::PingReq { seq: 1, target: a },
        Message::Nack { seq: 1 },
        Message::Who,
        Message::Check { seq: 1, session: 2 },
        Message::Here { seq: 1 },
        Message::Join { incarnation: 1, record: record(9) },
        Message::Join { incarnation: 1, record: record(2) },
        Message::Above { incarnation: 2 },
        Message::Taken,
        Message::Busy { ask: Some(record(3)) },
        Message::Recent { asks: true, fingerprints: vec![1, 2, 3] },
        Message::Recent { asks: false, fingerprints: vec![] },
        Message::Want { fingerprints: vec![1] },
        Message::Sent { digest: 1, clock: 9 },
        Message::Sums { depth: 1, sums: vec![1, 2] },
        Message::Buckets { depth: 1, buckets: vec![0, 1], fingerprints: vec![7] },
    ];
    for site in 1..=5 {
        let peer = record(site).id();
        messages.extend(
            [
                Update::Alive { incarnation: 3, record: record(site) },
                Update::Suspect { peer, incarnation: 1, accusers: vec![a, b] },
                Update::Dead { peer, incarnation: 1, by: b },
                Update::Left { peer, incarnation: 1, clock: 2, prune: false },
            ]
            .map(Message::Update),
        );
    }
    messages
}

#[test]
fn swim_passes_the_laws() {
    let config = Arc::new(Config::of(Profile::Lan));
    let samples = samples();
    Subject {
        ids: (1..=5).map(|i| record(i).id()).collect(),
        make: &|site| Swim::new(config.clone(), record(site)),
        greet: &|site, swim, cx| {
            if site > 1 {
                swim.join(cx, &[PeerId::contact(1)]);
            }
        },
        arbitrary: &|rng| corrupted(&samples, rng),
        timers: 10,
        holds: &|swim| swim.members().count(),
        most: 200_000,
    }
    .check();
}
