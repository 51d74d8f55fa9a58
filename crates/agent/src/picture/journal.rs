//! What happened, numbered: the last events, kept once for all readers. A reader is only a number; one that is too slow
//! costs nothing and finds the gap.

use super::news;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Events kept: of some 300 bytes as JSON, at most 1.4 kB with the largest payload, so 6 MiB at the very most.
pub(crate) const KEPT: usize = 4096;

/// Kinds of entries that say that a member became this.
const TRANSITIONS: [(&str, &str); 4] = [("up", "alive"), ("suspect", "suspect"), ("dead", "dead"), ("left", "left")];

/// One thing that happened.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    /// `up`, `dead`, `event` and so on.
    pub(crate) kind: &'static str,
    /// As JSON, written once for all readers.
    pub(crate) data: String,
}

/// What a reader finds.
pub(crate) enum Found {
    Entry(Arc<Entry>),
    /// So many are gone that it has not read.
    Lagged(u64),
    /// The agent has stopped.
    End,
}

/// The last things that happened. Numbers start at 1.
pub(crate) struct Journal {
    /// Which process counts: numbers of another mean nothing.
    pub(crate) session: u64,
    kept: Mutex<VecDeque<Arc<Entry>>>,
    /// Members that became alive, suspect, dead and left.
    transitions: [AtomicU64; 4],
    newest: watch::Sender<u64>,
    closed: watch::Sender<bool>,
}

impl Journal {
    pub(crate) fn new(session: u64) -> Journal {
        Journal {
            session,
            kept: Mutex::default(),
            transitions: Default::default(),
            newest: watch::Sender::new(0),
            closed: watch::Sender::new(false),
        }
    }

    /// The number of the last entry, zero before the first.
    pub(crate) fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// The name of this entry, among those of all processes.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{:016x}.{number}", self.session)
    }

    /// How many members became what.
    pub(crate) fn transitions(&self) -> [(&'static str, u64); 4] {
        std::array::from_fn(|i| (TRANSITIONS[i].1, self.transitions[i].load(Ordering::Relaxed)))
    }

    /// What follows entry `after`, when it is there.
    pub(crate) async fn next(&self, after: u64) -> Found {
        let (mut newest, mut closed) = (self.newest.subscribe(), self.closed.subscribe());
        loop {
            if let Some(found) = self.look(after) {
                return found;
            }
            if *closed.borrow() {
                return Found::End;
            }
            tokio::select! {
                _ = newest.changed() => {}
                _ = closed.changed() => {}
            }
        }
    }

    fn look(&self, after: u64) -> Option<Found> {
        let kept = self.kept();
        let oldest = kept.front()?.number;
        if after + 1 < oldest {
            return Some(Found::Lagged(oldest - after - 1));
        }
        kept.get((after + 1 - oldest) as usize).cloned().map(Found::Entry)
    }

    /// Writes down what happened, and tells the log.
    pub(crate) fn add(&self, kind: &'static str, data: &Value) {
        news::log(kind, data);
        if let Some(i) = TRANSITIONS.iter().position(|x| x.0 == kind) {
            self.transitions[i].fetch_add(1, Ordering::Relaxed);
        }
        let mut kept = self.kept();
        // Under the lock: many nodes write here.
        let number = self.newest() + 1;
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Arc::new(Entry { number, kind, data: data.to_string() }));
        self.newest.send_replace(number);
    }

    /// Nothing follows: readers end when they have read all.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed() {
        let journal = Journal::new(1);
        (0..KEPT + 10).for_each(|_| journal.add("up", &Value::Null));
        assert!(matches!(journal.next(0).await, Found::Lagged(10)));
        assert!(matches!(journal.next(10).await, Found::Entry(e) if e.number == 11));
        assert_eq!(journal.kept().len(), KEPT);
    }

    #[tokio::test]
    async fn it_ends_after_the_last_entry() {
        let journal = Journal::new(1);
        journal.add("up", &Value::Null);
        journal.close();
        assert!(matches!(journal.next(0).await, Found::Entry(_)));
        assert!(matches!(journal.next(1).await, Found::End));
    }
}
