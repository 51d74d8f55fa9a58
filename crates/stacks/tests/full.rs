//! Membership, events and history on one disk: what a node is after its process ended.

use bruit_proto::harness::{Harness, Links};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Duration, PeerId, Protocol, Reader, Record, Restored, Rng, Tags, Wire};
use bruit_stacks::beside::{Event, Message};
use bruit_stacks::events::Filter;
use bruit_stacks::history::{self, What};
use bruit_stacks::{CoreConfig, Full, FullEvent, swim};
use std::collections::BTreeMap;
use std::sync::Arc;

const N: u32 = 5;

fn record(site: u32, session: u64) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    Arc::new(Record::new(&format!("n{site}"), session, vec![at], Tags::default()).unwrap())
}

fn full(site: u32, session: u64, disk: &BTreeMap<Vec<u8>, Vec<u8>>) -> Full {
    let restored = Restored::new(disk.clone());
    Full::full(session, CoreConfig::default(), history::Config::default(), record(site, session), &restored)
}

fn joined() -> Harness<Full> {
    let mut site = 0;
    let mut net = Harness::with_ids((1..=N).map(|i| record(i, 1).id()).collect(), 1, Links::default(), |_| {
        site += 1;
        full(site, site.into(), &BTreeMap::new())
    });
    for i in 2..=N {
        net.turn(i, |full, cx| full.join(cx, &[PeerId::contact(1)]));
    }
    net.run(Duration::from_secs(8));
    net
}

fn entries(net: &Harness<Full>, i: u32) -> Vec<String> {
    net.site(i).history().book().iter().map(|entry| format!("{entry:?}")).collect()
}

#[test]
fn all_restart_at_once_without_seeds_and_are_what_they_were() {
    let mut net = joined();
    net.turn(2, |full, cx| full.append(cx, What::Join, "n2", "ops")).expect("a history");
    net.turn(3, |full, cx| full.event(cx, "deploy", b"v1", Filter::all())).expect("an event");
    net.run(Duration::from_secs(8));
    let before = entries(&net, 1);
    assert_eq!(before.len(), 1);
    (1..=N).for_each(|i| drop(net.events(i)));
    (1..=N).for_each(|i| net.kill(i));
    for i in 1..=N {
        let disk = net.disk(i).clone();
        net.restart(i, full(i, 100 + u64::from(i), &disk));
    }
    net.run(Duration::from_secs(20));
    for i in 1..=N {
        assert_eq!(net.site(i).swim().members().filter(|m| m.is_live()).count(), N as usize, "node {i}");
        assert_eq!(entries(&net, i), before, "node {i}");
        let again = net.events(i).iter().any(|e| matches!(e, Event::Core(bruit_stacks::Event::Delivered(_))));
        assert!(!again, "node {i} is told of the event again");
    }
}

#[test]
fn what_each_part_keeps_is_its_own() {
    let mut net = joined();
    net.turn(1, |full, cx| full.append(cx, What::ForceLeave, "n9", "ops")).expect("a history");
    net.turn(1, |full, cx| full.event(cx, "deploy", b"", Filter::all())).expect("an event");
    net.run(Duration::from_secs(5));
    let lanes: Vec<&[u8]> = net.disk(1).keys().map(|key| &key[..2]).collect();
    let of = |lane: &[u8]| lanes.iter().filter(|l| l.starts_with(lane)).count();
    assert_eq!((of(&[0, 0]), of(&[0, 1]), of(&[1])), (1 + 4, 1, 1), "itself and four members, a stamp, an entry");
    assert!(net.events(1).iter().any(|e| matches!(e, FullEvent::Own(history::Event::Stored(_)))));
}

fn samples() -> Vec<<Full as Protocol>::Message> {
    let ping = swim::Message::Ping { seq: 1, digest: 2 };
    let core = Message::Core(bruit_stacks::Message::Swim(ping));
    vec![core, Message::Own(history::Message::Digest(7)), Message::Own(history::Message::Busy)]
}

#[test]
fn messages_find_their_protocol_by_their_tag() {
    for message in samples() {
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(Message::decode(&mut Reader::new(&out)), Ok(message));
    }
}

#[test]
fn all_laws_hold() {
    let samples = samples();
    let subject = Subject {
        ids: (1..=N).map(|i| record(i, 1).id()).collect(),
        make: &|site| full(site, site.into(), &BTreeMap::new()),
        greet: &|site, full: &mut Full, cx| {
            full.append(cx, What::Join, "n", "ops").expect("nobody is known yet");
            if site > 1 {
                full.join(cx, &[PeerId::contact(1)]);
            }
        },
        arbitrary: &|rng: &mut Rng| corrupted(&samples, rng),
        timers: 19,
        holds: &|full| full.swim().members().count() + full.events().store().len() + full.history().book().len(),
        most: 6_000,
    };
    subject.check();
    subject.check_composition();
}

/// What equal histories cost, where failures are looked for: nine bytes now and then on a packet that leaves anyway.
#[test]
fn the_digest_of_the_history_has_no_packet_of_its_own() {
    let mut net = joined();
    net.run(Duration::from_secs(20));
    let before: Vec<u64> = (1..=N).map(|i| net.site(i).history().counters().compared).collect();
    net.record();
    net.run(Duration::from_secs(60));
    let story = net.story();
    let packets = story.iter().filter(|line| line.contains("Own(Digest("));
    let alone: Vec<_> = packets.filter(|line| !line.contains("Core(")).collect();
    assert!(alone.is_empty(), "{alone:?}");
    for (i, before) in (1..=N).zip(before) {
        let rate = net.site(i).history().counters().compared - before;
        assert!((40..=120).contains(&rate), "node {i}: {rate} in a minute");
    }
    assert!(!story.iter().any(|line| line.contains("timer Own(Compare)")), "and nobody wakes for it");
}
