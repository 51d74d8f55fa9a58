use crate::envelope::Envelope;
use crate::message::put_message;
use bruit_proto::{Offer, PeerId, Wire};

/// The packet limit unless told otherwise, in bytes of UDP payload: the IPv6 minimum MTU of 1,280 less 40 for IPv6, 8 for
/// UDP and 32 for a tunnel (RFC 8200, section 5).
pub const DEFAULT_PACKET: usize = 1_200;

/// The smallest packet limit: 576 bytes that any IPv4 host takes, less 60 for the longest IPv4 header and 8 for UDP (RFC
/// 791, section 3.2).
pub const MIN_PACKET: usize = 508;

/// The largest packet limit: 65,535 bytes of IPv4 packet less 20 and 8.
pub const MAX_PACKET: usize = 65_507;

/// First allocation of a packet: a ping or an ack with its digests takes 30 bytes, so most packets never grow.
const FIRST: usize = 64;

/// This message fits into no packet, even alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A datagram being packed: messages are encoded in place until the limit.
#[derive(Debug)]
pub struct Packer {
    bytes: Vec<u8>,
    limit: usize,
}

impl Packer {
    /// An empty packet of at most `limit` bytes, envelope included.
    pub fn new(envelope: &Envelope, limit: usize) -> Packer {
        Packer::begun(envelope, limit.saturating_sub(envelope.reserve()))
    }

    fn begun(envelope: &Envelope, limit: usize) -> Packer {
        let mut bytes = Vec::with_capacity(FIRST.min(limit));
        envelope.begin(&mut bytes);
        Packer { bytes, limit }
    }

    /// Whether it holds no message yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.len() <= Envelope::HEADER
    }

    /// Bytes left.
    pub fn left(&self) -> usize {
        self.limit.saturating_sub(self.bytes.len())
    }

    /// Appends a message, or leaves the packet as it was: it does not fit.
    pub fn push<M: Wire>(&mut self, message: &M) -> bool {
        let start = self.bytes.len();
        put_message(&mut self.bytes, message);
        let fits = self.bytes.len() <= self.limit;
        if !fits {
            self.bytes.truncate(start);
        }
        fits
    }

    /// Appends a message in any case: if this packet has no room for it, the packet is returned, and the message
    /// starts the next.
    ///
    /// # Errors
    /// [`TooLarge`] if it fits into no packet; nothing was changed.
    pub fn append<M: Wire>(&mut self, envelope: &Envelope, message: &M) -> Result<Option<Packer>, TooLarge> {
        let start = self.bytes.len();
        put_message(&mut self.bytes, message);
        if self.bytes.len() <= self.limit {
            return Ok(None);
        }
        if self.bytes.len() - start > self.limit.saturating_sub(Envelope::HEADER) {
            self.bytes.truncate(start);
            return Err(TooLarge);
        }
        let mut next = Packer::begun(envelope, self.limit);
        next.bytes.extend_from_slice(&self.bytes[start..]);
        self.bytes.truncate(start);
        Ok(Some(std::mem::replace(self, next)))
    }

    /// What was packed, for [`Envelope::close`].
    pub fn into_draft(self) -> Vec<u8> {
        self.bytes
    }

    /// Closes it for `to`, in the open.
    pub fn seal(mut self, envelope: &Envelope, to: PeerId) -> Vec<u8> {
        envelope.seal(to, &mut self.bytes);
        self.bytes
    }
}

impl<M: Wire> Offer<M> for Packer {
    fn offer(&mut self, message: M) -> Result<(), M> {
        if self.push(&message) { Ok(()) } else { Err(message) }
    }
    fn left(&self) -> usize {
        Packer::left(self)
    }
}
