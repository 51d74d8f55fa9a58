//! Whatever comes sealed, from anyone: a datagram; a stream, from its first byte on and behind a good opening.
#![no_main]

use bruit_proto::{PeerId, Time};
use bruit_wire::{Channel, Envelope, KeyRing, MAX_FRAME, Mode, Seal};
use libfuzzer_sys::fuzz_target;
use std::net::SocketAddr;
use std::sync::Arc;

fn envelope(me: PeerId) -> Envelope {
    let keys = KeyRing::generate([7; 32]);
    Envelope::sealed("fuzz", me, Seal { mode: Mode::Require, keys, session: me.0, fresh: Arc::new(|| 9) })
}

fn hear(me: &Envelope, bytes: &[u8]) {
    let mut channel = Channel::accepted();
    for chunk in bytes.chunks(100) {
        channel.push(chunk);
        while let Ok(Some(_)) = channel.next(me) {}
        assert!(channel.held() <= MAX_FRAME + bytes.len());
    }
}

fuzz_target!(|input: &[u8]| {
    let (mut me, peer) = (envelope(PeerId(1)), envelope(PeerId(2)));
    let from = SocketAddr::from(([127, 0, 0, 1], 7946));
    let _ = me.open(Time(1), from, input);
    hear(&me, input);
    let mut stream = Vec::new();
    Channel::dialled(None).write(Time(1), &peer, PeerId(1), &mut vec![0], &mut stream);
    stream.extend_from_slice(input);
    hear(&me, &stream);
});
