use crate::schema::Breach;
use crate::value::{Key, Value};
use bruit_proto::{PeerId, Time};
use std::fmt;
use std::sync::Arc;

/// What listeners are told: of each key the latest value for certain, those between not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody was heard of for the first time.
    Joined(PeerId),
    /// It is alive.
    Alive(PeerId),
    /// It is not.
    Dead(PeerId),
    /// It said something else under a key; of a shared key, this is what is shown now.
    Changed {
        /// Who.
        node: PeerId,
        /// Under what.
        key: Key,
        /// What.
        value: Arc<str>,
    },
    /// It began another life: what it said in the last is void.
    Restarted(PeerId),
    /// It was removed, or silent for too long. If it is this node, it is out of the cluster, and begins again by a
    /// restart alone.
    Removed(PeerId),
}

/// The caller's mistake; nothing changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Refused {
    /// A name or namespace has 1 to [`Key::MAX`] bytes; this one has another number.
    Name(usize),
    /// The value has `size` bytes, the configured limit is `limit`.
    Value {
        /// Bytes given.
        size: usize,
        /// Bytes allowed: [`Config::value`](crate::Config::value).
        limit: usize,
    },
    /// The value breaks the schema of its key.
    Schema {
        /// The key.
        key: Key,
        /// What was to be said under it.
        value: Arc<str>,
        /// What is wrong.
        breach: Breach,
    },
    /// This node holds as many values, or bytes of them, as one may.
    Full,
    /// No such node.
    Unknown(PeerId),
    /// A node does not remove itself: it shuts down.
    Own,
    /// It is alive.
    Alive(PeerId),
    /// Nobody has written in this namespace.
    Namespace(String),
    /// This namespace is being rebuilt; one at a time.
    Rebuilding(String),
    /// Who is a member the membership protocol says: force it to leave there.
    Membership,
    /// This node has shut down or was removed.
    Stopped,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Name(n) => write!(f, "key or namespace of {n} bytes; give one of 1 to {}", Key::MAX),
            Refused::Value { size, limit } => write!(f, "value of {size} bytes; the limit is {limit}"),
            Refused::Schema { key, value, breach } => write!(f, "{value:?} for {key} {breach}"),
            Refused::Full => f.write_str("this node holds as many values as one may"),
            Refused::Unknown(node) => write!(f, "no node {node:?} is known"),
            Refused::Own => f.write_str("a node does not remove itself; shut it down"),
            Refused::Alive(node) => write!(f, "node {node:?} is alive; shut it down"),
            Refused::Namespace(namespace) => write!(f, "nobody has written in namespace {namespace:?}"),
            Refused::Rebuilding(namespace) => write!(f, "namespace {namespace:?} is being rebuilt; wait for it"),
            Refused::Membership => f.write_str("membership decides who is a member; force it to leave"),
            Refused::Stopped => f.write_str("this node has left the exchange; start it again"),
        }
    }
}

impl std::error::Error for Refused {}

/// A shared value, and who wrote it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Who.
    pub writer: PeerId,
    /// What.
    pub value: &'a Value,
}

/// Membership and phi were of two minds about a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disagreement {
    /// About whom.
    pub node: PeerId,
    /// When it was seen.
    pub at: Time,
    /// What membership said; phi said the opposite.
    pub alive: bool,
    /// The suspicion.
    pub phi: f64,
}
