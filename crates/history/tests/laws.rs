//! The laws that every protocol must pass, and what a peer with a bug may say.

mod common;

use bruit_history::{Checkpoint, Config, Entry, EntryId, History, Holds, Message, Range, Sum, Turn, What};
use bruit_proto::laws::{Subject, corrupted};
use bruit_proto::{Context, Duration, Origin, Path, PeerId, Protocol, Restored, Rng, StreamId, Wall};
use common::Cluster;
use std::sync::Arc;

fn id(ltime: u64) -> EntryId {
    EntryId { ltime, origin: PeerId(2), serial: 5 }
}

fn entry(ltime: u64) -> Message {
    let entry = Entry { id: id(ltime), what: What::Prune, node: "node".into(), by: "ops".into(), at: Wall(9) };
    Message::Entry(Arc::new(entry))
}

fn turn(ranges: Vec<Range>, want: Vec<EntryId>) -> Message {
    Message::Turn(Turn { checkpoint: None, ranges, want })
}

fn everything(count: u32) -> Range {
    Range { upto: EntryId::LAST, holds: Holds::Sum(Sum { count, sum: 1 }) }
}

fn samples() -> Vec<Message> {
    let list = |from: u64, to: u64| Range { upto: id(to), holds: Holds::List((from..to).map(id).collect()) };
    let checkpoint = |ltime| Some(Checkpoint { upto: id(ltime), count: 3, sum: 4 });
    vec![
        Message::Digest(0),
        Message::Digest(7),
        entry(1),
        entry(9),
        entry(70_000),
        entry(1 << 47),
        turn(vec![everything(0)], vec![]),
        turn(vec![everything(9)], vec![id(1), id(2)]),
        turn(vec![list(1, 40), Range { upto: id(90), holds: Holds::Skip }, list(91, 120), everything(3)], vec![]),
        Message::Turn(Turn { checkpoint: checkpoint(1), ranges: vec![everything(3)], want: vec![] }),
        Message::Turn(Turn { checkpoint: checkpoint(u64::MAX), ranges: vec![everything(u32::MAX)], want: vec![] }),
        Message::Turn(Turn::default()),
        Message::Busy,
    ]
}

#[test]
fn all_laws_hold() {
    let config = Config { limit: 64, patience: Duration::ZERO, ..Config::default() };
    let make = |site: u32| History::new(PeerId(u64::from(site)), u64::from(site), config.clone(), &Restored::default());
    let greet = |site: u32, history: &mut History, cx: &mut Context<'_, History>| {
        for what in [What::Join, What::Leave] {
            history.append(cx, what, &format!("node-{site}"), "ops").expect("within the bounds");
        }
    };
    let arbitrary = |rng: &mut Rng| corrupted(&samples(), rng);
    let subject = Subject {
        ids: (1..=5).map(PeerId).collect(),
        make: &make,
        greet: &greet,
        arbitrary: &arbitrary,
        timers: 2,
        holds: &|history| history.book().len(),
        most: 64,
    };
    subject.check();
}

/// Node 2 says this to node 1 on a conversation of its own.
fn word(cluster: &mut Cluster, stream: u64, message: Message) {
    let from = Origin { peer: Some(PeerId(2)), path: Path::new(2, Some(StreamId(stream))) };
    cluster.net.turn(1, |history, cx| history.on_message(cx, from, message));
}

#[test]
fn conversations_of_others_are_few_at_a_time() {
    let mut cluster = Cluster::settled(2, 1, 100, 100);
    (0..10).for_each(|stream| word(&mut cluster, 1_000 + stream, turn(vec![everything(3)], vec![])));
    let counters = cluster.net.site(1).counters();
    assert_eq!((counters.answered, counters.turned_away), (4, 6));
    cluster.run(60);
    word(&mut cluster, 2_000, turn(vec![everything(3)], vec![]));
    assert_eq!(cluster.net.site(1).counters().answered, 5, "those that never ended hold nobody up");
}

/// Nobody is answered before its last answer was taken, so nothing piles up.
#[test]
fn a_turn_out_of_turn_is_refused() {
    let mut cluster = Cluster::settled(2, 2, 0, 100);
    (0..50).for_each(|_| word(&mut cluster, 1_000, turn(vec![everything(0)], vec![])));
    assert_eq!(cluster.net.rejected(1), ["a turn out of turn"; 49]);
}

#[test]
fn a_clock_from_too_far_ahead_is_refused() {
    let mut cluster = Cluster::settled(2, 3, 0, 100);
    cluster.append(1, "a");
    cluster.run(5);
    word(&mut cluster, 1_000, turn(vec![everything(3)], vec![]));
    word(&mut cluster, 1_000, entry(1 << 30));
    assert_eq!(cluster.net.site(1).counters().too_far, 1);
    assert_eq!(cluster.net.rejected(1), ["entry from too far ahead"]);
    assert_eq!(cluster.entries(1).len(), 1);
}

#[test]
fn strangers_and_words_out_of_place_are_refused() {
    let mut cluster = Cluster::settled(2, 4, 100, 100);
    let mut say = |peer: u64, stream: Option<u64>, message: Message| {
        let from = Origin { peer: Some(PeerId(peer)), path: Path::new(2, stream.map(StreamId)) };
        cluster.net.turn(1, |history, cx| history.on_message(cx, from, message));
        cluster.net.rejected(1).last().copied().unwrap_or_default()
    };
    assert_eq!(say(77, None, Message::Digest(1)), "digest of a stranger");
    assert_eq!(say(2, None, entry(1)), "part of a conversation by datagram");
    assert_eq!(say(2, Some(1_000), entry(1)), "an entry in no conversation");
    assert_eq!(say(2, Some(1_000), Message::Digest(1)), "part of a packet in a conversation");
    assert_eq!(say(2, Some(1_000), Message::Busy), "busy, but nobody asked");
}
