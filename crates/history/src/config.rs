use std::fmt;
use std::time::Duration;

/// The settings of the history. All nodes of a cluster must have the same `limit`; they may differ in the others.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many entries are kept; older ones are folded into the checkpoint. At most [`Config::MAX_LIMIT`]. Nodes with
    /// different limits stay different, and find out again and again.
    pub limit: usize,
    /// How often this node compares its history with a random peer's: one second is Dynamo's. A packet that leaves anyway
    /// takes the digest along from nine tenths of this time on; if none leaves, it gets one of its own after half as long again.
    pub compare: Duration,
    /// How long a conversation may be silent.
    pub silence: Duration,
    /// How long a conversation may take in all. A whole history, 10,000 entries of 60 bytes, takes a second at 5 Mbit/s.
    pub longest: Duration,
    /// The shortest time between two conversations of ours.
    pub every: Duration,
    /// The longest such time: it doubles with each conversation that failed or found nothing.
    pub every_max: Duration,
    /// How long after its start a node that has not compared its history refuses to add to it. Five seconds: each second
    /// it is picked by somebody with probability 1 - 1/e, and picks somebody itself.
    pub patience: Duration,
}

/// The caller's mistake: a setting is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadConfig {
    /// `limit` is zero or above [`Config::MAX_LIMIT`].
    Limit(usize),
    /// `compare` is zero.
    Compare,
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadConfig::Limit(n) => write!(f, "history of {n} entries; give 1 to {}", Config::MAX_LIMIT),
            BadConfig::Compare => f.write_str("histories compared without a pause; give at least a millisecond"),
        }
    }
}

impl std::error::Error for BadConfig {}

impl Config {
    /// The most entries that may be kept: 10,000. With names of 20 bytes some 150 bytes each in memory, 1.5 MB.
    pub const MAX_LIMIT: usize = 10_000;

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`BadConfig`] names the setting that is out of them.
    pub fn check(&self) -> Result<(), BadConfig> {
        if !(1..=Config::MAX_LIMIT).contains(&self.limit) {
            return Err(BadConfig::Limit(self.limit));
        }
        if self.compare < Duration::from_millis(1) {
            return Err(BadConfig::Compare);
        }
        Ok(())
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            limit: Config::MAX_LIMIT,
            compare: Duration::from_secs(1),
            silence: Duration::from_secs(10),
            longest: Duration::from_secs(60),
            every: Duration::from_millis(250),
            every_max: Duration::from_secs(30),
            patience: Duration::from_secs(5),
        }
    }
}
