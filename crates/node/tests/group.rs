//! What is said to a group: by members, once, and nothing but what is for one.

mod world;

use bruit_node::{KeyRing, Mode, Node, Seal, Settings};
use bruit_proto::Nobody;
use bruit_wire::{Envelope, put_message};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use world::*;

const GROUP: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(239, 77, 0, 1)), 7947);

static FRESH: AtomicU64 = AtomicU64::new(1_000);

fn session(i: usize) -> Seal {
    let fresh = Arc::new(|| FRESH.fetch_add(1, Ordering::Relaxed));
    Seal { mode: Mode::Require, keys: KeyRing::generate([7; 32]), session: 100 + i as u64, fresh }
}

/// Nodes `1..=n` with a group, of which all but the last know each other.
fn world(n: usize, seals: bool) -> World {
    let mut w = World::new(0);
    for i in 1..=n {
        let settings = Settings { seal: seals.then(|| session(i)), ..settings(i).group(GROUP) };
        w.nodes.insert(i, Node::new(settings, Parrot::default(), Box::new(Nobody)));
        let now = w.clock();
        w.node(i).start(now);
        for j in (1..n).filter(|j| *j != i && i < n) {
            let record = bruit_proto::Record::new(&format!("node-{j}"), 100 + j as u64, vec![at(j)], Default::default());
            let record = Arc::new(record.unwrap());
            w.turn(i, |_, cx| cx.know(id(j), Some(&record)));
        }
    }
    w
}

fn say(w: &mut World, i: usize) -> Vec<u8> {
    w.turn(i, |_, cx| cx.send_group(Said::Gossip(7)));
    let (from, to, bytes) = w.sent.pop().expect("a packet");
    assert_eq!((from, to, w.sent.len()), (i, GROUP, 0), "one for all");
    bytes
}

fn hear(w: &mut World, i: usize, from: usize, bytes: &[u8]) {
    let now = w.clock();
    w.node(i).receive_group(now, at(from), bytes);
    w.drain(i);
    assert!(w.sent.is_empty(), "nobody answers a group");
}

fn refused(w: &mut World, i: usize) -> Vec<(&'static str, u64)> {
    w.node(i).group().unwrap().refused().to_vec()
}

#[test]
fn what_a_member_says_to_the_group_is_heard_once_and_of_strangers_nothing() {
    for seals in [false, true] {
        let mut w = world(4, seals);
        let bytes = say(&mut w, 1);
        for i in 1..=3 {
            hear(&mut w, i, 1, &bytes);
        }
        assert_eq!(w.log(2), ["start".to_string(), format!("{:?} says Gossip(7)", id(1))]);
        assert_eq!((w.log(1).len(), w.log(3).len()), (1, 2));
        assert_eq!(refused(&mut w, 1), [], "its own came back");
        hear(&mut w, 4, 1, &bytes);
        let stranger = if seals { "group packet of a session that is not believed" } else { "group packet of no member" };
        assert_eq!((w.log(4).len(), refused(&mut w, 4)), (1, vec![(stranger, 1)]));
        if seals {
            hear(&mut w, 2, 1, &bytes);
            assert_eq!(refused(&mut w, 2), [("group packet replayed, or too late", 1)]);
        }
        let counted = [1, 2, 3].map(|i| w.node(i).group().map(|group| (group.sent, group.received)).unwrap());
        assert_eq!(counted, [(1, 0), (0, 1), (0, 1)]);
        assert_eq!((1..=4).map(|i| w.node(i).counters().rejections()).sum::<u64>(), 0);
    }
}

#[test]
fn what_is_not_for_a_group_is_refused_whole_and_garbage_changes_nothing_but_counters() {
    for seals in [false, true] {
        let mut w = world(3, seals);
        let mut envelope = match seals {
            true => Envelope::sealed("test", id(1), session(1)),
            false => Envelope::clear("test", id(1)),
        };
        let mut draft = Vec::new();
        envelope.begin(&mut draft);
        [Said::Gossip(1), Said::Ping(1)].iter().for_each(|said| put_message(&mut draft, said));
        let bytes = envelope.close_group(draft);
        hear(&mut w, 2, 1, &bytes);
        assert_eq!((w.log(2).len(), refused(&mut w, 2)), (1, vec![("not for a group", 1)]));
        let said = say(&mut w, 1);
        for i in 0..said.len() {
            let mut bad = said.clone();
            bad[i] ^= 0x10;
            hear(&mut w, 2, 1, &bad);
            hear(&mut w, 2, 1, &said[..i]);
        }
        assert_eq!((w.log(2).len(), refused(&mut w, 2).iter().map(|x| x.1).sum::<u64>()), (1, 1 + 2 * said.len() as u64));
        assert_eq!((w.node(2).deadline(), w.node(2).streams()), (None, 0));
    }
}

#[test]
fn without_a_group_nothing_is_said_or_heard() {
    let mut w = World::new(2);
    w.turn(1, |_, cx| cx.send_group(Said::Gossip(7)));
    assert!(w.sent.is_empty());
    let bytes = say(&mut world(3, false), 1);
    hear(&mut w, 2, 1, &bytes);
    assert_eq!((w.log(2).len(), w.node(2).group().is_none()), (1, true));
}

#[test]
#[should_panic(expected = "said to a group")]
fn what_asks_for_an_answer_is_not_said_to_a_group() {
    World::new(1).turn(1, |_, cx| cx.send_group(Said::Ping(7)));
}
