use crate::config::{Compare, Exchange};
use crate::part::{FANOUT, Part};
use bruit_kit::{Mark, Order, Span, Version};

/// Which way items go, as the sender of a message sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// It gives what the other lacks.
    pub gives: bool,
    /// It takes what it lacks.
    pub takes: bool,
}

impl Flow {
    /// As who begins sees it.
    pub(crate) fn of(exchange: Exchange) -> Flow {
        Flow { gives: exchange != Exchange::Pull, takes: exchange != Exchange::Push }
    }

    /// As the other side sees it.
    pub(crate) fn turned(self) -> Flow {
        Flow { gives: self.takes, takes: self.gives }
    }
}

/// What to do if sums differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// List everything.
    Full,
    /// List from the newest back.
    PeelBack,
    /// Compare parts.
    Merkle,
}

impl How {
    pub(crate) fn of(compare: Compare) -> How {
        match compare {
            Compare::Full | Compare::Recent { .. } => How::Full,
            Compare::PeelBack => How::PeelBack,
            Compare::Merkle => How::Merkle,
        }
    }
}

/// What follows after a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Stop,
    /// Ask for the rest: from the list's end up to here, going round at the edge.
    Next(Mark),
    /// Say when you are through with it, and we compare what is older.
    Heard,
    /// What is older than the list has this sum with me; if it has another with you, list on: twice as much as last time,
    /// after so many doublings.
    Peel(u64, u8),
}

/// What copies of [`AntiEntropy`](crate::AntiEntropy) say to each other. Each stands alone: who answers needs to remember
/// nothing, and what is lost still differs the next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<K, Item> {
    /// An item that you lack.
    Give(Item),
    /// Give me this version.
    Want(Version<K>),
    /// What I hold of this piece of an order: exactly these.
    List {
        /// Which way items go.
        flow: Flow,
        /// Which order.
        order: Order,
        /// Which piece.
        span: Span,
        /// All that I hold there.
        versions: Vec<Version<K>>,
        /// What comes after it.
        then: Then,
    },
    /// List what you hold of this piece, going round at the edge: I would say more of it.
    More {
        /// Which way items go.
        flow: Flow,
        /// Which order.
        order: Order,
        /// Which piece.
        span: Span,
    },
    /// What I hold of what is older than this has this sum; if yours differs, go on.
    Check {
        /// Which way items go.
        flow: Flow,
        /// How to go on.
        how: How,
        /// A mark in time; the edge for all there is.
        upto: Mark,
        /// The sum of the prints.
        sum: u64,
    },
    /// I am through with your list, which went back to here.
    Heard {
        /// Which way items go.
        flow: Flow,
        /// A mark in time.
        since: Mark,
    },
    /// Sums of the prints of what I hold of each of the sixteen parts of this one.
    Sums {
        /// Which way items go.
        flow: Flow,
        /// Which part.
        part: Part,
        /// Its parts' sums, in order.
        sums: [u64; FANOUT],
    },
}
