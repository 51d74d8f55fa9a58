//! One sealed stream: Noise NNpsk0 (revision 34) with X25519, AES-256-GCM and SHA-256.
//!
//! ```text
//! dialler:   flags and key id 1 | ephemeral 32 | [sender 8 | receiver 8] | tag 16
//! answerer:  ephemeral 32 | [sender 8 | receiver 8] | tag 16
//! then each: length 2 | [up to 16 KiB of frames] | tag 16, and at the end one with nothing in it
//! ```
//!
//! The dialler's message can be recorded and sent again; what comes of that is an answer and a stream that ends at its
//! deadline, for nobody who recorded it can seal a record for the answer's ephemeral key.

use crate::envelope::nameable;
use crate::frames::{Buffer, Hello, put_length};
use crate::own::{KEY, Own, SEALED, TAG};
use crate::parts::Parts;
use crate::seal::Fresh;
use bruit_proto::{Malformed, PeerId, Reader};
use snow::{Builder, HandshakeState, TransportState};
use std::fmt;

const PATTERN: &str = "Noise_NNpsk0_25519_AESGCM_SHA256";

/// Sender and receiver, sealed in each handshake message.
const NAMES: usize = 8 + 8;

/// The answerer's handshake message.
pub(crate) const ANSWER: usize = 32 + NAMES + TAG;

/// The dialler's, which its key id stands before.
pub(crate) const OPENING: usize = 1 + ANSWER;

/// The most text of a record: 16 KiB costs 0.1 % in headers and tags, and is all that waits before it is known to be good.
pub(crate) const MAX_RECORD: usize = 16 * 1024;

/// Bytes of a record's length.
const LENGTH: usize = 2;

/// How far the two have come.
enum State {
    /// The dialler's message is written.
    Asked(Box<HandshakeState>),
    Ready(Box<TransportState>),
    /// The answer was no answer; the stream ends.
    Broken,
}

/// One end of a sealed stream.
pub(crate) struct Noise {
    state: State,
    /// The handshake message that is still to be written.
    unsaid: Vec<u8>,
    /// The other side has said that it says no more.
    ended: bool,
}

impl Noise {
    /// The dialler's end, to `to`, which is [`PeerId::NONE`] if only an address is known.
    pub(crate) fn dial(own: &Own, to: PeerId) -> Noise {
        let (bits, psk) = own.keys.dialling();
        let mut handshake = builder(own, psk, |b| b.build_initiator());
        let mut unsaid = vec![0; OPENING];
        unsaid[0] = SEALED | bits;
        write(&mut handshake, own.me, to, &mut unsaid[1..]).expect("the first message of a handshake");
        Noise { state: State::Asked(Box::new(handshake)), unsaid, ended: false }
    }

    /// The answerer's end: `opening` is the dialler's message.
    pub(crate) fn answer(own: &Own, opening: &[u8]) -> Result<(Noise, Hello), Malformed> {
        let bits = key_bits(opening[0])?;
        for psk in own.keys.answering(bits) {
            let mut handshake = builder(own, psk, |b| b.build_responder());
            let Some(hello) = read(&mut handshake, own.me, &opening[1..])? else { continue };
            let mut unsaid = vec![0; ANSWER];
            write(&mut handshake, own.me, hello.sender, &mut unsaid)?;
            return Ok((Noise { state: ready(handshake), unsaid, ended: false }, hello));
        }
        Err(Malformed("stream damaged, of another key or cluster"))
    }

    /// What of the handshake is to be written now.
    pub(crate) fn say(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.unsaid);
    }

    /// Whether frames may be written.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_))
    }

    /// Whether the other side has said that it says no more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Appends a frame around `body`, in records.
    pub(crate) fn frame(&mut self, body: &[u8], out: &mut Vec<u8>) {
        let mut text = Vec::with_capacity(4 + body.len());
        put_length(body, &mut text);
        text.extend_from_slice(body);
        text.chunks(MAX_RECORD).for_each(|text| self.record(text, out));
    }

    /// Appends the record that says that nothing follows: a stream that was cut off is not taken for one that ended.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        if self.is_ready() {
            self.record(&[], out);
        }
    }

    fn record(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let State::Ready(transport) = &mut self.state else { unreachable!("a record before the handshake") };
        let size = text.len() + TAG;
        out.extend_from_slice(&(size as u16).to_be_bytes());
        let start = out.len();
        out.resize(start + size, 0);
        let written = transport.write_message(text, &mut out[start..]);
        assert_eq!(written, Ok(size), "a record is short and no stream has 2^64 of them");
    }

    /// Takes the answer to the dialler's message, once it is all there.
    pub(crate) fn answered(&mut self, own: &Own, came: &mut Buffer) -> Result<Option<Hello>, Malformed> {
        if !matches!(self.state, State::Asked(_)) || came.held() < ANSWER {
            return Ok(None);
        }
        let State::Asked(mut handshake) = std::mem::replace(&mut self.state, State::Broken) else { return Ok(None) };
        let hello = read(&mut handshake, own.me, came.take(ANSWER))?.ok_or(Malformed("answer on a stream damaged"))?;
        self.state = ready(*handshake);
        Ok(Some(hello))
    }

    /// Opens the next record, once it is all there; whether one was.
    pub(crate) fn open(&mut self, came: &mut Buffer, text: &mut Buffer) -> Result<bool, Malformed> {
        let State::Ready(transport) = &mut self.state else { return Ok(false) };
        if self.ended && came.held() > 0 {
            return Err(Malformed("record after the last"));
        }
        let Some(length) = came.rest().first_chunk::<LENGTH>() else { return Ok(false) };
        let size = usize::from(u16::from_be_bytes(*length));
        if !(TAG..=MAX_RECORD + TAG).contains(&size) {
            return Err(Malformed("record longer or shorter than its bounds"));
        }
        if came.held() < LENGTH + size {
            return Ok(false);
        }
        let mut opened = vec![0; size];
        let n = transport.read_message(&came.take(LENGTH + size)[LENGTH..], &mut opened);
        let n = n.map_err(|_| Malformed("record damaged"))?;
        self.ended = n == 0;
        text.push(&opened[..n]);
        Ok(true)
    }
}

