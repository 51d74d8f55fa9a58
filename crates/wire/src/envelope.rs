use crate::frames::{Hello, MAGIC, put_length};
use crate::keys::KeyId;
use crate::own::{Own, RESERVE};
use crate::seal::{Mode, Seal, Tally};
use crate::sealing::{Arrival, Sealing, is_sealed};
use bruit_proto::{Malformed, PeerId, Reader, Time, Wall};
use crc32c::{crc32c, crc32c_append};
use std::borrow::Cow;
use std::net::SocketAddr;

/// The high half of the first byte: the version of the layout.
const VERSION: u8 = 0x10;
/// The sender does not know the receiver's id; the checksum is seeded with [`PeerId::NONE`] instead.
const ANYONE: u8 = 0x01;
/// It is said to a group; the checksum is seeded with [`PeerId::NONE`].
const GROUP: u8 = 0x02;

/// How this node's packets and frames are closed, and how others' are opened: in the open, by a checksum, or sealed by
/// the cluster's key.
///
/// The one place where an envelope is chosen: whatever packs or frames asks it.
#[derive(Debug)]
pub struct Envelope {
    label: u32,
    me: PeerId,
    sealing: Option<Box<Sealing>>,
}

/// A datagram that verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// Who says it sent this; never [`PeerId::NONE`], never a contact.
    pub sender: PeerId,
    /// Messages back to back.
    pub body: Cow<'a, [u8]>,
}

impl Envelope {
    /// Bytes before the first message of a datagram: version and flags, checksum, sender.
    pub const HEADER: usize = 1 + 4 + 8;

    /// The envelope in the open: the cluster's label and self.
    pub fn clear(label: &str, me: PeerId) -> Envelope {
        Envelope { label: crc32c(label.as_bytes()), me, sealing: None }
    }

    /// The envelope that seals: the cluster's label, self, and what to seal with.
    ///
    /// # Panics
    /// If the session is zero.
    pub fn sealed(label: &str, me: PeerId, seal: Seal) -> Envelope {
        Envelope { sealing: Some(Box::new(Sealing::new(seal, label, me))), ..Envelope::clear(label, me) }
    }

    /// Bytes that sealing takes beyond [`HEADER`](Envelope::HEADER), at most; a packet leaves them free.
    pub fn reserve(&self) -> usize {
        if self.active().is_some() { RESERVE } else { 0 }
    }

    /// What sealing did; `None` in the open.
    pub fn tally(&self) -> Option<Tally> {
        self.sealing.as_ref().map(|s| s.tally)
    }

