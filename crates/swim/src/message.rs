use bruit_proto::{PeerId, Record};
use std::sync::Arc;

/// The most accusers that travel with a suspicion: the initiator and the confirmations that count.
pub const MAX_ACCUSERS: usize = 4;
/// The most fingerprints in one message: 32,768 of four bytes are half of the largest frame.
pub const MAX_FINGERPRINTS: usize = 32_768;
/// Most buckets of a digest search: 2^10 sums of four bytes.
pub const MAX_DEPTH: u8 = 10;

/// What SWIM nodes say to each other.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variant's sentence names its fields")]
pub enum Message {
    /// Are you there? With a digest of the asker's live view.
    Ping { seq: u32, digest: u32 },
    /// I am, with a digest of my live view. A helper's ack speaks for the target.
    Ack { seq: u32, digest: u32 },
    /// Ping this member for me.
    PingReq { seq: u32, target: PeerId },
    /// I, a helper, am there; the target does not answer me (Lifeguard section IV-A).
    Nack { seq: u32 },
    /// A statement about a member.
    Update(Update),
    /// I do not know you: say who you are.
    Who,
    /// Is the process with this session still there? Asked at the address of a name that somebody claims.
    Check { seq: u32, session: u64 },
    /// It is.
    Here { seq: u32 },
    /// Opens a join: I want all that you know. My record, at this incarnation.
    Join { incarnation: u64, record: Arc<Record> },
    /// Your name is known at this incarnation: announce yourself above it.
    Above { incarnation: u64 },
    /// Your name is taken by a process that answers.
    Taken,
    /// I serve enough others: ask this member.
    Busy { ask: Option<Arc<Record>> },
    /// Opens a delta, or answers one: fingerprints of what changed last here.
    Recent { asks: bool, fingerprints: Vec<u32> },
    /// Send me the members with these fingerprints.
    Want { fingerprints: Vec<u32> },
    /// All that was wanted has been sent; what I hold now.
    Sent { digest: u32, clock: u64 },
    /// Sums of my live members' fingerprints in 2^depth buckets.
    Sums { depth: u8, sums: Vec<u32> },
    /// My fingerprints in the buckets that differ.
    Buckets { depth: u8, buckets: Vec<u16>, fingerprints: Vec<u32> },
}

/// A statement about a member that travels on unchanged.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variant's sentence names its fields")]
pub enum Update {
    /// It says of itself that it is alive.
    Alive { incarnation: u64, record: Arc<Record> },
    /// These could not reach it.
    Suspect { peer: PeerId, incarnation: u64, accusers: Vec<PeerId> },
    /// Its suspicion was never refuted.
    Dead { peer: PeerId, incarnation: u64, by: PeerId },
    /// It left, on its own or an operator's word; a pruned one is forgotten too. `clock` stamps the word.
    Left { peer: PeerId, incarnation: u64, clock: u64, prune: bool },
}

impl Update {
    /// Whom it is about.
    pub fn about(&self) -> PeerId {
        match self {
            Update::Alive { record, .. } => record.id(),
            Update::Suspect { peer, .. } | Update::Dead { peer, .. } | Update::Left { peer, .. } => *peer,
        }
    }
}
