//! What the runs of each cell have in common: means, and how sure they are.

use super::{Row, Sweep};
use crate::paper::Mean;
use serde::Serialize;
use std::collections::BTreeSet;

/// How many numbers a message names.
const NAMED: usize = 8;

/// The mean of a figure over runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figure {
    /// None if no run has it.
    pub mean: Option<f64>,
    /// The standard error of the mean; none of a single run.
    pub error: Option<f64>,
    /// How many runs have it: where an item never reached 99 % there is no t99.
    pub runs: u64,
}

impl Figure {
    fn of(values: impl Iterator<Item = f64>) -> Figure {
        let (mut mean, mut first, mut runs) = (Mean::default(), None, 0);
        for value in values {
            // Of what hardly differs squares would: so what is added up is the distance from the first.
            mean.add(value - *first.get_or_insert(value));
            runs += 1;
        }
        Figure { mean: first.map(|first| first + mean.mean()), error: (runs > 1).then(|| mean.error()), runs }
    }
}

/// The runs of one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// What was run.
    pub setup: String,
    /// Among so many nodes.
    pub nodes: u32,
    /// Messages lost, in percent.
    pub loss: f64,
    /// The share of nodes that crashed, and after which cycle.
    pub crash: Option<String>,
    /// Nodes that left and joined in each cycle, in percent.
    pub churn: f64,
    /// The cycles in which the halves were cut off from each other.
    pub cut: Option<String>,
    /// How long packets were under way.
    pub latency: Option<String>,
    /// The most cycles.
    pub horizon: u64,
    /// How often.
    pub runs: u64,
    /// Runs that the horizon ended.
    pub unfinished: u64,
    /// The share of live nodes that were never reached.
    pub residue: Figure,
    /// How often the item was told, per node.
    pub traffic: Figure,
    /// Messages per node.
    pub messages: Figure,
    /// Messages to nodes that had crashed or left, per node.
    pub wasted: Figure,
    /// How many anti-entropy served behind a rumor or mail, per node.
    pub found: Figure,
    /// The cycle in which half of the nodes knew it.
    pub t50: Figure,
    /// The cycle in which 99 % of the nodes knew it.
    pub t99: Figure,
    /// The cycle of the last arrival.
    pub last: Figure,
    /// Cycles that were run.
    pub cycles: Figure,
}

impl Summary {
    /// The world's options that make a cell.
    pub(super) const WORLD: [&str; 7] = ["nodes", "loss", "churn", "crash", "cut", "latency", "horizon"];

    fn of(rows: &[Row]) -> Summary {
        let Row { setup, nodes, loss, crash, churn, cut, latency, horizon, .. } = rows[0].clone();
        let all = |figure: fn(&Row) -> f64| Figure::of(rows.iter().map(figure));
        Summary {
            setup,
            nodes,
            loss,
            crash,
            churn,
            cut,
            latency,
            horizon,
            runs: rows.len() as u64,
            unfinished: rows.iter().filter(|row| !row.over).count() as u64,
            residue: all(|row| row.residue),
            traffic: all(|row| row.traffic),
            messages: all(|row| row.messages),
            wasted: all(|row| row.wasted),
            found: all(|row| row.found),
            t50: Figure::of(rows.iter().filter_map(|row| row.t50)),
            t99: Figure::of(rows.iter().filter_map(|row| row.t99)),
            last: all(|row| row.last),
            cycles: all(|row| row.cycles as f64),
        }
    }

    /// Its figures and their names.
    pub fn figures(&self) -> [(&'static str, Figure); 9] {
        let Summary { residue, traffic, messages, wasted, found, t50, t99, last, cycles, .. } = *self;
        [
            ("residue", residue),
            ("traffic", traffic),
            ("messages", messages),
            ("wasted", wasted),
            ("found", found),
            ("t50", t50),
            ("t99", t99),
            ("last", last),
            ("cycles", cycles),
        ]
    }

    /// What makes its cell, as the command line names it: the set-up's protocol and settings, and the world's options.
    pub fn settings(&self) -> Vec<(String, String)> {
        let (name, settings) = self.setup.split_once(':').unwrap_or((&self.setup, ""));
        let mut all = vec![("protocol".to_owned(), name.to_owned())];
        let settings = settings.split(',').filter_map(|setting| setting.split_once('='));
        all.extend(settings.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let [nodes, loss, churn] = [f64::from(self.nodes), self.loss, self.churn].map(|number| number.to_string());
        let [crash, cut, latency] = self.faults();
        all.extend(Summary::WORLD.map(String::from).into_iter().zip([
            nodes,
            loss,
            churn,
            crash,
            cut,
            latency,
            self.horizon.to_string(),
        ]));
        all
    }

    /// Crash, cut and latency; `none` where there is none.
    pub fn faults(&self) -> [String; 3] {
        [&self.crash, &self.cut, &self.latency].map(|fault| fault.clone().unwrap_or_else(|| "none".to_owned()))
    }

    /// The value of such a setting.
    pub(super) fn setting(&self, key: &str) -> Option<String> {
        self.settings().into_iter().find(|(other, _)| other == key).map(|(_, value)| value)
    }
}

/// The cells of a sweep from all of its rows, in whatever order they come.
///
/// # Errors
/// Says what rows are of another sweep, there twice or missing.
pub fn report(mut rows: Vec<Row>) -> Result<Vec<Summary>, String> {
    rows.sort_by_key(|row| row.run);
    let Some(first) = rows.first() else { return Err("there is no run in it".into()) };
    if let Some(other) = rows.iter().find(|row| (&row.sweep, row.of) != (&first.sweep, first.of)) {
        return Err(format!("rows of two sweeps: one has\n  {}\nand another\n  {}", first.replay, other.replay));
    }
    if let Some(other) = rows.iter().find(|row| row.run >= row.of || row.of > Sweep::MOST) {
        return Err(format!("there is no run {} of {}", other.run, other.of));
    }
    let twice = rows.windows(2).filter(|pair| pair[0].run == pair[1].run).map(|pair| pair[0].run);
    refuse(twice, first.of, "there twice")?;
    let there: BTreeSet<u64> = rows.iter().map(|row| row.run).collect();
    refuse((0..first.of).filter(|run| !there.contains(run)), first.of, "missing")?;
    let place = |row: &Row| {
        let Row { setup, nodes, loss, crash, churn, cut, latency, horizon, .. } = row.clone();
        (setup, nodes, loss, crash, churn, cut, latency, horizon)
    };
    Ok(rows.chunk_by(|one, next| place(one) == place(next)).map(Summary::of).collect())
}

/// Nothing, or that these are so.
fn refuse(mut runs: impl Iterator<Item = u64>, of: u64, what: &str) -> Result<(), String> {
    let named: Vec<String> = runs.by_ref().take(NAMED).map(|run| run.to_string()).collect();
    let more = runs.count();
    let (count, named) = (named.len() + more, named.join(", ") + if more > 0 { ", ..." } else { "" });
    match count {
        0 => Ok(()),
        _ => Err(format!("{count} of {of} runs are {what}: {named}")),
    }
}
