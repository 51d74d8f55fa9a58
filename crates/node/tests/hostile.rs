//! Whatever comes from the network, and whatever a driver does in whatever order: nothing panics, everything is bounded
//! and counted, every stream ends exactly once.

mod world;

use bruit_node::{MAX_HELD, MAX_INBOUND, MAX_REASONS, Node, Now, Output, SILENCE};
use bruit_proto::{Class, Nobody, PeerId, StreamId, Time, Wall, Why};
use bruit_wire::{Envelope, put_message};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use world::*;

fn now(micros: u64) -> Now {
    Now { mono: Time(micros), wall: Wall(0) }
}

fn lone() -> Node<Parrot> {
    let mut node = Node::new(settings(1), Parrot::default(), Box::new(Nobody));
    node.start(now(0));
    node
}

fn drain(node: &mut Node<Parrot>) -> Vec<Output<String>> {
    std::iter::from_fn(|| node.poll()).collect()
}

fn envelope(me: PeerId) -> Envelope {
    Envelope::clear("test", me)
}

/// A packet to node 1 that verifies, whatever is in it.
fn packet(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    envelope(id(2)).begin(&mut bytes);
    bytes.extend_from_slice(body);
    envelope(id(2)).seal(id(1), &mut bytes);
    bytes
}

fn hello() -> Vec<u8> {
    let mut bytes = Vec::new();
    envelope(id(2)).hello(id(1), &mut bytes);
    bytes
}

fn frame(said: &[Said]) -> Vec<u8> {
    let (mut body, mut bytes) = (Vec::new(), Vec::new());
    said.iter().for_each(|s| put_message(&mut body, s));
    envelope(id(2)).frame(&body, &mut bytes);
    bytes
}

#[test]
fn a_flood_of_garbage_changes_nothing_but_counters() {
    let mut node = lone();
    let mut dice = bruit_proto::Rng::seeded(1);
    for i in 0..100_000 {
        let bytes: Vec<u8> = (0..dice.below(60)).map(|_| dice.bits() as u8).collect();
        node.receive(now(i), at(2), &bytes);
    }
    assert_eq!(node.counters().rejections(), 100_000);
    assert!(node.counters().rejected().len() <= 4, "{:?}", node.counters().rejected());
    assert!(drain(&mut node).is_empty());
    assert_eq!((node.protocol().log.len(), node.streams(), node.deadline()), (1, 0, None));
}

#[test]
fn packets_of_another_cluster_another_receiver_and_of_myself_are_refused_by_name() {
    let mut node = lone();
    let mut send = |label: &str, from: PeerId, to: PeerId| {
        let envelope = Envelope::clear(label, from);
        let mut bytes = Vec::new();
        envelope.begin(&mut bytes);
        put_message(&mut bytes, &Said::Ping(1));
        envelope.seal(to, &mut bytes);
        node.receive(now(1), at(2), &bytes);
    };
    send("other", id(2), id(1));
    send("test", id(2), id(3));
    send("test", id(1), id(1));
    send("test", PeerId::NONE, id(1));
    let counted = [("packet damaged, or for another cluster or node", 2), ("packet from myself", 1), ("sender is no peer", 1)];
    assert_eq!(node.counters().rejected(), counted);
    assert!(drain(&mut node).is_empty());
}

#[test]
fn what_is_read_before_the_damage_counts_and_the_rest_does_not() {
    let mut node = lone();
    let mut body = Vec::new();
    put_message(&mut body, &Said::Ping(1));
    body.push(0);
    put_message(&mut body, &Said::Ping(2));
    node.receive(now(1), at(2), &packet(&body));
    assert_eq!(drain(&mut node).len(), 1);
    assert_eq!(node.counters().rejected(), [("unknown message", 1)]);
}

