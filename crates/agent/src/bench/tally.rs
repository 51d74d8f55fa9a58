//! What all nodes of a bench have heard, counted as it comes: nothing asks, so nothing is disturbed.

use bruit::{Event, Events, PeerId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

#[derive(Debug)]
pub(super) struct Counts {
    /// Pairs of nodes of which the first knows the second.
    pub(super) known: usize,
    /// Nodes that were told of the value under way.
    pub(super) told: usize,
    /// Deliveries of the event under way.
    pub(super) delivered: usize,
    /// Who was killed.
    pub(super) victim: Option<PeerId>,
    /// Survivors that know.
    pub(super) mourned: usize,
    /// Views in which a living node was dead.
    pub(super) false_deaths: usize,
    /// Somebody is cut off: deaths are not false now.
    pub(super) excused: bool,
    /// When the last of all this came.
    last: Instant,
}

#[derive(Debug)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
    news: Notify,
}

impl Tally {
    pub(super) fn new() -> Arc<Tally> {
        let counts = Counts {
            known: 0,
            told: 0,
            delivered: 0,
            victim: None,
            mourned: 0,
            false_deaths: 0,
            excused: false,
            last: Instant::now(),
        };
        Arc::new(Tally { counts: Mutex::new(counts), news: Notify::new() })
    }

    pub(super) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what a node hears, until it stops.
    pub(super) async fn listen(self: Arc<Self>, mut events: Events<Event>) {
        while let Some(event) = events.next().await {
            self.count(&event);
        }
    }

    fn count(&self, event: &Event) {
        let mut counts = self.counts();
        match event {
            Event::Up(_) => counts.known += 1,
            Event::Left(_) => counts.known -= 1,
            Event::Down(member) => {
                counts.known -= 1;
                if counts.victim == Some(member.id()) {
                    counts.mourned += 1;
                } else if !counts.excused {
                    counts.false_deaths += 1;
                }
            }
            Event::Delivered(_) => counts.delivered += 1,
            Event::State { .. } => counts.told += 1,
            _ => return,
        }
        counts.last = Instant::now();
        self.news.notify_one();
    }

    /// How long after `start` the counts were as `done` wants them, in milliseconds; infinite if patience ends first.
    pub(super) async fn until(&self, start: Instant, patience: Duration, done: impl Fn(&Counts) -> bool) -> f64 {
        loop {
            {
                let counts = self.counts();
                if done(&counts) {
                    return counts.last.saturating_duration_since(start).as_secs_f64() * 1e3;
                }
            }
            if timeout_at(start + patience, self.news.notified()).await.is_err() {
                return f64::INFINITY;
            }
        }
    }
}
