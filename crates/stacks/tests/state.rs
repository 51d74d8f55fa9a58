//! Endpoint state beside membership, events and history: what each says of itself, known to all.
#![cfg(feature = "state")]

use bruit_proto::harness::{Harness, Links};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Context, Duration, PeerId, Protocol, Reader, Record, Restored, Rng, Tags, Wire};
use bruit_stacks::beside::{Event, Message};
use bruit_stacks::state::{self, Sums, Syn};
use bruit_stacks::{CoreConfig, Full, FullEvent, history, swim};
use std::collections::BTreeMap;
use std::sync::Arc;

const N: u32 = 5;

type Disk = BTreeMap<Vec<u8>, Vec<u8>>;

fn record(site: u32, session: u64) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    Arc::new(Record::new(&format!("n{site}"), session, vec![at], Tags::default()).unwrap())
}

fn without(site: u32, session: u64, disk: &Disk) -> Full {
    let restored = Restored::new(disk.clone());
    Full::full(session, CoreConfig::default(), history::Config::default(), record(site, session), &restored)
}

fn full(site: u32, session: u64, disk: &Disk) -> Full {
    without(site, session, disk).with_state(Arc::default(), &Restored::new(disk.clone()))
}

fn joined(make: impl Fn(u32) -> Full) -> Harness<Full> {
    let mut site = 0;
    let mut net = Harness::with_ids((1..=N).map(|i| record(i, 1).id()).collect(), 1, Links::default(), |_| {
        site += 1;
        make(site)
    });
    for i in 2..=N {
        net.turn(i, |full, cx| full.join(cx, &[PeerId::contact(1)]));
    }
    net.run(Duration::from_secs(8));
    net
}

fn all(site: u32) -> Full {
    full(site, site.into(), &Disk::new())
}

/// The same with heartbeats, where `detector` decides.
fn beating(detector: state::Detector) -> Harness<Full> {
    let config = Arc::new(state::Config { detector, ..state::Config::default() });
    joined(|i| without(i, i.into(), &Disk::new()).with_state(Arc::clone(&config), &Restored::default()))
}

fn set(full: &mut Full, cx: &mut Context<'_, Full>, key: &str, value: &str) -> Option<u64> {
    full.in_also(cx, |state, cx| state.set(cx, key, value).expect("within its bounds"))
}

fn share(full: &mut Full, cx: &mut Context<'_, Full>, value: &str) -> Option<u64> {
    full.in_also(cx, |state, cx| state.set_in(cx, "bucket", "n_val", value).expect("within its bounds"))
}

/// What a node shows of a key of another, and of a shared one.
fn shows(net: &Harness<Full>, i: u32, of: u32) -> (Option<String>, Option<String>) {
    let state = net.site(i).state().expect("it was made with it");
    let own = state.get(record(of, 1).id(), "load").map(|value| value.value.to_string());
    (own, state.get_in("bucket", "n_val").map(|shown| shown.value.value.to_string()))
}

#[test]
fn what_one_says_all_know_and_what_it_shared_outlives_its_process() {
    let mut net = joined(all);
    net.turn(2, |full, cx| set(full, cx, "load", "0.7")).expect("it is set");
    net.turn(2, |full, cx| share(full, cx, "3")).expect("it is shared");
    net.run(Duration::from_secs(5));
    for i in 1..=N {
        assert_eq!(shows(&net, i, 2), (Some("0.7".into()), Some("3".into())), "node {i}");
    }
    let changed = |e: &FullEvent| matches!(e, Event::Also(state::Event::Changed { key, .. }) if &*key.name == "load");
    assert_eq!(net.events(4).iter().filter(|e| changed(e)).count(), 1, "and is told once");
    (1..=N).for_each(|i| net.kill(i));
    for i in 1..=N {
        let disk = net.disk(i).clone();
        net.restart(i, full(i, 100 + u64::from(i), &disk));
    }
    net.run(Duration::from_secs(20));
    for i in 1..=N {
        assert_eq!(shows(&net, i, 2), (None, Some("3".into())), "node {i}");
    }
}

#[test]
fn what_each_part_keeps_is_where_it_was_without_state() {
    let mut net = joined(all);
    net.turn(1, |full, cx| share(full, cx, "3")).expect("it is shared");
    net.turn(1, |full, cx| full.append(cx, history::What::Join, "n1", "ops")).expect("a history");
    net.run(Duration::from_secs(5));
    let of = |lane: u8| net.disk(1).keys().filter(|key| key[0] == lane).count();
    assert_eq!((of(1), of(2)), (1, 2), "an entry; a generation and what was shared");
    let disk = net.disk(1).clone();
    assert_eq!(without(1, 9, &disk).history().book().len(), 1, "a process without state reads what is its own");
}