/// A message of a part that is not here is skipped by its length, all over a packet; a conversation with it ends.
#[test]
fn what_is_not_known_is_skipped_and_counted() {
    let mut node = lone();
    let mut body = vec![0x82, 56, 1];
    put_message(&mut body, &Said::Gossip(1));
    body.extend([0xC1, 1, 60]);
    body.extend([0; 64]);
    put_message(&mut body, &Said::Gossip(2));
    node.receive(now(1), at(2), &packet(&body));
    assert_eq!(node.protocol().log.len(), 3, "both were heard");
    assert_eq!((node.counters().rejections(), node.counters().dropped().unknown_message), (0, 2));
    let stream = node.stream_accepted(now(1), at(2)).unwrap();
    node.stream_receive(now(1), stream, &hello());
    let mut bytes = Vec::new();
    envelope(id(2)).frame(&[0x82, 56, 1], &mut bytes);
    node.stream_receive(now(1), stream, &bytes);
    assert_eq!((node.streams(), node.counters().dropped().unknown_message), (0, 3));
}

#[test]
fn a_stream_that_never_says_hello_or_never_ends_a_frame_is_late() {
    for (start, drip) in [(vec![], b"bru".to_vec()), (hello(), frame(&[Said::Item(1, vec![0; 50_000])]))] {
        let mut node = lone();
        let stream = node.stream_accepted(now(0), at(2)).unwrap();
        node.stream_receive(now(1), stream, &start);
        let mut drip = drip.iter();
        let mut t = 1;
        while node.streams() > 0 {
            t += 100_000;
            let next: Vec<u8> = drip.next().into_iter().copied().collect();
            node.stream_receive(now(t), stream, &next);
            node.tick(now(t));
        }
        assert!(t <= 1 + SILENCE.as_micros() as u64, "bytes that make no frame are silence");
        assert_eq!(node.protocol().log, ["start"], "the protocol never heard of it");
    }
}

#[test]
fn a_half_close_amid_a_frame_is_a_broken_stream() {
    let frame = frame(&[Said::Ping(1), Said::Ping(2)]);
    for (sent, end) in [(frame.len(), None), (frame.len() - 1, None), (2 * frame.len() - 1, Some("1 Closed(Reset)"))] {
        let mut node = lone();
        let stream = node.stream_accepted(now(0), at(2)).unwrap();
        node.stream_receive(now(0), stream, &hello());
        node.stream_receive(now(0), stream, &frame.repeat(2)[..sent]);
        node.stream_ended(now(1), stream);
        assert_eq!(node.protocol().log.get(1).map(String::as_str), end);
        assert_eq!(node.streams(), usize::from(sent == frame.len()), "a whole frame leaves it half open");
    }
}

#[test]
fn a_stream_is_done_when_the_last_byte_was_taken_and_no_sooner() {
    let mut node = lone();
    let contact = node.contact(at(2));
    let stream = node.command(now(0), |_, cx| {
        let stream = cx.open(contact, Class::Ask, Duration::from_secs(2));
        cx.write(stream, Said::Ping(1)).unwrap();
        cx.close(stream);
        stream
    });
    node.stream_opened(now(1), stream);
    let written: usize = drain(&mut node).iter().map(|o| if let Output::Write { bytes, .. } = o { bytes.len() } else { 0 }).sum();
    node.stream_ended(now(2), stream);
    node.stream_sent(now(3), stream, written - 1);
    assert_eq!((node.streams(), drain(&mut node).len()), (1, 0), "a drop now would lose a byte");
    node.stream_sent(now(4), stream, 1);
    assert_eq!(node.protocol().log.last().unwrap(), "1 Closed(Done)");
}

#[test]
fn a_flood_of_connections_is_bounded_and_passes() {
    let mut node = lone();
    for i in 0..10_000 {
        if let Some(stream) = node.stream_accepted(now(i), at(2)) {
            node.stream_receive(now(i), stream, &hello());
        }
    }
    assert_eq!(node.streams(), MAX_INBOUND);
    assert_eq!(node.counters().dropped().inbound_full, 10_000 - MAX_INBOUND as u64);
    node.tick(now(10_010_000));
    assert_eq!(node.streams(), 0);
    assert_eq!(drain(&mut node).len(), MAX_INBOUND);
}

