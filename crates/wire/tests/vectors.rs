//! docs/wire.md against the code: every vector, both ways, and the table of tags.

use bruit_proto::{PeerId, Reader, Record, Time, Wire, put_varint};
use bruit_wire::{Arrival, Channel, Envelope, KeyRing, Mode, Piece, Seal, put_message, tags, take_message};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PAGE: &str = include_str!("../../../docs/wire.md");

type Vector<'a> = BTreeMap<&'a str, &'a str>;

/// The blocks fenced as `vector`: a word, then the rest of the line.
fn vectors() -> Vec<Vector<'static>> {
    let blocks = PAGE.split("```vector\n").skip(1).map(|block| block.split("```").next().unwrap());
    let pair = |line: &'static str| line.split_once(' ').map(|(key, value)| (key, value.trim()));
    blocks.map(|block| block.lines().filter_map(pair).collect()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn peer(name: &str) -> PeerId {
    if name == "-" { PeerId::NONE } else { PeerId::named(name) }
}

/// A run of bytes that stands for a message.
struct Raw(Vec<u8>);

impl Wire for Raw {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Raw, bruit_proto::Malformed> {
        let n = input.rest().len();
        Ok(Raw(input.take(n)?.to_vec()))
    }
}

/// A datagram with the vector's body, to be closed.
fn draft(envelope: &Envelope, v: &Vector<'_>) -> Vec<u8> {
    let mut draft = Vec::new();
    envelope.begin(&mut draft);
    draft.extend(bytes(v["body"]));
    draft
}

fn at() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 7946))
}

/// The envelope of `name`, whose session is this one.
fn sealed(v: &Vector<'_>, name: &str, session: &str) -> Envelope {
    let keys = KeyRing::parse(v["key"]).unwrap();
    let seal = Seal { mode: Mode::Require, keys, session: session.parse().unwrap(), fresh: Arc::new(|| 1) };
    Envelope::sealed(v["label"], peer(name), seal)
}

/// The envelope of one end of a group datagram, sealed if the vector has a key. The reader's is any node's.
fn said_to_group(v: &Vector<'_>, end: &str) -> Envelope {
    let (name, session) = if end == "from" { (v["from"], v.get("session").copied()) } else { ("node-2", Some("9")) };
    if v.contains_key("key") { sealed(v, name, session.unwrap()) } else { Envelope::clear(v["label"], peer(name)) }
}

/// An end of a sealed stream that draws the numbers from this one on.
fn drawing(v: &Vector<'_>, name: &str, from: u64) -> Envelope {
    let next = AtomicU64::new(from);
    let fresh = Arc::new(move || next.fetch_add(1, Ordering::Relaxed));
    let keys = KeyRing::parse(v["key"]).unwrap();
    Envelope::sealed(v["label"], peer(name), Seal { mode: Mode::Require, keys, session: 9, fresh })
}

