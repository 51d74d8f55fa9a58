//! Experiments: `bruit lab run`. A protocol with its settings, among n nodes, with a seed and under faults.
//!
//! An [`Experiment`] says how many nodes there are and what happens to them: loss, a crash of a share of them at the end of
//! a cycle, a cut between the lower and the upper half of the places. It lasts until nobody is infective any more, or to its
//! horizon. The world is that of synchronous [`Cycles`], which have no latency: a contact and its answers fit in a cycle.
//!
//! A [`Subject`] is a protocol with its settings. It says how a node is made, how one item enters at a node, and in which
//! [`State`] of the epidemic a node is; a protocol that implements it can be run here. Its settings are written as a
//! [`Setup`], `rumor:exchange=pull,k=2`: a name, then settings, each one of the subject's own keys.
//!
//! An [`Outcome`] are figures of live nodes: who crashed counts neither as reached nor as missed. Delays are in cycles: t50
//! and t99 are the ends of the first cycles in which half and 99 % of the live nodes know the item, last is that of the last
//! arrival. Traffic and messages are per node that there was at the start. The names are those of Demers et al. 1987,
//! section 1.4: residue, traffic, delay.
//!
//! The seed decides everything. Which node has the item first and which crash depend on the seed alone, and not on the
//! subject: two subjects under one seed live through the same faults.

mod latency;
mod rumor;
mod setup;
pub mod timed;

use crate::cycles::{Complete, Cycles};
use bruit_proto::{Context, PeerId, Protocol, Rng};
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

pub use latency::Latency;
pub use rumor::Mongering;
pub use setup::Setup;

/// What a node is in an epidemic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not know the item.
    Susceptible,
    /// It knows it and passes it on.
    Infective,
    /// It knows it and passes it on no more.
    Removed,
}

/// A protocol with its settings, as an experiment runs it.
pub trait Subject {
    /// What each node runs.
    type Protocol: Protocol;

    /// A node.
    fn node(&self) -> Self::Protocol;
    /// The item enters at a node.
    fn begin(&self, protocol: &mut Self::Protocol, cx: &mut Context<'_, Self::Protocol>);
    /// What a node is.
    fn state(&self, protocol: &Self::Protocol) -> State;
    /// How often a node told the item so far, useful or not.
    fn told(&self, protocol: &Self::Protocol) -> u64;
}

/// A share of the nodes ends for good: `20%@5` after the fifth cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crash {
    /// How many, in parts per million, rounded down to whole nodes; at least one node is left.
    pub ppm: u32,
    /// After which cycle; 0 is before the first.
    pub after: u64,
}

/// Nothing passes between the lower and the upper half: `3..8` in the cycles 3 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halves {
    /// The first cycle of the cut, from 1.
    pub from: u64,
    /// The first cycle without it.
    pub to: u64,
}

/// What a subject lives through.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// Nodes, at least 2.
    pub nodes: u32,
    /// Seed of all dice.
    pub seed: u64,
    /// Messages lost, in parts per million.
    pub loss_ppm: u32,
    /// Who crashes.
    pub crash: Option<Crash>,
    /// When the halves are cut off from each other.
    pub cut: Option<Halves>,
    /// After so many cycles it ends, however it stands.
    pub horizon: u64,
}

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
    /// The cycle in which half of the live nodes knew it; none if they never did.
    pub t50: Option<u64>,
    /// The cycle in which 99 % of the live nodes knew it.
    pub t99: Option<u64>,
    /// The cycle of the last arrival; 0 if there was none.
    pub last: u64,
    /// Cycles that were run.
    pub cycles: u64,
    /// Whether nobody passes it on any more; else the horizon ended it.
    pub over: bool,
}

/// Runs the subject that a set-up names; `each` hears of each cycle.
///
/// # Errors
/// Names what is wrong with the set-up; then nothing was run.
///
/// # Panics
/// See [`watch`].
pub fn run(setup: &Setup, experiment: &Experiment, each: impl FnMut(&Round)) -> Result<Outcome, String> {
    visit(setup, experiment, InCycles { experiment, each })
}

/// Does something with a subject, whichever it is.
trait Visitor {
    type Output;

    fn visit<S: Subject>(self, subject: &S) -> Self::Output;
}

/// Has the subject visited that a set-up names.
fn visit<V: Visitor>(setup: &Setup, experiment: &Experiment, visitor: V) -> Result<V::Output, String> {
    match setup.name.as_str() {
        "rumor" => Ok(visitor.visit(&Mongering::new(setup.clone(), experiment)?)),
        other => Err(format!("no protocol that can be run is called {other}: there is rumor")),
    }
}

struct InCycles<'a, F> {
    experiment: &'a Experiment,
    each: F,
}

