use super::violation::{Invariant, Violation};
use crate::world::Traffic;
use std::collections::BTreeSet;
use std::time::Duration;

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The first invariant that did not hold, if one did not.
    pub violation: Option<Violation>,
    /// How long after the faults ended all views were equal for the first time.
    pub agreed_after: Option<Duration>,
    /// The hash of the run.
    pub trace: u64,
    /// Virtual time that passed.
    pub passed: Duration,
    /// What all nodes sent.
    pub traffic: Traffic,
    /// The most datagrams that one node sent in a second, over ten of them.
    pub busiest: u64,
    /// The [`marks`](super::marks) that it hit.
    pub marks: BTreeSet<&'static str>,
}

impl Verdict {
    /// Of a run that did not get to its end.
    pub(super) fn panicked(what: String) -> Verdict {
        let violation = Violation { at: Duration::ZERO, invariant: Invariant::P1, node: None, what };
        Verdict {
            violation: Some(violation),
            agreed_after: None,
            trace: 0,
            passed: Duration::ZERO,
            traffic: Traffic::default(),
            busiest: 0,
            marks: BTreeSet::new(),
        }
    }
}