    /// The ids of the keys that are used now, the one that seals first; none in the open.
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.active().map_or(Vec::new(), |s| s.own.keys.ids().collect())
    }

    /// Seals with other keys and in another mode from now on, or not at all; the session goes on. For one that never sealed
    /// this is the first time, and it must be told again whom it [knows](Envelope::know).
    ///
    /// # Panics
    /// If the label is not this envelope's.
    pub fn reseal(&mut self, label: &str, seal: Option<Seal>) {
        assert_eq!(crc32c(label.as_bytes()), self.label, "another label");
        match (&mut self.sealing, seal) {
            (Some(sealing), Some(seal)) => {
                sealing.switch(Some(seal.mode));
                sealing.rekey(seal.keys);
            }
            (Some(sealing), None) => sealing.switch(None),
            (None, Some(seal)) => self.sealing = Some(Box::new(Sealing::new(seal, label, self.me))),
            (None, None) => {}
        }
    }

    /// What both clocks say, before anything is closed or opened: if they part by ten seconds, the machine may have been
    /// resumed from a snapshot, and a new session begins. Then the answer is yes, and streams must end: their twins may
    /// go on with the same keys.
    pub fn clocks(&mut self, now: Time, wall: Wall) -> bool {
        self.sealing.as_mut().is_some_and(|sealing| sealing.clocks(now, wall))
    }

    fn active(&self) -> Option<&Sealing> {
        self.sealing.as_deref().filter(|s| s.mode().is_some())
    }

    /// Whether what comes in the open is taken.
    pub(crate) fn takes_open(&self) -> bool {
        self.active().is_none_or(|s| s.mode() != Some(Mode::Require))
    }

    /// What streams are sealed with.
    pub(crate) fn own(&self) -> Option<&Own> {
        self.active().map(|s| &s.own)
    }

    /// Whether what is said to this peer on a stream is sealed.
    pub(crate) fn seals(&self, now: Time, to: PeerId, at: Option<SocketAddr>) -> bool {
        let Some(sealing) = self.active() else { return false };
        at.map_or(!self.takes_open(), |at| sealing.seals(now, to, at))
    }

    /// A hello to whom a stream is about to be opened, if it is not known whether it can be sealed.
    pub fn knock(&mut self, now: Time, to: PeerId, at: SocketAddr) -> Option<Vec<u8>> {
        let sealing = self.sealing.as_mut().filter(|s| s.mode() == Some(Mode::Permissive))?;
        if sealing.seals(now, to, at) { None } else { sealing.ask(now, at) }
    }

    /// The session in a member's record, and where packets to it go; `None`: the member was forgotten.
    pub fn know(&mut self, peer: PeerId, session: Option<u64>, at: Option<SocketAddr>) {
        if let Some(sealing) = self.sealing.as_mut().filter(|_| peer != self.me) {
            sealing.know(peer, session, at);
        }
    }

    /// Closes a datagram that [`begin`](Envelope::begin) started: what is to be sent to `to` at `at`, in order. That is the
    /// packet, sealed or in the open; a hello with it, or instead of it while the packet waits for the answer.
    pub fn close(&mut self, now: Time, to: PeerId, at: SocketAddr, mut draft: Vec<u8>) -> [Option<Vec<u8>>; 2] {
        let closed = match &mut self.sealing {
            Some(sealing) => sealing.close(now, to, at, &mut draft),
            None => [None, None],
        };
        match closed {
            [None, hello] if !draft.is_empty() => {
                self.seal(to, &mut draft);
                [Some(draft), hello]
            }
            closed => closed,
        }
    }

    /// The next packet that waited until this peer was heard, and where it goes; call until `None` after each [`Arrival::Packet`].
    pub fn release(&mut self, now: Time, peer: PeerId, from: SocketAddr) -> Option<(SocketAddr, Vec<u8>)> {
        self.sealing.as_mut()?.release(now, peer, from)
    }

    /// Opens a datagram, sealed or in the open, as far as the mode allows.
    ///
    /// # Errors
    /// [`Malformed`]: what is wrong with it, one reason for each kind of refusal.
    pub fn open<'a>(&mut self, now: Time, from: SocketAddr, packet: &'a [u8]) -> Result<Arrival<'a>, Malformed> {
        let takes_open = self.takes_open();
        match self.sealing.as_mut().filter(|s| s.mode().is_some()) {
            Some(sealing) if is_sealed(packet) => sealing.open(now, from, packet),
            _ if !takes_open => Err(Malformed("packet in the open")),
            _ => self.unseal(packet).map(Arrival::Packet),
        }
    }

    /// Closes a datagram that [`begin`](Envelope::begin) started, for all of a group: sealed if everything is. While some may have no
    /// key, it goes in the open: those that take nothing in the open have it repaired.
    pub fn close_group(&mut self, mut draft: Vec<u8>) -> Vec<u8> {
        match self.sealing.as_mut().filter(|s| s.mode() == Some(Mode::Require)) {
            Some(sealing) => sealing.seal_for_group(&draft[Envelope::HEADER..]),
            None => {
                self.write_sum(GROUP, PeerId::NONE, &mut draft);
                draft
            }
        }
    }

    /// Opens a datagram that came by the group, sealed or in the open, as far as the mode allows. `None`: it is one's own.
    ///
    /// # Errors
    /// [`Malformed`]: what is wrong with it. Sealed, it must be of a session that is believed already, and come once.
    pub fn open_group<'a>(&mut self, packet: &'a [u8]) -> Result<Option<Opened<'a>>, Malformed> {
        let takes_open = self.takes_open();
        if let Some(sealing) = self.sealing.as_mut().filter(|s| s.mode().is_some() && is_sealed(packet)) {
            let opened = sealing.open_group(packet)?;
            return Ok(opened.map(|(sender, body)| Opened { sender, body: Cow::Owned(body) }));
        }
        if !takes_open {
            return Err(Malformed("packet in the open"));
        }
        let (flags, sum, sender, body) = fields(packet)?;
        if flags & GROUP == 0 {
            return Err(Malformed("packet for one node, by the group"));
        }
        if sum != self.datagram_sum(PeerId::NONE, packet) {
            return Err(Malformed("group packet damaged, or of another cluster"));
        }
        let opened = Opened { sender: nameable(sender)?, body: Cow::Borrowed(body) };
        Ok(Some(opened).filter(|opened| opened.sender != self.me))
    }

    /// Starts a datagram: appends the header, its checksum still blank.
    pub fn begin(&self, packet: &mut Vec<u8>) {
        packet.push(VERSION);
        packet.extend_from_slice(&[0; 4]);
        packet.extend_from_slice(&self.me.0.to_be_bytes());
    }

    /// Closes a datagram in the open that [`begin`](Envelope::begin) started; only `to` will be able to open it. Whoever is known
    /// by address only, a contact, opens it without knowing its own id.
    pub fn seal(&self, to: PeerId, packet: &mut [u8]) {
        let to = receiver(to);
        self.write_sum(if to == PeerId::NONE { ANYONE } else { 0 }, to, packet);
    }

    fn write_sum(&self, flags: u8, to: PeerId, packet: &mut [u8]) {
        packet[0] = VERSION | flags;
        let sum = self.datagram_sum(to, packet);
        packet[1..5].copy_from_slice(&sum.to_be_bytes());
    }

    /// Opens a datagram in the open.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged, of another version, or for another cluster or node.
    pub fn unseal<'a>(&self, packet: &'a [u8]) -> Result<Opened<'a>, Malformed> {
        let (flags, sum, sender, body) = fields(packet)?;
        if flags & GROUP != 0 {
            return Err(Malformed("group packet to one node"));
        }
        let to = if flags & ANYONE != 0 { PeerId::NONE } else { self.me };
        if sum != self.datagram_sum(to, packet) {
            return Err(Malformed("packet damaged, or for another cluster or node"));
        }
        Ok(Opened { sender: nameable(sender)?, body: Cow::Borrowed(body) })
    }

    /// Appends the hello that starts a direction of a stream in the open, towards `to`.
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

    /// Appends a frame in the open around `body`, messages back to back.
    ///
    /// # Panics
    /// If `body` is longer than [`MAX_FRAME`](crate::MAX_FRAME): nobody would take it.
    pub fn frame(&self, body: &[u8], out: &mut Vec<u8>) {
        put_length(body, out);
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

/// Flags, checksum, sender and messages of a datagram in the open.
fn fields(packet: &[u8]) -> Result<(u8, u32, PeerId, &[u8]), Malformed> {
    let mut input = Reader::new(packet);
    let flags = input.u8()?;
    if ![0, ANYONE, GROUP].contains(&(flags ^ VERSION)) {
        return Err(Malformed("packet of an unknown version"));
    }
    Ok((flags, input.u32()?, PeerId(input.u64()?), input.rest()))
}

/// Whether it is a group's, sender and messages of a datagram in the open, whether it verifies or not.
pub(crate) fn parts(packet: &[u8]) -> Result<(bool, PeerId, &[u8]), Malformed> {
    let (flags, _, sender, body) = fields(packet)?;
    Ok((flags & GROUP != 0, nameable(sender)?, body))
}

/// Contacts are this node's own numbers: they mean nothing to others.
fn receiver(to: PeerId) -> PeerId {
    if to.is_contact() { PeerId::NONE } else { to }
}

pub(crate) fn nameable(sender: PeerId) -> Result<PeerId, Malformed> {
    if sender == PeerId::NONE || sender.is_contact() { Err(Malformed("sender is no peer")) } else { Ok(sender) }
}
