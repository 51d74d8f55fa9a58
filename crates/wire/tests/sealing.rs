//! Sealed datagrams: nothing damaged, replayed, foreign or in the open passes; keys rotate; everybody finds everybody.

use bruit_proto::{Malformed, PeerId, Rng, Time};
use bruit_wire::{Arrival, Envelope, KeyRing, MAX_WAITING, Mode, Seal};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const ALICE: PeerId = PeerId(1);
const BOB: PeerId = PeerId(2);
const NOW: Time = Time(5_000_000);
const OLD: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222222222222222222222222222";

fn at(peer: PeerId) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 7_000 + peer.0 as u16))
}

fn keys(words: &[&str]) -> KeyRing {
    KeyRing::parse(&words.join("\n")).unwrap()
}

fn make(me: PeerId, session: u64, mode: Mode, keys: KeyRing, label: &str) -> Envelope {
    let next = AtomicU64::new(session * 1_000);
    let fresh = Arc::new(move || next.fetch_add(1, Ordering::Relaxed));
    Envelope::sealed(label, me, Seal { mode, keys, session, fresh })
}

fn require(me: PeerId, session: u64) -> Envelope {
    make(me, session, Mode::Require, keys(&[OLD]), "test")
}

/// Alice and Bob, who know each other by record: sessions 10 and 20.
fn pair() -> (Envelope, Envelope) {
    let (mut alice, mut bob) = (require(ALICE, 10), require(BOB, 20));
    alice.know(BOB, Some(20), None);
    bob.know(ALICE, Some(10), None);
    (alice, bob)
}

fn draft(from: &Envelope, body: &[u8]) -> Vec<u8> {
    let mut draft = Vec::new();
    from.begin(&mut draft);
    draft.extend_from_slice(body);
    draft
}

fn close(from: &mut Envelope, to: PeerId, body: &[u8]) -> [Option<Vec<u8>>; 2] {
    let draft = draft(from, body);
    from.close(NOW, to, at(to), draft)
}

/// The one packet that this takes.
fn seal(from: &mut Envelope, to: PeerId, body: &[u8]) -> Vec<u8> {
    let [Some(packet), None] = close(from, to, body) else { panic!("no packet, or a hello with it") };
    packet
}

fn body(envelope: &mut Envelope, from: PeerId, packet: &[u8]) -> Result<Vec<u8>, Malformed> {
    match envelope.open(NOW, at(from), packet)? {
        Arrival::Packet(opened) => {
            assert_eq!(opened.sender, from);
            Ok(opened.body.to_vec())
        }
        Arrival::Answer(_, why) => Err(why.unwrap_or(Malformed("answered"))),
        Arrival::Nothing => Err(Malformed("nothing")),
    }
}

#[test]
fn what_is_sealed_is_read_by_its_receiver_and_after_an_answer_takes_eight_bytes_less() {
    let (mut alice, mut bob) = pair();
    let first = seal(&mut alice, BOB, b"hello");
    assert_eq!(first.len(), 15 + 8 + 5 + 16);
    assert!(!first.windows(5).any(|w| w == b"hello"));
    assert_eq!(body(&mut bob, ALICE, &first).unwrap(), b"hello");
    let answer = seal(&mut bob, ALICE, b"yes");
    assert_eq!((answer.len(), body(&mut alice, BOB, &answer).unwrap()), (15 + 3 + 16, b"yes".to_vec()));
    let second = seal(&mut alice, BOB, b"good");
    assert_eq!((second.len(), body(&mut bob, ALICE, &second).unwrap()), (15 + 4 + 16, b"good".to_vec()));
}

