use crate::envelope::Envelope;
use crate::keys::KeyRing;
use crate::seal::{Fresh, Seal};
use bruit_proto::{Malformed, PeerId, Reader};
use ring::aead::{Aad, LessSafeKey, Nonce};
use std::collections::VecDeque;

/// First byte: a sealed datagram or stream. The low five bits are the key id's.
pub(crate) const SEALED: u8 = 0x80;
/// Bound to receiver 0. [Named](NAMED) it only asks who is there, a hello; otherwise it is said to a group.
pub(crate) const NOBODY: u8 = 0x40;
/// The sealed text begins with the sender.
pub(crate) const NAMED: u8 = 0x20;
/// What a hello has set, and what a group datagram has of it.
pub(crate) const HELLO: u8 = NOBODY | NAMED;
pub(crate) const GROUP: u8 = NOBODY;
/// The bits of the key id.
pub(crate) const KEY: u8 = 0x1F;
/// Flags, session, counter.
pub(crate) const HEADER: usize = 1 + 8 + 6;
pub(crate) const TAG: usize = 16;
/// The sender in the sealed text.
pub(crate) const NAME: usize = 8;

/// What a sealed datagram takes more than one in the open, at most.
pub(crate) const RESERVE: usize = HEADER + NAME + TAG - Envelope::HEADER;

/// A session ends before it has sealed this many packets: AES-256-GCM allows 2^32 blocks a packet and any number of
/// packets whose nonces differ, so this is far from its bounds (NIST SP 800-38D, section 8), and 48 bits hold it.
pub(crate) const MAX_PACKETS: u64 = 1 << 40;

/// Earlier sessions of one's own that are recognized, to tell peers of the new one.
const MAX_EARLIER: usize = 4;

/// What stands in the open before a sealed datagram's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) flags: u8,
    pub(crate) session: u64,
    pub(crate) counter: u64,
}

impl Header {
    pub(crate) fn read(packet: &[u8]) -> Result<Header, Malformed> {
        if packet.len() < HEADER + TAG {
            return Err(Malformed("sealed packet too short"));
        }
        let mut input = Reader::new(packet);
        let (flags, session) = (input.u8()?, input.u64()?);
        let counter = input.array::<6>()?.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        Ok(Header { flags, session, counter })
    }

    /// Whether it asks who is there.
    pub(crate) fn is_hello(self) -> bool {
        self.flags & HELLO == HELLO
    }

    /// Whether it is said to a group.
    pub(crate) fn is_group(self) -> bool {
        self.flags & HELLO == GROUP
    }
}

/// My session, which numbers its packets once and never again, and what it seals with.
pub(crate) struct Own {
    pub(crate) me: PeerId,
    pub(crate) label: Box<[u8]>,
    pub(crate) keys: KeyRing,
    pub(crate) fresh: Fresh,
    pub(crate) session: u64,
    pub(crate) counter: u64,
    /// The newest last.
    pub(crate) earlier: VecDeque<u64>,
    bits: u8,
    key: LessSafeKey,
}

impl Own {
    pub(crate) fn new(seal: Seal, label: &str, me: PeerId) -> Own {
        assert!(seal.session != 0, "session 0 is nobody's");
        let (bits, key) = seal.keys.sealing(seal.session);
        let Seal { keys, session, fresh, .. } = seal;
        Own { me, label: label.as_bytes().into(), keys, fresh, session, counter: 0, earlier: VecDeque::new(), bits, key }
    }

    /// Other keys: the first seals from now on. The session goes on, and so does its counter.
    pub(crate) fn rekey(&mut self, keys: KeyRing) {
        (self.bits, self.key) = keys.sealing(self.session);
        self.keys = keys;
    }

    /// A new session.
    ///
    /// # Panics
    /// If one is drawn that was there before: then there is no entropy, and no nonce would be safe.
    pub(crate) fn renew(&mut self) {
        if self.earlier.len() == MAX_EARLIER {
            // The first is in our record: whoever learns of us from others seals for it.
            self.earlier.remove(1);
        }
        self.earlier.push_back(self.session);
        self.session = (self.fresh)();
        assert!(self.session != 0 && !self.earlier.contains(&self.session), "a session that is not fresh");
        self.counter = 0;
        (self.bits, self.key) = self.keys.sealing(self.session);
    }

