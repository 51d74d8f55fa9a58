use crate::envelope::{Envelope, parts};
use crate::keys::KeyRing;
use crate::own::{HELLO, Header, KEY, NAME, NAMED, associated, open};
use crate::sealing::is_sealed;
use bruit_proto::{Malformed, PeerId, Reader};

/// What anybody can read of a captured datagram, without being its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Captured<'a> {
    /// In the open. Whether it verifies, only who knows label and receiver can tell.
    Open {
        /// Who says it sent this.
        sender: PeerId,
        /// Its messages, back to back.
        body: &'a [u8],
    },
    /// Sealed: this is all that stands in the open.
    Sealed {
        /// It asks who is there, and holds nothing else.
        hello: bool,
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
            let Header { flags, session, counter } = Header::read(packet)?;
            let (hello, named, key) = (flags & HELLO != 0, flags & NAMED != 0, flags & KEY);
            return Ok(Captured::Sealed { hello, named, key, session, counter });
        }
        let (sender, body) = parts(packet)?;
        Ok(Captured::Open { sender, body })
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

/// Whether a captured datagram in the open verifies for this receiver; [`PeerId::NONE`] of one that anyone may open.
pub fn verifies(label: &str, receiver: PeerId, packet: &[u8]) -> bool {
    !is_sealed(packet) && Envelope::clear(label, receiver).unseal(packet).is_ok()
}
