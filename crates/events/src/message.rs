use crate::id::{EventId, Stamp};
use crate::user_event::UserEvent;
use bruit_proto::PeerId;
use std::sync::Arc;

/// What copies of [`Events`](crate::Events) say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// An event, said `age` milliseconds ago; by datagram, or in a conversation.
    Event {
        /// How old this copy was when it left, in milliseconds.
        age: u32,
        /// How often it was handed over on the way to whoever gets this copy; 255 stands for more.
        hop: u8,
        /// The event.
        event: Arc<UserEvent>,
    },
    /// The sum over what I hold, on any packet that has room: equal knowledge is an equal digest.
    Digest(u32),
    /// Did the last news reach you? Say your digest; mine is beside this.
    Check,
    /// What was asked for is beside this.
    Checked,
    /// Opens a conversation.
    Hello(Hello),
    /// Answers it. What the other lacks follows.
    Reply(Reply),
    /// Prints of what I still lack; the opener's last word but for events.
    Want(Vec<u32>),
    /// I am in enough conversations already.
    Busy,
    /// These of the tree below me have an event that is waited for.
    Report(Report),
    /// What becomes of a report.
    Answer {
        /// Of which event.
        id: EventId,
        /// Of which report.
        seq: u32,
        /// What.
        answer: Answer,
    },
    /// How did this event come to you?
    Trace(EventId),
    /// So; or not at all.
    Traced {
        /// Which event.
        id: EventId,
        /// How it came.
        trace: Option<Trace>,
    },
}

/// Who has an event: what the receiver has not confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which event.
    pub id: EventId,
    /// How far the sender is from its origin.
    pub hop: u8,
    /// The sender's number of this report.
    pub seq: u32,
    /// Who has it.
    pub have: Have,
}

/// Who has an event, in one of three ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Have {
    /// So many nodes.
    Count(u32),
    /// These.
    Ids(Vec<PeerId>),
    /// Those whose bits are set, in the order of ids.
    Bits {
        /// Sum over all members: ranks mean something to whoever has the same.
        view: u32,
        /// A bit a member, least significant first.
        bits: Vec<u8>,
    },
}

/// What becomes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is passed on.
    Taken,
    /// I am no nearer to the origin than you, or know nothing of it: ask another.
    NotMine,
    /// My members are not yours: say ids.
    OtherView,
    /// Nobody waits any more.
    Over,
}

/// How an event came to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Who handed it over; nobody at its origin.
    pub via: Option<PeerId>,
    /// How often it was handed over.
    pub hop: u8,
    /// How many milliseconds ago it came.
    pub held: u32,
}

/// The recent list first: usually that is where the difference is, and the older part is one sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// My Lamport clock.
    pub clock: u64,
    /// I take nothing at or below this stamp.
    pub floor: Option<Stamp>,
    /// Salt of all prints in this conversation.
    pub salt: u32,
    /// The recent part: Lamport times from here on.
    pub since: u64,
    /// Prints of what I hold of it, newest first.
    pub recent: Vec<u32>,
    /// Digest of what I hold of the older part, above my floor.
    pub older: u32,
}

/// What the other side of a [`Hello`] has to say to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// My Lamport clock.
    pub clock: u64,
    /// I take nothing at or below this stamp.
    pub floor: Option<Stamp>,
    /// Prints of what I lack of the recent part.
    pub want: Vec<u32>,
    /// Prints of what I hold of the older part, if its digest differs.
    pub rest: Option<Vec<u32>>,
}
