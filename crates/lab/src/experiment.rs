//! Experiments: `bruit lab run`. A protocol with its settings, among n nodes, with a seed and under faults.
//!
//! An [`Experiment`] says how many nodes there are and what happens to them: loss, a crash of a share of them at the end of
//! a cycle or of the one that has the item first, nodes that leave and join, a cut between the lower and the upper half of the
//! places. It lasts until nobody is infective any more, or to its horizon; of a protocol that never ends, until all live nodes
//! know the item; while nodes join, to its horizon. The world is that of synchronous [`Cycles`]: a contact and its answers fit
//! in a cycle, but for multicast, which is measured in hops: there a message takes one.
//!
//! Protocols that live on each other run in [`Whole`] nodes, always in [timed](timed) events.
//!
//! A [`Subject`] is a protocol with its settings. It says how a node is made, how one item enters at a node, and in which
//! [`State`] of the epidemic a node is; a protocol that implements it can be run here. Its settings are written as a
//! [`Setup`], `rumor:exchange=pull,k=2`: a name, then settings, each one of the subject's own keys.
//!
//! An [`Outcome`] are figures of live nodes: who crashed counts neither as reached nor as missed. Delays are in cycles: t50
//! and t99 are the ends of the first cycles in which half and 99 % of the live nodes know the item, last is that of the last
//! arrival; in timed events they are the moments themselves. Traffic and messages are per node that there was at the start. The names are those of Demers et al. 1987,
//! section 1.4: residue, traffic, delay.
//!
//! The seed decides everything. Which node has the item first and which crash depend on the seed alone, and not on the
//! subject: two subjects under one seed live through the same faults.

mod alone;
mod antientropy;
mod backing;
mod crash;
mod delays;
mod halves;
mod item;
mod known;
mod latency;
mod mail;
mod outcome;
mod population;
mod record;
mod rumor;
mod setup;
mod share;
mod subject;
pub mod timed;
mod tree;
mod whole;

use crate::cycles::{Cycles, Overlay, Tally};
use crate::fuse::Fuse;
use bruit_proto::{PeerId, Protocol};
use outcome::Sums;
use population::Population;
use std::ops::RangeInclusive;

pub use alone::Alone;
pub use antientropy::Reconciling;
pub use backing::{Backable, Backing};
pub use crash::Crash;
pub use halves::Halves;
pub use known::Known;
pub use latency::Latency;
pub use mail::Mailing;
pub use outcome::{Outcome, Round};
pub use population::Churn;
pub use rumor::Mongering;
pub use setup::Setup;
pub use share::Share;
pub use subject::{State, Subject};
pub use tree::SpanningTree;
pub use whole::Whole;

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
    /// In each cycle so many nodes leave for good and as many join that know nothing, in parts per million. Whoever left is in
    /// the tables of all for ten cycles more.
    pub churn_ppm: u32,
    /// When the halves are cut off from each other.
    pub cut: Option<Halves>,
    /// How long packets are under way, in [timed](timed) events; in synchronous cycles, if none.
    pub latency: Option<Latency>,
    /// After so many cycles it ends, however it stands.
    pub horizon: u64,
}

/// Runs the subject that a set-up names; `each` hears of each cycle.
///
/// # Errors
/// Names what is wrong with the set-up; then nothing was run.
///
/// # Panics
/// See [`watch`].
pub fn run(setup: &Setup, experiment: &Experiment, each: impl FnMut(&Round)) -> Result<Outcome, String> {
    Ok(Known::new(setup, experiment)?.watch(experiment, each))
}

/// Does something with a subject, whichever it is.
trait Visitor {
    type Output;

