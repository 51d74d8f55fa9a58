/// What a node counted since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Probes begun.
    pub probes: u64,
    /// Probes that no direct ping answered.
    pub probes_indirect: u64,
    /// Probes that nothing answered.
    pub probes_failed: u64,
    /// Suspicions begun here, by own probe or by word.
    pub suspicions: u64,
    /// Suspicions that ended in a refutation.
    pub refuted: u64,
    /// Members that this node itself declared dead.
    pub declared_dead: u64,
    /// Accusations against this node that it refuted.
    pub refutations: u64,
    /// Deltas begun.
    pub deltas: u64,
    /// Full syncs served.
    pub full_syncs: u64,
    /// Joiners sent on to somebody else.
    pub sent_on: u64,
    /// Pieces of news dropped because too much was waiting.
    pub news_dropped: u64,
    /// Conversations refused because enough were open.
    pub talks_refused: u64,
    /// Pings that could not be relayed because too many were.
    pub relays_refused: u64,
    /// Members that did not fit the table.
    pub members_refused: u64,
    /// Rows of an earlier process that could not be read.
    pub unreadable: u64,
    /// Batches that the disk lost; what was in them is written again.
    pub unsaved: u64,
}

bruit_kit::idle!(Counters {
    probes: 0,
    probes_indirect: 0,
    probes_failed: 0,
    suspicions: 0,
    refuted: 0,
    declared_dead: 0,
    refutations: 0,
    deltas: 0,
    full_syncs: 0,
    sent_on: 0,
    news_dropped: 0,
    talks_refused: 0,
    relays_refused: 0,
    members_refused: 0,
    unreadable: 0,
    unsaved: 0,
});
