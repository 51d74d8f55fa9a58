use crate::delta::Delta;
use crate::digest::Digest;
use crate::endpoint::{Endpoint, Status};
use crate::heart_beat::HeartBeat;
use crate::message::{Ack, Ack2, Message, Sums, Syn};
use crate::value::{Key, Value};
use bruit_kit::Hlc;
use bruit_proto::{Malformed, PeerId, Reader, Wire, put_bytes, put_varint, varint_size};

const SUM: u8 = 56;
const SUMS: u8 = 57;
const SYN: u8 = 58;
const ACK: u8 = 59;
const ACK2: u8 = 60;
const NEWS: u8 = 61;
const ECHO: u8 = 62;
const ECHOED: u8 = 63;

/// Flags of an ACK and an ACK2.
const MORE: u8 = 1;
const SHADOW: u8 = 2;
/// Flags of a delta: its status in the low two bits.
const AGED: u8 = 4;
const VALUES: u8 = 8;

/// Digests or deltas in one message at most: 1,200 bytes hold 120 of the smallest.
const MAX_LIST: u64 = 512;
/// The six bytes of a sum.
pub(crate) const SUM_MASK: u64 = (1 << 48) - 1;

/// ```text
/// 56 sum     6
/// 57 sums    from 8 | count varint (at most 8) | last 8, sum 4 each
/// 58 syn     from 8 | to 8 | base varint | digests
/// 59 ack     flags 1 (1 more, 2 shadow) | base varint | digests wanted | deltas
/// 60 ack2    flags 1 (1 more) | base varint | deltas
/// 61 news    delta, with a base of zero
/// 62 echo    generation varint
/// 63 echoed  generation varint
///    digests count varint, then node 8 | generation - base varint | version varint each; in a syn by ascending node
///    deltas  count varint, then delta each
///    delta   node 8 | flags 1 (0-2 status, 4 age, 8 values) | generation - base varint | above varint | heartbeat varint
///            | [age varint, s] | [count varint, then value each by ascending version]
///    value   namespace | name | version varint | [stamp 8, if it has a namespace] | value
///    namespace, name, value: length varint, then bytes (at most 64, 64, 800)
/// ```
/// `base` is the least generation in the message: lives that began in one year differ in fewer bytes than they have.
impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Sum(sum) => {
                out.push(SUM);
                out.extend_from_slice(&sum.to_be_bytes()[2..]);
            }
            Message::Sums(sums) => {
                out.push(SUMS);
                put_peer(out, sums.from);
                put_varint(out, sums.parts.len() as u64);
                for (last, sum) in &sums.parts {
                    put_peer(out, *last);
                    out.extend_from_slice(&sum.to_be_bytes());
                }
            }
            Message::Syn(syn) => {
                out.push(SYN);
                put_peer(out, syn.from);
                put_peer(out, syn.to);
                let base = base(&syn.digests, &[]);
                put_varint(out, base);
                put_digests(out, base, &syn.digests);
            }
            Message::Ack(ack) => {
                out.push(ACK);
                out.push(if ack.more { MORE } else { 0 } | if ack.shadow { SHADOW } else { 0 });
                let base = base(&ack.wants, &ack.deltas);
                put_varint(out, base);
                put_digests(out, base, &ack.wants);
                put_deltas(out, base, &ack.deltas);
            }
            Message::Ack2(ack2) => {
                out.push(ACK2);
                out.push(if ack2.more { MORE } else { 0 });
                let base = base(&[], &ack2.deltas);
                put_varint(out, base);
                put_deltas(out, base, &ack2.deltas);
            }
            Message::News(delta) => {
                out.push(NEWS);
                put_delta(out, 0, delta);
            }
            Message::Echo(generation) => {
                out.push(ECHO);
                put_varint(out, *generation);
            }
            Message::Echoed(generation) => {
                out.push(ECHOED);
                put_varint(out, *generation);
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        Ok(match input.u8()? {
            SUM => {
                let [a, b, c, d, e, f] = input.array()?;
                Message::Sum(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
            }
            SUMS => Message::Sums(sums(input)?),
            SYN => Message::Syn(syn(input)?),
            ACK => {
                let flags = flags(input, MORE | SHADOW)?;
                let base = generation(input, 0)?;
                let wants = list(input, |input| digest(input, base))?;
                let deltas = list(input, |input| delta(input, base))?;
                check_base(base, &wants, &deltas)?;
                Message::Ack(Ack { wants, deltas, more: flags & MORE != 0, shadow: flags & SHADOW != 0 })
            }
            ACK2 => {
                let flags = flags(input, MORE)?;
                let base = generation(input, 0)?;
                let deltas = list(input, |input| delta(input, base))?;
                check_base(base, &[], &deltas)?;
                Message::Ack2(Ack2 { deltas, more: flags & MORE != 0 })
            }
            NEWS => Message::News(delta(input, 0)?),
            ECHO => Message::Echo(generation(input, 0)?),
            ECHOED => Message::Echoed(generation(input, 0)?),
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        let digests = |base: u64, list: &[Digest]| {
            varint_size(list.len() as u64) + list.iter().map(|d| digest_size(d, base)).sum::<usize>()
        };
        let deltas =
            |base: u64, list: &[Delta]| varint_size(list.len() as u64) + list.iter().map(|d| delta_size(d, base)).sum::<usize>();
        1 + match self {
            Message::Sum(_) => 6,
            Message::Sums(sums) => 8 + varint_size(sums.parts.len() as u64) + 12 * sums.parts.len(),
            Message::Syn(syn) => {
                let base = base(&syn.digests, &[]);
                16 + varint_size(base) + digests(base, &syn.digests)
            }
            Message::Ack(ack) => {
                let base = base(&ack.wants, &ack.deltas);
                1 + varint_size(base) + digests(base, &ack.wants) + deltas(base, &ack.deltas)
            }
            Message::Ack2(ack2) => {
                let base = base(&[], &ack2.deltas);
                1 + varint_size(base) + deltas(base, &ack2.deltas)
            }
            Message::News(delta) => delta_size(delta, 0),
            Message::Echo(generation) | Message::Echoed(generation) => varint_size(*generation),
        }
    }
}

/// Bytes of a digest in a list with this base.
pub(crate) fn digest_size(digest: &Digest, base: u64) -> usize {
    8 + varint_size(digest.generation - base) + varint_size(digest.version)
}

fn delta_size(delta: &Delta, base: u64) -> usize {
    delta.header(base) + delta.values.iter().map(|(key, value)| value.size(key)).sum::<usize>()
}

/// The least generation in a message.
pub(crate) fn base(digests: &[Digest], deltas: &[Delta]) -> u64 {
    let all = digests.iter().map(|d| d.generation).chain(deltas.iter().map(|d| d.generation));
    all.min().unwrap_or(0)
}

/// A message has one form.
fn check_base(given: u64, digests: &[Digest], deltas: &[Delta]) -> Result<(), Malformed> {
    if given == base(digests, deltas) { Ok(()) } else { Err(Malformed("not the least generation")) }
}

fn put_peer(out: &mut Vec<u8>, peer: PeerId) {
    out.extend_from_slice(&peer.0.to_be_bytes());
}

fn put_digests(out: &mut Vec<u8>, base: u64, digests: &[Digest]) {
    put_varint(out, digests.len() as u64);
    for digest in digests {
        put_peer(out, digest.node);
        put_varint(out, digest.generation - base);
        put_varint(out, digest.version);
    }
}

fn put_deltas(out: &mut Vec<u8>, base: u64, deltas: &[Delta]) {
    put_varint(out, deltas.len() as u64);
    deltas.iter().for_each(|delta| put_delta(out, base, delta));
}

fn put_delta(out: &mut Vec<u8>, base: u64, delta: &Delta) {
    put_peer(out, delta.node);
    let aged = if delta.age > 0 { AGED } else { 0 };
    let values = if delta.values.is_empty() { 0 } else { VALUES };
    out.push(delta.status as u8 | aged | values);
    put_varint(out, delta.generation - base);
    put_varint(out, delta.above);
    put_varint(out, delta.heartbeat);
    if delta.age > 0 {
        put_varint(out, u64::from(delta.age));
    }
    if !delta.values.is_empty() {
        put_varint(out, delta.values.len() as u64);
    }
    for (key, value) in &delta.values {
        put_bytes(out, key.namespace.as_bytes());
        put_bytes(out, key.name.as_bytes());
        put_varint(out, value.version);
        if key.is_shared() {
            out.extend_from_slice(&value.stamp.unwrap_or_default().0.to_be_bytes());
        }
        put_bytes(out, value.value.as_bytes());
    }
}

fn peer(input: &mut Reader<'_>) -> Result<PeerId, Malformed> {
    let peer = PeerId(input.u64()?);
    if peer == PeerId::NONE || peer.is_contact() { Err(Malformed("no node has this id")) } else { Ok(peer) }
}

fn flags(input: &mut Reader<'_>, known: u8) -> Result<u8, Malformed> {
    let flags = input.u8()?;
    if flags & !known == 0 { Ok(flags) } else { Err(Malformed("a flag that is not known")) }
}

fn generation(input: &mut Reader<'_>, base: u64) -> Result<u64, Malformed> {
    let generation = input.varint()?.checked_add(base).filter(|g| *g <= HeartBeat::MAX_GENERATION);
    generation.ok_or(Malformed("generation beyond its bound"))
}

fn version(input: &mut Reader<'_>) -> Result<u64, Malformed> {
    let version = input.varint()?;
    if version <= HeartBeat::MAX_VERSION { Ok(version) } else { Err(Malformed("version beyond its bound")) }
}

fn list<T>(input: &mut Reader<'_>, one: impl Fn(&mut Reader<'_>) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
    let count = input.varint()?;
    if count > MAX_LIST {
        return Err(Malformed("a list beyond its bound"));
    }
    // Collected one by one: no memory for what a length claims.
    (0..count).map(|_| one(input)).collect()
}

fn sums(input: &mut Reader<'_>) -> Result<Sums, Malformed> {
    let from = peer(input)?;
    let parts = list(input, |input| Ok((peer(input)?, input.u32()?)))?;
    if parts.len() > Sums::PARTS {
        return Err(Malformed("more ranges than there may be"));
    }
    let ends = || std::iter::once(from.0).chain(parts.iter().map(|part| part.0.0));
    if parts.first().is_some_and(|part| part.0 < from) || !ends().skip(1).is_sorted_by(|a, b| a < b) {
        return Err(Malformed("ranges out of order"));
    }
    Ok(Sums { from, parts })
}

fn syn(input: &mut Reader<'_>) -> Result<Syn, Malformed> {
    let (from, to) = (peer(input)?, peer(input)?);
    let base = generation(input, 0)?;
    let digests = list(input, |input| digest(input, base))?;
    check_base(base, &digests, &[])?;
    let inside = digests.iter().all(|digest| (from..=to).contains(&digest.node));
    if from > to || !inside || !digests.is_sorted_by(|a, b| a.node < b.node) {
        return Err(Malformed("digests out of order"));
    }
    Ok(Syn { from, to, digests })
}

fn digest(input: &mut Reader<'_>, base: u64) -> Result<Digest, Malformed> {
    let (node, generation) = (peer(input)?, generation(input, base)?);
    let version = input.varint()?;
    if version > HeartBeat::MAX_VERSION && version != HeartBeat::REMOVED {
        return Err(Malformed("version beyond its bound"));
    }
    Ok(Digest { node, generation, version })
}

fn delta(input: &mut Reader<'_>, base: u64) -> Result<Delta, Malformed> {
    let node = peer(input)?;
    let flags = flags(input, 3 | AGED | VALUES)?;
    let status = match flags & 3 {
        0 => Status::Running,
        1 => Status::Shutdown,
        2 => Status::Removed,
        _ => return Err(Malformed("no such status")),
    };
    let generation = generation(input, base)?;
    if generation == 0 {
        return Err(Malformed("news of no life"));
    }
    let (above, heartbeat) = (version(input)?, version(input)?);
    let age = if flags & AGED == 0 { 0 } else { u32::try_from(input.varint()?).map_err(|_| Malformed("age too large"))? };
    let values = if flags & VALUES == 0 { Vec::new() } else { list(input, value)? };
    let versions = || std::iter::once(above).chain(values.iter().map(|x| x.1.version));
    if !versions().is_sorted_by(|a, b| a < b) {
        return Err(Malformed("values out of order"));
    }
    if values.len() > Endpoint::MAX_VALUES || (status == Status::Removed && !values.is_empty()) {
        return Err(Malformed("more values than a node has"));
    }
    Ok(Delta { node, generation, status, above, heartbeat, age, values })
}

fn value(input: &mut Reader<'_>) -> Result<(Key, Value), Malformed> {
    let namespace = input.text(Key::MAX)?.into();
    let name = input.text(Key::MAX)?.into();
    let key = Key { namespace, name };
    let version = version(input)?;
    let stamp = if key.is_shared() { Some(Hlc(input.u64()?)) } else { None };
    Ok((key, Value { value: input.text(Value::MAX)?.into(), version, stamp }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;
    use bruit_proto::laws::corrupted;

    fn samples() -> Vec<Message> {
        let digest = |node, generation, version| Digest { node: PeerId(node), generation, version };
        let wants = vec![digest(3, 1_900_000_001, 7), digest(9, 1_900_000_000, 0)];
        let own = (Key::own("load"), Value { value: "0.5".into(), version: 9, stamp: None });
        let shared = (Key::shared("bucket", "n_val"), Value { value: "3".into(), version: 11, stamp: Some(Hlc(77)) });
        let delta = Delta {
            node: PeerId(5),
            generation: 1_900_000_300,
            status: Status::Running,
            above: 3,
            heartbeat: 12,
            age: 0,
            values: vec![own, shared],
        };
        let gone = Delta { status: Status::Removed, age: 70_000, values: vec![], heartbeat: 0, above: 0, ..delta.clone() };
        let (from, to) = (PeerId(1), PeerId(12));
        let removed = digest(5, 1_900_000_000, HeartBeat::REMOVED);
        vec![
            Message::Sum(0x0102_0304_0506),
            Message::Sums(Sums { from, parts: vec![(PeerId(4), 7), (PeerId(u64::MAX >> 1), 8)] }),
            Message::Syn(Syn { from, to, digests: vec![wants[0], removed, wants[1]] }),
            Message::Syn(Syn { from, to: from, digests: vec![] }),
            Message::Ack(Ack { wants, deltas: vec![delta.clone(), gone.clone()], more: true, shadow: false }),
            Message::Ack(Ack { shadow: true, ..Ack::default() }),
            Message::Ack2(Ack2 { deltas: vec![gone], more: false }),
            Message::News(delta),
            Message::Echo(1_900_000_000),
            Message::Echoed(1),
        ]
    }

    fn encoded(message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        message.encode(&mut out);
        out
    }

    #[test]
    fn round_trips_in_its_size_and_never_cut_short() {
        for message in samples() {
            let out = encoded(&message);
            assert_eq!(out.len(), message.size(), "{message:?}");
            let mut input = Reader::new(&out);
            assert_eq!(Message::decode(&mut input).as_ref(), Ok(&message));
            assert!(input.is_empty());
            for cut in 0..out.len() {
                assert!(Message::decode(&mut Reader::new(&out[..cut])).is_err(), "{message:?} cut at {cut}");
            }
        }
    }

    /// The envelope's checksum catches these; behind it, whatever still decodes is within every bound, and encodes as
    /// it came.
    #[test]
    fn a_flipped_bit_is_refused_or_is_another_legal_message() {
        for message in samples() {
            let bytes = encoded(&message);
            for bit in 0..8 * bytes.len() {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let mut input = Reader::new(&flipped);
                if let Ok(other) = Message::decode(&mut input) {
                    assert_ne!(other, message, "bit {bit}");
                    assert_eq!(Message::decode(&mut Reader::new(&encoded(&other))), Ok(other));
                }
            }
        }
        let mut rng = Rng::seeded(1);
        for _ in 0..5_000 {
            let message = corrupted(&samples(), &mut rng);
            assert_eq!(encoded(&message).len(), message.size());
        }
    }

    /// The bytes of one of each, for whoever writes another codec.
    #[test]
    fn vectors() {
        let hex = |m: &Message| encoded(m).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let all: Vec<String> = samples().iter().map(hex).collect();
        assert_eq!(all.join("\n"), VECTORS.trim());
    }

    const VECTORS: &str = "
38010203040506
390000000000000001020000000000000004000000077fffffffffffffff00000008
3a0000000000000001000000000000000c80e6fe89070300000000000000030107000000000000000500ffffffffffffffffff0100000000000000090000
3a000000000000000100000000000000010000
3b0180e6fe890702000000000000000301070000000000000009000002000000000000000508ac02030c0200046c6f61640903302e35066275636b6574056e5f76616c0b000000000000004d0133000000000000000506ac020000f0a204
3b02000000
3c00ace8fe890701000000000000000506000000f0a204
3d000000000000000508ace8fe8907030c0200046c6f61640903302e35066275636b6574056e5f76616c0b000000000000004d0133
3e80e6fe8907
3f01
";

    /// What an idle second costs with heartbeats: a digest, and a delta that is a heartbeat and nothing else.
    #[test]
    fn sizes() {
        let digest = Digest { node: PeerId(1), generation: 1_900_000_100, version: 300 };
        assert_eq!(digest_size(&digest, 1_900_000_000), 11);
        let mut endpoint = Endpoint::default();
        endpoint.begin(1_900_000_100);
        endpoint.heart_beat.version = 300;
        assert_eq!(delta_size(&Delta::of(PeerId(1), &endpoint, 200, 0), 1_900_000_000), 13);
        assert_eq!(Message::Sum(0).size(), 7);
    }

    #[test]
    fn bounds_hold_at_the_door() {
        let refuses = |bytes: &[u8]| Message::decode(&mut Reader::new(bytes)).unwrap_err().0;
        assert_eq!(refuses(&[64]), Malformed::UNKNOWN.0);
        assert_eq!(refuses(&[ECHO, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), "generation beyond its bound");
        assert_eq!(refuses(&[ACK, 0, 0, 0xFF, 0x7F]), "a list beyond its bound");
        assert_eq!(refuses(&[ACK2, 2]), "a flag that is not known");
        let mut twice = vec![SYN];
        twice.extend([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2]);
        twice.extend([0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1]);
        assert_eq!(refuses(&twice), "digests out of order");
    }
}
