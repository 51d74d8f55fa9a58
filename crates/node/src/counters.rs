use std::net::SocketAddr;

/// The most reasons for rejecting that are counted apart: protocols name theirs in literals, a dozen each in the largest.
/// Further ones are counted as `other`.
pub const MAX_REASONS: usize = 64;

/// What came and went on one lane. Bytes are UDP or TCP payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// Datagrams, or frames: received, good ones and bad.
    pub received: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Datagrams, or frames: handed to the driver.
    pub sent: u64,
    /// Bytes handed to the driver.
    pub bytes_sent: u64,
    /// The most bytes of one datagram handed to the driver.
    pub largest_sent: u64,
}

/// What this node did not send or do, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Messages to a peer that the book does not know.
    pub unknown_peer: u64,
    /// Messages received of a kind that this node does not know, skipped: of another version, or of a part that it lacks.
    pub unknown_message: u64,
    /// Messages that fit into no packet, even alone.
    pub too_large: u64,
    /// Answers to an address that was forgotten since: more than [`MAX_STRANGERS`](crate::MAX_STRANGERS) wrote meanwhile.
    pub forgotten_path: u64,
    /// Answers on a stream that is over.
    pub stream_over: u64,
    /// Streams ended because more answers waited than one frame holds.
    pub stream_overflow: u64,
    /// Streams not opened: [`MAX_OUTBOUND`](crate::MAX_OUTBOUND) are open already.
    pub outbound_full: u64,
    /// Streams not accepted: [`MAX_INBOUND`](crate::MAX_INBOUND) are open already.
    pub inbound_full: u64,
    /// Streams that somebody opened to us and that ended without a whole frame: half-open ones, probes, replays, a wrong key.
    pub unspoken: u64,
    /// Streams ended because all streams together held more than [`MAX_HELD`](crate::MAX_HELD) of frames not yet whole.
    pub held_full: u64,
    /// Contacts forgotten: more than [`MAX_CONTACTS`](crate::MAX_CONTACTS) were named since.
    pub contacts: u64,
}

/// A group of IP multicast, and what went by it; its datagrams are counted on their [lane](Counters::datagrams), too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its address.
    pub address: SocketAddr,
    /// Datagrams said to it.
    pub sent: u64,
    /// Datagrams of others that came by it and verified.
    pub received: u64,
    pub(crate) refused: Reasons,
}

impl Group {
    pub(crate) fn new(address: SocketAddr) -> Group {
        Group { address, sent: 0, received: 0, refused: Reasons::default() }
    }

    /// What came by it and was not taken, by reason; one's own that came back is not among it.
    pub fn refused(&self) -> &[(&'static str, u64)] {
        &self.refused.0
    }
}

/// Each reason with how often it was given, in the order of their first time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons(Vec<(&'static str, u64)>);

impl Reasons {
    pub(crate) fn add(&mut self, why: &'static str) {
        let Reasons(all) = self;
        let i = all.iter().position(|x| x.0 == why).unwrap_or_else(|| {
            let name = if all.len() + 1 < MAX_REASONS { why } else { "other" };
            all.iter().position(|x| x.0 == name).unwrap_or_else(|| {
                all.push((name, 0));
                all.len() - 1
            })
        });
        all[i].1 += 1;
    }
}

/// Plain sums since the node was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The datagram lane.
    pub datagrams: Lane,
    /// The stream lane.
    pub streams: Lane,
    trouble: Option<Box<Trouble>>,
}

/// Absent in a node that has none, so behind a box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Trouble {
    dropped: Dropped,
    rejected: Reasons,
}

impl Counters {
    /// What was dropped.
    pub fn dropped(&self) -> Dropped {
        self.trouble.as_ref().map(|t| t.dropped).unwrap_or_default()
    }

    /// Peers' mistakes: each reason with how often it was given, in the order of their first time.
    pub fn rejected(&self) -> &[(&'static str, u64)] {
        self.trouble.as_ref().map(|t| t.rejected.0.as_slice()).unwrap_or_default()
    }

    /// All mistakes of peers together.
    pub fn rejections(&self) -> u64 {
        self.rejected().iter().map(|x| x.1).sum()
    }

    pub(crate) fn drop(&mut self) -> &mut Dropped {
        &mut self.trouble.get_or_insert_default().dropped
    }

    pub(crate) fn reject(&mut self, why: &'static str) {
        self.trouble.get_or_insert_default().rejected.add(why);
    }
}
