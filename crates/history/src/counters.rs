/// What happened so far, in whole numbers that only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Entries that were asked for here and are safe.
    pub stored: u64,
    /// Entries that were asked for here and that the disk lost: they are nowhere.
    pub lost: u64,
    /// Entries of others that were news here.
    pub learned: u64,
    /// Entries of others that were no news.
    pub duplicates: u64,
    /// Entries of others at or below the checkpoint.
    pub old: u64,
    /// Entries whose Lamport time was out of bounds.
    pub too_far: u64,
    /// Entries that were folded into the checkpoint.
    pub folded: u64,
    /// Checkpoints of others that were taken.
    pub adopted: u64,
    /// Times that entries of others could not be written, and wait to be written again.
    pub unsaved: u64,
    /// Records that were damaged when this node started; others have them.
    pub damaged: u64,
    /// Digests sent.
    pub compared: u64,
    /// Digests received that differed.
    pub differed: u64,
    /// Conversations begun.
    pub asked: u64,
    /// Conversations of ours that ended badly.
    pub failed: u64,
    /// Conversations of others that were answered.
    pub answered: u64,
    /// Conversations of others that were turned away, for lack of room or because two crossed.
    pub turned_away: u64,
    /// Entries given in conversations.
    pub given: u64,
}
