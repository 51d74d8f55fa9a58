//! What nodes see, as one picture: who is watched, what happened to them, and the page that shows it. An agent watches the
//! one node that it runs, the demo all of its own; both serve the same routes by this one implementation.

mod at;
mod journal;
mod look;
mod news;
mod packets;
mod page;
mod routes;
mod rumors;
mod stream;
mod watched;

pub(crate) use at::At;
pub(crate) use journal::Journal;
pub(crate) use look::View;
pub(crate) use news::{key, member, merge, status, unix_ms};
pub(crate) use page::file as page_file;
pub(crate) use routes::routes;
pub(crate) use rumors::Spread;
pub(crate) use watched::{Runs, Watched};

use crate::agent::Problem;
use axum::http::StatusCode;
use bruit::{Event, Events, Node};
use packets::Packets;
use rumors::Rumors;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Semaphore;

/// All that is watched, and what was seen of it. Clones are the same picture.
#[derive(Clone)]
pub(crate) struct Picture(Arc<Seen>);

/// What a [`Picture`] holds.
pub(crate) struct Seen {
    pub(crate) journal: Journal,
    /// How long a round of endpoint state lasts.
    round: Duration,
    /// The node that is meant where none is named: an agent's own.
    me: Option<String>,
    /// By name, in the order of [`watched::by_number`].
    watched: Mutex<BTreeMap<watched::Name, Watched>>,
    rumors: Mutex<Rumors>,
    packets: Packets,
    /// How many datagrams the demo loses, in percent.
    loss: AtomicU32,
    /// The demo's scenes so far: one of each name, so a dozen.
    scenes: Mutex<Vec<serde_json::Value>>,
    /// How many streams there may be, and how many more may be opened now.
    streams: (usize, Semaphore),
}

impl Deref for Picture {
    type Target = Seen;
    fn deref(&self) -> &Seen {
        &self.0
    }
}

impl Picture {
    /// Of an agent's own node, with room for so many streams.
    pub(crate) fn of(node: &Node, round: Duration, streams: usize) -> Picture {
        let picture = Picture::new(Some(node.name().into()), node.handle().record().session(), round, streams);
        picture.watch(Watched::running(node));
        picture
    }

    /// Of nodes that are yet to be [watched](Picture::watch), by none of them in particular.
    pub(crate) fn of_many(session: u64, round: Duration, streams: usize) -> Picture {
        Picture::new(None, session, round, streams)
    }

    fn new(me: Option<String>, session: u64, round: Duration, streams: usize) -> Picture {
        Picture(Arc::new(Seen {
            journal: Journal::new(session),
            round,
            me,
            watched: Mutex::default(),
            rumors: Mutex::default(),
            packets: Packets::default(),
            loss: AtomicU32::new(0),
            scenes: Mutex::default(),
            streams: (streams, Semaphore::new(streams)),
        }))
    }

    /// Writes down what this node says until it stops; `on` hears of each event first.
    pub(crate) async fn follow(&self, node: &Node, mut source: Events<Event>, mut on: impl FnMut(&Event)) {
        while let Some(event) = source.next().await {
            on(&event);
            if let Some((kind, data)) = news::describe(node, &event).await {
                match event {
                    Event::Delivered(_) => lock(&self.rumors).delivered(node.name(), &data),
                    Event::Quiet(_) => lock(&self.rumors).quiet(node.name(), &data),
                    _ => {}
                }
                self.journal.add(kind, &data);
            }
        }
    }
}

impl Seen {
    /// Whether many are watched, by none of them in particular.
    pub(crate) fn is_demo(&self) -> bool {
        self.me.is_none()
    }

    /// Watches this node, in the place of one of the same name.
    pub(crate) fn watch(&self, watched: Watched) {
        lock(&self.watched).insert(watched.key(), watched);
    }

    /// What is done to a watched node.
    pub(crate) fn turn(&self, name: &str, runs: Runs) {
        let mut all = lock(&self.watched);
        let Some(watched) = all.get_mut(&watched::Name::of(name)).filter(|watched| watched.runs != runs) else { return };
        watched.runs = runs;
        if runs == Runs::Stopped {
            watched.node = None;
        }
        drop(all);
        self.tell("runs", json!({ "at": name, "node": name, "runs": runs.word() }));
    }

    /// How much the demo loses from now on, in percent.
    pub(crate) fn lose(&self, percent: u32) {
        self.loss.store(percent, Ordering::Relaxed);
        self.tell("loss", json!({ "percent": percent }));
    }

    /// Everyone who is watched, in order.
    pub(crate) fn everyone(&self) -> Vec<Watched> {
        lock(&self.watched).values().cloned().collect()
    }

    /// The watched node of this name, or the one that is meant where none is named.
    pub(crate) fn node(&self, name: Option<&str>) -> Result<Node, Problem> {
        let name = name.or(self.me.as_deref()).ok_or_else(|| Problem::bad("say which node: ?at=NAME"))?;
        let all = lock(&self.watched);
        let watched = all.get(&watched::Name::of(name)).ok_or_else(|| {
            Problem::new(StatusCode::NOT_FOUND, "unknown-node", format!("no node called {name:?} is watched here"))
        })?;
        let stands = || Problem::new(StatusCode::CONFLICT, "not-running", format!("{name} is {}", watched.runs.word()));
        watched.asked().cloned().ok_or_else(stands)
    }

    /// Writes down something that no node said.
    pub(crate) fn tell(&self, kind: &'static str, mut data: serde_json::Value) {
        merge(&mut data, json!({ "kind": kind, "at_ms": unix_ms(SystemTime::now()) }));
        self.journal.add(kind, &data);
    }

    /// How far this event has come.
    pub(crate) fn spread(&self, event: &str) -> Spread {
        lock(&self.rumors).spread(event)
    }

    /// A scene of the demo was played.
    pub(crate) fn scene(&self, scene: serde_json::Value) {
        lock(&self.scenes).push(scene.clone());
        self.tell("scene", scene);
    }

    /// The demo's scenes so far.
    pub(crate) fn scenes(&self) -> serde_json::Value {
        lock(&self.scenes).iter().cloned().collect()
    }

    /// Streams that are open.
    pub(crate) fn open_streams(&self) -> usize {
        self.streams.0 - self.streams.1.available_permits()
    }
}

/// Nothing that is held here is left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
