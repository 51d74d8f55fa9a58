//! Sealed streams: nothing damaged, cut off, replayed, foreign or in the open passes, and nothing is held for a stranger.

use bruit_proto::{Malformed, PeerId, Time};
use bruit_wire::{Channel, Envelope, Hello, KeyRing, MAX_FRAME, Mode, Piece, Seal};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const ALICE: PeerId = PeerId(1);
const BOB: PeerId = PeerId(2);
const NOW: Time = Time(5_000_000);
/// The handshake's two messages: docs/wire.md.
const OPENING: usize = 65;
const ANSWER: usize = 64;

fn envelope(me: PeerId, life: u64, label: &str, key: u8) -> Envelope {
    let next = AtomicU64::new(1_000 * life);
    let fresh = Arc::new(move || next.fetch_add(1, Ordering::Relaxed));
    let keys = KeyRing::generate([key; 32]);
    Envelope::sealed(label, me, Seal { mode: Mode::Require, keys, session: life, fresh })
}

fn alice() -> Envelope {
    envelope(ALICE, 10, "test", 7)
}

fn bob() -> Envelope {
    envelope(BOB, 20, "test", 7)
}

/// What one side writes of this body; all of it, or none while the handshake runs.
fn write(channel: &mut Channel, envelope: &Envelope, to: PeerId, body: &mut Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    channel.write(NOW, envelope, to, body, &mut out);
    out
}

/// What comes out of these bytes, pushed in chunks of this size.
fn read(channel: &mut Channel, envelope: &Envelope, bytes: &[u8], chunk: usize) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut bodies = Vec::new();
    for bytes in bytes.chunks(chunk) {
        channel.push(bytes);
        while let Some(piece) = channel.next(envelope)? {
            match piece {
                Piece::Hello(Hello { sender, .. }) => assert!(sender == ALICE || sender == BOB),
                Piece::Body(body) => bodies.push(body.to_vec()),
            }
        }
    }
    Ok(bodies)
}

/// All that Alice writes on a stream to Bob on which she says these bodies and ends.
fn recorded(bodies: &[&[u8]]) -> Vec<u8> {
    let (alice, bob) = (alice(), bob());
    let (mut here, mut there) = (Channel::dialled(None), Channel::accepted());
    let mut bodies = bodies.iter().map(|b| b.to_vec());
    let mut first = bodies.next().unwrap();
    let mut all = write(&mut here, &alice, BOB, &mut first);
    assert_eq!((all.len(), first.is_empty()), (OPENING, false), "what is to be said waits for the handshake");
    assert_eq!(read(&mut there, &bob, &all, 1_000), Ok(vec![]));
    let answer = write(&mut there, &bob, ALICE, &mut Vec::new());
    assert_eq!(answer.len(), ANSWER);
    assert_eq!(read(&mut here, &alice, &answer, 7), Ok(vec![]));
    all.extend(write(&mut here, &alice, BOB, &mut first));
    bodies.for_each(|mut body| all.extend(write(&mut here, &alice, BOB, &mut body)));
    here.end(&mut all);
    all
}

/// A Bob who will draw what the Bob of [`recorded`] drew, so that the recording verifies.
fn replay(bytes: &[u8], chunk: usize) -> (Result<Vec<Vec<u8>>, Malformed>, Channel) {
    let (bob, mut channel) = (bob(), Channel::accepted());
    let got = read(&mut channel, &bob, bytes, chunk);
    (got, channel)
}

#[test]
fn a_frame_takes_nineteen_bytes_and_a_stream_hundred_and_sixty_five_more() {
    let bytes = recorded(&[b"secret", b"words"]);
    assert_eq!(bytes.len(), OPENING + (2 + 1 + 6 + 16) + (2 + 1 + 5 + 16) + (2 + 16));
    assert!(!bytes.windows(5).any(|w| w == b"secre" || w == b"words"));
    assert_eq!(bytes[0] & 0xE0, 0x80);
    let (got, channel) = replay(&bytes, 1);
    assert_eq!(got, Ok(vec![b"secret".to_vec(), b"words".to_vec()]));
    assert!(!channel.is_amid());
}

