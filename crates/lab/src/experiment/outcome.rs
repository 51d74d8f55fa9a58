use super::{Experiment, Subject};
use serde::Serialize;

/// The live nodes at the end of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Which, from 1.
    pub cycle: u64,
    /// How many do not know the item.
    pub susceptible: u32,
    /// How many pass it on.
    pub infective: u32,
    /// How many know it and do not.
    pub removed: u32,
    /// Messages heard by all nodes in this cycle.
    pub messages: u64,
}

impl Round {
    /// Live nodes.
    pub fn live(&self) -> u32 {
        self.susceptible + self.infective + self.removed
    }

    /// Live nodes that know the item.
    pub fn know(&self) -> u32 {
        self.infective + self.removed
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// The share of live nodes that the item never reached.
    pub residue: f64,
    /// How often the item was told, useful or not, per node.
    pub traffic: f64,
    /// Messages of any kind heard, per node.
    pub messages: f64,
    /// Messages to nodes that had crashed or left, per node.
    pub wasted: f64,
    /// Of a rumor or mail that anti-entropy backs up: how many anti-entropy served, per node.
    pub found: f64,
    /// When half of the live nodes knew it, in cycles; none if they never did.
    pub t50: Option<f64>,
    /// When 99 % of the live nodes knew it, in cycles.
    pub t99: Option<f64>,
    /// When it arrived last, in cycles; 0 if it never did.
    pub last: f64,
    /// Cycles that were run.
    pub cycles: u64,
    /// Whether nobody passes it on any more, or all know it of a protocol that never ends; else the horizon ended it. Under
    /// churn the horizon is the end.
    pub over: bool,
}

impl Outcome {
    /// How it stands.
    pub(super) fn see(&mut self, round: &Round) {
        self.residue = f64::from(round.susceptible) / f64::from(round.live());
        self.cycles = round.cycle;
    }

    /// How late it is, where nothing but the ends of cycles is known.
    pub(super) fn time(&mut self, round: &Round) {
        let reaches = |percent: u64| u64::from(round.know()) * 100 >= u64::from(round.live()) * percent;
        self.t50 = self.t50.or_else(|| reaches(50).then_some(round.cycle as f64));
        self.t99 = self.t99.or_else(|| reaches(99).then_some(round.cycle as f64));
    }
}

/// What all nodes said, those that left as well.
#[derive(Default)]
pub(super) struct Sums {
    told: u64,
    found: u64,
}

impl Sums {
    /// Adds what a node said.
    pub(super) fn add<S: Subject>(&mut self, subject: &S, protocol: &S::Protocol) {
        self.told += subject.told(protocol);
        self.found += subject.found(protocol);
    }

    /// The figures of a whole run, of whose messages so many were heard and so many wasted, and so many were told to nobody.
    pub(super) fn close(&self, outcome: &mut Outcome, experiment: &Experiment, [heard, wasted]: [u64; 2], unsaid: u64) {
        let each = |count: u64| count as f64 / f64::from(experiment.nodes);
        (outcome.traffic, outcome.found) = (each(self.told - unsaid), each(self.found));
        (outcome.messages, outcome.wasted) = (each(heard), each(wasted));
    }
}
