//! How many rounds a rumor takes to all, by push, pull and both, beside the formulas.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::epidemic::until_all_know;
use crate::plot::{Axis, Curve, Look, Plot, Point};
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Stop};

/// Runs of less than 2^16 nodes; a tenth of them from there on.
pub const RUNS: u64 = 40;

/// A way to spread, the published formula of its rounds, and how far above it runs are.
struct Way {
    name: &'static str,
    theorem: &'static str,
    exchange: Exchange,
    formula: fn(f64) -> f64,
    /// What the formula leaves out (its O(1)), from the least to the greatest.
    rest: [f64; 2],
}

const WAYS: [Way; 3] = [
    Way {
        name: "push",
        theorem: "log₂ n + ln n",
        exchange: Exchange::Push,
        formula: |n| libm::log2(n) + libm::log(n),
        rest: [0.8, 1.8],
    },
    Way {
        name: "pull",
        theorem: "log₂ n + log₂ ln n",
        exchange: Exchange::Pull,
        formula: |n| libm::log2(n) + libm::log2(libm::log(n)),
        rest: [0.2, 1.55],
    },
    Way {
        name: "push-pull",
        theorem: "log₃ n + log₂ ln n",
        exchange: Exchange::PushPull,
        formula: |n| libm::log(n) / libm::log(3.0) + libm::log2(libm::log(n)),
        rest: [-0.25, 0.25],
    },
];

/// Rounds of each way for each of these sizes, as powers of two; `done` hears of each run.
pub fn paper(sizes: &[u32], runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Pittel 1987; Karp et al. 2000; Doerr, Kostrygin 2017: rounds until all know, nobody loses interest";
    let note = "push lies 1.1 to 1.5 above its formula and pull 0.5 to 1.25, whatever n: the O(1) of the theorems";
    let mut paper = Paper { source, notes: vec![note.into()], ..Paper::default() };
    let mut curves = Vec::new();
    for (way, hue) in WAYS.iter().zip(0..) {
        let mut points = Vec::new();
        for size in sizes {
            let (x, seen) = (f64::from(1u32 << size), way.rounds(*size, runs, threads, done));
            // Rounds are whole: runs that agree say no more than half of one.
            let least = 0.5 / (of_size(*size, runs) as f64).sqrt();
            let (formula, slack) = ((way.formula)(x), 4.0 * seen.error().max(least));
            let bar = way.rest.map(|rest| formula + rest);
            let [low, high] = [bar[0] - slack, bar[1] + slack];
            let claim = format!("{}: {} at 2^{size}, rounds", way.name, way.theorem);
            paper.verdicts.push(Verdict::range(claim, seen.mean(), low, high));
            points.push(Point { x, y: seen.mean(), bar: Some([low, high]) });
        }
        let ends = [points[0].x, points[points.len() - 1].x];
        curves.push(Curve::new(way.name, Look::Seen, hue, points));
        curves.push(Curve::theory(way.theorem, hue, ends, way.formula));
    }
    let (x, y) = (Axis::log2("nodes"), Axis::linear("rounds until all know, mean of runs; bars: what the theorems allow"));
    paper.plots.push(Plot { title: "Rounds of a rumor".into(), x, y, curves });
    paper
}

impl Way {
    /// Rounds of so many runs.
    fn rounds(&self, size: u32, runs: u64, threads: usize, done: &mut dyn FnMut()) -> Mean {
        // With a counter that nobody reaches, rumors stay hot.
        let config = Config { exchange: self.exchange, stop: Stop::Counter { feedback: true, k: 1000 }, ..Config::default() };
        let run = |seed| until_all_know(&config, 1 << size, seed).expect("settings in their bounds");
        let mut last = Mean::default();
        for (_, course) in each(0..of_size(size, runs), threads, run, |_, _| {
            done();
            true
        }) {
            last.add(course.last);
        }
        last
    }
}

fn of_size(size: u32, runs: u64) -> u64 {
    if size < 16 { runs } else { runs.div_ceil(10) }
}

/// How many runs these sizes take.
pub fn runs(sizes: &[u32], runs: u64) -> u64 {
    WAYS.len() as u64 * sizes.iter().map(|size| of_size(*size, runs)).sum::<u64>()
}