#[test]
fn a_flipped_bit_anywhere_a_cut_anywhere_and_garbage_are_refused_and_change_nothing() {
    let (mut alice, mut bob) = pair();
    let packet = seal(&mut alice, BOB, b"word");
    for i in 0..packet.len() * 8 {
        let mut bad = packet.clone();
        bad[i / 8] ^= 1 << (i % 8);
        assert!(body(&mut bob, ALICE, &bad).is_err(), "bit {i}");
    }
    for cut in 0..packet.len() {
        assert!(body(&mut bob, ALICE, &packet[..cut]).is_err(), "cut at {cut}");
    }
    let mut dice = Rng::seeded(1);
    for _ in 0..100_000 {
        let bytes: Vec<u8> = (0..dice.below(80)).map(|_| dice.bits() as u8 | 0x80).collect();
        assert!(body(&mut bob, ALICE, &bytes).is_err());
    }
    assert!(bob.tally().unwrap().answered <= 8, "a flood is not answered");
    assert_eq!(body(&mut bob, ALICE, &packet).unwrap(), b"word", "the window was not written");
}

#[test]
fn a_replay_is_refused_and_packets_overtaken_by_less_than_the_window_are_taken() {
    let (mut alice, mut bob) = pair();
    let packets: Vec<_> = (0..200u8).map(|n| seal(&mut alice, BOB, &[n])).collect();
    let mut take = |n: usize| body(&mut bob, ALICE, &packets[n]).map(|b| b[0]);
    assert_eq!(take(128), Ok(128));
    for n in (1..128).rev() {
        assert_eq!(take(n), Ok(n as u8));
    }
    let late = Err(Malformed("sealed packet replayed, or too late"));
    assert_eq!([take(0), take(1), take(128)], [late, late, late]);
    assert_eq!(take(199), Ok(199));
    assert_eq!([take(71), take(100)], [late, late]);
}

#[test]
fn what_was_recorded_for_another_node_life_label_or_key_is_refused() {
    let (mut alice, mut bob) = pair();
    let packet = seal(&mut alice, BOB, b"word");
    let mut carol = require(PeerId(3), 30);
    let mut reborn = require(BOB, 21);
    let mut elsewhere = make(BOB, 20, Mode::Require, keys(&[OLD]), "other");
    let mut locked = make(BOB, 20, Mode::Require, keys(&[NEW]), "test");
    for other in [&mut carol, &mut reborn, &mut elsewhere, &mut locked, &mut alice] {
        other.know(ALICE, Some(10), None);
        assert!(body(other, ALICE, &packet).is_err());
    }
    let open = draft(&alice, b"word");
    let mut clear = open.clone();
    Envelope::clear("test", ALICE).seal(BOB, &mut clear);
    assert_eq!(body(&mut bob, ALICE, &clear), Err(Malformed("packet in the open")));
    assert!(body(&mut bob, ALICE, &packet).is_ok());
}

#[test]
fn nothing_of_an_earlier_life_of_the_sender_is_taken_twice_and_nothing_of_the_one_before_at_all() {
    let (mut alice, mut bob) = pair();
    let old: Vec<_> = (0..3).map(|_| seal(&mut alice, BOB, b"old")).collect();
    body(&mut bob, ALICE, &old[0]).unwrap();
    let live = |bob: &mut Envelope, session: u64| {
        let mut reborn = require(ALICE, session);
        reborn.know(BOB, Some(20), None);
        bob.know(ALICE, Some(session), None);
        assert_eq!(body(bob, ALICE, &seal(&mut reborn, BOB, b"new")).unwrap(), b"new");
    };
    live(&mut bob, 11);
    assert_eq!(body(&mut bob, ALICE, &old[0]), Err(Malformed("sealed packet replayed, or too late")));
    assert_eq!(body(&mut bob, ALICE, &old[1]).unwrap(), b"old", "late, as a packet may be");
    live(&mut bob, 12);
    assert_eq!(body(&mut bob, ALICE, &old[2]), Err(Malformed("sealed packet of a session that is over")));
}

