use std::fmt;

/// Which life of a node, and how far it has come: the order of all that a node says of itself.
///
/// Generations order lives, versions order what happens within one; both only grow.
#[doc(alias = "HeartBeatState")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct HeartBeat {
    /// The life: one more than the last one known, or else the wall clock's seconds when it began. Zero: none yet.
    pub generation: u64,
    /// The number of the last heartbeat, from the counter that also numbers values.
    pub version: u64,
}

impl HeartBeat {
    /// The greatest generation: 2^48, as seconds nine million years. A larger one is a peer's mistake.
    pub const MAX_GENERATION: u64 = 1 << 48;
    /// How far beyond a known generation another may be: 2^33, as seconds 272 years. No clock is set that far off, and
    /// whoever forges more cannot use the numbers up.
    pub const JUMP: u64 = 1 << 33;
    /// The version that stands for a removal: above all that an owner ever reaches, below its next generation.
    pub const REMOVED: u64 = u64::MAX;
    /// The greatest version that an owner reaches: 2^48, nine million years at one a second.
    pub const MAX_VERSION: u64 = 1 << 48;

    /// The generation of a life that begins: above all known ones, or else the wall clock's seconds.
    ///
    /// No clock is compared with another: one that was set back matters only to a node that nobody remembers.
    pub fn begin(stored: Option<u64>, seen: Option<u64>, wall_seconds: u64) -> u64 {
        match stored.max(seen) {
            Some(known) => (known + 1).min(HeartBeat::MAX_GENERATION),
            None => wall_seconds.clamp(1, HeartBeat::MAX_GENERATION / 2),
        }
    }
}

impl fmt::Debug for HeartBeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            HeartBeat::REMOVED => write!(f, "{}:removed", self.generation),
            version => write!(f, "{}:{version}", self.generation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CASSANDRA-3654, -8113 and -10969: a clock set back, and a life so long that a check of clocks refuses the next.
    #[test]
    fn a_generation_grows_whatever_the_clock_says() {
        let now = 1_900_000_000;
        let year = 366 * 24 * 3600;
        assert_eq!(HeartBeat::begin(None, None, now), now);
        assert_eq!(HeartBeat::begin(Some(now), None, now - year), now + 1, "set back by a year");
        assert_eq!(HeartBeat::begin(Some(5), Some(now), now - year), now + 1, "the disk is older than the cluster");
        assert_eq!(HeartBeat::begin(Some(now), None, now + 20 * year), now + 1, "after twenty years");
        assert_eq!(HeartBeat::begin(None, None, 0), 1, "a clock that starts in 1970");
    }
}
