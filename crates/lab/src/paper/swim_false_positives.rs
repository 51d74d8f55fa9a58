//! How often SWIM's probe convicts a healthy member, because packets were lost: Das, Gupta, Motivala 2002, section 3.1.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::members::{published, solo};
use crate::runner::each;
use bruit_proto::PeerId;
use bruit_swim::{Config, Swim};
use std::time::Duration;

const MEMBERS: u32 = 1000;
const PERIOD: Duration = Duration::from_secs(1);
/// Periods of a run.
const PERIODS: u64 = 100;
/// How far off a figure may be.
pub const WITHIN: f64 = 0.03;

/// The share of packets that arrive, and helpers.
const PAIRS: [(f64, u32); 5] = [(0.8, 2), (0.9, 1), (0.9, 3), (0.95, 1), (0.99, 1)];

/// The probability that a probe fails: neither ping and ack arrive, nor all four packets by any helper.
pub(super) fn fails(q: f64, k: u32) -> f64 {
    let helped = q * q * q * q;
    (1.0 - q * q) * (0..k).fold(1.0, |all, _| all * (1.0 - helped))
}

/// Runs until a figure is sure to `within` with three standard errors.
fn runs_of(q: f64, k: u32, within: f64) -> u64 {
    let probes = 9.0 / (within * within * fails(q, k));
    (probes / f64::from(MEMBERS) / PERIODS as f64) as u64 + 1
}

/// How many runs the table takes.
pub fn runs(within: f64) -> u64 {
    PAIRS.iter().map(|(q, k)| runs_of(*q, *k, within)).sum()
}

/// Probing alone: what it comes to is told once, and nobody dies of it within a run.
pub(super) fn probing(helpers: u32) -> Config {
    Config { helpers, retransmit: 0, suspicion_tenths: 10_000, ..published() }
}

/// Probes that failed, and members that somebody convicted in a period, in all periods of a run.
fn run(q: f64, k: u32, seed: u64) -> (u64, u64) {
    let mut solo = solo(MEMBERS, seed, probing(k));
    solo.lose(((1.0 - q) * 1e6 + 0.5) as u32);
    solo.run(2 * PERIOD);
    let (mut failed, mut convicted) = (0, 0);
    for _ in 0..PERIODS {
        // A probe that fails in a period was under way when the period began.
        let state = |swim: &Swim| (swim.probing(), swim.counters().probes_failed);
        let before: Vec<_> = solo.protocols().map(state).collect();
        solo.run(PERIOD);
        let now = solo.protocols().zip(&before).filter(|(swim, was)| swim.counters().probes_failed > was.1);
        let mut whom: Vec<Option<PeerId>> = now.map(|(_, was)| was.0).collect();
        failed += whom.len() as u64;
        whom.sort_unstable();
        whom.dedup();
        convicted += whom.len() as u64;
    }
    (failed, convicted)
}

/// The table, each figure sure to `within` of itself; `done` hears of each run.
pub fn paper(within: f64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Das, Gupta, Motivala 2002, SWIM: false positives of a probe, 1,000 members";
    let mut paper = Paper { source, ..Paper::default() };
    let per_run = f64::from(MEMBERS) * PERIODS as f64;
    for (q, k) in PAIRS {
        let (mut failed, mut convicted) = (Mean::default(), Mean::default());
        for (_, seen) in each(
            0..runs_of(q, k, within),
            threads,
            |seed| run(q, k, seed),
            |_, _| {
                done();
                true
            },
        ) {
            failed.add(seen.0 as f64 / per_run);
            convicted.add(seen.1 as f64 / per_run);
        }
        let (b, others) = (fails(q, k), f64::from(MEMBERS - 1));
        let by_any = 1.0 - libm::pow(1.0 - b / others, others);
        let e = libm::exp(1.0);
        let row = format!("q={q} k={k}");
        paper.verdicts.push(Verdict::near(format!("{row}: probes that fail, b"), failed.mean(), b, within));
        let claim = format!("{row}: convicted in a period, exactly 1-(1-b/(n-1))^(n-1)");
        paper.verdicts.push(Verdict::near(claim, convicted.mean(), by_any, within));
        paper.notes.push(format!("{row}: printed {:.3e}, which is b e/(e-1); b is {b:.3e}", b * e / (e - 1.0)));
    }
    paper.notes.push("b = (1-q^2)(1-q^4)^k for packets that arrive with probability q".into());
    paper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn false_positives_are_the_formulas_and_not_the_printed_ones() {
        let paper = paper(0.2, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }

    #[test]
    fn the_published_values_of_b() {
        for ((q, k), b) in PAIRS.into_iter().skip(1).zip([0.0653, 7.73e-3, 1.81e-2, 7.84e-4]) {
            assert!((fails(q, k) / b - 1.0).abs() < 0.002, "{q} {k}");
        }
    }
}
