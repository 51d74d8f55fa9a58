//! Demers et al. 1987, section 1.3: how fast the last few are found, by push, pull and both.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::antientropy::{holders, item, nodes};
use crate::runner::each;
use bruit_antientropy::{Config, Exchange};
use bruit_kit::Set;

/// Sites: the paper's formulas are of many.
const SITES: u32 = 1000;
/// Runs of each line.
pub const RUNS: u64 = 100;
/// From how many in a thousand that lack it, a cycle is looked at.
const LACKING: [u32; 3] = [300, 100, 30];

const WAYS: [(&str, Exchange); 3] = [
    ("pull: p^2", Exchange::Pull),
    ("push: p (1 - 1/n)^(n (1 - p))", Exchange::Push),
    ("push-pull: p^2 (1 - 1/n)^(n (1 - p))", Exchange::PushPull),
];

/// The share that lacks it after a cycle that begins with `p`; the table of peers is without oneself.
fn after(exchange: Exchange, p: f64) -> f64 {
    let n = f64::from(SITES);
    let pulled = p * (n * p - 1.0) / (n - 1.0);
    let missed = libm::exp(n * (1.0 - p) * libm::log1p(-1.0 / (n - 1.0)));
    match exchange {
        Exchange::Pull => pulled,
        Exchange::Push => p * missed,
        Exchange::PushPull => pulled * missed,
    }
}

/// The share that lacks an item after one cycle, if `lacking` of the sites did.
fn cycle(exchange: Exchange, lacking: u32, seed: u64) -> f64 {
    let config = Config { exchange, ..Config::default() };
    let mut cycles = nodes(&config, SITES, 0, seed).expect("settings in their bounds");
    for i in lacking..SITES {
        assert!(cycles.command(i, |node, _| node.ledger_mut().insert(item(1, 1))));
    }
    cycles.step();
    1.0 - f64::from(holders(&cycles, 1)) / f64::from(SITES)
}

/// Each way from each residue; `done` hears of each run.
pub fn paper(count: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Demers et al. 1987, section 1.3: the share p of 1,000 sites that lack an item, after one cycle of anti-entropy";
    let mut paper = Paper { source, ..Paper::default() };
    for ((name, exchange), lacking) in WAYS.into_iter().flat_map(|way| LACKING.map(|lacking| (way, lacking))) {
        let mut seen = Mean::default();
        for (_, share) in each(
            0..count,
            threads,
            |seed| cycle(exchange, lacking, seed),
            |_, _| {
                done();
                true
            },
        ) {
            seen.add(share);
        }
        let p = f64::from(lacking) / f64::from(SITES);
        let (expected, slack) = (after(exchange, p), 4.0 * seen.error());
        let claim = format!("{name}, from p={p}");
        paper.verdicts.push(Verdict::range(claim, seen.mean(), expected - slack, expected + slack));
    }
    paper
        .notes
        .push(String::from("bounds are four standard errors of this run around the formula; a site does not choose itself"));
    paper
}

/// How many runs [`paper`] takes.
pub fn runs(count: u64) -> u64 {
    count * (WAYS.len() * LACKING.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_go_as_the_recurrences_say() {
        let paper = paper(6, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
        // Pull from few is far better than push: the paper's point.
        assert!(after(Exchange::Pull, 0.03) < after(Exchange::Push, 0.03) / 10.0);
    }
}
