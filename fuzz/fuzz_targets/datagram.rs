//! A whole node with the default stack: packets and a stream from anyone, cut at each 0xFF.
//!
//! Each piece is received as it is, and again as the body of a packet and of a frame that verify.
#![no_main]

use bruit_node::{Node, Now, Output, Settings};
use bruit_proto::{Nobody, PeerId, Record, Tags, Time, Wall};
use bruit_stacks::{Core, CoreConfig};
use bruit_wire::Envelope;
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::sync::Arc;

fn now(t: u64) -> Now {
    Now { mono: Time(t), wall: Wall(t / 1000) }
}

fn packet(from: &Envelope, to: PeerId, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.begin(&mut bytes);
    bytes.extend_from_slice(body);
    from.seal(to, &mut bytes);
    bytes
}

fuzz_target!(|input: &[u8]| {
    let addresses = vec![SocketAddr::from(([127, 0, 0, 1], 7946))];
    let record = Arc::new(Record::new("me", 1, addresses, Tags::default()).expect("within its bounds"));
    let (me, peer) = (record.id(), Envelope::clear("", PeerId::named("peer")));
    let core = Core::new(1, CoreConfig::default(), record);
    let mut node = Node::new(Settings::new(me, 1), core, Box::new(Nobody));
    node.start(now(1));
    let from = SocketAddr::from(([127, 0, 0, 1], 7947));
    let mut hello = Vec::new();
    peer.hello(me, &mut hello);
    for (piece, t) in input.split(|b| *b == 0xFF).zip((0..).step_by(100_000)) {
        node.receive(now(t), from, piece);
        node.receive(now(t), from, &packet(&peer, me, piece));
        if let Some(stream) = node.stream_accepted(now(t), from) {
            let mut frame = hello.clone();
            if !piece.is_empty() {
                peer.frame(piece, &mut frame);
            }
            node.stream_receive(now(t), stream, &frame);
            node.stream_ended(now(t), stream);
        }
        node.tick(now(t));
        while let Some(output) = node.poll() {
            assert!(!matches!(output, Output::Packet { bytes, .. } if bytes.len() > 1_200));
        }
    }
});