    /// Whether the next packet must be another session's.
    pub(crate) fn is_spent(&self) -> bool {
        self.counter >= MAX_PACKETS
    }

    /// The next packet, bound to the receiver's session.
    pub(crate) fn write(&mut self, kind: u8, receiver: u64, body: &[u8]) -> Vec<u8> {
        assert!(!self.is_spent(), "a session beyond its last packet");
        let counter = self.counter;
        self.counter += 1;
        let mut packet = Vec::with_capacity(HEADER + NAME + body.len() + TAG);
        packet.push(SEALED | kind | self.bits);
        packet.extend_from_slice(&self.session.to_be_bytes());
        packet.extend_from_slice(&counter.to_be_bytes()[2..]);
        if kind & NAMED != 0 {
            packet.extend_from_slice(&self.me.0.to_be_bytes());
        }
        packet.extend_from_slice(body);
        let aad = Aad::from(self.associated(packet[0], receiver));
        let tag = self.key.seal_in_place_separate_tag(nonce(counter), aad, &mut packet[HEADER..]);
        packet.extend_from_slice(tag.expect("a packet is shorter than 2^36 bytes").as_ref());
        packet
    }

    /// What is sealed in this packet; `None` if it does not verify for this receiver's session.
    pub(crate) fn read(&self, header: Header, receiver: u64, packet: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        open(&self.keys, header, &self.associated(header.flags, receiver), packet)
    }

    fn associated(&self, flags: u8, receiver: u64) -> Vec<u8> {
        associated(&self.label, receiver, flags)
    }
}

/// What is sealed in this packet; `None` if it does not verify with what is `associated`.
pub(crate) fn open(keys: &KeyRing, header: Header, associated: &[u8], packet: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut mine = false;
    for key in keys.opening(header.flags & KEY, header.session) {
        mine = true;
        let mut text = packet[HEADER..].to_vec();
        let opened = key.open_in_place(nonce(header.counter), Aad::from(associated), &mut text).map(|text| text.len());
        if let Ok(size) = opened {
            text.truncate(size);
            return Ok(Some(text));
        }
    }
    if mine { Ok(None) } else { Err(Malformed("sealed by a key that is not ours")) }
}

/// Label, receiver's session, and the byte that no key or nonce depends on. All but the label are of fixed length, so
/// no two differ in one and agree in the whole.
pub(crate) fn associated(label: &[u8], receiver: u64, flags: u8) -> Vec<u8> {
    [label, &receiver.to_be_bytes()[..], &[flags]].concat()
}

fn nonce(counter: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&counter.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::Mode;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn own(session: u64) -> Own {
        let next = AtomicU64::new(session + 1);
        let fresh = Arc::new(move || next.fetch_add(1, Ordering::Relaxed));
        Own::new(Seal { mode: Mode::Require, keys: KeyRing::generate([7; 32]), session, fresh }, "test", PeerId(1))
    }

    #[test]
    fn other_keys_do_not_reset_the_counter() {
        let mut own = own(100);
        let mut headers = Vec::new();
        for key in [7, 8, 7] {
            own.rekey(KeyRing::generate([key; 32]));
            headers.push(own.write(0, 9, &[])[1..15].to_vec());
        }
        headers.dedup();
        assert_eq!(headers.len(), 3, "one key, session and counter seal one packet");
    }

    #[test]
    #[should_panic(expected = "not fresh")]
    fn entropy_that_repeats_is_noticed() {
        let mut own = own(100);
        own.fresh = Arc::new(|| 100);
        own.renew();
    }

    #[test]
    fn of_earlier_sessions_the_first_and_the_last_are_recognized() {
        let mut own = own(100);
        (0..9).for_each(|_| own.renew());
        assert_eq!(own.earlier, [100, 106, 107, 108]);
    }
}