#[test]
fn a_flipped_bit_anywhere_ends_the_stream_or_leaves_it_waiting() {
    let bytes = recorded(&[b"word", b"more"]);
    for i in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[i / 8] ^= 1 << (i % 8);
        let (got, channel) = replay(&bad, 1_000);
        let whole = [b"word".to_vec(), b"more".to_vec()];
        assert!(got.is_err() || channel.is_amid() && whole.starts_with(&got.unwrap()), "bit {i}");
    }
}

#[test]
fn a_stream_that_is_cut_off_anywhere_has_not_ended() {
    let bytes = recorded(&[b"word", b"more"]);
    for cut in 1..bytes.len() {
        let (got, channel) = replay(&bytes[..cut], 1_000);
        assert!(got.is_ok() && channel.is_amid(), "cut at {cut}");
    }
}

#[test]
fn nothing_of_a_recorded_stream_is_taken_in_another_life_by_another_node_label_or_key() {
    let bytes = recorded(&[b"word"]);
    let reborn = envelope(BOB, 21, "test", 7);
    let mut channel = Channel::accepted();
    assert_eq!(read(&mut channel, &reborn, &bytes, 1_000), Err(Malformed("record damaged")));
    let others = [envelope(PeerId(3), 20, "test", 7), envelope(BOB, 20, "other", 7), envelope(BOB, 20, "test", 8)];
    let why =
        ["hello for another node", "stream damaged, of another key or cluster", "stream damaged, of another key or cluster"];
    for (other, why) in others.iter().zip(why) {
        let mut channel = Channel::accepted();
        assert_eq!(read(&mut channel, other, &bytes, 1_000), Err(Malformed(why)));
        assert!(write(&mut channel, other, ALICE, &mut Vec::new()).is_empty(), "no answer");
    }
    let mut own = Channel::dialled(None);
    let (alice, mut body) = (alice(), b"x".to_vec());
    let opening = write(&mut own, &alice, BOB, &mut body);
    assert!(read(&mut own, &alice, &opening, 1_000).is_err(), "one's own opening is no answer");
    let unasked = read(&mut Channel::dialled(None), &alice, b"b", 1);
    assert_eq!(unasked, Err(Malformed("answer on a stream that asked nothing")));
    let again = write(&mut Channel::dialled(None), &alice, BOB, &mut body);
    assert_ne!(opening[1..33], again[1..33], "each stream has an ephemeral key of its own");
}

#[test]
fn lengths_are_refused_before_they_are_waited_for_and_nothing_follows_the_end() {
    let handshake = &recorded(&[b"x"])[..OPENING];
    for length in [0_u16, 15, 16 * 1024 + 17, u16::MAX] {
        let (got, channel) = replay(&[handshake, &length.to_be_bytes()].concat(), 7);
        assert_eq!(got, Err(Malformed("record longer or shorter than its bounds")), "{length}");
        assert!(channel.held() <= 2);
    }
    let after = [recorded(&[b"x"]), vec![0]].concat();
    assert_eq!(replay(&after, 1_000).0, Err(Malformed("record after the last")));
}

#[test]
fn a_stranger_makes_nobody_hold_more_than_a_record() {
    let handshake = &recorded(&[b"x"])[..OPENING];
    let mut garbage = handshake.to_vec();
    garbage.extend_from_slice(&(16 * 1024 + 16_u16).to_be_bytes());
    garbage.extend(std::iter::repeat_n(7, 16 * 1024 + 15));
    let (got, channel) = replay(&garbage, 1_400);
    assert_eq!((got, channel.held()), (Ok(vec![]), 16 * 1024 + 17));
    garbage.push(7);
    assert_eq!(replay(&garbage, 1_400).0, Err(Malformed("record damaged")));
    assert_eq!(replay(&handshake[..OPENING - 1], 1).1.held(), OPENING - 1);
    for first in [0xA0, 0xC0, 0xFF] {
        assert_eq!(replay(&[first], 1).0, Err(Malformed("stream of an unknown kind or version")));
    }
}

