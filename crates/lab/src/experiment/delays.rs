use super::timed::{CRASHED, Change};
use super::{Outcome, State};
use crate::cycles::CYCLE;

/// When so many of the live nodes knew the item, to the microsecond, from what each turned into, in order of time.
pub(super) struct Delays {
    /// What each node is.
    now: Vec<u8>,
    know: u32,
    live: u32,
    half: Option<u64>,
    nearly_all: Option<u64>,
    last: u64,
}

impl Delays {
    /// Nobody knows it yet.
    pub(super) fn new(nodes: u32) -> Delays {
        let now = vec![State::Susceptible as u8; nodes as usize];
        Delays { now, know: 0, live: nodes, half: None, nearly_all: None, last: 0 }
    }

    pub(super) fn see(&mut self, change: &Change) {
        let was = std::mem::replace(&mut self.now[change.node as usize], change.now);
        let knows = |state: u8| state != State::Susceptible as u8 && state != CRASHED;
        self.know = self.know - u32::from(knows(was)) + u32::from(knows(change.now));
        self.live = self.live - u32::from(was != CRASHED) + u32::from(change.now != CRASHED);
        if was == State::Susceptible as u8 && knows(change.now) {
            self.last = change.at_us;
        }
        let reaches = |percent: u64| u64::from(self.know) * 100 >= u64::from(self.live) * percent && self.live > 0;
        self.half = self.half.or_else(|| reaches(50).then_some(change.at_us));
        self.nearly_all = self.nearly_all.or_else(|| reaches(99).then_some(change.at_us));
    }

    /// Says so, in cycles.
    pub(super) fn tell(&self, outcome: &mut Outcome) {
        let cycles = |us: u64| us as f64 / CYCLE.as_micros() as f64;
        outcome.t50 = self.half.map(cycles);
        outcome.t99 = self.nearly_all.map(cycles);
        outcome.last = cycles(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_nearly_all_of_those_who_live() {
        let mut delays = Delays::new(4);
        let (know, rest) = (State::Infective as u8, State::Removed as u8);
        for (at_us, node, now) in [(0, 0, know), (5_000, 1, CRASHED), (20_000, 2, know), (25_000, 0, rest), (31_000, 3, know)] {
            delays.see(&Change { at_us, node, now, from: None });
        }
        let mut outcome = Outcome::default();
        delays.tell(&mut outcome);
        assert_eq!((outcome.t50, outcome.t99, outcome.last), (Some(0.02), Some(0.031), 0.031));
    }
}
