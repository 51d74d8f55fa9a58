//! An experiment in timed events: packets take their time, and everything that happens is told.
//!
//! A cycle is a second of virtual time: a crash after cycle 5 comes at five seconds, a cut in the cycles 3 to 7 lasts from
//! two seconds to seven. All nodes start at time zero, and the item enters then. It is over at the end of a cycle when
//! nobody passes the item on and no packet can be under way that was sent by somebody who did.
//!
//! The hash of a run is FNV-1a with 64 bits (Fowler, Noll, Vo 1991) over one byte for each node, in their order, at time
//! zero and then at the end of each cycle: 0 susceptible, 1 infective, 2 removed, 3 crashed. Under churn there are
//! more [places](Experiment::places) than nodes, and where there is nobody is a 3, too.

use super::population::Population;
use super::record::Record;
use super::{Alone, Experiment, Latency, Outcome, Round, Subject, Sums, Visitor};
use crate::cycles::CYCLE;
use crate::fuse::Fuse;
use crate::solo::{Solo, Witness};
use bruit_proto::{PeerId, Protocol, Time};

/// The byte of a place whose node crashed or left.
pub(super) const CRASHED: u8 = 3;

/// A node became something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, in microseconds.
    pub at_us: u64,
    /// Which node.
    pub node: u32,
    /// What it is now, as in the hash.
    pub now: u8,
    /// Whose message did it, if one did.
    pub from: Option<u32>,
}

/// A packet on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it was sent, in microseconds.
    pub sent_us: u64,
    /// When it arrives; never if it is lost.
    pub arrives_us: Option<u64>,
    /// From which node.
    pub from: u32,
    /// To which.
    pub to: u32,
}

/// All that happened in a cycle; cycle 0 is what happens at time zero.
#[derive(Clone, Debug)]
pub struct Course {
    /// How it stands at the end.
    pub round: Round,
    /// The hash of the run so far.
    pub hash: u64,
    /// By time.
    pub changes: Vec<Change>,
    /// Each of so many packets is told.
    pub one_in: u64,
    /// Those, by time.
    pub packets: Vec<Packet>,
}

/// Runs a subject with this latency, whatever the experiment says of it; `each` hears of each cycle, and ends the run by
/// saying no.
///
/// # Panics
/// If there are fewer than two nodes.
pub(super) fn watch(subject: &Alone, experiment: &Experiment, latency: Latency, each: impl FnMut(&Course) -> bool) -> Outcome {
    subject.visit(Timed { experiment, latency, each })
}

struct Timed<'a, F> {
    experiment: &'a Experiment,
    latency: Latency,
    each: F,
}

impl<F: FnMut(&Course) -> bool> Visitor for Timed<'_, F> {
    type Output = Outcome;

    fn visit<S: Subject>(mut self, subject: &S) -> Outcome {
        let experiment = self.experiment;
        let links = self.latency.links(experiment.loss_ppm);
        let longest = links.longest().as_micros() as u64;
        assert!(experiment.nodes >= 2, "an epidemic needs two nodes");
        let (n, overlay) = (experiment.places(), subject.overlay(experiment));
        let mut watcher = Watcher { subject, record: Record::new(n), wasted: 0 };
        let node = |i: u32| subject.node(PeerId(u64::from(i) + 1));
        let fuse = experiment.fuse(subject, &overlay);
        let mut solo = Solo::over(experiment.seed, links, overlay, 1, node);
        let mut population = Population::new(experiment);
        for place in population.gone() {
            solo.set_up(place, false);
            watcher.record.crash(0, place);
        }
        fuse.into_iter().for_each(|fuse| solo.arm(fuse));
        solo.command_before(&mut watcher, experiment.origin(), |protocol, cx| subject.begin(protocol, cx));
        let (mut outcome, mut heard, mut sums) = (Outcome::default(), 0, Sums::default());
        for cycle in 0.. {
            for node in population.crashed(cycle) {
                solo.set_up(node, false);
                watcher.record.crash(solo.now().0, node);
            }
            for (leaves, joins) in population.turn_over(cycle) {
                solo.set_up(leaves, false);
                watcher.record.crash(solo.now().0, leaves);
                sums.add(subject, &solo.replace(&mut watcher, joins, node(joins)));
            }
            heard += watcher.record.heard;
            let course = watcher.record.close(cycle);
            outcome.see(&course.round);
            outcome.over = experiment.is_over::<S>(&course.round, || {
                let mut nodes = (0..n).zip(solo.protocols());
                nodes.all(|(i, node)| !solo.is_up(i) || subject.is_quiet(node))
                    && solo.now().0 > watcher.record.changed_us + longest
            });
            let goes_on = (self.each)(&course);
            if !goes_on || outcome.over || cycle >= experiment.horizon {
                break;
            }
            solo.split(experiment.is_cut(cycle + 1).then_some(n / 2));
            solo.run_before(&mut watcher, CYCLE);
        }
        watcher.record.delays.tell(&mut outcome);
        solo.protocols().for_each(|protocol| sums.add(subject, protocol));
        sums.close(&mut outcome, experiment, [heard, watcher.wasted], solo.fuse().map_or(0, Fuse::unsaid));
        outcome
    }
}

/// Sees what a subject's nodes turn into.
struct Watcher<'a, S> {
    subject: &'a S,
    record: Record,
    /// Messages to nodes that were off.
    wasted: u64,
}

impl<S: Subject> Witness<S::Protocol> for Watcher<'_, S> {
    fn heard(&mut self, _: u32, _: u32, _: &<S::Protocol as Protocol>::Message) {
        self.record.heard += 1;
    }

    fn turned(&mut self, at: Time, node: u32, from: Option<u32>, protocol: &S::Protocol) {
        self.record.turn_into(at.0, node, self.subject.state(protocol) as u8, from);
    }

    fn wasted(&mut self, messages: u64) {
        self.wasted += messages;
    }

    fn crashed(&mut self, at: Time, node: u32) {
        self.record.crash(at.0, node);
    }

    fn sent(&mut self, at: Time, from: u32, to: u32, arrives: Option<Time>) {
        self.record.packet(Packet { sent_us: at.0, arrives_us: arrives.map(|at| at.0), from, to });
    }
}

#[cfg(test)]
mod tests;
