use super::{Cell, Sweep};
use crate::experiment::{Experiment, Outcome, Setup};
use serde::{Deserialize, Serialize};

/// One run, as a line of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The name of its sweep.
    pub sweep: String,
    /// Its number in there, from 0.
    pub run: u64,
    /// How many there are.
    pub of: u64,
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
    /// Seed of all dice.
    pub seed: u64,
    /// See [`Outcome::residue`].
    pub residue: f64,
    /// See [`Outcome::traffic`].
    pub traffic: f64,
    /// See [`Outcome::messages`].
    pub messages: f64,
    /// See [`Outcome::wasted`].
    pub wasted: f64,
    /// See [`Outcome::found`].
    pub found: f64,
    /// See [`Outcome::t50`].
    pub t50: Option<f64>,
    /// See [`Outcome::t99`].
    pub t99: Option<f64>,
    /// See [`Outcome::last`].
    pub last: f64,
    /// See [`Outcome::cycles`].
    pub cycles: u64,
    /// See [`Outcome::over`].
    pub over: bool,
    /// The command that runs it again.
    pub replay: String,
}

impl Row {
    pub(super) fn new(sweep: &Sweep, run: u64, cell: &Cell, outcome: &Outcome) -> Row {
        let Experiment { nodes, seed, loss_ppm, crash, churn_ppm, cut, latency, horizon } = cell.experiment;
        let Outcome { residue, traffic, messages, wasted, found, t50, t99, last, cycles, over } = *outcome;
        Row {
            sweep: sweep.name().to_owned(),
            run,
            of: sweep.len(),
            setup: cell.setup.to_string(),
            nodes,
            loss: f64::from(loss_ppm) / 10_000.0,
            crash: crash.map(|crash| crash.to_string()),
            churn: f64::from(churn_ppm) / 10_000.0,
            cut: cut.map(|cut| cut.to_string()),
            latency: latency.map(|latency| latency.to_string()),
            horizon,
            seed,
            residue,
            traffic,
            messages,
            wasted,
            found,
            t50,
            t99,
            last,
            cycles,
            over,
            replay: cell.command(),
        }
    }

    /// What was run, with its seed.
    ///
    /// # Errors
    /// Names what cannot be read.
    pub fn cell(&self) -> Result<Cell, String> {
        let setup: Setup = self.setup.parse()?;
        let (seed, horizon) = (self.seed, self.horizon);
        let world = Experiment { nodes: 0, seed, loss_ppm: 0, crash: None, churn_ppm: 0, cut: None, latency: None, horizon };
        let mut experiment = world;
        let (nodes, loss, churn) = (self.nodes.to_string(), self.loss.to_string(), self.churn.to_string());
        let given = [
            ("nodes", Some(&nodes)),
            ("loss", Some(&loss)),
            ("crash", self.crash.as_ref()),
            ("churn", Some(&churn)),
            ("cut", self.cut.as_ref()),
            ("latency", self.latency.as_ref()),
        ];
        for (key, value) in given.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            experiment.set(key, value)?;
        }
        Ok(Cell { setup, experiment })
    }

    /// How it went.
    pub fn outcome(&self) -> Outcome {
        let Row { residue, traffic, messages, wasted, found, t50, t99, last, cycles, over, .. } = *self;
        Outcome { residue, traffic, messages, wasted, found, t50, t99, last, cycles, over }
    }
}