#[test]
fn strangers_meet_by_a_hello_that_changes_nothing_and_is_answered_by_no_more() {
    let (mut alice, mut bob) = (require(ALICE, 10), require(BOB, 20));
    let contact = PeerId::contact(1);
    let draft = draft(&alice, b"join");
    let [None, Some(hello)] = alice.close(NOW, contact, at(BOB), draft) else { panic!("a packet to nobody") };
    let Ok(Arrival::Answer(answer, None)) = bob.open(NOW, at(ALICE), &hello) else { panic!("not answered") };
    assert_eq!(answer.len(), hello.len());
    let before = format!("{:?}", close(&mut bob, ALICE, b"x")[0]);
    assert_eq!(before, "None", "Bob believes nobody for a hello");
    assert_eq!(body(&mut alice, BOB, &answer).unwrap(), b"");
    let (to, waited) = alice.release(NOW, BOB, at(BOB)).unwrap();
    assert_eq!((to, alice.release(NOW, BOB, at(BOB))), (at(BOB), None));
    assert_eq!(body(&mut bob, ALICE, &waited).unwrap(), b"join");
    let second = draft_to(&mut alice, contact);
    assert_eq!(body(&mut bob, ALICE, &second).unwrap(), b"more");
}

fn draft_to(alice: &mut Envelope, contact: PeerId) -> Vec<u8> {
    let draft = draft(alice, b"more");
    let [Some(packet), None] = alice.close(NOW, contact, at(BOB), draft) else { panic!("the door is shut") };
    packet
}

#[test]
fn hellos_are_answered_at_a_rate_and_what_waits_is_bounded() {
    let (mut alice, mut bob) = (require(ALICE, 10), require(BOB, 20));
    let [None, Some(hello)] = close(&mut alice, BOB, b"x") else { panic!("no hello") };
    let answered = (0..3_000).filter(|_| matches!(bob.open(NOW, at(ALICE), &hello), Ok(Arrival::Answer(..)))).count();
    assert_eq!((answered, bob.tally().unwrap().not_answered), (1_024, 3_000 - 1_024));
    for n in 0..3 * MAX_WAITING as u64 {
        close(&mut alice, PeerId(100 + n), b"x");
    }
    let tally = alice.tally().unwrap();
    assert_eq!(tally.given_up, 1 + 2 * MAX_WAITING as u64);
    assert_eq!((tally.asked, tally.not_asked), (MAX_WAITING as u64, 1 + 2 * MAX_WAITING as u64));
}

/// Carries what one says to the other and back, until nobody answers any more. What came to whom.
fn talk(alice: &mut Envelope, bob: &mut Envelope, packets: [Option<Vec<u8>>; 2]) -> Vec<(PeerId, Vec<u8>)> {
    let mut came = Vec::new();
    let mut way: Vec<(PeerId, Vec<u8>)> = packets.into_iter().flatten().map(|p| (BOB, p)).collect();
    for _ in 0..20 {
        let Some((to, packet)) = way.pop() else { return came };
        let (me, from) = if to == BOB { (&mut *bob, ALICE) } else { (&mut *alice, BOB) };
        match me.open(NOW, at(from), &packet) {
            Ok(Arrival::Packet(opened)) => {
                way.extend(std::iter::from_fn(|| me.release(NOW, from, at(from))).map(|w| (from, w.1)));
                came.extend((!opened.body.is_empty()).then(|| (to, opened.body.to_vec())));
            }
            Ok(Arrival::Answer(answer, _)) => way.push((from, answer)),
            Ok(Arrival::Nothing) | Err(_) => {}
        }
    }
    panic!("they answer each other for ever");
}

#[test]
fn whoever_restarts_with_an_empty_disk_is_found_by_the_first_packet() {
    let (mut alice, mut bob) = pair();
    let packet = seal(&mut alice, BOB, b"one");
    body(&mut bob, ALICE, &packet).unwrap();
    let mut bob = require(BOB, 21);
    let lost = close(&mut alice, BOB, b"two");
    assert_eq!(talk(&mut alice, &mut bob, lost), []);
    let packets = close(&mut alice, BOB, b"three");
    assert_eq!(talk(&mut alice, &mut bob, packets), [(BOB, b"three".to_vec())]);
}

