//! Sweeps: `bruit lab sweep`. Set-ups over lists of their settings and of the world's, with so many runs of each.
//!
//! A [`Cell`] is a set-up in an [`Experiment`]; the cells of a [`Sweep`] are the product of its lists. The runs of a cell have
//! the seeds that follow the first, and those of another cell have the same: all cells live through the same faults. Runs are
//! numbered through, cell by cell, and a [`Shard`] of n takes each n-th of them.
//!
//! Each run is a [`Row`], which says for itself where it belongs. Rows come in the order of their numbers whatever the
//! threads, so that a file of them is always a beginning of the whole one. [`report`] merges rows again.

mod axis;
mod picture;
pub mod report;
mod row;
mod shard;

use crate::experiment::{Experiment, Known, Outcome, Setup};
use crate::runner;
use bruit_proto::mix;
use std::collections::{BTreeMap, BTreeSet};

pub use axis::Axis;
pub use picture::picture;
pub use row::Row;
pub use shard::Shard;

/// A set-up and its world, whose seed is that of the first run.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What is run.
    pub setup: Setup,
    /// In which world.
    pub experiment: Experiment,
}

impl Cell {
    fn with(&self, key: &str, value: &str) -> Result<Cell, String> {
        let mut cell = self.clone();
        if !cell.experiment.set(key, value)? {
            cell.setup.set(key, value)?;
        }
        Ok(cell)
    }

    fn seeded(&self, seed: u64) -> Cell {
        Cell { setup: self.setup.clone(), experiment: Experiment { seed, ..self.experiment } }
    }

    /// What tells it from other cells.
    fn command(&self) -> String {
        self.experiment.command(&self.setup)
    }
}

/// Cells, and so many runs of each.
#[derive(Clone, Debug)]
pub struct Sweep {
    name: String,
    cells: Vec<Cell>,
    runs: u64,
}

impl Sweep {
    /// The most runs of all cells together: their outcomes take 100 MB.
    pub const MOST: u64 = 1_000_000;

    /// Each of these set-ups in each world that the lists make of this one, the last list fastest, `runs` times.
    ///
    /// # Errors
    /// Names a cell that cannot be run or is there twice; or says that there are too many runs.
    pub fn new(setups: &[Setup], world: &Experiment, axes: &[Axis], runs: u64) -> Result<Sweep, String> {
        let mut cells: Vec<Cell> = setups.iter().map(|setup| Cell { setup: setup.clone(), experiment: *world }).collect();
        let lists = axes.iter().map(|axis| axis.values.len() as u64);
        let all = lists.chain([runs]).try_fold(cells.len() as u64, u64::checked_mul);
        if !all.is_some_and(|all| (1..=Sweep::MOST).contains(&all)) {
            return Err(format!("a sweep has from 1 to {} runs", Sweep::MOST));
        }
        for Axis { key, values } in axes {
            let product = cells.iter().flat_map(|cell| values.iter().map(|value| cell.with(key, value)));
            cells = product.collect::<Result<_, String>>()?;
        }
        let mut seen = BTreeSet::new();
        for cell in &cells {
            Known::new(&cell.setup, &cell.experiment).map_err(|wrong| format!("{}: {wrong}", cell.setup))?;
            if !seen.insert(cell.command()) {
                return Err(format!("there twice: {}", cell.command()));
            }
        }
        let commands = cells.iter().flat_map(|cell| cell.command().into_bytes());
        let hash = commands.fold(mix(runs), |hash, byte| mix(hash ^ u64::from(byte)));
        Ok(Sweep { name: format!("{hash:016x}"), cells, runs })
    }

    /// A hash of the cells and the runs: two sweeps of one name are the same.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its cells, in order.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// How many runs there are in all.
    pub fn len(&self) -> u64 {
        self.cells.len() as u64 * self.runs
    }

    /// Whether there are none: never.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the runs that a shard takes.
    pub fn share(&self, shard: Shard) -> Vec<u64> {
        (shard.index..self.len()).step_by(shard.of as usize).collect()
    }

    /// The cell of a run, with its seed.
    fn cell(&self, run: u64) -> Cell {
        let cell = &self.cells[(run / self.runs) as usize];
        cell.seeded(cell.experiment.seed.wrapping_add(run % self.runs))
    }

    fn outcome(&self, run: u64) -> Outcome {
        let Cell { setup, experiment } = self.cell(run);
        Known::new(&setup, &experiment).expect("checked when the sweep was made").watch(&experiment, |_| {})
    }

    /// Runs these on so many threads; `each` is given their rows in the order of `runs`, and may stop the rest by saying no.
    ///
    /// # Panics
    /// If there is no run of such a number.
    pub fn run(&self, runs: &[u64], threads: usize, mut each: impl FnMut(Row) -> bool) {
        let (mut next, mut early) = (0, BTreeMap::new());
        let outcome = |k: u64| self.outcome(runs[k as usize]);
        runner::each(0..runs.len() as u64, threads, outcome, |k, outcome| {
            early.insert(k, *outcome);
            while let Some(outcome) = early.remove(&next) {
                let run = runs[next as usize];
                next += 1;
                if !each(Row::new(self, run, &self.cell(run), &outcome)) {
                    // What ends after this is not told of.
                    next = u64::MAX;
                    return false;
                }
            }
            true
        });
    }
}

#[cfg(test)]
mod tests;
