//! `bruit decode`: what captured packets say. The vectors are those of docs/wire.md.

use bruit::proto::{PeerId, Record, Tags, Wire};
use bruit::stacks::Message;
use bruit::stacks::swim::{self, Update};
use bruit_wire::{Envelope, KeyRing, Mode, Packer, Seal};
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

const PAGE: &str = include_str!("../../../docs/wire.md");
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// Runs it on this input.
fn decode(args: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bruit"));
    command.arg("decode").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    child.stdin.take().expect("piped").write_all(input).expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn objects(out: &Output) -> Vec<Value> {
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The vectors of this kind: each its words, by key.
fn vectors(kind: &str) -> Vec<Vec<(&'static str, &'static str)>> {
    let blocks = PAGE.split("```vector\n").skip(1).filter_map(|block| block.split("```").next());
    let words = |block: &'static str| block.lines().filter_map(|l| l.split_once(' ')).map(|(k, v)| (k, v.trim())).collect();
    blocks.map(words).filter(|words: &Vec<_>| words.contains(&("kind", kind))).collect()
}

fn word<'a>(of: &[(&'a str, &'a str)], key: &str) -> &'a str {
    of.iter().find(|x| x.0 == key).unwrap_or_else(|| panic!("{key}: {of:?}")).1
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The cluster's key, in a file.
fn key_file(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, KEY).expect("a file");
    path
}

#[test]
fn vectors_in_the_open_name_their_sender_and_verify_for_a_receiver_that_is_known() {
    let vectors = vectors("datagram");
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let (label, to, bytes) = (word(&vector, "label"), word(&vector, "to"), word(&vector, "bytes"));
        let named = ["--node", "node-1", "--node", "node-2", "--label", label, "-o", "json"];
        let packet = &objects(&decode(&named, bytes.as_bytes()))[0];
        assert_eq!((&packet["sender"], &packet["verified"]), (&"node-1".into(), &true.into()), "{packet}");
        assert_eq!((&packet["sealed"], &packet["line"]), (&false.into(), &1.into()));
        // The vectors' messages have tags of a user's own protocol.
        let said = packet["messages"].as_array().expect("messages");
        assert!(!said.is_empty() && said.iter().all(|message| message["kind"] == "unknown"), "{packet}");
        assert!(packet["unreadable"].is_null(), "{packet}");
        let alone = &objects(&decode(&["--label", label, "-o", "json"], bytes.as_bytes()))[0];
        assert_eq!((&alone["sender"], &alone["verified"]), (&"13950d4ef307e655".into(), &(to == "-").into()), "{alone}");
    }
}

#[test]
fn sealed_vectors_show_what_is_visible_and_are_opened_by_the_key() {
    let vectors = vectors("sealed");
    assert_eq!(vectors.len(), 2);
    let file = key_file("vectors.key");
    for vector in vectors {
        let (label, bytes) = (word(&vector, "label"), word(&vector, "bytes"));
        let receiver: u64 = word(&vector, "receiver").parse().expect("a number");
        let closed = &objects(&decode(&["-o", "json"], bytes.as_bytes()))[0];
        assert_eq!((&closed["sealed"], &closed["messages"]), (&true.into(), &Value::Null), "{closed}");
        assert_eq!((&closed["session"], &closed["counter"]), (&"0000000000000001".into(), &0.into()));
        assert_eq!(closed["key"]["low_bits"], 0x5a_d8_7a_56 & 0x1F);
        let session = format!("{receiver:x}");
        let args = ["--key-file", &file, "--label", label, "--session", &session, "-o", "json"];
        let opened = &objects(&decode(&args, bytes.as_bytes()))[0];
        assert_eq!((&opened["verified"], &opened["key"]["id"]), (&true.into(), &"5ad87a56".into()), "{opened}");
        let other = &objects(&decode(&["--key-file", &file, "--label", "other", "-o", "json"], bytes.as_bytes()))[0];
        assert!(other["unreadable"].as_str().is_some_and(|why| why.contains("--label")), "{other}");
    }
}

fn record(name: &str) -> Arc<Record> {
    let at = "127.0.0.1:7946".parse().expect("an address");
    Arc::new(Record::new(name, 7, vec![at], Tags::default()).expect("a record"))
}

fn swim(message: swim::Message) -> Message {
    Message::Swim(message)
}

/// Says that n3 is alive, then that it is suspected.
fn messages() -> Vec<Message> {
    let (peer, accusers) = (PeerId::named("n3"), vec![PeerId::named("n7")]);
    vec![
        swim(swim::Message::Ping { seq: 12, digest: 1 }),
        swim(swim::Message::Update(Update::Alive { incarnation: 3, record: record("n3") })),
        swim(swim::Message::Update(Update::Suspect { peer, incarnation: 4, accusers })),
    ]
}

fn packer(envelope: &Envelope) -> Packer {
    let mut packer = Packer::new(envelope, 1_200);
    messages().iter().for_each(|message| assert!(packer.push(message)));
    packer
}

#[test]
fn messages_are_written_in_the_notation_of_the_field_with_names_that_were_heard() {
    let envelope = Envelope::clear("test", PeerId::named("n1"));
    let packet = packer(&envelope).seal(&envelope, PeerId::named("n2"));
    let input = format!("# captured on loopback\n{}\n", hex(&packet));
    let out = decode(&["--node", "n7", "--node", "n1", "--node", "n2", "--label", "test"], input.as_bytes());
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(text(&out.stdout), format!("line 2  {} B  from n1: ping 12; alive n3:3; suspect n3:4 by n7\n", packet.len()));
}

#[test]
fn what_is_sealed_for_a_sender_of_the_capture_is_opened_without_being_told_its_session() {
    let keys = || KeyRing::parse(KEY).expect("a key");
    let end = |name: &str, session: u64| {
        let seal = Seal { mode: Mode::Require, keys: keys(), session, fresh: Arc::new(|| 99) };
        Envelope::sealed("", PeerId::named(name), seal)
    };
    let (mut alice, mut bob) = (end("n1", 5), end("n2", 6));
    let at = "127.0.0.1:7946".parse().expect("an address");
    let now = bruit::proto::Time(1);
    let mut packets = Vec::new();
    for (from, to, session) in [(&mut alice, "n2", 6), (&mut bob, "n1", 5)] {
        from.know(PeerId::named(to), Some(session), Some(at));
        let draft = packer(from).into_draft();
        packets.extend(from.close(now, PeerId::named(to), at, draft).into_iter().flatten());
    }
    let input = packets.iter().map(|packet| hex(packet)).collect::<Vec<_>>().join("\n");
    let out = decode(&["--key-file", &key_file("capture.key"), "--node", "n7", "-o", "json"], input.as_bytes());
    let opened = objects(&out);
    assert_eq!(opened.len(), 2);
    for packet in &opened {
        let said: Vec<&str> = packet["messages"].as_array().expect("opened").iter().filter_map(|m| m["text"].as_str()).collect();
        assert_eq!(said, ["ping 12", "alive n3:3", "suspect n3:4 by n7"]);
    }
}

#[test]
fn bad_input_is_named_by_its_line_and_the_rest_is_printed() {
    let ping = {
        let envelope = Envelope::clear("", PeerId::named("n1"));
        let mut packer = Packer::new(&envelope, 1_200);
        assert!(packer.push(&messages()[0]) && messages()[0].size() > 0);
        hex(&packer.seal(&envelope, PeerId::NONE))
    };
    let out = decode(&[], format!("{ping}\n10zz\n\n{ping}\nff00\n").as_bytes());
    assert_eq!(out.status.code(), Some(78));
    assert_eq!(text(&out.stdout).lines().filter(|line| line.ends_with(": ping 12")).count(), 2, "{}", text(&out.stdout));
    let wrong = text(&out.stderr);
    let lines: Vec<&str> = wrong.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("-, line 2: column 3: 'z' is no hex"), "{wrong}");
    assert!(lines[1].contains("line 5: sealed packet too short"), "{wrong}");
    assert_eq!(decode(&["/nowhere/there-is-none"], b"").status.code(), Some(1));
}