impl fmt::Debug for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Noise({})", if self.is_ready() { "ready" } else { "not ready" })
    }
}

/// The bits of a key's id in a stream's first byte.
pub(crate) fn key_bits(first: u8) -> Result<u8, Malformed> {
    if first & !KEY == SEALED { Ok(first & KEY) } else { Err(Malformed("stream of an unknown kind or version")) }
}

fn builder(own: &Own, psk: &[u8; 32], build: impl FnOnce(Builder<'_>) -> Result<HandshakeState, snow::Error>) -> HandshakeState {
    let params = PATTERN.parse().expect("a pattern that snow knows");
    let builder = Builder::with_resolver(params, Box::new(Parts(Fresh::clone(&own.fresh))));
    let built = builder.psk(0, psk).and_then(|b| b.prologue(&own.label)).and_then(build);
    built.expect("everything that the pattern needs")
}

fn ready(handshake: HandshakeState) -> State {
    State::Ready(Box::new(handshake.into_transport_mode().expect("both messages went")))
}

/// Fails if the other side's ephemeral key is none that a secret can be made with.
fn write(handshake: &mut HandshakeState, me: PeerId, to: PeerId, message: &mut [u8]) -> Result<(), Malformed> {
    let to = if to.is_contact() { PeerId::NONE } else { to };
    let names = [me.0.to_be_bytes(), to.0.to_be_bytes()].concat();
    let written = handshake.write_message(&names, message).map_err(|_| Malformed("stream with a worthless key"))?;
    assert_eq!(written, message.len(), "a message of another size");
    Ok(())
}

/// Who sent a handshake message; `None` if it does not verify.
fn read(handshake: &mut HandshakeState, me: PeerId, message: &[u8]) -> Result<Option<Hello>, Malformed> {
    let mut names = [0; NAMES + TAG];
    if handshake.read_message(message, &mut names) != Ok(NAMES) {
        return Ok(None);
    }
    let mut input = Reader::new(&names);
    let (sender, to) = (nameable(PeerId(input.u64()?))?, PeerId(input.u64()?));
    if to != PeerId::NONE && to != me {
        return Err(Malformed("hello for another node"));
    }
    Ok(Some(Hello { sender, by_address: to == PeerId::NONE }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyRing;
    use crate::seal::{Mode, Seal};
    use snow::params::{CipherChoice, DHChoice, HashChoice};
    use snow::resolvers::CryptoResolver;
    use snow::types::{Cipher, Dh, Hash, Random};
    use std::sync::Arc;

    /// Computes as [`Parts`] does, with a public key of small order.
    struct Worthless(Parts);

    impl CryptoResolver for Worthless {
        fn resolve_rng(&self) -> Option<Box<dyn Random>> {
            self.0.resolve_rng()
        }
        fn resolve_dh(&self, _: &DHChoice) -> Option<Box<dyn Dh>> {
            Some(Box::new(Zero))
        }
        fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
            self.0.resolve_hash(choice)
        }
        fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
            self.0.resolve_cipher(choice)
        }
    }

    struct Zero;

    impl Dh for Zero {
        fn name(&self) -> &'static str {
            "25519"
        }
        fn pub_len(&self) -> usize {
            32
        }
        fn priv_len(&self) -> usize {
            32
        }
        fn set(&mut self, _: &[u8]) {}
        fn generate(&mut self, _: &mut dyn Random) -> Result<(), snow::Error> {
            Ok(())
        }
        fn pubkey(&self) -> &[u8] {
            &[0; 32]
        }
        fn privkey(&self) -> &[u8] {
            &[0; 32]
        }
        fn dh(&self, _: &[u8], _: &mut [u8]) -> Result<(), snow::Error> {
            Ok(())
        }
    }

    #[test]
    fn a_member_whose_key_no_secret_can_be_made_with_is_refused() {
        let fresh: Fresh = Arc::new(|| 7);
        let seal = Seal { mode: Mode::Require, keys: KeyRing::generate([7; 32]), session: 1, fresh: Arc::clone(&fresh) };
        let own = Own::new(seal, "test", PeerId(2));
        let (bits, psk) = own.keys.dialling();
        let builder = Builder::with_resolver(PATTERN.parse().unwrap(), Box::new(Worthless(Parts(fresh))));
        let mut handshake = builder.psk(0, psk).unwrap().prologue(b"test").unwrap().build_initiator().unwrap();
        let mut opening = vec![SEALED | bits; OPENING];
        write(&mut handshake, PeerId(1), PeerId(2), &mut opening[1..]).unwrap();
        assert_eq!(Noise::answer(&own, &opening).err(), Some(Malformed("stream with a worthless key")));
    }
}
