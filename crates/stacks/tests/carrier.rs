//! Events that others than their own backlog carry: rumors, mail, a tree.

use bruit_kit::Invalid;
use bruit_proto::harness::{Harness, Links};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Duration, PeerId, Reader, Record, Rng, Tags, Wire};
use bruit_stacks::events::{Filter, Infection, Parcel, Stamp, Standing, UserEvent, Wait};
use bruit_stacks::multicast::tree::Key;
use bruit_stacks::multicast::{mail, tree};
use bruit_stacks::{Core, CoreConfig, Event, Message, Never, Spread, beside, carrier, rumor};
use std::sync::Arc;

const N: u32 = 24;
const EVERY: Duration = Duration::from_millis(100);

fn ways() -> [Spread; 3] {
    [Spread::rumor(EVERY), Spread::mail(EVERY), Spread::tree(EVERY)]
}

fn record(site: u32, session: u64) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    Arc::new(Record::new(&format!("n{site}"), session, vec![at], Tags::default()).unwrap())
}

fn core(site: u32, spread: Spread) -> Core {
    let config = CoreConfig { spread, ..CoreConfig::default() };
    Core::new(site.into(), config, record(site, site.into()))
}

/// `N` nodes that all know all, the way of each by its number; links lose so much, in percent.
fn joined(loss: u32, way: impl Fn(u32) -> Spread) -> Harness<Core> {
    let ids = (1..=N).map(|i| record(i, 1).id()).collect();
    let links = Links { loss_ppm: loss * 10_000, ..Links::default() };
    let mut site = 0;
    let mut net = Harness::with_ids(ids, 1, links, |_| {
        site += 1;
        core(site, way(site))
    });
    (2..=N).for_each(|i| join(&mut net, i));
    let known = |core: &Core| core.swim().members().filter(|member| member.is_live()).count() == N as usize;
    net.run_until(Duration::from_secs(10), |net| (1..=N).all(|i| known(net.site(i)))).expect("all join");
    net.run(Duration::from_secs(2));
    (1..=N).for_each(|i| drop(net.events(i)));
    net
}

fn join(net: &mut Harness<Core>, i: u32) {
    net.turn(i, |core, cx| core.join(cx, &[PeerId::contact(1)]));
}

fn say(net: &mut Harness<Core>, i: u32, name: &str) {
    net.turn(i, |core, cx| core.event(cx, name, b"", Filter::all())).unwrap();
}

fn delivered(events: &[Event]) -> Vec<&str> {
    events.iter().filter_map(|event| if let Event::Delivered(x) = event { Some(&*x.name) } else { None }).collect()
}

/// How a node has the newest event.
fn newest(net: &Harness<Core>, i: u32) -> Infection {
    let core = net.site(i);
    core.events().infections(net.now(), core.swim().members().count() as u32).next_back().expect("it has one")
}

#[test]
fn an_event_reaches_every_member_once_and_is_told_no_more_in_the_end() {
    for (way, loss) in ways().into_iter().flat_map(|way| [(way.clone(), 0), (way, 10)]) {
        let mut net = joined(loss, |_| way.clone());
        say(&mut net, 7, "deploy");
        assert!(matches!(newest(&net, 7).standing, Standing::Infective { left: None }), "{way:?}");
        net.run(Duration::from_secs(8));
        for i in 1..=N {
            let events = net.events(i);
            assert_eq!(delivered(&events), ["deploy"], "node {i}, {loss} %, {way:?}");
            let quiet = events.iter().filter(|event| matches!(event, Event::Quiet(_))).count();
            assert_eq!((quiet, newest(&net, i).standing), (1, Standing::Removed), "node {i}, {loss} %, {way:?}");
        }
    }
}

