//! A rumor whose counter was computed misses no more nodes than it was computed for: shown by runs.

use crate::cycles::Complete;
use crate::epidemic::Epidemic;
use crate::runner::each;
use bruit_rumor::{Config, Invalid, Stop};
use serde::Serialize;

/// How sure the bound of a [`Proof`] is: one sound claim in a hundred is not shown.
const DOUBT: f64 = 0.01;

/// What many runs say of [`Config::for_miss`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// Nodes in each run.
    pub nodes: u32,
    /// Messages lost, in parts per million.
    pub loss_ppm: u32,
    /// What was asked for: the probability that a rumor misses any one node.
    pub miss: f64,
    /// The counter that was computed from these three.
    pub k: u32,
    /// Runs.
    pub runs: u64,
    /// Nodes that were missed, over all runs.
    pub missed: u64,
    /// The share of nodes that were missed.
    pub seen: f64,
    /// The greatest probability that agrees with what was missed, one-sided at 99 %, nodes taken as missed one by one.
    pub at_most: f64,
    /// Messages per node.
    pub traffic: f64,
}

impl Proof {
    /// Whether the runs show that no more is missed than was asked for.
    pub fn holds(&self) -> bool {
        self.at_most <= self.miss
    }
}

/// Computes the counter for a `miss` and runs it, each run with a seed of its own; `done` hears of each run.
///
/// To be shown, a miss takes several hundred misses: `runs` times `nodes` should be a thousand times `1 / miss`.
///
/// # Errors
/// If there is no such counter.
pub fn prove(nodes: u32, loss_ppm: u32, miss: f64, runs: u64, threads: usize, done: &mut dyn FnMut()) -> Result<Proof, Invalid> {
    let config = Config::for_miss(nodes, f64::from(loss_ppm) / 1e6, miss)?;
    let Stop::Counter { k, .. } = config.stop else { return Err(Invalid("a miss is computed for counters")) };
    let run = |seed| {
        let mut epidemic = Epidemic::new(&config, Complete(nodes), seed).expect("checked settings");
        epidemic.cycles().lose(loss_ppm);
        while !epidemic.is_over() {
            epidemic.step();
        }
        (u64::from(nodes) - epidemic.known(), epidemic.course().traffic)
    };
    let (mut missed, mut traffic) = (0, 0.0);
    for (_, (of_run, told)) in each(0..runs, threads, run, |_, _| {
        done();
        true
    }) {
        missed += of_run;
        traffic += told / runs as f64;
    }
    let trials = runs as f64 * f64::from(nodes - 1);
    let (seen, at_most) = (missed as f64 / trials, most(missed) / trials);
    Ok(Proof { nodes, loss_ppm, miss, k, runs, missed, seen, at_most, traffic })
}

/// The greatest mean of a Poisson variable that comes to `seen` or less with a probability of [`DOUBT`].
fn most(seen: u64) -> f64 {
    let up_to = |mean: f64| {
        let log = |i: u64| i as f64 * libm::log(mean) - mean - libm::lgamma(i as f64 + 1.0);
        (0..=seen).map(|i| libm::exp(log(i))).sum::<f64>()
    };
    let (mut low, mut high) = (seen as f64, seen as f64 + 10.0 + 5.0 * libm::sqrt(seen as f64));
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if up_to(middle) > DOUBT {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Garwood 1936, one-sided at 99 %: 4.605 of none seen, 6.638 of one, 18.78 of nine... and at 100 near the normal's.
    #[test]
    fn the_upper_limit_is_that_of_the_tables() {
        for (seen, limit) in [(0, 4.605), (1, 6.638), (10, 20.14), (100, 125.84)] {
            assert!((most(seen) / limit - 1.0).abs() < 2e-3, "{seen}: {}", most(seen));
        }
    }

    #[test]
    fn a_counter_that_was_computed_misses_no_more_than_asked() {
        for (nodes, loss_ppm, miss) in [(300, 0, 0.01), (300, 200_000, 0.02), (20, 300_000, 0.01)] {
            let runs = 400_000 / u64::from(nodes);
            let proof = prove(nodes, loss_ppm, miss, runs, 2, &mut || ()).expect("there is a counter");
            assert!(proof.holds() && proof.missed > 0, "{proof:?}");
        }
    }

    /// Half of what was seen is not claimed.
    #[test]
    fn a_claim_that_is_false_is_not_shown() {
        let proof = prove(300, 0, 0.01, 500, 2, &mut || ()).expect("there is a counter");
        let bolder = Proof { miss: proof.seen / 2.0, ..proof };
        assert!(!bolder.holds(), "{bolder:?}");
    }
}
