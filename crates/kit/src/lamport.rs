/// A Lamport clock (Lamport 1978, "Time, clocks, and the ordering of events", rules IR1 and IR2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Lamport(u64);

/// A peer's clock is out of bounds; ours did not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFar;

impl Lamport {
    /// How far beyond ours a peer's clock may be: a million events that nobody told us of are a mistake.
    pub const JUMP: u64 = 1 << 20;
    /// What a fresh clock takes at most: 2^48 leaves eight thousand years at a thousand events a second.
    pub const MAX: u64 = 1 << 48;

    /// A fresh clock.
    pub const START: Lamport = Lamport(0);

    /// The largest time seen; zero if none was.
    pub const fn now(self) -> u64 {
        self.0
    }

    /// The time of a new event: later than all that was seen.
    pub const fn tick(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    /// Takes a peer's time into account. A fresh clock, which cannot judge, takes any up to [`MAX`](Lamport::MAX).
    ///
    /// # Errors
    /// [`TooFar`] if `time` is more than [`JUMP`](Lamport::JUMP) beyond ours, or beyond [`MAX`](Lamport::MAX).
    pub fn witness(&mut self, time: u64) -> Result<(), TooFar> {
        if time > Self::MAX || (self.0 > 0 && time > self.0 + Self::JUMP) {
            return Err(TooFar);
        }
        self.0 = self.0.max(time);
        Ok(())
    }

    /// As [`witness`](Lamport::witness), but goes as far as it may: two halves of a long partition meet in a few steps.
    pub fn approach(&mut self, time: u64) {
        let far = if self.0 == 0 { Self::MAX } else { Self::MAX.min(self.0 + Self::JUMP) };
        self.0 = self.0.max(time.min(far));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_event_is_later_than_all_seen() {
        let mut clock = Lamport::default();
        assert_eq!(clock.tick(), 1);
        assert_eq!(clock.witness(7), Ok(()));
        assert_eq!(clock.witness(3), Ok(()));
        assert_eq!(clock.tick(), 8);
    }

    #[test]
    fn huge_jumps_are_refused_and_approached() {
        let mut clock = Lamport::default();
        clock.tick();
        assert_eq!(clock.witness(2 + Lamport::JUMP), Err(TooFar));
        assert_eq!(clock.now(), 1);
        clock.approach(u64::MAX);
        assert_eq!(clock.now(), 1 + Lamport::JUMP);
        assert_eq!(Lamport::default().witness(u64::MAX), Err(TooFar));
        assert_eq!(Lamport::default().witness(1 << 40), Ok(()));
    }
}
