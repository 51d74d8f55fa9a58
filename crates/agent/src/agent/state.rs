//! What all parts of an agent share.

use super::log::Log;
use crate::cli::AgentOptions;
use crate::picture::Picture;
use crate::settings::{Loaded, Settings};
use axum::extract::FromRef;
use bruit::{CallError, Event, Events, Node};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;
use tokio::time::Instant;

/// Where in its life an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
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
    /// The flags, which come before the file also when it is read again.
    pub(super) options: AgentOptions,
    loaded: Mutex<Arc<Loaded>>,
    pub(super) log: Log,
    /// What the node sees, for whoever watches.
    pub(super) picture: Picture,
    /// What the node says, from its start on, until somebody writes it down.
    source: Mutex<Option<Events<Event>>>,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) started: Instant,
    pub(super) started_at: SystemTime,
    /// Who asked it to leave, if not a signal.
    pub(super) leave_asked_by: OnceLock<String>,
    /// Held from reading tags until they are set.
    tags: tokio::sync::Mutex<()>,
    /// Held during a reload.
    pub(super) reloading: tokio::sync::Mutex<()>,
    /// Where HTTP is served on TCP.
    pub(super) http: Option<SocketAddr>,
}

impl FromRef<Arc<Agent>> for Picture {
    fn from_ref(agent: &Arc<Agent>) -> Picture {
        agent.picture.clone()
    }
}

impl Agent {
    pub(super) fn new(
        node: Node,
        options: AgentOptions,
        loaded: Loaded,
        log: Log,
        http: Option<SocketAddr>,
        connections: usize,
    ) -> Agent {
        Agent {
            // At most half of the connections are streams of events, so that there is room for questions.
            picture: Picture::of(&node, loaded.settings.state.every, connections / 2),
            source: Mutex::new(Some(node.events())),
            node,
            options,
            loaded: Mutex::new(Arc::new(loaded)),
            log,
            phase: watch::Sender::new(Phase::Running),
            started: Instant::now(),
            started_at: SystemTime::now(),
            leave_asked_by: OnceLock::new(),
            tags: tokio::sync::Mutex::new(()),
            reloading: tokio::sync::Mutex::new(()),
            http,
        }
    }

    /// Writes down what the node says until it stops, and acts on what ends an agent.
    pub(super) async fn keep_journal(self: Arc<Agent>) {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(source) = source {
            let taken = |event: &Event| {
                if matches!(event, Event::NameTaken) {
                    self.turn_to(Phase::NameTaken);
                }
            };
            self.picture.follow(&self.node, source, taken).await;
        }
        self.turn_to(Phase::Lost);
        self.picture.journal.close();
    }

    /// The settings that hold now.
    pub(super) fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace(&self, loaded: Loaded) {
        *self.loaded.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(loaded);
    }

    pub(super) fn settings(&self) -> Settings {
        self.loaded().settings.clone()
    }

    /// Replaces all tags.
    pub(super) async fn set_tags(&self, tags: &BTreeMap<String, String>) -> Result<(), CallError> {
        let _held = self.tags.lock().await;
        self.node.set_tags(tags).await
    }

    /// Sets the tags that have a value and removes those that have none; all tags.
    pub(super) async fn patch_tags(
        &self,
        patch: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let _held = self.tags.lock().await;
        let own = self.node.tags().await?;
        let mut tags: BTreeMap<String, String> = own.iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        for (key, value) in patch {
            match value {
                Some(value) => drop(tags.insert(key, value)),
                None => drop(tags.remove(&key)),
            }
        }
        self.node.set_tags(&tags).await?;
        Ok(tags)
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
