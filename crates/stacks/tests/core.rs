//! Membership and events together: events go to whom membership knows, and come back by its packets.

use bruit_proto::harness::{Harness, Links};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Change, Duration, PeerId, Reader, Record, Rng, Tags, Wire};
use bruit_stacks::events::{self, Filter};
use bruit_stacks::{Core, CoreConfig, Event, Message, swim};
use std::sync::Arc;

fn record(site: u32, session: u64, role: &str) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    let tags: Tags = [("role", role)].into_iter().collect();
    Arc::new(Record::new(&format!("n{site}"), session, vec![at], tags).unwrap())
}

fn core(site: u32, session: u64) -> Core {
    Core::new(
        u64::from(site) ^ session,
        CoreConfig::default(),
        record(site, session, if site.is_multiple_of(2) { "web" } else { "db" }),
    )
}

struct Cluster {
    net: Harness<Core>,
}

impl Cluster {
    /// `n` nodes that all know all.
    fn joined(n: u32, loss: u32) -> Cluster {
        let ids = (1..=n).map(|i| record(i, 1, "").id()).collect();
        let mut site = 0;
        let links = Links { loss_ppm: loss * 10_000, ..Links::default() };
        let net = Harness::with_ids(ids, 1, links, |_| {
            site += 1;
            core(site, u64::from(site))
        });
        let mut cluster = Cluster { net };
        (2..=n).for_each(|i| cluster.join(i));
        let all = n as usize;
        let known = |core: &Core| core.swim().members().filter(|member| member.is_live()).count();
        cluster.net.run_until(Duration::from_secs(10), |net| (1..=n).all(|i| known(net.site(i)) == all)).expect("all join");
        cluster.run(2);
        (1..=n).for_each(|i| drop(cluster.net.events(i)));
        cluster
    }

    fn join(&mut self, i: u32) {
        self.net.turn(i, |core, cx| core.join(cx, &[PeerId::contact(1)]));
    }

    fn run(&mut self, seconds: u64) {
        self.net.run(Duration::from_secs(seconds));
    }

    fn say(&mut self, i: u32, name: &str, filter: Filter) {
        self.net.turn(i, |core, cx| core.event(cx, name, b"", filter)).unwrap();
    }

    fn delivered(&mut self, i: u32) -> Vec<String> {
        let name = |event| if let Event::Delivered(delivered) = event { Some(delivered.name.to_string()) } else { None };
        self.net.events(i).into_iter().filter_map(name).collect()
    }
}

#[test]
fn an_event_reaches_every_member_once() {
    for loss in [0, 10] {
        let mut cluster = Cluster::joined(24, loss);
        cluster.say(7, "deploy", Filter::all());
        cluster.run(5);
        (1..=24).for_each(|i| assert_eq!(cluster.delivered(i), ["deploy"], "node {i}"));
    }
}

#[test]
fn a_group_is_named_by_the_tags_that_members_have_now() {
    let mut cluster = Cluster::joined(6, 0);
    let tags: Tags = [("role", "web"), ("zone", "eu")].into_iter().collect();
    cluster.net.turn(3, |core, cx| core.set_tags(cx, tags)).unwrap();
    cluster.say(1, "reload", Filter::parse(["role=w*"]).unwrap());
    cluster.run(2);
    let told: Vec<u32> = (1..=6).filter(|i| cluster.delivered(*i) == ["reload"]).collect();
    assert_eq!(told, [2, 3, 4, 6]);
}

#[test]
fn a_node_that_joins_is_told_what_comes_and_not_what_was() {
    let mut cluster = Cluster::joined(6, 0);
    cluster.say(1, "old", Filter::all());
    cluster.run(5);
    (1..=6).for_each(|i| assert_eq!(cluster.delivered(i), ["old"], "node {i}"));
    cluster.net.restart(6, core(6, 99));
    cluster.join(6);
    cluster.run(5);
    assert_eq!(cluster.net.site(6).events().store().len(), 1, "it holds it");
    cluster.say(6, "new", Filter::all());
    cluster.run(5);
    (1..=6).for_each(|i| assert_eq!(cluster.delivered(i), ["new"], "node {i}"));
}

#[test]
fn what_membership_says_is_passed_on() {
    let mut cluster = Cluster::joined(5, 0);
    cluster.net.kill(4);
    cluster.run(20);
    let gone = record(4, 4, "").id();
    let events = cluster.net.events(1);
    assert!(events.contains(&Event::Member { peer: gone, change: Change::Down }), "{events:?}");
    cluster.net.turn(2, |core, cx| core.leave(cx));
    cluster.run(5);
    assert!(cluster.net.events(2).contains(&Event::Gone));
    let left = record(2, 2, "").id();
    assert!(cluster.net.events(1).contains(&Event::Member { peer: left, change: Change::Left }));
}

#[test]
fn messages_find_their_protocol_by_their_tag() {
    for message in samples() {
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out.len(), message.size());
        assert_eq!(Message::decode(&mut Reader::new(&out)), Ok(message));
    }
    assert!(Message::decode(&mut Reader::new(&[])).is_err());
    assert!(Message::decode(&mut Reader::new(&[200])).is_err());
}

fn samples() -> Vec<Message> {
    let swim = [swim::Message::Ping { seq: 1, digest: 2 }, swim::Message::Who, swim::Message::Sent { digest: 1, clock: 9 }];
    let hello = events::Hello { clock: 7, floor: None, salt: 1, since: 0, recent: vec![1, 2], older: 3 };
    let events =
        [events::Message::Digest(7), events::Message::Hello(hello), events::Message::Want(vec![1]), events::Message::Check];
    swim.map(Message::Swim).into_iter().chain(events.map(Message::Events)).collect()
}

#[test]
fn all_laws_hold() {
    let samples = samples();
    let subject = Subject {
        ids: (1..=5).map(|i| record(i, 1, "").id()).collect(),
        make: &|site| core(site, u64::from(site)),
        greet: &|site, core: &mut Core, cx| {
            if site > 1 {
                core.join(cx, &[PeerId::contact(1)]);
            }
        },
        arbitrary: &|rng: &mut Rng| corrupted(&samples, rng),
        timers: 17,
        holds: &|core| core.swim().members().count() + core.events().store().len(),
        most: 5_000,
    };
    subject.check();
    subject.check_composition();
}
