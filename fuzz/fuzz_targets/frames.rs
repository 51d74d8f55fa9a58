//! A stream from anyone: the first byte says how it is cut, the rest is what came after a good hello, or instead of one.
#![no_main]

use bruit_proto::PeerId;
use bruit_wire::{Channel, Envelope, Hello, MAX_FRAME};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((how, bytes)) = input.split_first() else { return };
    let (me, peer) = (PeerId(1), PeerId(2));
    let mut stream = Vec::new();
    if how & 1 == 0 {
        Envelope::clear("fuzz", peer).hello(me, &mut stream);
    }
    if how & 2 == 0 && !bytes.is_empty() {
        Envelope::clear("fuzz", peer).frame(bytes, &mut stream);
    }
    stream.extend_from_slice(bytes);
    let (envelope, mut channel) = (Envelope::clear("fuzz", me), Channel::accepted());
    for chunk in stream.chunks(usize::from(how >> 2) + 1) {
        channel.push(chunk);
        loop {
            match channel.next(&envelope) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
        assert!(channel.held() <= MAX_FRAME + Hello::SIZE);
    }
});
