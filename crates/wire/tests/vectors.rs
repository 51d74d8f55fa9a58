//! docs/wire.md against the code: every vector, both ways, and the table of tags.

use bruit_proto::{PeerId, Reader, Record, Wire, put_varint};
use bruit_wire::{Deframer, Envelope, Packer, Piece, tags};
use std::collections::BTreeMap;

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

/// A run of bytes that stands for messages.
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

/// What the code makes of a vector's words.
fn encode(v: &Vector<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let envelope = || Envelope::clear(v["label"], peer(v["from"]));
    match v["kind"] {
        "varint" => put_varint(&mut out, v["value"].parse().unwrap()),
        "peer" => out.extend_from_slice(&PeerId::named(v["name"]).0.to_be_bytes()),
        "datagram" => {
            let mut packer = Packer::new(&envelope(), 1_200);
            assert!(packer.push(&Raw(bytes(v["body"]))));
            out = packer.seal(&envelope(), peer(v["to"]));
        }
        "hello" => envelope().hello(peer(v["to"]), &mut out),
        "frame" => Envelope::clear(v["label"], PeerId(1)).frame(&bytes(v["body"]), &mut out),
        "record" => record(v).encode(&mut out),
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
            assert_eq!((opened.sender, hex(opened.body)), (peer(v["from"]), v["body"].to_string()));
            assert!(Envelope::clear("other", peer(v["to"])).unseal(&wire).is_err());
            assert_eq!(Envelope::clear(v["label"], PeerId(3)).unseal(&wire).is_ok(), v["to"] == "-");
        }
        "hello" => {
            let mut deframer = Deframer::default();
            deframer.push(&wire);
            let Ok(Some(Piece::Hello(hello))) = deframer.next(&reader()) else { panic!("{v:?}") };
            assert_eq!((hello.sender, hello.by_address), (peer(v["from"]), v["to"] == "-"));
        }
        "frame" => {
            let mut deframer = Deframer::default();
            let mut stream = Vec::new();
            Envelope::clear(v["label"], PeerId(1)).hello(PeerId(2), &mut stream);
            stream.extend_from_slice(&wire);
            deframer.push(&stream);
            assert!(matches!(deframer.next(&reader()), Ok(Some(Piece::Hello(_)))));
            assert_eq!(deframer.next(&reader()), Ok(Some(Piece::Body(&bytes(v["body"])))));
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
