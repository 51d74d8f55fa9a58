/// What happened so far, in whole numbers that only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Rounds.
    pub rounds: u64,
    /// SYNs sent.
    pub syns: u64,
    /// ACKs sent.
    pub acks: u64,
    /// ACK2s sent.
    pub ack2s: u64,
    /// Changes sent at once to whoever should know.
    pub relayed: u64,
    /// Changes sent in the spare room of packets.
    pub piggybacked: u64,
    /// Sums heard that were not ours.
    pub differing: u64,
    /// Deltas that were news.
    pub news: u64,
    /// Deltas that were none.
    pub same: u64,
    /// Deltas before which something was missing: it was asked for.
    pub gaps: u64,
    /// Deltas of nodes that were dropped a moment ago.
    pub quarantined: u64,
    /// Deltas of nodes that have been silent for too long.
    pub expired: u64,
    /// Deltas out of bounds.
    pub refused: u64,
    /// Values that broke their schema, over all nodes and keys.
    pub breaches: u64,
    /// Of these, beyond the 256 pairs of node and key that are counted by name.
    pub unnamed: u64,
    /// Stamps from too far ahead.
    pub too_far: u64,
    /// Nodes that found no room.
    pub full: u64,
    /// Changes dropped from what waits to be sent: there were too many.
    pub backlog_dropped: u64,
    /// Rows of an earlier process that could not be read.
    pub unreadable: u64,
    /// Writes that the disk lost.
    pub unsaved: u64,
    /// Times that membership and phi were of two minds about a node.
    pub disagreements: u64,
    /// Nodes that phi convicted.
    pub convicted: u64,
    /// Times that this node began a life above one that was held of it.
    pub renewed: u64,
}