#[test]
fn the_longest_frame_passes_in_records() {
    let body = vec![7; MAX_FRAME];
    let bytes = recorded(&[&body]);
    let records = (MAX_FRAME + 3).div_ceil(16 * 1024);
    assert_eq!(bytes.len(), OPENING + MAX_FRAME + 3 + 18 * (records + 1));
    assert_eq!(replay(&bytes, 1_400).0, Ok(vec![body]));
}

#[test]
fn of_two_keys_that_share_their_bits_on_the_wire_each_opens() {
    let bits = |key: u8| KeyRing::generate([key; 32]).ids().next().unwrap().0 & 0x1F;
    let twin = (8..=255).find(|key| bits(*key) == bits(7)).unwrap();
    let hex = |key: u8| format!("{key:02x}").repeat(32);
    let keys = KeyRing::parse(&format!("{}\n{}", hex(twin), hex(7))).unwrap();
    let mut bob = bob();
    bob.reseal("test", Some(Seal { mode: Mode::Require, keys, session: 1, fresh: Arc::new(|| 1) }));
    let mut channel = Channel::accepted();
    assert_eq!(read(&mut channel, &bob, &recorded(&[b"x"])[..OPENING], 99), Ok(vec![]));
    assert_eq!(write(&mut channel, &bob, ALICE, &mut Vec::new()).len(), ANSWER);
}

#[test]
fn each_mode_takes_what_it_should() {
    let open = {
        let mut bytes = Vec::new();
        Envelope::clear("test", ALICE).hello(BOB, &mut bytes);
        bytes
    };
    let sealed = recorded(&[b"x"])[..OPENING].to_vec();
    let mut permissive = bob();
    let keys = KeyRing::generate([7; 32]);
    permissive.reseal("test", Some(Seal { mode: Mode::Permissive, keys, session: 1, fresh: Arc::new(|| 1) }));
    let mut off = bob();
    off.reseal("test", None);
    let clear = Envelope::clear("test", BOB);
    for (envelope, takes) in
        [(&clear, [true, false]), (&off, [true, false]), (&permissive, [true, true]), (&bob(), [false, true])]
    {
        let taken = [&open, &sealed].map(|bytes| read(&mut Channel::accepted(), envelope, bytes, 1_000).is_ok());
        assert_eq!(taken, takes, "{envelope:?}");
    }
    // Whom a permissive node has not heard sealing, it does not seal to.
    let mut body = b"x".to_vec();
    let said = write(&mut Channel::dialled(None), &permissive, ALICE, &mut body);
    assert_eq!((&said[..3], body.is_empty()), (&b"bru"[..], true));
}

proptest! {
    #[test]
    fn garbage_never_passes_and_never_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..600), kept in 0..=OPENING, chunk in 1..200_usize,
    ) {
        let mut stream = recorded(&[b"x"])[..kept].to_vec();
        stream.extend_from_slice(&bytes);
        let (got, channel) = replay(&stream, chunk);
        prop_assert!(got.map_or(true, |bodies| bodies.is_empty()));
        prop_assert!(channel.held() <= stream.len());
    }

    #[test]
    fn frames_come_out_as_they_went_in_wherever_they_are_cut(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20_000), 1..6), chunk in 1..5_000_usize,
    ) {
        let words: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let (got, channel) = replay(&recorded(&words), chunk);
        prop_assert_eq!(got.unwrap(), bodies);
        prop_assert_eq!((channel.is_amid(), channel.held()), (false, 0));
    }
}
