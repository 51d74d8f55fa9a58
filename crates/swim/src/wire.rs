//! The native layout of SWIM's messages: one tag, then the fields in order. Numbers are varints unless a width is said.

use crate::message::{MAX_ACCUSERS, MAX_DEPTH, MAX_FINGERPRINTS, Message, Update};
use bruit_proto::{Malformed, PeerId, Reader, Record, Wire, put_varint, varint_size};
use std::sync::Arc;

const PING: u8 = 1;
const ACK: u8 = 2;
const PING_REQ: u8 = 3;
const NACK: u8 = 4;
const ALIVE: u8 = 5;
const SUSPECT: u8 = 6;
const DEAD: u8 = 7;
const LEFT: u8 = 8;
const WHO: u8 = 9;
const CHECK: u8 = 10;
const HERE: u8 = 11;
const JOIN: u8 = 12;
const ABOVE: u8 = 13;
const TAKEN: u8 = 14;
const BUSY: u8 = 15;
const RECENT: u8 = 16;
const WANT: u8 = 17;
const SENT: u8 = 18;
const SUMS: u8 = 19;
const BUCKETS: u8 = 20;

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Ping { seq, digest } => contact(out, PING, *seq, *digest),
            Message::Ack { seq, digest } => contact(out, ACK, *seq, *digest),
            Message::PingReq { seq, target } => {
                number(out, PING_REQ, u64::from(*seq));
                id(out, *target);
            }
            Message::Nack { seq } => number(out, NACK, u64::from(*seq)),
            Message::Update(update) => update.encode(out),
            Message::Who => out.push(WHO),
            Message::Check { seq, session } => {
                number(out, CHECK, u64::from(*seq));
                out.extend_from_slice(&session.to_be_bytes());
            }
            Message::Here { seq } => number(out, HERE, u64::from(*seq)),
            Message::Join { incarnation, record } => {
                number(out, JOIN, *incarnation);
                record.encode(out);
            }
            Message::Above { incarnation } => number(out, ABOVE, *incarnation),
            Message::Taken => out.push(TAKEN),
            Message::Busy { ask } => {
                out.extend_from_slice(&[BUSY, u8::from(ask.is_some())]);
                ask.iter().for_each(|record| record.encode(out));
            }
            Message::Recent { asks, fingerprints } => {
                out.extend_from_slice(&[RECENT, u8::from(*asks)]);
                words(out, fingerprints);
            }
            Message::Want { fingerprints } => {
                out.push(WANT);
                words(out, fingerprints);
            }
            Message::Sent { digest, clock } => {
                out.push(SENT);
                out.extend_from_slice(&digest.to_be_bytes());
                put_varint(out, *clock);
            }
            Message::Sums { depth, sums } => {
                out.extend_from_slice(&[SUMS, *depth]);
                sums.iter().for_each(|sum| out.extend_from_slice(&sum.to_be_bytes()));
            }
            Message::Buckets { depth, buckets, fingerprints } => {
                out.extend_from_slice(&[BUCKETS, *depth]);
                put_varint(out, buckets.len() as u64);
                buckets.iter().for_each(|b| put_varint(out, u64::from(*b)));
                words(out, fingerprints);
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        let tag = input.peek().ok_or(Malformed("truncated"))?;
        if (ALIVE..=LEFT).contains(&tag) {
            return Update::decode(input).map(Message::Update);
        }
        input.u8()?;
        Ok(match tag {
            PING => Message::Ping { seq: short(input)?, digest: input.u32()? },
            ACK => Message::Ack { seq: short(input)?, digest: input.u32()? },
            PING_REQ => Message::PingReq { seq: short(input)?, target: peer(input)? },
            NACK => Message::Nack { seq: short(input)? },
            WHO => Message::Who,
            CHECK => Message::Check { seq: short(input)?, session: input.u64()? },
            HERE => Message::Here { seq: short(input)? },
            JOIN => Message::Join { incarnation: input.varint()?, record: Arc::new(Record::decode(input)?) },
            ABOVE => Message::Above { incarnation: input.varint()? },
            TAKEN => Message::Taken,
            BUSY => Message::Busy { ask: flag(input)?.then(|| Record::decode(input).map(Arc::new)).transpose()? },
            RECENT => Message::Recent { asks: flag(input)?, fingerprints: read_words(input)? },
            WANT => Message::Want { fingerprints: read_words(input)? },
            SENT => Message::Sent { digest: input.u32()?, clock: input.varint()? },
            SUMS => {
                let depth = read_depth(input)?;
                Message::Sums { depth, sums: (0..1u32 << depth).map(|_| input.u32()).collect::<Result<_, _>>()? }
            }
            BUCKETS => {
                let depth = read_depth(input)?;
                let count = input.varint()?;
                if count > 1 << depth {
                    return Err(Malformed("more buckets than there are"));
                }
                let bucket =
                    |_| u16::try_from(input.varint()?).ok().filter(|b| *b < 1 << depth).ok_or(Malformed("no such bucket"));
                let buckets = (0..count).map(bucket).collect::<Result<_, _>>()?;
                Message::Buckets { depth, buckets, fingerprints: read_words(input)? }
            }
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        match self {
            Message::Ping { seq, .. } | Message::Ack { seq, .. } => 5 + varint_size(u64::from(*seq)),
            Message::PingReq { seq, .. } => 9 + varint_size(u64::from(*seq)),
            _ => {
                let mut out = Vec::new();
                self.encode(&mut out);
                out.len()
            }
        }
    }
}

impl Wire for Update {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Update::Alive { incarnation, record } => {
                number(out, ALIVE, *incarnation);
                record.encode(out);
            }
            Update::Suspect { peer, incarnation, accusers } => {
                number(out, SUSPECT, *incarnation);
                id(out, *peer);
                out.push(accusers.len() as u8);
                accusers.iter().for_each(|a| id(out, *a));
            }
            Update::Dead { peer, incarnation, by } => {
                number(out, DEAD, *incarnation);
                id(out, *peer);
                id(out, *by);
            }
            Update::Left { peer, incarnation, clock, prune } => {
                number(out, LEFT, *incarnation);
                id(out, *peer);
                put_varint(out, *clock);
                out.push(u8::from(*prune));
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Update, Malformed> {
        let tag = input.u8()?;
        let incarnation = input.varint()?;
        Ok(match tag {
            ALIVE => Update::Alive { incarnation, record: Arc::new(Record::decode(input)?) },
            SUSPECT => {
                let peer = peer(input)?;
                let count = input.u8()?;
                if !(1..=MAX_ACCUSERS).contains(&usize::from(count)) {
                    return Err(Malformed("a suspicion has one to four accusers"));
                }
                Update::Suspect { peer, incarnation, accusers: (0..count).map(|_| self::peer(input)).collect::<Result<_, _>>()? }
            }
            DEAD => Update::Dead { peer: peer(input)?, incarnation, by: peer(input)? },
            LEFT => Update::Left { peer: peer(input)?, incarnation, clock: input.varint()?, prune: flag(input)? },
            _ => return Err(Malformed("unknown tag")),
        })
    }
}

fn number(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    put_varint(out, value);
}

fn contact(out: &mut Vec<u8>, tag: u8, seq: u32, digest: u32) {
    number(out, tag, u64::from(seq));
    out.extend_from_slice(&digest.to_be_bytes());
}

fn id(out: &mut Vec<u8>, peer: PeerId) {
    out.extend_from_slice(&peer.0.to_be_bytes());
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    put_varint(out, words.len() as u64);
    words.iter().for_each(|w| out.extend_from_slice(&w.to_be_bytes()));
}

fn short(input: &mut Reader<'_>) -> Result<u32, Malformed> {
    u32::try_from(input.varint()?).map_err(|_| Malformed("sequence number too large"))
}

fn peer(input: &mut Reader<'_>) -> Result<PeerId, Malformed> {
    let peer = PeerId(input.u64()?);
    if peer.is_contact() || peer == PeerId::NONE { Err(Malformed("not a member's id")) } else { Ok(peer) }
}

fn flag(input: &mut Reader<'_>) -> Result<bool, Malformed> {
    match input.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed("a flag is 0 or 1")),
    }
}

