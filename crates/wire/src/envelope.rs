use crate::frames::{Hello, MAGIC};
use bruit_proto::{Malformed, PeerId, Reader, put_varint};
use crc32c::{crc32c, crc32c_append};

/// The high half of the first byte: the version of the layout.
const VERSION: u8 = 0x10;
/// The sender does not know the receiver's id; the checksum is seeded with [`PeerId::NONE`] instead.
const ANYONE: u8 = 0x01;

/// How this node's packets and frames are closed, and how others' are opened: in the open, by a checksum.
///
/// The one place where an envelope is chosen: whatever packs or frames asks it.
#[derive(Clone, Debug)]
pub struct Envelope {
    label: u32,
    me: PeerId,
}

/// A datagram that verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// Who says it sent this; never [`PeerId::NONE`], never a contact.
    pub sender: PeerId,
    /// Messages back to back.
    pub body: &'a [u8],
}

impl Envelope {
    /// Bytes before the first message of a datagram: version and flags, checksum, sender.
    pub const HEADER: usize = 1 + 4 + 8;

    /// The envelope in the open: the cluster's label and self.
    pub fn clear(label: &str, me: PeerId) -> Envelope {
        Envelope { label: crc32c(label.as_bytes()), me }
    }

    /// Starts a datagram: appends the header, its checksum still blank.
    pub fn begin(&self, packet: &mut Vec<u8>) {
        packet.push(VERSION);
        packet.extend_from_slice(&[0; 4]);
        packet.extend_from_slice(&self.me.0.to_be_bytes());
    }

    /// Closes a datagram that [`begin`](Envelope::begin) started; only `to` will be able to open it. Whoever is known
    /// by address only, a contact, opens it without knowing its own id.
    pub fn seal(&self, to: PeerId, packet: &mut [u8]) {
        let to = receiver(to);
        packet[0] = VERSION | if to == PeerId::NONE { ANYONE } else { 0 };
        let sum = self.datagram_sum(to, packet);
        packet[1..5].copy_from_slice(&sum.to_be_bytes());
    }

    /// Opens a datagram.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged, of another version, or for another cluster or node.
    pub fn unseal<'a>(&self, packet: &'a [u8]) -> Result<Opened<'a>, Malformed> {
        let mut input = Reader::new(packet);
        let flags = input.u8()?;
        if flags & !ANYONE != VERSION {
            return Err(Malformed("packet of an unknown version"));
        }
        let sum = input.u32()?;
        let sender = PeerId(input.u64()?);
        let to = if flags & ANYONE != 0 { PeerId::NONE } else { self.me };
        if sum != self.datagram_sum(to, packet) {
            return Err(Malformed("packet damaged, or for another cluster or node"));
        }
        Ok(Opened { sender: nameable(sender)?, body: input.rest() })
    }

    /// Appends the hello that starts a stream's direction towards `to`.
    pub fn hello(&self, to: PeerId, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.me.0.to_be_bytes());
        out.extend_from_slice(&receiver(to).0.to_be_bytes());
        let sum = crc32c_append(self.label, &out[start..]);
        out.extend_from_slice(&sum.to_be_bytes());
    }

    /// Reads a hello; `bytes` are exactly its [`Hello::SIZE`].
    pub(crate) fn unseal_hello(&self, bytes: &[u8]) -> Result<Hello, Malformed> {
        let mut input = Reader::new(bytes);
        if input.array()? != MAGIC {
            return Err(Malformed("stream of an unknown kind or version"));
        }
        let (sender, to) = (PeerId(input.u64()?), PeerId(input.u64()?));
        if input.u32()? != crc32c_append(self.label, &bytes[..Hello::SIZE - 4]) {
            return Err(Malformed("hello damaged, or for another cluster"));
        }
        if to != PeerId::NONE && to != self.me {
            return Err(Malformed("hello for another node"));
        }
        Ok(Hello { sender: nameable(sender)?, by_address: to == PeerId::NONE })
    }

    /// Appends a frame around `body`, messages back to back.
    ///
    /// # Panics
    /// If `body` is longer than [`MAX_FRAME`](crate::MAX_FRAME): nobody would take it.
    pub fn frame(&self, body: &[u8], out: &mut Vec<u8>) {
        assert!(body.len() <= crate::MAX_FRAME, "a frame of {} bytes", body.len());
        put_varint(out, body.len() as u64);
        out.extend_from_slice(&self.frame_sum(body).to_be_bytes());
        out.extend_from_slice(body);
    }

    pub(crate) fn frame_sum(&self, body: &[u8]) -> u32 {
        crc32c_append(self.label, body)
    }

    /// Over label, receiver, flags, sender and messages: everything but the sum itself.
    fn datagram_sum(&self, to: PeerId, packet: &[u8]) -> u32 {
        let seed = crc32c_append(self.label, &to.0.to_be_bytes());
        crc32c_append(crc32c_append(seed, &packet[..1]), &packet[5..])
    }
}

/// Contacts are this node's own numbers: they mean nothing to others.
fn receiver(to: PeerId) -> PeerId {
    if to.is_contact() { PeerId::NONE } else { to }
}

fn nameable(sender: PeerId) -> Result<PeerId, Malformed> {
    if sender == PeerId::NONE || sender.is_contact() { Err(Malformed("sender is no peer")) } else { Ok(sender) }
}
