use crate::peer::PeerId;

/// One conversation. Numbers are this node's own and never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct StreamId(pub u64);

/// What kind of conversation, which decides what its deadline means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// One exchange; the deadline covers all of it, the dial included.
    Ask,
    /// A transfer on a connection of its own; the deadline is the longest silence.
    Bulk,
}

/// Why a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Both sides closed.
    Done,
    /// The deadline passed.
    Late,
    /// Nobody there would take it.
    Refused,
    /// It broke in the middle.
    Reset,
}

/// What happened to a conversation. Every [`open`](crate::Context::open) ends in exactly one `Closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamNews {
    /// The other side answered the dial. Told to the opener alone, who speaks first.
    Opened,
    /// It is over; its id means nothing any more.
    Closed(Why),
}

/// Where the room that [`fill`](crate::Protocol::fill) offers leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// A datagram about to leave to this peer.
    Packet(PeerId),
    /// A conversation that can take more.
    Stream(StreamId),
}

/// How to answer; opaque, but for the conversation it may belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    route: u64,
    stream: Option<StreamId>,
    group: bool,
}

impl Path {
    /// For nodes and harnesses: `route` is a number that the maker understands.
    pub const fn new(route: u64, stream: Option<StreamId>) -> Path {
        Path { route, stream, group: false }
    }

    /// For nodes and harnesses: the message came by a group datagram, which others on the link heard as well.
    #[must_use]
    pub const fn by_group(self) -> Path {
        Path { group: true, ..self }
    }

    /// Whether the message was said to a group; the answer goes to its sender alone.
    pub const fn is_group(self) -> bool {
        self.group
    }

    /// The maker's number.
    pub const fn route(self) -> u64 {
        self.route
    }

    /// The conversation that the message came on, if it came on one.
    pub const fn stream(self) -> Option<StreamId> {
        self.stream
    }
}

/// Where a message came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who says it said it: a claim in the open, verified once packets are sealed.
    pub peer: Option<PeerId>,
    /// How to answer.
    pub path: Path,
}
