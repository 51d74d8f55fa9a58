use super::journal::Journal;
use crate::settings::Settings;
use bruit::Node;
use std::time::SystemTime;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::time::Instant;

/// Streams of events that are open at once: each is a connection, and gossip needs descriptors, too. Of the usual limit
/// of 1,024 a quarter.
pub(super) const STREAMS: usize = 256;

/// Where in its life an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Somebody asked it to leave.
    Leaving,
    /// It has left, or stopped; the control socket closes.
    Gone,
    /// Another process has its name and was there first.
    NameTaken,
    /// The node's task has ended, unasked.
    Lost,
}

/// What all parts of an agent share.
pub(super) struct Agent {
    pub(super) node: Node,
    pub(super) settings: Settings,
    pub(super) journal: Journal,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) started: Instant,
    pub(super) started_at: SystemTime,
    /// Held from reading tags until they are set.
    pub(super) tags: Mutex<()>,
    pub(super) streams: Semaphore,
}

impl Agent {
    pub(super) fn new(node: Node, settings: Settings) -> Agent {
        Agent {
            journal: Journal::new(node.handle().record().session(), node.events()),
            node,
            settings,
            phase: watch::Sender::new(Phase::Running),
            started: Instant::now(),
            started_at: SystemTime::now(),
            tags: Mutex::new(()),
            streams: Semaphore::new(STREAMS),
        }
    }

    /// From running to another phase; whether it was running.
    pub(super) fn turn_to(&self, phase: Phase) -> bool {
        self.phase.send_if_modified(|now| {
            let runs = *now == Phase::Running;
            if runs {
                *now = phase;
            }
            runs
        })
    }
}