/// What a copy says of its way is true: from its origin in one hop, or down the tree, or by whoever told the rumor.
#[test]
fn who_handed_it_over_and_how_often_is_known() {
    for (way, hops) in ways().into_iter().zip([2..=12, 1..=1, 2..=4]) {
        let mut net = joined(0, |_| way.clone());
        let before: u64 = (1..=N).map(|i| net.site(i).carrier().unwrap().sent()).sum();
        say(&mut net, 7, "deploy");
        net.run(Duration::from_secs(8));
        let others = || (1..=N).filter(|i| *i != 7);
        let most = others().map(|i| newest(&net, i).hop).max().unwrap();
        assert!(hops.contains(&most), "{most} hops, {way:?}");
        assert!(others().all(|i| newest(&net, i).via.is_some()), "{way:?}");
        let sent = (1..=N).map(|i| net.site(i).carrier().unwrap().sent()).sum::<u64>() - before;
        let least = if matches!(way, Spread::Rumor(_)) { N / 2 } else { N - 1 };
        assert!(sent >= least.into(), "the carrier sent {sent} copies, {way:?}");
        if matches!(way, Spread::Mail(_)) {
            assert!(others().all(|i| newest(&net, i).via == Some(record(7, 1).id())));
        }
    }
}

#[test]
fn nodes_that_are_set_up_otherwise_are_told_nonetheless() {
    let mut net = joined(0, |i| match i % 4 {
        0 => Spread::Backlog,
        i => ways()[i as usize - 1].clone(),
    });
    for i in 1..=4 {
        say(&mut net, i, "deploy");
    }
    net.run(Duration::from_secs(8));
    (1..=N).for_each(|i| assert_eq!(delivered(&net.events(i)).len(), 4, "node {i}"));
}

#[test]
fn a_node_that_joins_is_not_told_what_was() {
    for way in ways() {
        let mut net = joined(0, |_| way.clone());
        net.kill(9);
        net.run(Duration::from_secs(20));
        say(&mut net, 7, "old");
        net.run(Duration::from_secs(1));
        net.restart(9, core(9, way.clone()));
        join(&mut net, 9);
        net.run(Duration::from_secs(5));
        assert_eq!(delivered(&net.events(9)), [""; 0], "{way:?}");
    }
}

#[test]
fn settings_are_checked() {
    assert_eq!(Spread::rumor(Duration::ZERO).check(), Err(Invalid("a cycle must take some time")));
    assert!(ways().iter().all(|way| way.check().is_ok()));
}

fn samples() -> Vec<Message> {
    let id = bruit_stacks::events::EventId { origin: record(2, 1).id(), serial: 9 };
    let stamp = Stamp { ltime: 3, id };
    let event = UserEvent { stamp, filter: Filter::all(), wait: Wait::No, name: "e".into(), payload: [1][..].into() };
    let parcel = Parcel { event: Arc::new(event), age: Duration::from_millis(7) };
    let key = Key { origin: id.origin, life: 5 };
    let rumors = [rumor::Message::Tell(parcel.clone(), 1), rumor::Message::Heard(stamp, true), rumor::Message::Ask];
    let mail = [mail::Message::Item(parcel.clone(), true), mail::Message::Got(stamp)];
    let tree = [tree::Message::Data(key, 1, 1, parcel.clone()), tree::Message::Repair(key, 2, 1, parcel, 1), tree::Message::Part];
    let all = rumors.map(carrier::Message::Rumor).into_iter().chain(mail.map(carrier::Message::Mail));
    all.chain(tree.map(carrier::Message::Tree)).map(Message::Carrier).collect()
}

#[test]
fn messages_find_their_protocol_by_their_tag() {
    bruit_proto::laws::round_trips(&samples());
    for message in samples() {
        let mut out = Vec::new();
        message.encode(&mut out);
        assert!([64, 80, 81].contains(&out[0]), "{message:?}");
        // Beside another protocol it is still Core's.
        let beside = beside::Message::<Never>::decode(&mut Reader::new(&out));
        assert_eq!(beside, Ok(beside::Message::Core(message)));
    }
}

#[test]
fn all_laws_hold() {
    for way in ways() {
        let samples = samples();
        let subject = Subject {
            ids: (1..=5).map(|i| record(i, 1).id()).collect(),
            make: &|site| core(site, way.clone()),
            greet: &|site, core: &mut Core, cx| {
                if site > 1 {
                    core.join(cx, &[PeerId::contact(1)]);
                }
            },
            arbitrary: &|rng: &mut Rng| corrupted(&samples, rng),
            timers: 21,
            holds: &|core| core.swim().members().count() + core.events().store().len(),
            most: 5_000,
        };
        subject.check();
        subject.check_composition();
    }
}
