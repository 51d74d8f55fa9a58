use bruit_kit::Invalid;
use bruit_proto::MAX_PER_TURN;
use std::time::Duration;

/// How fast a node sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Items sent at once.
    pub burst: u32,
    /// Time between two bursts.
    pub every: Duration,
}

impl Default for Pace {
    /// Eight in a millisecond: 8,000 packets a second, about 80 Mbit/s of full ones.
    fn default() -> Self {
        Pace { burst: 8, every: Duration::from_millis(1) }
    }
}

impl Pace {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        // Half of what a turn may say leaves room for what else it says.
        Invalid::unless((1..=MAX_PER_TURN / 2).contains(&self.burst), "a burst is from 1 to 5,000 sends")?;
        Invalid::unless(!self.every.is_zero(), "bursts must be apart")
    }
}
