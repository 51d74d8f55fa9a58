use crate::delta::Delta;
use crate::digest::Digest;
use bruit_proto::PeerId;

/// What copies of [`State`](crate::State) say to each other, all of it by datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The sum over what I know, on any packet that has room: equal knowledge is an equal sum. 48 bits.
    Sum(u64),
    /// The same, piece by piece: where do we differ?
    Sums(Sums),
    /// Opens an exchange.
    Syn(Syn),
    /// Answers it.
    Ack(Ack),
    /// Ends it: what was asked for.
    Ack2(Ack2),
    /// A change, told as soon as it is news.
    News(Delta),
    /// Are you there, in this generation?
    Echo(u64),
    /// I am.
    Echoed(u64),
}

/// All that I know of the nodes from `from` to `to`; whom I do not list I have not heard of.
///
/// A list that is larger than a packet is cut into several of these, each an exchange of its own. One about the sender
/// that lists nothing is the question of the shadow round: who was I?
#[doc(alias = "GossipDigestSyn")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syn {
    /// The least id that this is about.
    pub from: PeerId,
    /// The greatest.
    pub to: PeerId,
    /// By id.
    pub digests: Vec<Digest>,
}

/// What the receiver of a [`Syn`] wants, and what it has that is newer.
#[doc(alias = "GossipDigestAck")]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ack {
    /// I want what is above these.
    pub wants: Vec<Digest>,
    /// You lack this.
    pub deltas: Vec<Delta>,
    /// More is there than fitted.
    pub more: bool,
    /// I have just started, and know nothing yet.
    pub shadow: bool,
}

/// What was wanted.
#[doc(alias = "GossipDigestAck2")]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Ack2 {
    /// You wanted this.
    pub deltas: Vec<Delta>,
    /// More is there than fitted.
    pub more: bool,
}

/// Sums over adjacent ranges of ids (Meyer 2023, "Range-based set reconciliation"): the first from `from`, each next one
/// from behind the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The least id that this is about.
    pub from: PeerId,
    /// The last id of each range, and the sum over what I know of those in it.
    pub parts: Vec<(PeerId, u32)>,
}

impl Sums {
    /// Ranges in one message at most: 8, so that a difference among 1,000 nodes is found in three packets of 106 bytes.
    pub const PARTS: usize = 8;
}
