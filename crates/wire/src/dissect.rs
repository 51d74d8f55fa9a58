use crate::envelope::{Envelope, parts};
use crate::keys::KeyRing;
use crate::own::{Header, KEY, NAME, NAMED, associated, open};
use crate::sealing::is_sealed;
use bruit_proto::{Malformed, PeerId, Reader};

/// What anybody can read of a captured datagram, without being its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Captured<'a> {
    /// In the open. Whether it verifies, only who knows label and receiver can tell.
    Open {
        /// It is said to a group.
        group: bool,
        /// Who says it sent this.
        sender: PeerId,
        /// Its messages, back to back.
        body: &'a [u8],
    },
    /// Sealed: this is all that stands in the open.
    Sealed {
        /// It asks who is there, and holds nothing else.
        hello: bool,
        /// It is said to a group.
        group: bool,
        /// Its sender's name is inside.
        named: bool,
        /// The low five bits of the key's id.
        key: u8,
        /// Its sender's process.
        session: u64,
        /// Its number in the session.
        counter: u64,
    },
}

impl<'a> Captured<'a> {
    /// Reads a datagram as far as anybody can.
    ///
    /// # Errors
    /// [`Malformed`]: it is none of bruit's, or is cut off.
    pub fn read(packet: &'a [u8]) -> Result<Captured<'a>, Malformed> {
        if is_sealed(packet) {
            let header = Header::read(packet)?;
            let (hello, group, Header { flags, session, counter }) = (header.is_hello(), header.is_group(), header);
            return Ok(Captured::Sealed { hello, group, named: flags & NAMED != 0, key: flags & KEY, session, counter });
        }
        let (group, sender, body) = parts(packet)?;
        Ok(Captured::Open { group, sender, body })
    }
}

/// What was sealed in a captured datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// Who sent it, if it says so: its receiver may know by the session.
    pub sender: Option<PeerId>,
    /// Its messages, back to back.
    pub body: Vec<u8>,
}

/// Opens a captured datagram, for whoever holds the cluster's keys and knows the receiver's session. `None`: it does not
/// verify; it may be for another session.
///
/// # Errors
/// [`Malformed`]: it is cut off, or sealed by none of these keys.
pub fn unseal(keys: &KeyRing, label: &str, receiver: u64, packet: &[u8]) -> Result<Option<Unsealed>, Malformed> {
    let header = Header::read(packet)?;
    let Some(mut text) = open(keys, header, &associated(label.as_bytes(), receiver, header.flags), packet)? else {
        return Ok(None);
    };
    if header.flags & NAMED == 0 {
        return Ok(Some(Unsealed { sender: None, body: text }));
    }
    let sender = Some(PeerId(Reader::new(&text).u64()?));
    text.drain(..NAME);
    Ok(Some(Unsealed { sender, body: text }))
}

/// Whether a captured datagram in the open verifies for this receiver; [`PeerId::NONE`] of one that anyone may open, or that
/// is said to a group.
pub fn verifies(label: &str, receiver: PeerId, packet: &[u8]) -> bool {
    let mut envelope = Envelope::clear(label, receiver);
    !is_sealed(packet) && (envelope.unseal(packet).is_ok() || envelope.open_group(packet).is_ok())
}
