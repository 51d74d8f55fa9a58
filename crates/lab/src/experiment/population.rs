use super::{Crash, Experiment, Share};
use bruit_proto::{PeerId, Rng};
use std::collections::VecDeque;
use std::str::FromStr;

/// How many cycles it takes until nobody's table has a node that left.
const STALE: u32 = 10;

/// Who is there while nodes come and go.
///
/// A table of peers is a number of places. Whoever leaves is in all tables for [`STALE`] cycles more, and what is said to it is
/// lost; then a node that knows nothing joins at its place. So at any time so many cycles' leavers are in each table, from the
/// first cycle on. Nothing but the seed decides who leaves, so that it is the same for all subjects.
pub(super) struct Population {
    experiment: Experiment,
    /// The places of those who have not left; some may have crashed.
    there: Vec<u32>,
    /// The places of those who have, the longest gone first.
    gone: VecDeque<u32>,
    dice: Rng,
}

/// The share of nodes that leave in each cycle, and of those that join, in parts per million; written in percent, at most 10 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Churn(pub u32);

impl FromStr for Churn {
    type Err = String;

    fn from_str(text: &str) -> Result<Churn, String> {
        match text.parse() {
            Ok(Share(ppm)) if ppm <= 100_000 => Ok(Churn(ppm)),
            _ => Err("give the percentage of nodes that leave in each cycle, from 0 to 10".into()),
        }
    }
}

impl Experiment {
    /// Entries in a table of peers, and the owner's own: nodes, and nodes that are gone.
    pub fn places(&self) -> u32 {
        self.nodes + self.turnover(u64::from(STALE)) as u32
    }

    /// How many have left at the end of so many cycles.
    fn turnover(&self, cycles: u64) -> u64 {
        (u128::from(cycles) * u128::from(self.nodes) * u128::from(self.churn_ppm)).div_ceil(1_000_000) as u64
    }
}

impl Population {
    pub(super) fn new(experiment: &Experiment) -> Population {
        let (there, gone) = ((0..experiment.nodes).collect(), (experiment.nodes..experiment.places()).collect());
        Population { experiment: *experiment, there, gone, dice: Rng::named(experiment.seed, PeerId::NONE, "churn") }
    }

    /// The places where there is nobody.
    pub(super) fn gone(&self) -> impl Iterator<Item = u32> {
        self.gone.iter().copied()
    }

    /// After a cycle nodes leave, and as many join elsewhere: who leaves, and where one joins.
    pub(super) fn turn_over(&mut self, cycle: u64) -> Vec<(u32, u32)> {
        let experiment = self.experiment;
        let leavers = experiment.turnover(cycle) - experiment.turnover(cycle.saturating_sub(1));
        let one = |_| {
            let joins = self.gone.pop_front()?;
            let at = self.dice.below(self.there.len() as u32) as usize;
            let leaves = std::mem::replace(&mut self.there[at], joins);
            self.gone.push_back(leaves);
            Some((leaves, joins))
        };
        (0..leavers).map_while(one).collect()
    }

    /// Who crashes after a cycle.
    pub(super) fn crashed(&self, cycle: u64) -> Vec<u32> {
        let Some(Crash::Nodes { ppm, after }) = self.experiment.crash else { return Vec::new() };
        if after != cycle {
            return Vec::new();
        }
        let (mut places, mut dice) = (self.there.clone(), Rng::named(self.experiment.seed, PeerId::NONE, "crash"));
        let share = places.len() as u64 * u64::from(ppm) / 1_000_000;
        let crash = |_| places.swap_remove(dice.below(places.len() as u32) as usize);
        (0..share.min(u64::from(self.experiment.nodes) - 1)).map(crash).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::QUIET;
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn as_many_join_as_leave_and_who_left_is_in_the_tables_for_some_cycles() {
        // 300 nodes at 0.5 %: three in two cycles.
        let experiment = Experiment { churn_ppm: 5_000, ..QUIET };
        assert_eq!(experiment.places(), 315);
        let (mut population, mut left) = (Population::new(&experiment), BTreeMap::new());
        let mut all = 0;
        for cycle in 1..=200 {
            for (leaves, joins) in population.turn_over(cycle) {
                all += 1;
                let since = left.remove(&joins).unwrap_or(0);
                assert!(cycle - since >= u64::from(STALE) || since == 0, "{joins} left in {since} and one joined in {cycle}");
                assert_eq!(left.insert(leaves, cycle), None, "who is gone cannot leave");
            }
            let there: std::collections::BTreeSet<u32> = population.there.iter().copied().collect();
            assert_eq!((there.len(), population.gone.len()), (300, 15));
            assert!(population.gone().all(|place| !there.contains(&place)));
        }
        assert_eq!(all, 300);
    }

    #[test]
    fn without_churn_nobody_leaves_and_all_are_there() {
        let mut population = Population::new(&QUIET);
        assert!((0..100).all(|cycle| population.turn_over(cycle).is_empty()) && population.gone().next().is_none());
    }
}
