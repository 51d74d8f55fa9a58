//! Whatever comes from the network: nothing panics, nothing damaged passes, nothing grows beyond what came.

use bruit_proto::{Malformed, PeerId, Reader, Wire, put_bytes};
use bruit_wire::{Channel, Envelope, MAX_FRAME, Packer, Piece, take_message};
use proptest::prelude::*;

/// A message of some length.
#[derive(Clone, Debug, PartialEq)]
struct Word(Vec<u8>);

impl Wire for Word {
    fn encode(&self, out: &mut Vec<u8>) {
        put_bytes(out, &self.0);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Word, Malformed> {
        Ok(Word(input.bytes(MAX_FRAME)?.to_vec()))
    }
}

const ALICE: PeerId = PeerId(0x0123_4567_89AB_CDEF);
const BOB: PeerId = PeerId(2);

fn envelope(me: PeerId) -> Envelope {
    Envelope::clear("test", me)
}

fn words() -> impl Strategy<Value = Vec<Word>> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300).prop_map(Word), 1..40)
}

/// All packets that these words take, the last one closed too.
fn pack(words: &[Word], limit: usize) -> Vec<Vec<u8>> {
    let alice = envelope(ALICE);
    let mut packer = Packer::new(&alice, limit);
    let mut packets: Vec<_> =
        words.iter().filter_map(|w| packer.append(&alice, w).unwrap()).map(|p| p.seal(&alice, BOB)).collect();
    packets.push(packer.seal(&alice, BOB));
    packets
}

fn unpack(packet: &[u8]) -> Result<Vec<Word>, Malformed> {
    let bob = envelope(BOB);
    let opened = bob.unseal(packet)?;
    let mut input = Reader::new(&opened.body);
    let mut words = Vec::new();
    while !input.is_empty() {
        words.extend(take_message(&mut input)?);
    }
    Ok(words)
}

/// What a reader gets from a stream cut into chunks of this size, and how much it held at most between two chunks.
fn deframe(stream: &[u8], chunk: usize) -> (Result<Vec<Vec<u8>>, Malformed>, usize) {
    let (bob, mut channel, mut bodies, mut held) = (envelope(BOB), Channel::accepted(), Vec::new(), 0);
    for bytes in stream.chunks(chunk) {
        channel.push(bytes);
        loop {
            match channel.next(&bob) {
                Ok(Some(Piece::Body(body))) => bodies.push(body.to_vec()),
                Ok(Some(Piece::Hello(hello))) => assert_eq!(hello.sender, ALICE),
                Ok(None) => break,
                Err(why) => return (Err(why), held),
            }
        }
        held = held.max(channel.held());
    }
    (Ok(bodies), held)
}

fn stream(bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    envelope(ALICE).hello(BOB, &mut out);
    bodies.iter().for_each(|body| envelope(ALICE).frame(body, &mut out));
    out
}

proptest! {
    #[test]
    fn packets_stand_alone_and_stay_within_the_limit(words in words(), limit in 330..2_000_usize) {
        let packets = pack(&words, limit);
        prop_assert!(packets.iter().all(|p| p.len() <= limit));
        let mut got = Vec::new();
        for packet in &packets {
            got.extend(unpack(packet).unwrap());
        }
        prop_assert_eq!(got, words);
    }

    #[test]
    fn up_to_three_flipped_bits_never_pass(words in words(), flips in prop::collection::btree_set(0..9_600_usize, 1..=3)) {
        let mut packet = pack(&words, 1_200).remove(0);
        let flips: std::collections::BTreeSet<_> = flips.into_iter().map(|f| f % (packet.len() * 8)).collect();
        // The flag changes what the sum is seeded with; then it misses with a chance of 2^-32, as any other damage.
        flips.iter().for_each(|f| packet[f / 8] ^= 1 << (f % 8));
        prop_assert!(unpack(&packet).is_err());
    }

    #[test]
    fn a_cut_packet_never_passes(words in words(), cut in any::<prop::sample::Index>()) {
        let packet = pack(&words, 1_200).remove(0);
        prop_assert!(unpack(&packet[..cut.index(packet.len())]).is_err());
    }

    #[test]
    fn garbage_never_passes_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..2_000), chunk in 1..500_usize) {
        prop_assert!(unpack(&bytes).is_err());
        let mut after_hello = stream(&[]);
        after_hello.extend_from_slice(&bytes);
        for stream in [&bytes, &after_hello] {
            let (got, held) = deframe(stream, chunk);
            prop_assert!(held <= stream.len());
            prop_assert!(got.map_or(true, |bodies| bodies.is_empty()));
        }
    }

    #[test]
    fn frames_come_out_as_they_went_in_wherever_they_are_cut(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..3_000), 0..20), chunk in 1..5_000_usize,
    ) {
        let (got, held) = deframe(&stream(&bodies), chunk);
        prop_assert_eq!(got.unwrap(), bodies);
        prop_assert!(held < 3_000 + 7);
    }

    #[test]
    fn a_flipped_bit_ends_a_stream_or_leaves_it_waiting(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..5), flip in any::<prop::sample::Index>(),
    ) {
        let mut stream = stream(&bodies);
        let flip = flip.index(stream.len() * 8);
        stream[flip / 8] ^= 1 << (flip % 8);
        let got = deframe(&stream, 1_000).0.unwrap_or_default();
        prop_assert!(got.len() < bodies.len() && bodies.starts_with(&got));
    }
}

#[test]
fn a_frame_too_long_is_refused_before_it_is_waited_for() {
    for length in [vec![0x81, 0x80, 0x10], vec![0xFF, 0xFF, 0xFF, 0xFF, 0x0F], vec![0x00], vec![0x80, 0x00]] {
        let mut stream = stream(&[]);
        stream.extend_from_slice(&length);
        stream.extend_from_slice(&[0; 4]);
        assert!(deframe(&stream, 7).0.is_err(), "{length:x?}");
    }
}

#[test]
fn the_longest_frame_passes() {
    let body = vec![7; MAX_FRAME];
    assert_eq!(deframe(&stream(std::slice::from_ref(&body)), 1_500).0, Ok(vec![body]));
}

#[test]
fn what_is_not_bruit_is_refused_at_its_first_byte() {
    assert!(deframe(b"G", 1).0.is_err());
    assert_eq!(deframe(b"br", 1).0, Ok(vec![]));
}

#[test]
fn a_ping_with_two_digests_takes_at_most_thirty_bytes() {
    // Tag, sequence number of up to three bytes, digest; tag, digest.
    let mut packer = Packer::new(&envelope(ALICE), 1_200);
    for size in [8, 5] {
        assert!(packer.push(&Word(vec![0; size - 1])));
    }
    assert_eq!(packer.seal(&envelope(ALICE), BOB).len(), 26);
}
