//! How many rounds a rumor takes to all, by push, pull and both, beside the formulas.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::epidemic::until_all_know;
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Stop};

/// Runs of 2^10 and 2^14 nodes; a tenth of them at 2^20.
pub const RUNS: u64 = 40;

/// A way to spread, the published formula of its rounds, and how far above it runs are.
struct Way {
    name: &'static str,
    exchange: Exchange,
    formula: fn(f64) -> f64,
    /// What the formula leaves out (its O(1)), from the least to the greatest.
    rest: [f64; 2],
}

const WAYS: [Way; 3] = [
    Way { name: "push: log2 n + ln n", exchange: Exchange::Push, formula: |n| libm::log2(n) + libm::log(n), rest: [0.8, 1.8] },
    Way {
        name: "pull: log2 n + log2 ln n",
        exchange: Exchange::Pull,
        formula: |n| libm::log2(n) + libm::log2(libm::log(n)),
        rest: [0.2, 1.55],
    },
    Way {
        name: "push-pull: log3 n + log2 ln n",
        exchange: Exchange::PushPull,
        formula: |n| libm::log(n) / libm::log(3.0) + libm::log2(libm::log(n)),
        rest: [-0.25, 0.25],
    },
];

/// Rounds of each way for each of these sizes, as powers of two; `done` hears of each run.
pub fn paper(sizes: &[u32], runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Pittel 1987; Karp et al. 2000; Doerr, Kostrygin 2017: rounds until all know, nobody loses interest";
    let mut paper = Paper { source, ..Paper::default() };
    for (way, size) in WAYS.iter().flat_map(|way| sizes.iter().map(move |size| (way, *size))) {
        let n = 1u32 << size;
        // With a counter that nobody reaches, rumors stay hot.
        let config = Config { exchange: way.exchange, stop: Stop::Counter { feedback: true, k: 1000 }, ..Config::default() };
        let mut last = Mean::default();
        let runs = of_size(size, runs);
        let run = |seed| until_all_know(&config, n, seed).expect("settings in their bounds");
        for (_, course) in each(0..runs, threads, run, |_, _| {
            done();
            true
        }) {
            last.add(course.last);
        }
        let (formula, slack) = ((way.formula)(f64::from(n)), 4.0 * last.error());
        let claim = format!("{} at 2^{size}, rounds", way.name);
        let [low, high] = way.rest;
        paper.verdicts.push(Verdict::range(claim, last.mean(), formula + low - slack, formula + high + slack));
    }
    paper
        .notes
        .push(String::from("push lies 1.1 to 1.5 above its formula and pull 0.5 to 1.25, whatever n: the O(1) of the theorems"));
    paper
}

fn of_size(size: u32, runs: u64) -> u64 {
    if size < 18 { runs } else { runs.div_ceil(10) }
}

/// How many runs these sizes take.
pub fn runs(sizes: &[u32], runs: u64) -> u64 {
    WAYS.len() as u64 * sizes.iter().map(|size| of_size(*size, runs)).sum::<u64>()
}
