/// What happened so far, in whole numbers that only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Events said here.
    pub said: u64,
    /// Events that were news here, own ones included.
    pub news: u64,
    /// Events that were news here and came by a group.
    pub overheard: u64,
    /// Events delivered here.
    pub delivered: u64,
    /// Copies that were no news.
    pub duplicates: u64,
    /// Copies below the window: seen long ago, or too late.
    pub old: u64,
    /// Copies whose Lamport time was out of bounds.
    pub too_far: u64,
    /// Copies sent at once to whoever should know.
    pub relayed: u64,
    /// Copies sent in the spare room of packets.
    pub piggybacked: u64,
    /// Copies sent because a digest differed.
    pub pushed: u64,
    /// Copies sent in conversations.
    pub repaired: u64,
    /// Ring neighbours asked whether the last news reached them.
    pub checked: u64,
    /// Digests heard that were not ours.
    pub differing: u64,
    /// Conversations begun here.
    pub asked: u64,
    /// Conversations of others that were answered here.
    pub answered: u64,
    /// Conversations of others turned away: there were too many.
    pub turned_away: u64,
    /// Conversations begun here that failed.
    pub failed: u64,
    /// Reports sent of who has an event.
    pub reported: u64,
    /// Reports heard of who has an event.
    pub reports: u64,
    /// Waits, and reports, that there was no room for.
    pub covers_dropped: u64,
    /// Events that fell out of the window.
    pub evicted: u64,
    /// Events dropped from what waits to be sent: there were too many.
    pub backlog_dropped: u64,
    /// Rows of an earlier process that could not be read.
    pub unreadable: u64,
    /// Batches that the disk lost; what was in them is written again.
    pub unsaved: u64,
}
