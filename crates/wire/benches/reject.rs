//! What garbage costs: `cargo bench -p bruit-wire`. At most 1.5 µs a packet, whatever is in it.

use bruit_proto::{PeerId, Rng, Time};
use bruit_wire::{Envelope, KeyRing, Mode, Seal};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;

const ALICE: PeerId = PeerId(1);
const BOB: PeerId = PeerId(2);

fn sealed(me: PeerId, session: u64) -> Envelope {
    let keys = KeyRing::generate([7; 32]);
    Envelope::sealed("bench", me, Seal { mode: Mode::Require, keys, session, fresh: Arc::new(|| 99) })
}

/// A packet that Alice sealed for Bob, of this size, with its last byte changed.
fn damaged(size: usize) -> Vec<u8> {
    let (mut alice, at) = (sealed(ALICE, 10), SocketAddr::from(([10, 0, 0, 2], 1)));
    alice.know(BOB, Some(20), None);
    let mut draft = Vec::new();
    alice.begin(&mut draft);
    draft.resize(Envelope::HEADER + size - 39, 7);
    let [packet, _] = alice.close(Time(1), BOB, at, draft);
    let mut packet = packet.expect("a record vouches for Bob");
    assert_eq!(packet.len(), size);
    packet[size - 1] ^= 1;
    packet
}

fn random(size: usize) -> Vec<u8> {
    let mut dice = Rng::seeded(1);
    (0..size).map(|_| dice.bits() as u8).collect()
}

fn reject(c: &mut Criterion) {
    let mut group = c.benchmark_group("reject");
    let from = SocketAddr::from(([10, 0, 0, 1], 1));
    for size in [60, 1_200] {
        group.throughput(Throughput::Elements(1));
        let with = |first: fn(u8) -> u8, mut packet: Vec<u8>| {
            packet[0] = first(packet[0]);
            packet
        };
        let cases = [
            ("in the open", random(size), false, false),
            ("sealed, another key", with(|b| b ^ 1, damaged(size)), true, true),
            ("sealed, unknown session", damaged(size), true, false),
            ("sealed, a member's session", damaged(size), true, true),
        ];
        for (name, packet, seals, knows) in cases {
            let mut bob = if seals { sealed(BOB, 20) } else { Envelope::clear("bench", BOB) };
            bob.know(ALICE, knows.then_some(10), None);
            // What is answered costs more, eight times a second.
            (0..8).for_each(|_| drop(bob.open(Time(1), from, &packet)));
            group.bench_function(format!("{name}, {size} B"), |b| {
                b.iter(|| assert!(bob.open(Time(1), from, black_box(&packet)).is_err()))
            });
        }
    }
}

criterion_group!(benches, reject);
criterion_main!(benches);