    fn visit<S: Subject>(self, subject: &S) -> Self::Output;
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
    assert!(experiment.nodes >= 2, "an epidemic needs two nodes");
    let node = |i: u32| subject.node(PeerId(u64::from(i) + 1));
    let overlay = subject.overlay(experiment);
    let fuse = experiment.fuse(subject, &overlay);
    let mut cycles = Cycles::new(experiment.seed, overlay, node);
    if S::HOP_BY_HOP {
        cycles.hop_by_hop();
    }
    let mut population = Population::new(experiment);
    population.gone().for_each(|place| cycles.set_up(place, false));
    fuse.into_iter().for_each(|fuse| cycles.arm(fuse));
    cycles.command(experiment.origin(), |protocol, cx| subject.begin(protocol, cx));
    cycles.lose(experiment.loss_ppm);
    cycles.shuffle();
    let (mut outcome, mut known, mut sums) = (Outcome::default(), 1, Sums::default());
    population.crashed(0).into_iter().for_each(|node| cycles.set_up(node, false));
    while cycles.cycle() < experiment.horizon && !outcome.over {
        let heard = cycles.heard();
        cycles.split(experiment.is_cut(cycles.cycle() + 1).then_some(experiment.places() / 2));
        cycles.step();
        let cycle = cycles.cycle();
        let arrived = cycles.protocols().filter(|p| subject.state(p) != State::Susceptible).count();
        if arrived > known {
            (known, outcome.last) = (arrived, cycle as f64);
        }
        population.crashed(cycle).into_iter().for_each(|node| cycles.set_up(node, false));
        for (leaves, joins) in population.turn_over(cycle) {
            cycles.set_up(leaves, false);
            let old = cycles.replace(joins, node(joins));
            sums.add(subject, &old);
            // The place of one who knew it is that of one who does not.
            known -= usize::from(subject.state(&old) != State::Susceptible);
        }
        let round = count(subject, &cycles, cycles.heard() - heard);
        outcome.see(&round);
        outcome.time(&round);
        let quiet = || !cycles.is_under_way() && cycles.live().all(|protocol| subject.is_quiet(protocol));
        outcome.over = experiment.is_over::<S>(&round, quiet);
        each(&round);
    }
    cycles.protocols().for_each(|protocol| sums.add(subject, protocol));
    let Tally { heard, wasted, .. } = cycles.tally();
    sums.close(&mut outcome, experiment, [heard, wasted], cycles.fuse().map_or(0, Fuse::unsaid));
    outcome
}

fn count<S: Subject>(subject: &S, cycles: &Cycles<S::Protocol, S::Overlay>, messages: u64) -> Round {
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

impl Experiment {
    /// How many nodes there may be.
    pub const NODES: RangeInclusive<u32> = 2..=10_000_000;
    /// The most cycles, unless said otherwise.
    pub const HORIZON: u64 = 1000;

    /// Which node has the item first.
    pub fn origin(&self) -> u32 {
        (self.seed % u64::from(self.nodes)) as u32
    }

    /// Sets what the command line calls so; whether anything is.
    ///
    /// # Errors
    /// If it cannot be that.
    pub fn set(&mut self, key: &str, value: &str) -> Result<bool, String> {
        let wrong = || format!("{key} cannot be {value}");
        let given = Some(value).filter(|value| *value != "none");
        match key {
            "nodes" => self.nodes = value.parse().ok().filter(|n| Experiment::NODES.contains(n)).ok_or_else(wrong)?,
            "loss" => self.loss_ppm = value.parse().map(|Share(ppm)| ppm).map_err(|_| wrong())?,
            "crash" => self.crash = given.map(str::parse).transpose()?,
            "churn" => self.churn_ppm = value.parse().map(|Churn(ppm)| ppm)?,
            "cut" => self.cut = given.map(str::parse).transpose()?,
            "latency" => self.latency = given.map(str::parse).transpose()?,
            "horizon" => self.horizon = value.parse().map_err(|_| wrong())?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The command that runs it again with a set-up, on any machine.
    pub fn command(&self, setup: &Setup) -> String {
        let Experiment { nodes, seed, loss_ppm, crash, churn_ppm, cut, latency, horizon } = self;
        let mut words = vec![format!("bruit lab run {setup} --nodes {nodes} --loss {}", Share(*loss_ppm))];
        words.extend(crash.map(|crash| format!("--crash {crash}")));
        words.extend((*churn_ppm > 0).then(|| format!("--churn {}", Share(*churn_ppm))));
        words.extend(cut.map(|cut| format!("--cut {cut}")));
        words.extend(latency.map(|latency| format!("--latency {latency}")));
        words.push(format!("--horizon {horizon} --seed {seed}"));
        words.join(" ")
    }

    /// Whether it is over at the end of a cycle.
    fn is_over<S: Subject>(&self, round: &Round, is_quiet: impl FnOnce() -> bool) -> bool {
        match S::ENDLESS {
            // Newcomers come for ever.
            _ if self.churn_ppm > 0 => round.cycle >= self.horizon,
            true => round.susceptible == 0 || round.know() == 0,
            false => is_quiet(),
        }
    }

    /// Whether the halves are cut off from each other in a cycle.
    fn is_cut(&self, cycle: u64) -> bool {
        self.cut.is_some_and(|cut| (cut.from..cut.to).contains(&cycle))
    }

    /// The fuse of an origin that crashes in the middle of its loop, if it does.
    fn fuse<S: Subject>(&self, subject: &S, overlay: &S::Overlay) -> Option<Fuse<<S::Protocol as Protocol>::Message>> {
        let Some(Crash::Root { ppm }) = self.crash else { return None };
        let origin = self.origin();
        let sends = subject.sends(PeerId(u64::from(origin) + 1), &overlay.view(origin))?;
        let left = u64::from(sends) * u64::from(ppm) / 1_000_000;
        Some(Fuse::new(origin, left as u32, S::is_send))
    }
}

#[cfg(test)]
mod tests;
