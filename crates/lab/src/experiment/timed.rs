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
use super::{Experiment, Known, Latency, Outcome, Round, State, Subject, Sums, Visitor};
use crate::cycles::CYCLE;
use crate::fuse::Fuse;
use crate::solo::{Solo, Witness};
use bruit_proto::{PeerId, Protocol, Time};

/// Packets of one cycle that are told at least, if there are as many; at most twice as many.
const PACKETS: usize = 2_000;
/// The basis and the prime of FNV-1a.
const FNV: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x100_0000_01b3);
/// The byte of a place whose node crashed or left.
const CRASHED: u8 = 3;

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
pub fn watch(subject: &Known, experiment: &Experiment, latency: Latency, each: impl FnMut(&Course) -> bool) -> Outcome {
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
        let mut record = Record::new(subject, n);
        let node = |i: u32| subject.node(PeerId(u64::from(i) + 1));
        let fuse = experiment.fuse(subject, &overlay);
        let mut solo = Solo::over(experiment.seed, links, overlay, 1, node);
        let mut population = Population::new(experiment);
        for place in population.gone() {
            solo.set_up(place, false);
            record.turn_into(solo.now(), place, CRASHED, None);
        }
        fuse.into_iter().for_each(|fuse| solo.arm(fuse));
        solo.command_before(&mut record, experiment.origin(), |protocol, cx| subject.begin(protocol, cx));
        let (mut outcome, mut heard, mut sums) = (Outcome::default(), 0, Sums::default());
        for cycle in 0.. {
            for node in population.crashed(cycle) {
                solo.set_up(node, false);
                record.turn_into(solo.now(), node, CRASHED, None);
            }
            for (leaves, joins) in population.turn_over(cycle) {
                solo.set_up(leaves, false);
                record.turn_into(solo.now(), leaves, CRASHED, None);
                sums.add(subject, &solo.replace(&mut record, joins, node(joins)));
            }
            heard += record.heard;
            if std::mem::take(&mut record.news) {
                outcome.last = cycle;
            }
            let course = record.close(cycle);
            outcome.see(&course.round);
            outcome.over = experiment.is_over::<S>(&course.round, || {
                let mut nodes = (0..n).zip(solo.protocols());
                nodes.all(|(i, node)| !solo.is_up(i) || subject.is_quiet(node)) && solo.now().0 > record.changed_us + longest
            });
            let goes_on = (self.each)(&course);
            if !goes_on || outcome.over || cycle >= experiment.horizon {
                break;
            }
            solo.split(experiment.is_cut(cycle + 1).then_some(n / 2));
            solo.run_before(&mut record, CYCLE);
        }
        solo.protocols().for_each(|protocol| sums.add(subject, protocol));
        sums.close(&mut outcome, experiment, [heard, record.wasted], solo.fuse().map_or(0, Fuse::unsaid));
        outcome
    }
}

/// What happened since the last cycle ended, and what every node is.
struct Record<'a, S> {
    subject: &'a S,
    /// Of each node, as in the hash.
    now: Vec<u8>,
    hash: u64,
    changes: Vec<Change>,
    /// When the last change was, in microseconds.
    changed_us: u64,
    /// Whether the item arrived somewhere.
    news: bool,
    packets: Vec<Packet>,
    one_in: u64,
    sent: u64,
    heard: u64,
    /// Messages to nodes that were off, since the start.
    wasted: u64,
}

impl<S: Subject> Record<'_, S> {
    fn new(subject: &S, nodes: u32) -> Record<'_, S> {
        let now = vec![State::Susceptible as u8; nodes as usize];
        let (changes, packets) = (Vec::new(), Vec::new());
        Record {
            subject,
            now,
            hash: FNV.0,
            changes,
            changed_us: 0,
            news: false,
            packets,
            one_in: 1,
            sent: 0,
            heard: 0,
            wasted: 0,
        }
    }

    fn turn_into(&mut self, at: Time, node: u32, now: u8, from: Option<u32>) {
        self.now[node as usize] = now;
        self.changed_us = self.changed_us.max(at.0);
        self.changes.push(Change { at_us: at.0, node, now, from });
    }

    /// The cycle is over.
    fn close(&mut self, cycle: u64) -> Course {
        self.hash = self.now.iter().fold(self.hash, |hash, now| (hash ^ u64::from(*now)).wrapping_mul(FNV.1));
        let count = |state: State| self.now.iter().filter(|now| **now == state as u8).count() as u32;
        let (susceptible, infective, removed) = (count(State::Susceptible), count(State::Infective), count(State::Removed));
        let round = Round { cycle, susceptible, infective, removed, messages: std::mem::take(&mut self.heard) };
        let (mut changes, mut packets) = (std::mem::take(&mut self.changes), std::mem::take(&mut self.packets));
        changes.sort_by_key(|change| change.at_us);
        packets.sort_by_key(|packet| packet.sent_us);
        self.sent = 0;
        Course { round, hash: self.hash, changes, one_in: std::mem::replace(&mut self.one_in, 1), packets }
    }
}

impl<S: Subject> Witness<S::Protocol> for Record<'_, S> {
    fn heard(&mut self, _: u32, _: u32, _: &<S::Protocol as Protocol>::Message) {
        self.heard += 1;
    }

    fn turned(&mut self, at: Time, node: u32, from: Option<u32>, protocol: &S::Protocol) {
        let (was, now) = (self.now[node as usize], self.subject.state(protocol) as u8);
        if was != now {
            self.news |= was == State::Susceptible as u8 && from.is_some();
            self.turn_into(at, node, now, from);
        }
    }

    fn wasted(&mut self, messages: u64) {
        self.wasted += messages;
    }

    fn crashed(&mut self, at: Time, node: u32) {
        self.turn_into(at, node, CRASHED, None);
    }

    fn sent(&mut self, at: Time, from: u32, to: u32, arrives: Option<Time>) {
        self.sent += 1;
        if !self.sent.is_multiple_of(self.one_in) {
            return;
        }
        self.packets.push(Packet { sent_us: at.0, arrives_us: arrives.map(|at| at.0), from, to });
        if self.packets.len() == 2 * PACKETS {
            // Every second is kept, those whose number the new step divides.
            let mut number = 0;
            self.packets.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.one_in *= 2;
        }
    }
}

#[cfg(test)]
mod tests;