/// node-1 dials node-2, says the body and ends: its opening, the answer, its records.
fn stream(v: &Vector<'_>) -> BTreeMap<&'static str, Vec<u8>> {
    let (alice, bob) = (drawing(v, "node-1", 1), drawing(v, "node-2", 5));
    let (mut here, mut there) = (Channel::dialled(None), Channel::accepted());
    let mut body = v.get("body").map_or(vec![0], |body| bytes(body));
    let [mut opening, mut answer, mut records] = [const { Vec::new() }; 3];
    here.write(Time(1), &alice, peer("node-2"), &mut body, &mut opening);
    there.push(&opening);
    assert!(matches!(there.next(&bob), Ok(Some(Piece::Hello(h))) if h.sender == peer("node-1") && !h.by_address));
    there.write(Time(1), &bob, peer("node-1"), &mut Vec::new(), &mut answer);
    here.push(&answer);
    assert!(matches!(here.next(&alice), Ok(Some(Piece::Hello(h))) if h.sender == peer("node-2")));
    here.write(Time(1), &alice, peer("node-2"), &mut body, &mut records);
    here.end(&mut records);
    BTreeMap::from([("opening", opening), ("answer", answer), ("records", records)])
}

/// What the code makes of a vector's words.
fn encode(v: &Vector<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let envelope = || Envelope::clear(v["label"], peer(v["from"]));
    match v["kind"] {
        "varint" => put_varint(&mut out, v["value"].parse().unwrap()),
        "peer" => out.extend_from_slice(&PeerId::named(v["name"]).0.to_be_bytes()),
        "datagram" => {
            out = draft(&envelope(), v);
            envelope().seal(peer(v["to"]), &mut out);
        }
        "sealed" => {
            let mut alice = sealed(v, v["from"], v["session"]);
            alice.know(peer(v["to"]), v["receiver"].parse().ok().filter(|session| *session != 0), None);
            let draft = draft(&alice, v);
            let [packet, hello] = alice.close(Time(1), peer(v["to"]), at(), draft);
            out = packet.or(hello).unwrap();
        }
        "group" => {
            let mut alice = said_to_group(v, "from");
            let draft = draft(&alice, v);
            out = alice.close_group(draft);
        }
        "key" => {
            let id = KeyRing::parse(v["key"]).unwrap().ids().next().unwrap();
            out.extend_from_slice(&id.0.to_be_bytes());
        }
        "hello" => envelope().hello(peer(v["to"]), &mut out),
        part @ ("opening" | "answer" | "records") => out = stream(v).remove(part).unwrap(),
        "frame" => Envelope::clear(v["label"], PeerId(1)).frame(&bytes(v["body"]), &mut out),
        "record" => record(v).encode(&mut out),
        "message" => put_message(&mut out, &Raw(bytes(v["body"]))),
        kind => panic!("{kind}"),
    }
    out
}

fn record(v: &Vector<'_>) -> Record {
    let addresses = v["addresses"].split(' ').map(|a| a.parse().unwrap()).collect();
    let tags = v.get("tags").into_iter().flat_map(|t| t.split(' ')).map(|t| t.split_once('=').unwrap()).collect();
    Record::new(v["name"], v["session"].parse().unwrap(), addresses, tags).unwrap()
}

/// Reads a vector's bytes and holds what came out against its words.
fn decode(v: &Vector<'_>) {
    let wire = bytes(v["bytes"]);
    let reader = || Envelope::clear(v["label"], v.get("to").map_or(PeerId(2), |to| peer(to)));
    match v["kind"] {
        "varint" => assert_eq!(Reader::new(&wire).varint().unwrap().to_string(), v["value"]),
        "peer" => assert_eq!(Reader::new(&wire).u64().unwrap(), PeerId::named(v["name"]).0),
        "datagram" => {
            let reader = reader();
            let opened = reader.unseal(&wire).unwrap();
            assert_eq!((opened.sender, hex(&opened.body)), (peer(v["from"]), v["body"].to_string()));
            assert!(Envelope::clear("other", peer(v["to"])).unseal(&wire).is_err());
            assert_eq!(Envelope::clear(v["label"], PeerId(3)).unseal(&wire).is_ok(), v["to"] == "-");
        }
        "sealed" if v["receiver"] == "0" => {
            let Ok(Arrival::Answer(answer, None)) = sealed(v, "node-2", "9").open(Time(1), at(), &wire) else { panic!("{v:?}") };
            assert_eq!(answer.len(), wire.len());
        }
        "sealed" => {
            let mut bob = sealed(v, v["to"], v["receiver"]);
            let Ok(Arrival::Packet(opened)) = bob.open(Time(1), at(), &wire) else { panic!("{v:?}") };
            assert_eq!((opened.sender, hex(&opened.body)), (peer(v["from"]), v["body"].to_string()));
        }
        "group" => {
            let mut bob = said_to_group(v, "to");
            bob.know(peer(v["from"]), v.get("session").and_then(|session| session.parse().ok()), None);
            let opened = bob.open_group(&wire).unwrap().unwrap();
            assert_eq!((opened.sender, hex(&opened.body)), (peer(v["from"]), v["body"].to_string()));
        }
        "key" => assert_eq!(KeyRing::parse(v["key"]).unwrap().ids().next().unwrap().to_string(), v["bytes"]),
        "hello" => {
            let mut channel = Channel::accepted();
            channel.push(&wire);
            let Ok(Some(Piece::Hello(hello))) = channel.next(&reader()) else { panic!("{v:?}") };
            assert_eq!((hello.sender, hello.by_address), (peer(v["from"]), v["to"] == "-"));
        }
        "frame" => {
            let mut channel = Channel::accepted();
            let mut stream = Vec::new();
            Envelope::clear(v["label"], PeerId(1)).hello(PeerId(2), &mut stream);
            stream.extend_from_slice(&wire);
            channel.push(&stream);
            assert!(matches!(channel.next(&reader()), Ok(Some(Piece::Hello(_)))));
            assert_eq!(channel.next(&reader()), Ok(Some(Piece::Body(&bytes(v["body"])))));
        }
        // To make them each side had to read what the other made.
        "opening" | "answer" => {}
        "records" => {
            let (bob, mut channel) = (drawing(v, "node-2", 5), Channel::accepted());
            channel.push(&[stream(v).remove("opening").unwrap(), wire].concat());
            assert!(matches!(channel.next(&bob), Ok(Some(Piece::Hello(_)))));
            assert_eq!(channel.next(&bob), Ok(Some(Piece::Body(&bytes(v["body"])))));
            assert!(channel.next(&bob).unwrap().is_none() && !channel.is_amid());
        }
        "message" => {
            let mut input = Reader::new(&wire);
            assert_eq!(hex(&take_message::<Raw>(&mut input).unwrap().unwrap().0), v["body"]);
            assert!(input.is_empty());
        }
        "record" => assert_eq!(Record::decode(&mut Reader::new(&wire)), Ok(record(v))),
        kind => panic!("{kind}"),
    }
}

#[test]
fn every_vector_holds_both_ways() {
    let vectors = vectors();
    assert!(vectors.len() >= 10, "the page has lost its vectors");
    for vector in &vectors {
        assert_eq!(vector["bytes"], hex(&encode(vector)), "{vector:?}");
        decode(vector);
    }
}

#[test]
fn the_page_lists_every_owner_of_tags() {
    for (range, owner) in &tags::OWNERS {
        let row = format!("| {}-{} | {owner} |", range.start(), range.end());
        assert!(PAGE.contains(&row), "missing: {row}");
    }
}
