use std::fmt;
use std::time::Duration;

/// What must hold of every run: the names of `docs/papers` and of the story that a replay tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Always: nobody holds an incarnation above what the member itself has issued.
    M1,
    /// Always: per observer and process, (incarnation, status) of a member never goes back.
    M2,
    /// In the calm: a crash and a change are known to all in time, and every member probes every other within 3N
    /// periods: 2N-1 while view and clock stand.
    M3,
    /// In gentle runs: no living node is declared dead.
    M4,
    /// After the calm: all live views are equal, and those that left are left.
    M5,
    /// Always: whoever is dead or left returns only by a higher incarnation or as another process.
    M6,
    /// Of two processes under one name one goes on, the other is told.
    M7,
    /// Always: packets, rates and streams within their bounds.
    M8,
    /// A living node is alive in all views within a bound after the faults end.
    M9,
    /// Always: what is delivered was said, byte by byte.
    D1,
    /// Always: an event is delivered at most once in a process's life.
    D2,
    /// An event that anybody has is delivered at everyone who was a member when it was said: at the end, and in time if it
    /// was said in the calm.
    D3,
    /// Always: who is reported to have an event has delivered it, in this process or an earlier one.
    D4,
    /// After the calm: all histories are equal, and what a node acknowledged and its disk still holds is in them.
    H1,
    /// Always: the accusers of a suspicion are different members, and not the accused.
    L1,
    /// Always: nothing panics.
    P1,
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it was seen, in virtual time.
    pub at: Duration,
    /// Which.
    pub invariant: Invariant,
    /// At which node, as far as it is one's.
    pub node: Option<u32>,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s: {:?}", self.at.as_secs_f64(), self.invariant)?;
        self.node.iter().try_for_each(|node| write!(f, " at node {node}"))?;
        write!(f, ": {}", self.what)
    }
}
