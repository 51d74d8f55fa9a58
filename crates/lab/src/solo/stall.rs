use bruit_node::PAUSE;
use bruit_proto::Time;
use std::time::Duration;

/// Slow processes: from a moment on their I/O blocks for a while, then passes for a while, and so on, all in step. While it
/// blocks, a process runs until it sends, and stands there. One that goes on sends that, finds its deadlines passed, and then
/// all that it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stalls {
    /// So many nodes, from the first.
    pub(crate) nodes: u32,
    pub(crate) from: Time,
    pub(crate) block: Duration,
    pub(crate) open: Duration,
    /// Whether a process that goes on notices: then its protocol is told of the pause first, as whole nodes do.
    pub(crate) noticed: bool,
}

impl Stalls {
    /// Whether blocks begin and end with buckets of so many microseconds.
    pub(super) fn fits(&self, width: u64) -> bool {
        [self.from.0, self.block.as_micros() as u64, self.open.as_micros() as u64].iter().all(|part| part % width == 0)
    }

    /// When a node's I/O passes: now, if it does not block.
    pub(super) fn passes(&self, node: u32, now: u64) -> u64 {
        let (block, open) = (self.block.as_micros() as u64, self.open.as_micros() as u64);
        let Some(since) = now.checked_sub(self.from.0).filter(|_| node < self.nodes) else { return now };
        now + block.saturating_sub(since % (block + open))
    }

    /// For how long a node stood that goes on with this as its first deadline, if it notices.
    pub(super) fn notices(&self, node: u32, due: Time, now: u64) -> Option<Duration> {
        let late = Time(now).since(due);
        (self.noticed && node < self.nodes && late > PAUSE).then_some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_again_and_again() {
        let [block, open] = [3, 1].map(Duration::from_micros);
        let stalls = Stalls { nodes: 2, from: Time(10), block, open, noticed: false };
        assert_eq!([9, 10, 12, 13, 14, 17].map(|now| stalls.passes(1, now)), [9, 13, 13, 13, 17, 17]);
        assert_eq!(stalls.passes(2, 10), 10);
        assert!(stalls.fits(1) && !stalls.fits(2));
    }

    #[test]
    fn a_pause_is_noticed_by_whoever_looks() {
        let late = |noticed, by: Duration| {
            let stalls = Stalls { nodes: 1, from: Time::ZERO, block: 2 * PAUSE, open: PAUSE, noticed };
            stalls.notices(0, Time(7), 7 + by.as_micros() as u64)
        };
        assert_eq!([PAUSE, 2 * PAUSE].map(|by| late(true, by)), [None, Some(2 * PAUSE)]);
        assert_eq!(late(false, 2 * PAUSE), None);
    }
}
