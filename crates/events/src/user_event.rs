use crate::filter::Filter;
use crate::id::{EventId, Stamp};
use bruit_proto::{Malformed, PeerId, Reader, Wire, put_bytes, varint_size};
use std::fmt;
use std::sync::Arc;

/// An event as it travels: immutable, shared by all copies in a process.
#[derive(Clone, PartialEq, Eq)]
pub struct UserEvent {
    /// Which one, and where in the order of all.
    pub stamp: Stamp,
    /// To whom it is delivered; everybody relays it.
    pub filter: Filter,
    /// Whether its origin waits until they have it.
    pub wait: Wait,
    /// What the user calls it.
    pub name: Arc<str>,
    /// What the user says.
    pub payload: Arc<[u8]>,
}

/// Whether the origin of an event waits to hear who has it, and how that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Wait {
    /// It does not.
    #[default]
    No,
    /// By name: in clusters of at most 2,000 nodes.
    Named,
    /// By number: in larger ones.
    Counted,
}

impl Wait {
    fn flag(self) -> u8 {
        match self {
            Wait::No => 0,
            Wait::Named => 0x10,
            Wait::Counted => 0x20,
        }
    }

    fn of(flag: u8) -> Result<Wait, Malformed> {
        let known = [Wait::No, Wait::Named, Wait::Counted].into_iter().find(|wait| wait.flag() == flag);
        known.ok_or(Malformed("no such way to wait"))
    }
}

impl UserEvent {
    /// The longest name, in bytes of UTF-8: 128.
    pub const MAX_NAME: usize = 128;
    /// The longest payload that any configuration may allow: 900 bytes. With the longest name and filter the event is
    /// 900 + 128 + 128 + 37 of stamp, age and lengths = 1,193 bytes, so see [`MAX_SIZE`](UserEvent::MAX_SIZE).
    pub const MAX_PAYLOAD: usize = 900;
    /// The most bytes of the whole event, encoded: 1,100, which leaves 100 of a packet of 1,200 to its envelope, the
    /// digest and whatever the packet was sent for.
    pub const MAX_SIZE: usize = 1_100;

    /// Bytes of the layout.
    pub fn size(&self) -> usize {
        let bytes = |n: usize| varint_size(n as u64) + n;
        self.stamp.size() + self.filter.size() + bytes(self.name.len()) + bytes(self.payload.len())
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.stamp.encode(out);
        self.filter.encode(self.wait.flag(), out);
        put_bytes(out, self.name.as_bytes());
        put_bytes(out, &self.payload);
    }

    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<UserEvent, Malformed> {
        let stamp = Stamp::decode(input)?;
        let (filter, flag) = Filter::decode(input)?;
        let wait = Wait::of(flag)?;
        let name = input.text(UserEvent::MAX_NAME)?.into();
        let payload = input.bytes(UserEvent::MAX_PAYLOAD)?.into();
        let event = UserEvent { stamp, filter, wait, name, payload };
        if event.size() > UserEvent::MAX_SIZE {
            return Err(Malformed("event larger than a packet"));
        }
        Ok(event)
    }
}

impl fmt::Debug for UserEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {} B", self.stamp, self.name, self.payload.len())?;
        if self.wait != Wait::No {
            write!(f, " {:?}", self.wait)?;
        }
        self.filter.node_glob().map_or(Ok(()), |glob| write!(f, " {glob}"))?;
        self.filter.terms().try_for_each(|(key, glob)| write!(f, " {key}={glob}"))
    }
}

/// An event for the user of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Which one.
    pub id: EventId,
    /// Who said it.
    pub origin: PeerId,
    /// Its Lamport time: an event that was said by somebody who knew of another has the greater one.
    pub ltime: u64,
    /// What the user calls it.
    pub name: Arc<str>,
    /// What the user says.
    pub payload: Arc<[u8]>,
    /// Who handed it over; nobody at its origin.
    pub via: Option<PeerId>,
    /// How often it was handed over: zero at its origin, 255 for more.
    pub hop: u8,
}

/// The caller's mistake; nothing was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A name has 1 to [`UserEvent::MAX_NAME`] bytes; this one has another number.
    Name(usize),
    /// The payload has `size` bytes, the configured limit is `limit`.
    Payload {
        /// Bytes given.
        size: usize,
        /// Bytes allowed: [`Config::payload`](crate::Config::payload).
        limit: usize,
    },
    /// All of it together has this many bytes, more than [`UserEvent::MAX_SIZE`].
    Size(usize),
    /// This node is joining, and as many events as it may hold back until it has are waiting already: try again.
    Joining,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Name(n) => write!(f, "event name of {n} bytes; give one of 1 to {}", UserEvent::MAX_NAME),
            Refused::Payload { size, limit } => write!(f, "event payload of {size} bytes; the limit is {limit}"),
            Refused::Size(n) => {
                write!(f, "event of {n} bytes in all; shorten name, filter or payload to {}", UserEvent::MAX_SIZE)
            }
            Refused::Joining => f.write_str("this node is joining and holds enough events back already; try again"),
        }
    }
}

impl std::error::Error for Refused {}
