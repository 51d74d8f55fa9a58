use bruit_node::Now;
use bruit_proto::{Time, Wall};

/// A node's clocks: an epoch of its own, a rate of its own, a wall clock that may be wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The virtual instant since which the rate holds, in microseconds.
    since: u64,
    /// The monotonic time then.
    mono: u64,
    /// The wall clock then, in microseconds since 1970.
    wall: i64,
    /// Microseconds gained in a second.
    ppm: i32,
}

/// What the wall clocks say at virtual time zero, when they are right: 2025-01-01.
pub(crate) const WALL_START: i64 = 1_735_689_600_000_000;

impl Clock {
    /// A clock that says `mono` at `at` and whose wall clock is right.
    pub(crate) fn new(at: u64, mono: u64) -> Clock {
        Clock { since: at, mono, wall: WALL_START + at as i64, ppm: 0 }
    }

    /// What it says at a virtual instant, which is not before the last change.
    pub(crate) fn read(&self, at: u64) -> Now {
        let elapsed = self.elapsed(at);
        let wall = self.wall + elapsed as i64;
        Now { mono: Time(self.mono + elapsed), wall: Wall(wall.max(0) as u64 / 1_000) }
    }

    /// The first virtual instant at which the monotonic clock says `mono` or more.
    pub(crate) fn when(&self, mono: Time) -> u64 {
        let wanted = mono.0.saturating_sub(self.mono);
        let rate = (1_000_000 + i64::from(self.ppm)) as u128;
        let span = (u128::from(wanted) * 1_000_000).div_ceil(rate);
        self.since.saturating_add(u64::try_from(span).unwrap_or(u64::MAX))
    }

    /// From `at` on the clock gains `ppm` microseconds in a second.
    pub(crate) fn drift(&mut self, at: u64, ppm: i32) {
        self.settle(at);
        self.ppm = ppm.clamp(-500_000, 500_000);
    }

    /// At `at` the wall clock is moved by so many milliseconds; the monotonic one never is.
    pub(crate) fn step(&mut self, at: u64, milliseconds: i64) {
        self.settle(at);
        self.wall += milliseconds * 1_000;
    }

    /// A new process on the same host: an epoch of its own, the wall clock goes on.
    pub(crate) fn reborn(&mut self, at: u64, mono: u64) {
        self.settle(at);
        self.mono = mono;
    }

    fn settle(&mut self, at: u64) {
        let elapsed = self.elapsed(at);
        self.wall += elapsed as i64;
        self.mono += elapsed;
        self.since = at;
    }

    fn elapsed(&self, at: u64) -> u64 {
        let span = u128::from(at - self.since);
        (span * (1_000_000 + i64::from(self.ppm)) as u128 / 1_000_000) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_reached_at_its_instant_and_not_before() {
        for ppm in [-500, -37, 0, 1, 499] {
            let mut clock = Clock::new(1_000, 77_000_000);
            clock.drift(5_000, ppm);
            for mono in [77_000_000, 77_004_001, 77_123_456, 99_999_999_999] {
                let at = clock.when(Time(mono)).max(5_000);
                assert!(clock.read(at).mono >= Time(mono), "{ppm} {mono}");
                assert!(at == 5_000 || clock.read(at - 1).mono < Time(mono), "{ppm} {mono}");
            }
        }
    }

    #[test]
    fn the_monotonic_clock_does_not_notice_a_step() {
        let mut clock = Clock::new(0, 5);
        clock.step(2_000_000, -86_400_000);
        let now = clock.read(3_000_000);
        assert_eq!((now.mono, now.wall), (Time(3_000_005), Wall((WALL_START / 1_000 + 3_000 - 86_400_000) as u64)));
    }
}