#[test]
fn frames_that_never_end_are_bounded_together() {
    let mut node = lone();
    let part = &frame(&[Said::Item(1, vec![0; 200_000])])[..150_000];
    let streams = MAX_HELD / part.len() + 20;
    for i in 0..streams as u64 {
        let stream = node.stream_accepted(now(i), at(2)).unwrap();
        node.stream_receive(now(i), stream, &hello());
        node.stream_receive(now(i), stream, part);
    }
    assert_eq!((node.streams(), node.counters().dropped().held_full), (MAX_HELD / part.len(), 20));
    node.tick(now(10_010_000));
    let stream = node.stream_accepted(now(10_010_000), at(2)).unwrap();
    node.stream_receive(now(10_010_000), stream, &hello());
    node.stream_receive(now(10_010_000), stream, part);
    assert_eq!(node.streams(), 1, "what ended holds nothing any more");
}

#[test]
fn reasons_are_bounded() {
    let mut node = lone();
    let from = bruit_proto::Origin { peer: None, path: bruit_proto::Path::new(0, None) };
    for i in 0..1_000 {
        let why: &'static str = Box::leak(format!("reason {i}").into_boxed_str());
        node.command(now(1), |_, cx| cx.reject(from, why));
    }
    assert_eq!((node.counters().rejected().len(), node.counters().rejections()), (MAX_REASONS, 1_000));
}

/// One thing that a driver, a peer or the user does; the number names a stream or a size.
#[derive(Clone, Debug)]
enum Deed {
    Open(bool),
    Accept,
    Write(u64, usize),
    Wake(u64),
    Close(u64),
    Opened(u64),
    Hello(u64),
    Bytes(u64, Vec<u8>),
    Say(u64, u8),
    Sent(u64, usize),
    Ended(u64),
    Failed(u64),
    Wait(u32),
    Packet(Vec<u8>),
}

fn deed() -> impl Strategy<Value = Deed> {
    let stream = 1..8_u64;
    let bytes = prop::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        any::<bool>().prop_map(Deed::Open),
        Just(Deed::Accept),
        (stream.clone(), 0..70_000_usize).prop_map(|(s, n)| Deed::Write(s, n)),
        stream.clone().prop_map(Deed::Wake),
        stream.clone().prop_map(Deed::Close),
        stream.clone().prop_map(Deed::Opened),
        stream.clone().prop_map(Deed::Hello),
        (stream.clone(), bytes.clone()).prop_map(|(s, b)| Deed::Bytes(s, b)),
        (stream.clone(), any::<u8>()).prop_map(|(s, n)| Deed::Say(s, n)),
        (stream.clone(), 0..100_000_usize).prop_map(|(s, n)| Deed::Sent(s, n)),
        stream.clone().prop_map(Deed::Ended),
        stream.prop_map(Deed::Failed),
        (0..4_000_000_u32).prop_map(Deed::Wait),
        bytes.prop_map(Deed::Packet),
    ]
}

/// What is known about one stream from outside.
#[derive(Default)]
struct Seen {
    connected: bool,
    asked: bool,
    opened: bool,
    shut: bool,
    dropped: bool,
    closed: usize,
}

/// Does deeds and holds what the node asks for against the rules of streams.
struct Watch {
    node: Node<Parrot>,
    t: u64,
    seen: BTreeMap<StreamId, Seen>,
}

impl Watch {
    fn new() -> Watch {
        Watch { node: lone(), t: 1, seen: BTreeMap::new() }
    }

