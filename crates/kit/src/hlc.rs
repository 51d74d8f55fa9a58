use crate::TooFar;
use bruit_proto::Wall;
use std::fmt;

/// A hybrid logical clock (Kulkarni, Demirbas et al. 2014, "Logical physical clocks"): 48 bits of wall milliseconds,
/// 16 bits that count what happened within one.
///
/// A stamp is later than all that its maker had seen, and close to the time on the wall as long as one clock of the
/// cluster is. A counter that runs over carries into the milliseconds, so the order never breaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Hlc(pub u64);

impl Hlc {
    /// How far ahead of both our wall clock and all that we have seen a stamp may be: 100 years. A clock that starts in
    /// 1970 still follows a cluster of today, and one stamp from nowhere cannot use the numbers up.
    pub const JUMP: u64 = (100 * 366 * 24 * 3600 * 1000) << 16;

    /// The stamp of something new: later than all that was seen, and not before `wall`.
    pub fn tick(&mut self, wall: Wall) -> Hlc {
        self.0 = self.0.saturating_add(1).max(Hlc::at(wall).0);
        *self
    }

    /// Takes a peer's stamp into account.
    ///
    /// # Errors
    /// [`TooFar`] if it is more than [`JUMP`](Hlc::JUMP) ahead; ours did not move.
    pub fn witness(&mut self, stamp: Hlc, wall: Wall) -> Result<(), TooFar> {
        if stamp.0 > self.0.max(Hlc::at(wall).0).saturating_add(Hlc::JUMP) {
            return Err(TooFar);
        }
        self.0 = self.0.max(stamp.0);
        Ok(())
    }

    /// The time on the wall that this stamp stands for, in milliseconds.
    pub const fn wall(self) -> Wall {
        Wall(self.0 >> 16)
    }

    /// The first stamp of a millisecond.
    pub const fn at(wall: Wall) -> Hlc {
        Hlc(wall.0 << 16)
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 >> 16, self.0 & 0xFFFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_stamp_is_later_than_all_seen_whatever_the_wall_says() {
        let mut clock = Hlc::default();
        let first = clock.tick(Wall(1000));
        assert_eq!(first.wall(), Wall(1000));
        assert!(clock.tick(Wall(900)) > first, "set back by a tenth of a second");
        clock.witness(Hlc(5000 << 16), Wall(1000)).unwrap();
        let next = clock.tick(Wall(1001));
        assert_eq!((next.wall(), next.0 & 0xFFFF), (Wall(5000), 1));
        assert_eq!(clock.tick(Wall(6000)), Hlc(6000 << 16));
    }

    #[test]
    fn years_apart_is_fine_and_centuries_are_not() {
        let year = 366 * 24 * 3600 * 1000;
        let mut clock = Hlc::default();
        let now = Wall(56 * year);
        assert_eq!(clock.witness(Hlc(now.0 << 16), Wall(0)), Ok(()), "a clock that starts in 1970");
        assert_eq!(clock.witness(Hlc((now.0 + year) << 16), now), Ok(()));
        let before = clock;
        assert_eq!(clock.witness(Hlc(u64::MAX), now), Err(TooFar));
        assert_eq!(clock, before);
    }
}