#[test]
fn a_session_that_began_because_the_clocks_parted_is_told_to_whoever_seals_for_the_last_one() {
    let (mut alice, mut bob) = pair();
    bob.clocks(NOW, bruit_proto::Wall(0));
    bob.clocks(NOW, bruit_proto::Wall(3_600_000));
    assert_eq!(bob.tally().unwrap().renewed, 1);
    let lost = close(&mut alice, BOB, b"one");
    assert_eq!(talk(&mut alice, &mut bob, lost), []);
    let packets = close(&mut alice, BOB, b"two");
    assert_eq!(talk(&mut alice, &mut bob, packets), [(BOB, b"two".to_vec())]);
}

#[test]
fn keys_rotate_under_traffic() {
    let (mut alice, mut bob) = pair();
    let both = |alice: &mut Envelope, bob: &mut Envelope| {
        let packet = seal(alice, BOB, b"word");
        assert!(body(bob, ALICE, &packet).is_ok());
        let packet = seal(bob, ALICE, b"word");
        assert!(body(alice, BOB, &packet).is_ok());
        packet
    };
    // The session that comes with other keys is not taken: one's own goes on.
    let with = |ring: &[&str]| Some(Seal { mode: Mode::Require, keys: keys(ring), session: 1, fresh: Arc::new(|| 1) });
    let mut step = |ring: &[&str]| {
        alice.reseal("test", with(ring));
        both(&mut alice, &mut bob);
        bob.reseal("test", with(ring));
        both(&mut alice, &mut bob);
    };
    step(&[OLD, NEW]);
    step(&[NEW, OLD]);
    step(&[NEW]);
    let mut late = make(PeerId(3), 30, Mode::Require, keys(&[OLD]), "test");
    late.know(BOB, Some(20), None);
    let packet = seal(&mut late, BOB, b"late");
    assert_eq!(body(&mut bob, PeerId(3), &packet), Err(Malformed("sealed by a key that is not ours")));
}

#[test]
fn a_cluster_goes_from_open_to_sealed_node_by_node() {
    let modes = [None, Some(Mode::Permissive), Some(Mode::Require)];
    let make = |me: PeerId, session: u64, mode: Option<Mode>| match mode {
        Some(mode) => make(me, session, mode, keys(&[OLD]), "test"),
        None => Envelope::clear("test", me),
    };
    for (i, one) in modes.into_iter().enumerate() {
        for (j, two) in modes.into_iter().enumerate() {
            let (mut alice, mut bob) = (make(ALICE, 10, one), make(BOB, 20, two));
            let take = |alice: &mut Envelope, bob: &mut Envelope, to: PeerId| {
                let draft = draft(alice, b"word");
                let packets = alice.close(NOW, to, at(BOB), draft);
                talk(alice, bob, packets).len()
            };
            for to in [BOB, PeerId::contact(1)] {
                let first = take(&mut alice, &mut bob, to);
                let then = take(&mut alice, &mut bob, to);
                // Only the first packet in the open is lost, and only to one that requires sealing.
                let reached = i.abs_diff(j) < 2;
                assert_eq!(then, usize::from(reached), "{one:?} to {two:?}");
                assert!(first == then || (i, j) == (1, 2), "{one:?} to {two:?}");
            }
        }
    }
}

fn say_to_group(from: &mut Envelope, body: &[u8]) -> Vec<u8> {
    let draft = draft(from, body);
    from.close_group(draft)
}

