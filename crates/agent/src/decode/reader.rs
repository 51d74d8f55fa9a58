//! What one datagram says, with what was learned from those before it.

use super::Found;
use crate::cli::DecodeOptions;
use bruit::capture::{Captured, Note, Unsealed, messages, notes, unseal, verifies};
use bruit::proto::{Malformed, PeerId, Protocol};
use bruit::stacks::swim::{Message as Swim, Update};
use bruit::stacks::{Message as Core, beside};
use bruit::{Full, KeyRing};
use std::collections::BTreeMap;
use std::fmt;

type Message = <Full as Protocol>::Message;

/// The most receivers' sessions that are tried for a packet: a few microseconds each.
const MAX_SESSIONS: usize = 1_024;
/// The most names kept.
const MAX_NAMES: usize = 65_536;

/// What holds for a whole capture.
pub(super) struct Reader<'a> {
    keys: Option<KeyRing>,
    label: &'a str,
    names: BTreeMap<PeerId, String>,
    /// Sessions that send or were named, and whose they are, where that is known.
    sessions: BTreeMap<u64, Option<PeerId>>,
}

/// What a datagram says.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) sender: Option<String>,
    /// In the open: whether it verifies for somebody who is known. Sealed, if it was opened it does.
    pub(super) verified: Option<bool>,
    pub(super) sealed: Option<Sealed>,
    /// `None`: it is sealed, and could not be opened.
    pub(super) notes: Option<Vec<Note>>,
    pub(super) unreadable: Option<String>,
}

/// What stands in the open of a sealed datagram.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) hello: bool,
    pub(super) group: bool,
    pub(super) key: u8,
    pub(super) key_id: Option<String>,
    pub(super) session: u64,
    pub(super) counter: u64,
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sealed { hello, group, key, key_id, session, counter } = self;
        let hello = match (hello, group) {
            (true, _) => " hello",
            (false, true) => " to a group",
            (false, false) => "",
        };
        match key_id {
            Some(id) => write!(f, "sealed{hello} by key {id}, session {session:016x}, counter {counter}"),
            None => {
                write!(f, "sealed{hello} by a key whose id ends in the bits {key:05b}, session {session:016x}, counter {counter}")
            }
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(keys: Option<KeyRing>, options: &'a DecodeOptions, found: &[Found]) -> Reader<'a> {
        let names = options.node.iter().map(|name| (PeerId::named(name), name.clone())).collect();
        let senders = found.iter().filter_map(|one| match Captured::read(&one.bytes) {
            Ok(Captured::Sealed { session, .. }) => Some(session),
            _ => None,
        });
        let sessions = options.session.iter().copied().chain(senders).map(|session| (session, None)).take(MAX_SESSIONS);
        Reader { keys, label: &options.label, names, sessions: sessions.collect() }
    }

    /// Reads one datagram.
    ///
    /// # Errors
    /// It is no datagram of bruit's.
    pub(super) fn read(&mut self, packet: &[u8]) -> Result<Told, Malformed> {
        match Captured::read(packet)? {
            Captured::Open { sender, body, .. } => {
                let mut told = self.told(sender, body);
                told.verified = Some(self.verifies(sender, packet));
                Ok(told)
            }
            Captured::Sealed { hello, group, key, session, counter, .. } => {
                let id = |keys: &KeyRing| keys.ids().find(|id| (id.0 & 0x1F) as u8 == key).map(|id| id.to_string());
                let sealed = Sealed { hello, group, key, key_id: self.keys.as_ref().and_then(id), session, counter };
                let told = self.unsealed(hello || group, session, packet);
                Ok(Told { sealed: Some(sealed), ..told })
            }
        }
    }

    fn unsealed(&mut self, nobody: bool, session: u64, packet: &[u8]) -> Told {
        let closed = |why: Option<&str>| Told {
            sender: None,
            verified: None,
            sealed: None,
            notes: None,
            unreadable: why.map(str::to_owned),
        };
        let Some(keys) = &self.keys else { return closed(None) };
        let receivers: Vec<u64> = if nobody { vec![0] } else { self.sessions.keys().copied().collect() };
        for receiver in receivers {
            match unseal(keys, self.label, receiver, packet) {
                Ok(Some(Unsealed { sender, body })) => {
                    if let (Some(_), Some(owner)) = (sender, self.sessions.get_mut(&session)) {
                        *owner = sender;
                    }
                    let sender = sender.or_else(|| self.sessions.get(&session).copied().flatten());
                    let mut told = self.told(sender.unwrap_or(PeerId::NONE), &body);
                    told.verified = Some(true);
                    return told;
                }
                Ok(None) => {}
                Err(wrong) => return closed(Some(wrong.0)),
            }
        }
        closed(Some("for a session that is not known, or of another label: see --session and --label"))
    }

    /// Messages, which may name nodes that are not known by name yet.
    fn told(&mut self, sender: PeerId, body: &[u8]) -> Told {
        self.learn(sender, body);
        let (notes, wrong) = notes::<Message>(body, &|id| self.name(id));
        let left =
            |(at, wrong): (usize, Malformed)| format!("{} bytes from byte {at} on cannot be read: {wrong}", body.len() - at);
        let sender = (sender != PeerId::NONE).then(|| self.name(sender));
        Told { sender, verified: None, sealed: None, notes: Some(notes), unreadable: wrong.map(left) }
    }

    fn name(&self, id: PeerId) -> String {
        self.names.get(&id).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| format!("{id:?}"))
    }

    /// Who is who: records say names, and a sender without one is at least somebody to verify by.
    fn learn(&mut self, sender: PeerId, body: &[u8]) {
        for message in messages::<Message>(body) {
            let beside::Message::Core(Core::Swim(said)) = message else { continue };
            let (Swim::Update(Update::Alive { record, .. }) | Swim::Join { record, .. }) = said else { continue };
            if self.names.len() < MAX_NAMES {
                self.names.insert(record.id(), record.name().to_owned());
            }
        }
        if sender != PeerId::NONE && self.names.len() < MAX_NAMES {
            self.names.entry(sender).or_default();
        }
    }

    fn verifies(&self, sender: PeerId, packet: &[u8]) -> bool {
        let others = self.names.keys().copied().filter(|id| *id != sender);
        std::iter::once(PeerId::NONE).chain(others).any(|receiver| verifies(self.label, receiver, packet))
    }
}