    fn turn(&mut self, f: impl FnOnce(&mut Parrot, &mut bruit_proto::Context<'_, Parrot>)) {
        self.node.command(now(self.t), f);
    }

    fn act(&mut self, deed: &Deed) {
        let (now, node) = (now(self.t), &mut self.node);
        match deed {
            Deed::Open(known) => {
                let to = if *known { node.contact(at(2)) } else { PeerId(9) };
                let id = node.command(now, |_, cx| cx.open(to, Class::Bulk, Duration::from_secs(2)));
                self.seen.entry(id).or_default().asked = true;
            }
            Deed::Accept => {
                if let Some(id) = node.stream_accepted(now, at(2)) {
                    let seen = self.seen.entry(id).or_default();
                    (seen.connected, seen.opened) = (true, true);
                }
            }
            Deed::Write(s, n) => self.turn(|_, cx| _ = cx.write(StreamId(*s), Said::Item(1, vec![1; *n]))),
            Deed::Wake(s) => self.turn(|_, cx| cx.wake(StreamId(*s))),
            Deed::Close(s) => self.turn(|_, cx| cx.close(StreamId(*s))),
            Deed::Opened(s) => {
                // A driver answers only dials that it was asked for.
                if let Some(seen) = self.seen.get_mut(&StreamId(*s)).filter(|s| s.connected) {
                    seen.opened = true;
                    node.stream_opened(now, StreamId(*s));
                }
            }
            Deed::Hello(s) => node.stream_receive(now, StreamId(*s), &hello()),
            Deed::Bytes(s, bytes) => node.stream_receive(now, StreamId(*s), bytes),
            Deed::Say(s, n) => {
                let said = [Said::Ping(1), Said::Fetch(u64::from(*n)), Said::End, Said::Storm(u64::from(*n))];
                node.stream_receive(now, StreamId(*s), &frame(&said[usize::from(n % 4)..][..1]));
            }
            Deed::Sent(s, n) => node.stream_sent(now, StreamId(*s), *n),
            Deed::Ended(s) => node.stream_ended(now, StreamId(*s)),
            Deed::Failed(s) => node.stream_failed(now, StreamId(*s), Why::Reset),
            Deed::Wait(micros) => self.t += u64::from(*micros),
            Deed::Packet(body) => node.receive(now, at(2), &packet(body)),
        }
        self.look();
        while let Some((due, _)) = self.node.deadline().filter(|d| d.0 <= Time(self.t)) {
            self.t = self.t.max(due.0);
            self.node.tick(self::now(self.t));
            self.look();
        }
    }

    fn look(&mut self) {
        for output in drain(&mut self.node) {
            match output {
                Output::Dial { stream, .. } => self.seen.entry(stream).or_default().connected = true,
                Output::Write { stream, .. } => {
                    let seen = &self.seen[&stream];
                    assert!(seen.opened && !seen.shut && !seen.dropped, "a write out of place");
                }
                Output::Shut { stream } => {
                    let seen = self.seen.get_mut(&stream).unwrap();
                    assert!(seen.opened && !seen.shut && !seen.dropped, "a shut out of place");
                    seen.shut = true;
                }
                Output::Drop { stream } => {
                    let seen = self.seen.get_mut(&stream).unwrap();
                    assert!(seen.connected && !seen.dropped, "dropped twice or never connected");
                    seen.dropped = true;
                }
                Output::Packet { bytes, .. } => assert!(bytes.len() <= 1_200),
                Output::Persist { .. } | Output::Event(_) => {}
            }
        }
        let closed = |line: &&String| line.contains("Closed");
        for (id, seen) in &mut self.seen {
            let name = format!("{} ", id.0);
            let log = &self.node.protocol().log;
            seen.closed = log.iter().filter(|l| l.starts_with(&name)).filter(closed).count();
            assert!(seen.closed <= 1, "told of an end twice");
            let last = log.iter().rfind(|l| l.starts_with(&name));
            assert!(seen.closed == 0 || last.is_some_and(|l| l.contains("Closed")), "told of something after the end");
        }
    }
}

proptest! {
    #[test]
    fn every_stream_ends_exactly_once_whatever_happens(deeds in prop::collection::vec(deed(), 1..80)) {
        let mut watch = Watch::new();
        deeds.iter().for_each(|deed| watch.act(deed));
        watch.act(&Deed::Wait(20_000_000));
        prop_assert_eq!(watch.node.streams(), 0);
        for seen in watch.seen.values() {
            prop_assert!(seen.dropped == seen.connected, "a connection is dropped once");
            prop_assert!(!seen.asked || seen.closed == 1, "an open ends once");
        }
    }

    #[test]
    fn a_valid_envelope_around_garbage_never_panics(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20)) {
        let mut node = lone();
        let stream = node.stream_accepted(now(1), at(2)).unwrap();
        node.stream_receive(now(1), stream, &hello());
        for body in bodies.iter().filter(|b| !b.is_empty()) {
            node.receive(now(2), at(2), &packet(body));
            let mut bytes = Vec::new();
            envelope(id(2)).frame(body, &mut bytes);
            node.stream_receive(now(2), stream, &bytes);
        }
        let small = drain(&mut node).iter().all(|o| !matches!(o, Output::Packet { bytes, .. } if bytes.len() > 1_200));
        prop_assert!(small);
    }
}
