//! What must hold of events: D1, D2, D3, D4.

use super::violation::Invariant;
use bruit_events::{Covered, Delivered, EventId};
use bruit_proto::PeerId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A node is sure to count as a member of old when it had joined so long before: an event's age is known to a second or
/// so, more when clocks drift and nodes pause.
const MARGIN: Duration = Duration::from_secs(10);

/// An event that is said in the calm is everywhere within this: push takes 50 ms, a gap is found by the next digests.
const BOUND: Duration = Duration::from_secs(5);

/// A process: host and life.
pub(super) type Process = (u32, u32);

/// An event that was said.
#[derive(Debug)]
struct Said {
    at: Duration,
    payload: Vec<u8>,
    by: Process,
    /// Processes that delivered it.
    at_processes: BTreeSet<Process>,
    /// And the nodes that these were.
    at_nodes: BTreeSet<PeerId>,
    /// Whether all members of old have.
    done: bool,
}

impl Said {
    /// A member of old that has not delivered it.
    fn missing(&self, members: &[(Process, Duration)]) -> Option<Process> {
        let mut old = members.iter().filter(|m| m.1 + MARGIN <= self.at || m.0 == self.by);
        old.find(|m| !self.at_processes.contains(&m.0)).map(|m| m.0)
    }
}

/// All events of a run.
#[derive(Debug, Default)]
pub(super) struct Book(BTreeMap<EventId, Said>);

impl Book {
    pub(super) fn said(&mut self, id: EventId, by: Process, at: Duration, payload: Vec<u8>) {
        self.0.insert(id, Said { at, payload, by, at_processes: BTreeSet::new(), at_nodes: BTreeSet::new(), done: false });
    }

    pub(super) fn delivered(&mut self, at: Process, node: PeerId, event: &Delivered) -> Result<(), (Invariant, String)> {
        let Some(said) = self.0.get_mut(&event.id) else {
            return Err((Invariant::D1, format!("{:?} was never said", event.id)));
        };
        if said.payload != event.payload[..] {
            return Err((Invariant::D1, format!("{:?} has another payload than it was said with", event.id)));
        }
        said.at_nodes.insert(node);
        if !said.at_processes.insert(at) {
            return Err((Invariant::D2, format!("{:?} comes again", event.id)));
        }
        Ok(())
    }

    /// What the origin of an event was reported.
    pub(super) fn covered(&self, id: EventId, covered: &Covered) -> Result<(), String> {
        let Some(said) = self.0.get(&id) else { return Err(format!("{id:?} was never said")) };
        match covered {
            Covered::Named(nodes) => match nodes.difference(&said.at_nodes).next() {
                Some(node) => Err(format!("{id:?} is reported to be at {node:?}, which has not delivered it")),
                None => Ok(()),
            },
            Covered::Counted(n) if *n as usize > said.at_nodes.len() => {
                Err(format!("{id:?} is reported to be at {n} nodes, and is at {}", said.at_nodes.len()))
            }
            Covered::Counted(_) => Ok(()),
        }
    }

    /// In the calm, which began at `calm`: what is overdue, and at which node.
    pub(super) fn in_time(
        &mut self,
        now: Duration,
        calm: Duration,
        members: &[(Process, Duration)],
    ) -> Result<(), (u32, String)> {
        for (id, said) in self.0.iter_mut().filter(|(_, s)| s.at >= calm && !s.done) {
            let missing = said.missing(members);
            said.done = missing.is_none();
            if let Some(process) = missing
                && said.at + BOUND <= now
            {
                let text = format!("{id:?}, said at {:?} by {:?}, has not come after {BOUND:?}", said.at, said.by.0);
                return Err((process.0, text));
            }
        }
        Ok(())
    }

    /// At the end: `members` are the processes that live, each with the moment since which it is a member.
    pub(super) fn all_reached(&self, members: &[(Process, Duration)]) -> Result<(), (u32, String)> {
        let lives = |process: &Process| members.iter().any(|m| m.0 == *process);
        for (id, said) in &self.0 {
            // What died with its only holders is lost, as it must be.
            if !lives(&said.by) && !said.at_processes.iter().any(lives) {
                continue;
            }
            if let Some(process) = said.missing(members) {
                let text = format!("{id:?}, said at {:?} by {:?}, never came", said.at, said.by.0);
                return Err((process.0, text));
            }
        }
        Ok(())
    }
}
