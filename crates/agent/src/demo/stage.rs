//! Where scenes are played: the cluster, what was heard of it, and the clock of each scene.

use super::cluster::Cluster;
use super::seen::Seen;
use crate::picture::View;
use anyhow::Result;
use bruit::{Event, PeerId, Status};
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How often a scene looks whether it is done.
pub(super) const LOOK: Duration = Duration::from_millis(20);
/// A scene that misses its bound goes on until so many times the bound, to say how late it is.
const PATIENCE: u32 = 3;

/// What became of a scene.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Played {
    pub(super) step: &'static str,
    pub(super) claim: &'static str,
    pub(super) seen: String,
    /// Milliseconds that it may take.
    pub(super) bound: u64,
    pub(super) ok: bool,
    /// Milliseconds that it took.
    pub(super) ms: u64,
    /// Bytes that all nodes sent meanwhile.
    pub(super) bytes: u64,
}

/// What a scene has come to.
pub(super) struct Outcome {
    pub(super) done: bool,
    pub(super) seen: String,
}

impl Outcome {
    pub(super) fn new(done: bool, seen: impl Into<String>) -> Outcome {
        Outcome { done, seen: seen.into() }
    }
}

/// What is on now, for whoever watches at the terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct Now {
    pub(super) step: &'static str,
    pub(super) claim: &'static str,
    pub(super) lines: Vec<String>,
}

/// The cluster, and what scenes need beside it.
pub(super) struct Stage {
    pub(super) cluster: Cluster,
    /// Members that somebody heard are suspected, and by whom, or are dead, since it was last emptied.
    pub(super) accused: Vec<(String, Option<PeerId>)>,
    now: watch::Sender<Now>,
    /// When the scene began, what it may take, and when it was done.
    start: Instant,
    bound: Duration,
    took: Duration,
}

/// What each node that can be asked sees, by slot.
pub(super) type Views = Vec<Option<View>>;

impl Stage {
    pub(super) fn new(cluster: Cluster, now: watch::Sender<Now>) -> Stage {
        let (start, none) = (Instant::now(), Duration::ZERO);
        Stage { cluster, accused: Vec::new(), now, start, bound: none, took: none }
    }

    /// The clock starts.
    pub(super) fn begin(&mut self, step: &'static str, claim: &'static str, bound: Duration) {
        (self.start, self.bound, self.took) = (Instant::now(), bound, Duration::ZERO);
        self.accused.clear();
        self.now.send_replace(Now { step, claim, lines: Vec::new() });
    }

    /// What the scene that began last came to.
    pub(super) fn end(&self, bytes: u64, outcome: Outcome) -> Played {
        let took = if self.took.is_zero() { self.start.elapsed() } else { self.took };
        let (step, claim) = (self.now.borrow().step, self.now.borrow().claim);
        Played {
            step,
            claim,
            seen: outcome.seen,
            bound: self.bound.as_millis() as u64,
            ok: outcome.done && took <= self.bound,
            ms: took.as_millis() as u64,
            bytes: self.cluster.bytes() - bytes,
        }
    }

    /// Shows these lines below the scene.
    pub(super) fn show(&self, lines: Vec<String>) {
        self.now.send_if_modified(|now| {
            let new = now.lines != lines;
            now.lines = lines;
            new
        });
    }

    /// Looks until `check` says that it is done, or patience ends. The scene took as long as that.
    pub(super) async fn until(&mut self, mut check: impl FnMut(&mut Stage, &Views) -> (bool, String)) -> Outcome {
        loop {
            self.listen();
            let views = self.views().await;
            let (done, seen) = check(self, &views);
            self.took = self.start.elapsed();
            if done || self.took > self.bound * PATIENCE {
                return Outcome { done, seen };
            }
            sleep(LOOK).await;
        }
    }

    /// What each node sees.
    pub(super) async fn views(&self) -> Views {
        self.cluster.picture.views(&self.cluster.picture.everyone()).await
    }

    /// How the others see node `i`.
    pub(super) fn seen(&self, i: usize, views: &Views) -> Seen {
        let others = views.iter().enumerate().filter(|(j, _)| *j != i).filter_map(|(_, view)| view.as_ref());
        Seen::by(others, &self.cluster.slots[i].name)
    }

    /// Takes what the nodes have said.
    pub(super) fn listen(&mut self) {
        for i in 0..self.cluster.slots.len() {
            for event in self.cluster.news(i) {
                match event {
                    Event::Suspect { member, by } => self.accused.push((member.record.name().into(), Some(by))),
                    Event::Down(member) => self.accused.push((member.record.name().into(), None)),
                    _ => {}
                }
            }
        }
    }

    /// Since the scene began.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The scene took until now.
    pub(super) fn done(&mut self) {
        self.took = self.start.elapsed();
    }

    /// Whether a scene that is late is still waited for.
    pub(super) fn is_patient(&self) -> bool {
        self.start.elapsed() <= self.bound * PATIENCE
    }

    /// What the running nodes hold of a shared key: each value once.
    pub(super) async fn values(&self, (namespace, key): (&str, &str)) -> Vec<String> {
        let mut values = Vec::new();
        for i in self.cluster.running().filter(|i| !self.cluster.is_paused(*i)) {
            let Ok(node) = self.cluster.node(i) else { continue };
            let held = node.state().get_in(namespace, key).await.ok().flatten();
            values.push(held.map_or("nothing".into(), |shared| shared.value.value.to_string()));
        }
        values.sort_unstable();
        values.dedup();
        values
    }

    /// Who that is.
    pub(super) fn named(&self, id: PeerId) -> String {
        let slot = self.cluster.slots.iter().find(|slot| PeerId::named(&slot.name) == id);
        slot.map_or_else(|| format!("{id:?}"), |slot| slot.name.clone())
    }

    pub(super) fn name(&self, i: usize) -> &str {
        &self.cluster.slots[i].name
    }

    /// Whether every running node is alive to all others, and how many are.
    pub(super) fn all_know_all(&self, views: &Views) -> (bool, String) {
        let running: Vec<usize> = self.cluster.running().collect();
        let known = running.iter().filter(|i| self.seen(**i, views).alive == running.len() - 1).count();
        (known == running.len(), format!("{known} of {} are alive to all", running.len()))
    }

    /// Whether all others see node `i` so, and how they see it.
    pub(super) fn all_see(&self, views: &Views, i: usize, status: fn(&Seen) -> usize) -> (bool, String) {
        let seen = self.seen(i, views);
        (status(&seen) == seen.of(), format!("{} is {seen}", self.name(i)))
    }

    /// How many of those in the views hold what `status` says of node `i`.
    pub(super) fn held(views: &Views, name: &str, status: Status) -> usize {
        let id = PeerId::named(name);
        views.iter().flatten().filter(|view| view.get(&id).is_some_and(|belief| belief.status == status)).count()
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Played { step, seen, bound, ok, ms, bytes, .. } = self;
        let verdict = if *ok { "ok" } else { "LATE" };
        write!(f, "{step:<8} {verdict:<4} {ms:>6} of {bound:>6} ms {bytes:>9} B  {seen}")
    }
}

/// Whoever plays: its part must be ready when the scene begins.
pub(super) type Playing<'a> = std::pin::Pin<Box<dyn Future<Output = Result<Outcome>> + 'a>>;