fn read_depth(input: &mut Reader<'_>) -> Result<u8, Malformed> {
    Some(input.u8()?).filter(|d| *d <= MAX_DEPTH).ok_or(Malformed("digest search too deep"))
}

fn read_words(input: &mut Reader<'_>) -> Result<Vec<u32>, Malformed> {
    let count = input.varint()?;
    if count > MAX_FINGERPRINTS as u64 {
        return Err(Malformed("too many fingerprints"));
    }
    let bytes = input.take(count as usize * 4)?;
    Ok(bytes.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Tags;

    fn all() -> Vec<Message> {
        let record = Arc::new(Record::new("node-001", 7, vec!["10.0.0.1:7946".parse().unwrap()], Tags::default()).unwrap());
        let (peer, by) = (PeerId(7), PeerId(9));
        let mut messages = vec![
            Message::Ping { seq: 300, digest: 0xDEAD_BEEF },
            Message::Ack { seq: u32::MAX, digest: 1 },
            Message::PingReq { seq: 1, target: peer },
            Message::Nack { seq: 1 },
            Message::Who,
            Message::Check { seq: 1, session: u64::MAX },
            Message::Here { seq: 1 },
            Message::Join { incarnation: 3, record: record.clone() },
            Message::Above { incarnation: 9 },
            Message::Taken,
            Message::Busy { ask: None },
            Message::Busy { ask: Some(record.clone()) },
            Message::Recent { asks: true, fingerprints: vec![1, 2] },
            Message::Want { fingerprints: vec![] },
            Message::Sent { digest: 5, clock: 70 },
            Message::Sums { depth: 2, sums: vec![1, 2, 3, 4] },
            Message::Buckets { depth: 9, buckets: vec![0, 511], fingerprints: vec![9] },
        ];
        messages.extend(
            [
                Update::Alive { incarnation: 1, record },
                Update::Suspect { peer, incarnation: 200, accusers: vec![by, PeerId(10)] },
                Update::Dead { peer, incarnation: 1, by },
                Update::Left { peer, incarnation: 1, clock: 3, prune: true },
            ]
            .map(Message::Update),
        );
        messages
    }

    #[test]
    fn round_trips_and_refuses_every_cut() {
        for message in all() {
            let mut out = Vec::new();
            message.encode(&mut out);
            assert_eq!(out.len(), message.size(), "{message:?}");
            let mut input = Reader::new(&out);
            assert_eq!(Message::decode(&mut input), Ok(message.clone()));
            assert!(input.is_empty(), "{message:?}");
            for cut in 0..out.len() {
                assert!(Message::decode(&mut Reader::new(&out[..cut])).is_err(), "{message:?} cut at {cut}");
            }
        }
    }

    /// The native figure: ten updates with names of eight bytes, IPv4 and no tags fit 400 bytes with their envelope.
    #[test]
    fn ten_updates_fit_400_bytes() {
        let ten: usize = all().iter().filter(|m| matches!(m, Message::Update(Update::Alive { .. }))).map(|m| m.size() * 10).sum();
        assert!(ten + 13 <= 400, "{ten}");
    }
}