#[test]
fn a_node_without_state_is_a_member_like_any_other() {
    let mut net = joined(|site| if site == 3 { without(3, 3, &Disk::new()) } else { all(site) });
    net.turn(2, |full, cx| set(full, cx, "load", "0.7")).expect("it is set");
    assert_eq!(net.turn(3, |full, cx| set(full, cx, "load", "1")), None, "there is nothing to set it in");
    net.run(Duration::from_secs(30));
    for i in 1..=N {
        assert_eq!(net.site(i).swim().members().filter(|m| m.is_live()).count(), N as usize, "node {i}");
        if i != 3 {
            assert_eq!(shows(&net, i, 2).0, Some("0.7".into()), "node {i}");
        }
    }
}

/// What equal states cost: seven bytes on packets that leave anyway.
#[test]
fn the_sum_has_no_packet_of_its_own() {
    let mut net = joined(all);
    net.run(Duration::from_secs(20));
    net.record();
    net.run(Duration::from_secs(60));
    let story = net.story();
    assert!(story.iter().any(|line| line.contains("Also(Sum(")));
    let (timers, packets): (Vec<_>, Vec<_>) =
        story.iter().filter(|line| line.contains("Also(") && !line.contains("Core(")).partition(|line| line.contains("timer"));
    assert!(packets.is_empty(), "{packets:?}");
    assert!(timers.len() <= N as usize, "nobody wakes for it, but once to look for the silent: {timers:?}");
}

fn samples() -> Vec<<Full as Protocol>::Message> {
    let ping = swim::Message::Ping { seq: 1, digest: 2 };
    let syn = Syn { from: PeerId(1), to: PeerId(9), digests: vec![] };
    let sums = Sums { from: PeerId(1), parts: vec![(PeerId(9), 5)] };
    vec![
        Message::Core(bruit_stacks::Message::Swim(ping)),
        Message::Own(history::Message::Digest(7)),
        Message::Also(state::Message::Sum(7)),
        Message::Also(state::Message::Sums(sums)),
        Message::Also(state::Message::Syn(syn)),
        Message::Also(state::Message::Echo(3)),
    ]
}

#[test]
fn messages_find_their_protocol_by_their_tag() {
    for message in samples() {
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out.len(), message.size());
        assert_eq!(<Full as Protocol>::Message::decode(&mut Reader::new(&out)), Ok(message));
    }
}

#[test]
fn all_laws_hold() {
    let samples = samples();
    let subject = Subject {
        ids: (1..=N).map(|i| record(i, 1).id()).collect(),
        make: &all,
        greet: &|site, full: &mut Full, cx| {
            share(full, cx, &site.to_string()).expect("within its bounds");
            if site > 1 {
                full.join(cx, &[PeerId::contact(1)]);
            }
        },
        arbitrary: &|rng: &mut Rng| corrupted(&samples, rng),
        timers: 22,
        holds: &|full| {
            let state = full.state().map_or(0, state::State::held);
            full.swim().members().count() + full.events().store().len() + full.history().book().len() + state
        },
        most: 8_000,
    };
    subject.check();
    subject.check_composition();
}

/// By heartbeats: membership is the way in and knows the addresses, phi says who is alive.
#[test]
fn with_phi_membership_finds_and_phi_decides() {
    let mut net = beating(state::Detector::Phi);
    net.run(Duration::from_secs(60));
    let alive = |net: &Harness<Full>, i: u32, of: u32| net.site(i).state().expect("it has").is_alive(record(of, 1).id());
    for i in 1..=N {
        assert!((1..=N).all(|of| alive(&net, i, of)), "node {i}");
    }
    net.kill(3);
    net.run(Duration::from_secs(10));
    let dead = |net: &Harness<Full>| net.site(1).swim().member(record(3, 1).id()).is_some_and(|m| !m.is_live());
    assert!(dead(&net) && alive(&net, 1, 3), "membership is faster, and does not decide");
    net.run(Duration::from_secs(30));
    assert!([1, 2, 4, 5].into_iter().all(|i| !alive(&net, i, 3)));
    let pulse = net.site(1).state().expect("it has").pulse(record(3, 1).id(), net.now()).expect("its heart was heard");
    assert!(pulse.phi > 8.0 && !pulse.alive && pulse.silence >= Duration::from_secs(20), "{pulse:?}");
}

/// Membership decides, and where phi is slower that is kept.
#[test]
fn with_both_membership_decides_and_phi_is_kept_beside_it() {
    let mut net = beating(state::Detector::Both);
    net.run(Duration::from_secs(60));
    net.kill(3);
    net.run(Duration::from_secs(10));
    let state = net.site(1).state().expect("it has");
    let of = record(3, 1).id();
    let pulse = state.pulse(of, net.now()).expect("its heart was heard");
    assert!(!state.is_alive(of) && pulse.alive, "{pulse:?}");
    let last = state.disagreements().last().expect("they disagree");
    assert!(last.node == of && !last.alive, "{last:?}");
}