impl<F: FnMut(&Round)> Visitor for InCycles<'_, F> {
    type Output = Outcome;

    fn visit<S: Subject>(self, subject: &S) -> Outcome {
        watch(subject, self.experiment, self.each)
    }
}

/// Runs a subject; `each` hears of each cycle.
///
/// # Panics
/// If there are fewer than two nodes.
pub fn watch<S: Subject>(subject: &S, experiment: &Experiment, mut each: impl FnMut(&Round)) -> Outcome {
    let n = experiment.nodes;
    assert!(n >= 2, "an epidemic needs two nodes");
    let mut cycles = Cycles::new(experiment.seed, Complete(n), |_| subject.node());
    cycles.command(experiment.origin(), |protocol, cx| subject.begin(protocol, cx));
    cycles.lose(experiment.loss_ppm);
    cycles.shuffle();
    let (mut outcome, mut known) = (Outcome::default(), 1);
    experiment.crashed(0).into_iter().for_each(|node| cycles.set_up(node, false));
    while cycles.cycle() < experiment.horizon && !outcome.over {
        let heard = cycles.heard();
        cycles.split(experiment.is_cut(cycles.cycle() + 1).then_some(n / 2));
        cycles.step();
        let cycle = cycles.cycle();
        let arrived = cycles.protocols().filter(|p| subject.state(p) != State::Susceptible).count();
        if arrived > known {
            (known, outcome.last) = (arrived, cycle);
        }
        experiment.crashed(cycle).into_iter().for_each(|node| cycles.set_up(node, false));
        let round = count(subject, &cycles, cycles.heard() - heard);
        outcome.see(&round);
        each(&round);
    }
    let told: u64 = cycles.protocols().map(|protocol| subject.told(protocol)).sum();
    outcome.traffic = told as f64 / f64::from(n);
    outcome.messages = cycles.heard() as f64 / f64::from(n);
    outcome
}

fn count<S: Subject>(subject: &S, cycles: &Cycles<S::Protocol>, messages: u64) -> Round {
    let mut round = Round { cycle: cycles.cycle(), susceptible: 0, infective: 0, removed: 0, messages };
    for protocol in cycles.live() {
        let of = match subject.state(protocol) {
            State::Susceptible => &mut round.susceptible,
            State::Infective => &mut round.infective,
            State::Removed => &mut round.removed,
        };
        *of += 1;
    }
    round
}

impl Outcome {
    fn see(&mut self, round: &Round) {
        let reaches = |percent: u64| u64::from(round.know()) * 100 >= u64::from(round.live()) * percent;
        self.t50 = self.t50.or_else(|| reaches(50).then_some(round.cycle));
        self.t99 = self.t99.or_else(|| reaches(99).then_some(round.cycle));
        self.residue = f64::from(round.susceptible) / f64::from(round.live());
        (self.cycles, self.over) = (round.cycle, round.infective == 0);
    }
}

impl Experiment {
    /// Which node has the item first.
    fn origin(&self) -> u32 {
        (self.seed % u64::from(self.nodes)) as u32
    }

    /// Whether the halves are cut off from each other in a cycle.
    fn is_cut(&self, cycle: u64) -> bool {
        self.cut.is_some_and(|cut| (cut.from..cut.to).contains(&cycle))
    }

    /// Who crashes after a cycle.
    fn crashed(&self, cycle: u64) -> Vec<u32> {
        let Some(crash) = self.crash.filter(|crash| crash.after == cycle) else { return Vec::new() };
        let share = u64::from(self.nodes) * u64::from(crash.ppm) / 1_000_000;
        let mut dice = Rng::named(self.seed, PeerId::NONE, "crash");
        let mut places: Vec<u32> = (0..self.nodes).collect();
        let crash = |_| places.swap_remove(dice.below(places.len() as u32) as usize);
        (0..share.min(u64::from(self.nodes) - 1)).map(crash).collect()
    }
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Crash, String> {
        let wrong = || "give a share and a cycle, as 20%@5".to_owned();
        let (share, after) = text.split_once('@').ok_or_else(wrong)?;
        let percent: f64 = share.trim_end_matches('%').parse().map_err(|_| wrong())?;
        let after = after.parse().map_err(|_| wrong())?;
        // Whether it is a number is part of the question.
        if !(0.0..=100.0).contains(&percent) {
            return Err("a share is from 0 to 100 %".into());
        }
        Ok(Crash { ppm: (percent * 10_000.0).round() as u32, after })
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%@{}", f64::from(self.ppm) / 10_000.0, self.after)
    }
}

impl FromStr for Halves {
    type Err = String;

    fn from_str(text: &str) -> Result<Halves, String> {
        let ends = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        match ends {
            Some((from, to)) if from >= 1 && from < to => Ok(Halves { from, to }),
            _ => Err("give the first cycle of the cut, from 1, and the first after it, as 3..8".into()),
        }
    }
}

impl fmt::Display for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests;
