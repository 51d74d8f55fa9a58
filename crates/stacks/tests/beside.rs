//! Core beside a protocol of the user's: one node, one table of peers, two conversations.

use bruit_proto::harness::{Harness, Links};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Change, Context, Duration, Malformed, Origin, PeerId, Protocol, Reader, Record, Rng, Tags, Wire};
use bruit_stacks::beside::{Beside, Event, Message};
use bruit_stacks::events::Filter;
use bruit_stacks::{Core, CoreConfig, swim};
use std::sync::Arc;

/// Greets each member that comes up; tells who greeted.
#[derive(Default)]
struct Greet {
    up: u32,
}

#[derive(Clone, Debug, PartialEq)]
struct Hello;

impl Wire for Hello {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(200);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Hello, Malformed> {
        if input.u8()? == 200 { Ok(Hello) } else { Err(Malformed::UNKNOWN) }
    }
}

impl Protocol for Greet {
    type Message = Hello;
    type Timer = ();
    type Event = PeerId;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        cx.set((), Duration::from_secs(1));
    }
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, _: Hello) {
        from.peer.into_iter().for_each(|peer| cx.notify(peer));
    }
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, (): ()) {
        cx.set((), Duration::from_secs(1));
    }
    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.up += u32::from(change == Change::Up);
        if change == Change::Up && cx.peers.contains(peer) {
            cx.send(peer, Hello);
        }
    }
}

fn record(site: u32, session: u64) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    Arc::new(Record::new(&format!("n{site}"), session, vec![at], Tags::default()).unwrap())
}

fn both(site: u32) -> Beside<Greet> {
    let seed = u64::from(site);
    Beside::new(seed, Core::new(seed, CoreConfig::default(), record(site, seed)), Greet::default())
}

#[test]
fn the_users_own_is_told_who_is_there_and_speaks_to_them() {
    let ids: Vec<PeerId> = (1..=4).map(|i| record(i, 1).id()).collect();
    let mut site = 0;
    let mut net = Harness::with_ids(ids.clone(), 1, Links::default(), |_| {
        site += 1;
        both(site)
    });
    for i in 2..=4 {
        net.turn(i, |both, cx| both.in_core(cx, |core, cx| core.join(cx, &[PeerId::contact(1)])));
    }
    net.run(Duration::from_secs(3));
    net.turn(2, |both, cx| both.in_core(cx, |core, cx| core.event(cx, "x", b"", Filter::all()))).unwrap();
    net.run(Duration::from_secs(3));
    for i in 1..=4 {
        assert_eq!(net.site(i).own().up, 3, "node {i}");
        let events = net.events(i);
        let mut greeted: Vec<PeerId> =
            events.iter().filter_map(|e| if let Event::Own(by) = e { Some(*by) } else { None }).collect();
        greeted.sort_unstable();
        let mut others: Vec<PeerId> = ids.iter().copied().filter(|id| *id != ids[i as usize - 1]).collect();
        others.sort_unstable();
        assert_eq!(greeted, others, "node {i}");
        assert!(events.iter().any(|e| matches!(e, Event::Core(bruit_stacks::Event::Delivered(_)))), "node {i}");
    }
}

#[test]
fn messages_find_their_protocol_by_their_tag() {
    for message in samples() {
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out.len(), message.size());
        assert_eq!(Message::decode(&mut Reader::new(&out)), Ok(message));
    }
    assert!(Message::<Hello>::decode(&mut Reader::new(&[])).is_err());
    assert!(Message::<Hello>::decode(&mut Reader::new(&[127])).is_err());
}

fn samples() -> Vec<Message<Hello>> {
    let ping = swim::Message::Ping { seq: 1, digest: 2 };
    vec![Message::Own(Hello), Message::Core(bruit_stacks::Message::Swim(ping))]
}

#[test]
fn all_laws_hold() {
    let samples = samples();
    let subject = Subject {
        ids: (1..=5).map(|i| record(i, 1).id()).collect(),
        make: &both,
        greet: &|site, both: &mut Beside<Greet>, cx| {
            if site > 1 {
                both.in_core(cx, |core, cx| core.join(cx, &[PeerId::contact(1)]));
            }
        },
        arbitrary: &|rng: &mut Rng| corrupted(&samples, rng),
        timers: 18,
        holds: &|both| both.core().swim().members().count() + both.core().events().store().len(),
        most: 5_000,
    };
    subject.check();
    subject.check_composition();
}