#[test]
fn what_is_said_to_a_group_is_taken_once_by_each_who_believes_its_session() {
    let (mut alice, mut bob) = pair();
    let packet = say_to_group(&mut alice, b"news");
    assert!(packet.len() == 15 + 4 + 16 && !packet.windows(4).any(|w| w == b"news"));
    assert_eq!(alice.open_group(&packet), Ok(None), "my own, come back");
    let mut carol = require(PeerId(3), 30);
    let strange = Err(Malformed("group packet of a session that is not believed"));
    assert_eq!(carol.open_group(&packet), strange);
    assert_eq!(carol.tally().unwrap().answered + carol.tally().unwrap().asked, 0, "nobody is asked");
    carol.know(ALICE, Some(10), None);
    for reader in [&mut bob, &mut carol] {
        let opened = reader.open_group(&packet).unwrap().unwrap();
        assert_eq!((opened.sender, &opened.body[..]), (ALICE, &b"news"[..]));
        assert_eq!(reader.open_group(&packet), Err(Malformed("group packet replayed, or too late")));
    }
    assert_eq!(make(PeerId(4), 40, Mode::Require, keys(&[OLD]), "other").open_group(&packet), strange);
}

#[test]
fn the_window_of_a_group_is_its_own_and_ends_where_the_session_has_long_gone_on() {
    let (mut alice, mut bob) = pair();
    let said: Vec<_> = (0..3).map(|_| say_to_group(&mut alice, b"news")).collect();
    let mut words: Vec<_> = (0..130).map(|_| seal(&mut alice, BOB, b"word")).collect();
    assert!(bob.open_group(&said[2]).unwrap().is_some());
    assert!(bob.open_group(&said[0]).unwrap().is_some(), "in any order");
    let last = words.pop().unwrap();
    assert_eq!(body(&mut bob, ALICE, &words[100]).unwrap(), b"word", "what came by the group does not hold back the rest");
    assert_eq!(body(&mut bob, ALICE, &words[0]).unwrap(), b"word");
    assert_eq!(body(&mut bob, ALICE, &last).unwrap(), b"word");
    assert_eq!(bob.open_group(&said[1]), Err(Malformed("group packet replayed, or too late")), "recorded long ago");
}

#[test]
fn a_group_packet_and_one_to_a_node_are_not_taken_for_one_another() {
    let (mut alice, mut bob) = pair();
    let (said, word) = (say_to_group(&mut alice, b"news"), seal(&mut alice, BOB, b"word"));
    assert_eq!(body(&mut bob, ALICE, &said), Err(Malformed("group packet to one node")));
    assert_eq!(bob.open_group(&word), Err(Malformed("sealed packet for one node, by the group")));
    let [_, Some(hello)] = close(&mut alice, PeerId(9), b"word") else { panic!("no hello") };
    assert!(bob.open_group(&hello).is_err());
    for i in 0..said.len() * 8 {
        let mut bad = said.clone();
        bad[i / 8] ^= 1 << (i % 8);
        assert!(bob.open_group(&bad).is_err() && body(&mut bob, ALICE, &bad).is_err(), "bit {i}");
    }
    (0..said.len()).for_each(|n| assert!(bob.open_group(&said[..n]).is_err(), "cut at {n}"));
    assert!(bob.open_group(&said).unwrap().is_some(), "nothing of this marked its window");
}

#[test]
fn in_the_open_a_group_packet_is_one_of_its_label_and_while_keys_come_it_stays_open() {
    let clear = |me| Envelope::clear("test", me);
    let packet = say_to_group(&mut clear(ALICE), b"news");
    assert_eq!(clear(ALICE).open_group(&packet), Ok(None), "my own, come back");
    assert_eq!(clear(BOB).open_group(&packet).unwrap().unwrap().sender, ALICE);
    assert!(Envelope::clear("other", BOB).open_group(&packet).is_err());
    assert_eq!(clear(BOB).unseal(&packet), Err(Malformed("group packet to one node")));
    let mut word = draft(&clear(ALICE), b"word");
    clear(ALICE).seal(PeerId::NONE, &mut word);
    assert_eq!(clear(BOB).open_group(&word), Err(Malformed("packet for one node, by the group")));
    assert_eq!(require(BOB, 20).open_group(&packet), Err(Malformed("packet in the open")));
    let permissive = || make(BOB, 20, Mode::Permissive, keys(&[OLD]), "test");
    assert_eq!(say_to_group(&mut permissive(), b"news")[0] & 0x80, 0);
    assert!(permissive().open_group(&packet).unwrap().is_some());
}
