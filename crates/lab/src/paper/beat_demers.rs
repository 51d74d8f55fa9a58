//! Better than the tables of 1987: push while few know it, then pull, and data only where it lacks.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::epidemic::course;
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Stop};

/// Runs that leave nobody out, for the claim to hold.
pub const RUNS: u64 = 1000;
const SITES: u32 = 1000;

/// Runs push-then-pull and minimized push-pull; `done` hears of each run.
pub fn paper(runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let counter = |k| Stop::Counter { feedback: true, k };
    let base = Config { minimize: true, ..Config::default() };
    let both = Config { exchange: Exchange::PushPull, stop: counter(3), ..base.clone() };
    let then = Config { exchange: Exchange::PushThenPull { copies: 10, hops: 2 }, stop: counter(6), ..base };
    let source = "beside Demers et al. 1987, table 3, k=3: traffic 6.1, residue 4e-6, last 14.0; 1,000 sites";
    let mut paper = Paper { source, ..Paper::default() };
    for (name, config, traffic, last) in [("push-pull, minimized", both, 1.35, 9.6), ("push, then pull", then, 1.01, 9.0)] {
        let [mut told, mut late, mut messages, mut missed] = [Mean::default(); 4];
        let run = |seed| course(&config, SITES, seed).expect("settings in their bounds");
        for (_, course) in each(0..runs, threads, run, |_, _| {
            done();
            true
        }) {
            told.add(course.traffic);
            late.add(course.last);
            messages.add(course.messages);
            missed.add(course.residue * f64::from(SITES));
        }
        let least = f64::from(SITES - 1) / f64::from(SITES);
        let row = |claim: &str, seen, low, high| Verdict::range(format!("{name}: {claim}"), seen, low, high);
        paper.verdicts.push(row("sites missed in all runs", missed.mean() * runs as f64, 0.0, 0.0));
        paper.verdicts.push(row("items told per site", told.mean(), least, traffic));
        paper.verdicts.push(row("last, cycles", late.mean(), 0.0, last));
        paper.notes.push(format!(
            "{name}: {:.1} messages per site in all, questions and answers without an item included: its price is to ask each cycle",
            messages.mean()
        ));
    }
    paper
}
