//! Why a member is believed to be what it is: the last suspicion or end of each, as this node lived through it.

use crate::Swim;
use bruit_proto::{PeerId, Time};
use std::collections::VecDeque;

/// Members whose last case is remembered. One that was only heard of takes 0.3 kB, one with a whole probe at most 1 kB:
/// 64 kB, and nothing before the first suspicion. The oldest goes.
const MAX_CASES: usize = 64;
/// Steps of one probe: three pings, a stream and its end, seven helpers that are asked and seven nacks, the end.
const MAX_STEPS: usize = 20;

/// The last suspicion of a member, or how it ended without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Of whom.
    pub peer: PeerId,
    /// In which incarnation.
    pub incarnation: u64,
    /// When it began here.
    pub since: Time,
    /// From whom this node heard of it; nobody if it found out by itself.
    pub from: Option<PeerId>,
    /// Who accuses, the initiator first, and when that was known here; empty if it was never suspected.
    pub accusers: Vec<(PeerId, Time)>,
    /// Local health when this node accused or heard of it, before its own failed probe counted: 0 is healthy.
    pub health: u8,
    /// What this node's own probe tried, if it had one.
    pub probe: Vec<Step>,
    /// How it ended; nothing as long as it lasts.
    pub end: Option<End>,
}

/// One step of a probe that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Time,
    /// What happened.
    pub what: Tried,
}

/// What a probe tries, and what becomes of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// A direct ping left.
    Ping,
    /// This member was asked to ping it.
    Helper(PeerId),
    /// A ping by stream was begun.
    Stream,
    /// The stream could not be opened, or closed without an answer.
    StreamFailed,
    /// This helper had no answer either.
    Nack(PeerId),
    /// Nobody reached it in this period.
    Silence,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Time,
    /// How.
    pub how: Ended,
    /// From whom this node heard of it; nobody if it found out by itself, or was told to by its user.
    pub from: Option<PeerId>,
}

/// What a member turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Alive: it said so, in a higher incarnation.
    Refuted,
    /// Dead: nobody heard of it in time.
    Dead,
    /// Gone with a goodbye, its own or an operator's.
    Left,
}

/// The last case of each member that had one.
pub(crate) struct Cases(VecDeque<Case>);

impl Cases {
    pub(crate) const NONE: Cases = Cases(VecDeque::new());

    pub(crate) fn get(&self, peer: PeerId) -> Option<&Case> {
        self.0.iter().find(|case| case.peer == peer)
    }

    fn get_mut(&mut self, peer: PeerId) -> Option<&mut Case> {
        self.0.iter_mut().find(|case| case.peer == peer)
    }

    /// A case begins; the member's last one is over.
    pub(crate) fn open(&mut self, peer: PeerId, incarnation: u64, now: Time, from: Option<PeerId>, health: u8) {
        self.0.retain(|case| case.peer != peer);
        if self.0.len() == MAX_CASES {
            self.0.pop_front();
        }
        let (accusers, probe, end) = (Vec::new(), Vec::new(), None);
        self.0.push_back(Case { peer, incarnation, since: now, from, accusers, health, probe, end });
    }

    /// Somebody else accuses, too.
    pub(crate) fn accused(&mut self, peer: PeerId, by: PeerId, now: Time) {
        if let Some(case) = self.get_mut(peer) {
            case.accusers.push((by, now));
        }
    }

    /// This node's own probe failed: what it tried, and how well it was then.
    pub(crate) fn probed(&mut self, peer: PeerId, probe: Vec<Step>, health: u8) {
        if let Some(case) = self.get_mut(peer).filter(|case| case.probe.is_empty()) {
            (case.probe, case.health) = (probe, health);
        }
    }

    /// A case ends. One that was never suspected, or came back since, has one that is nothing but an end.
    pub(crate) fn close(&mut self, peer: PeerId, incarnation: u64, end: End, health: u8) {
        let goes = end.how != Ended::Refuted;
        let over = |case: &Case| case.end.is_some_and(|e| e.how == Ended::Refuted) || goes && case.incarnation != incarnation;
        if self.get(peer).is_none_or(over) {
            self.open(peer, incarnation, end.at, end.from, health);
        }
        if let Some(case) = self.get_mut(peer) {
            case.end = Some(end);
        }
    }
}

/// One more step, within the bound.
pub(crate) fn step(steps: &mut Vec<Step>, at: Time, what: Tried) {
    if steps.len() < MAX_STEPS {
        steps.push(Step { at, what });
    }
}

impl Swim {
    /// The last suspicion of a member, or how it ended without one; nothing if there was none among the last 64.
    pub fn case(&self, peer: PeerId) -> Option<&Case> {
        self.busy.suspicions.cases.get(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(7);

    fn end(how: Ended) -> End {
        End { at: NOW, how, from: Some(PeerId(9)) }
    }

    #[test]
    fn the_last_case_of_each_is_kept_within_a_bound() {
        let mut cases = Cases::NONE;
        (0..100).for_each(|peer| cases.open(PeerId(peer), 0, NOW, None, 0));
        cases.open(PeerId(99), 1, NOW, None, 3);
        assert_eq!((cases.0.len(), cases.get(PeerId(35)), cases.get(PeerId(99)).map(|c| c.health)), (MAX_CASES, None, Some(3)));
        let mut steps = Vec::new();
        (0..99).for_each(|_| step(&mut steps, NOW, Tried::Ping));
        assert_eq!(steps.len(), MAX_STEPS);
    }

    #[test]
    fn an_end_closes_what_was_open_and_stands_alone_otherwise() {
        let mut cases = Cases::NONE;
        cases.open(PeerId(1), 0, Time(1), None, 0);
        cases.accused(PeerId(1), PeerId(2), Time(1));
        cases.close(PeerId(1), 0, end(Ended::Dead), 0);
        let of = |cases: &Cases| cases.get(PeerId(1)).map(|c| (c.since, c.accusers.len(), c.end.map(|e| e.how))).expect("a case");
        assert_eq!(of(&cases), (Time(1), 1, Some(Ended::Dead)));
        cases.close(PeerId(1), 1, end(Ended::Refuted), 0);
        cases.close(PeerId(1), 1, end(Ended::Left), 0);
        assert_eq!(of(&cases), (NOW, 0, Some(Ended::Left)), "it came back, and left");
    }
}
