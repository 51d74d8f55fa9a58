use bruit_kit::Lamport;
use bruit_proto::{Malformed, PeerId, Reader, Record, Wall, mix, put_bytes, put_varint, varint_size};
use std::fmt;
use std::sync::Arc;

/// Which entry, and its place in the order of all: Lamport time first, then origin and serial.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// Lamport time: later than all that its origin knew of.
    pub ltime: u64,
    /// The node that was asked.
    pub origin: PeerId,
    /// Its number there, in a count that starts at a random number in each process.
    pub serial: u32,
}

impl EntryId {
    /// No entry comes after this.
    pub const LAST: EntryId = EntryId { ltime: u64::MAX, origin: PeerId(u64::MAX), serial: u32::MAX };

    /// Sixty-four bits that stand for it in sums.
    pub fn print(&self) -> u64 {
        mix(self.origin.0 ^ mix(self.ltime ^ mix(u64::from(self.serial))))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.ltime);
        out.extend_from_slice(&self.origin.0.to_be_bytes());
        out.extend_from_slice(&self.serial.to_be_bytes());
    }

    /// Any place in the order, whether an entry can be there or not.
    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<EntryId, Malformed> {
        Ok(EntryId { ltime: input.varint()?, origin: PeerId(input.u64()?), serial: input.u32()? })
    }

    pub(crate) fn size(&self) -> usize {
        varint_size(self.ltime) + 12
    }

    /// Whether an entry can be here.
    fn is_possible(&self) -> bool {
        let node = self.origin != PeerId::NONE && !self.origin.is_contact();
        node && (1..=Lamport::MAX).contains(&self.ltime)
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == EntryId::LAST {
            return f.write_str("end");
        }
        write!(f, "{}@{:?}.{:x}", self.ltime, self.origin, self.serial)
    }
}

/// What an operator asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The node joins.
    Join,
    /// The node leaves.
    Leave,
    /// The node, which failed, is taken to have left.
    ForceLeave,
    /// As `ForceLeave`, and it is forgotten at once.
    Prune,
}

impl What {
    const ALL: [What; 4] = [What::Join, What::Leave, What::ForceLeave, What::Prune];

    fn code(self) -> u8 {
        self as u8 + 1
    }

    fn of(code: u8) -> Result<What, Malformed> {
        What::ALL.into_iter().find(|what| what.code() == code).ok_or(Malformed("an unknown change"))
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::Join => "join",
            What::Leave => "leave",
            What::ForceLeave => "force-leave",
            What::Prune => "prune",
        })
    }
}

/// One change that an operator asked for: immutable, shared by all copies in a process.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which one, and where in the order of all.
    pub id: EntryId,
    /// The change.
    pub what: What,
    /// The name of the node that it is about.
    pub node: Arc<str>,
    /// Who asked.
    pub by: Arc<str>,
    /// When, by the wall clock of the node that was asked; for display, never for order.
    pub at: Wall,
}

impl Entry {
    /// The longest that `by` may be, in bytes of UTF-8: 128. A user and a host, or the subject of a token.
    pub const MAX_BY: usize = 128;
    /// The longest that `node` may be, in bytes of UTF-8.
    pub const MAX_NODE: usize = Record::MAX_NAME;

    /// Bytes of the layout.
    pub fn size(&self) -> usize {
        let text = |text: &str| varint_size(text.len() as u64) + text.len();
        self.id.size() + 1 + varint_size(self.at.0) + text(&self.node) + text(&self.by)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        out.push(self.what.code());
        put_varint(out, self.at.0);
        put_bytes(out, self.node.as_bytes());
        put_bytes(out, self.by.as_bytes());
    }

    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<Entry, Malformed> {
        let id = EntryId::decode(input)?;
        if !id.is_possible() {
            return Err(Malformed("an entry of no node or no time"));
        }
        let what = What::of(input.u8()?)?;
        let at = Wall(input.varint()?);
        let node: Arc<str> = input.text(Entry::MAX_NODE)?.into();
        let by = input.text(Entry::MAX_BY)?.into();
        if node.is_empty() {
            return Err(Malformed("an entry about nobody"));
        }
        Ok(Entry { id, what, node, by, at })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {} by {}", self.id, self.what, self.node, self.by)
    }
}

/// The caller's mistake or bad moment; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A node's name has 1 to [`Entry::MAX_NODE`] bytes; this one has another number.
    Node(usize),
    /// Who asked has this many bytes, more than [`Entry::MAX_BY`].
    By(usize),
    /// This node started a moment ago and has not compared its history yet: try again.
    Joining,
    /// As many entries as may wait for the disk do: try again.
    Waiting,
    /// The cluster's Lamport clock is at its end: some node's is broken.
    Clock,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Node(n) => write!(f, "node name of {n} bytes; give one of 1 to {}", Entry::MAX_NODE),
            Refused::By(n) => write!(f, "'who asked' has {n} bytes; give at most {}", Entry::MAX_BY),
            Refused::Joining => f.write_str("this node has not compared its history with anybody's yet; try again"),
            Refused::Waiting => f.write_str("too many changes wait for the disk; try again"),
            Refused::Clock => f.write_str("the cluster's logical clock is at its end; a node with a broken clock is among us"),
        }
    }
}

impl std::error::Error for Refused {}
