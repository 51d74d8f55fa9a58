//! `reload`: the settings are read again; all are applied, or, if one is wrong, none.

use super::state::Agent;
use super::supervisor;
use crate::settings::{self, Faults, KEYS, Live, Loaded};
use bruit::CallError;
use sd_notify::NotifyState;
use std::collections::BTreeMap;
use tracing::{info, warn};

/// What a reload did.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Outcome {
    /// Settings that changed and hold from now on.
    changed: Vec<&'static str>,
    /// Settings that changed and hold after a restart.
    restart: Vec<&'static str>,
}

/// Why nothing was changed.
#[derive(Debug)]
pub(super) enum Refused {
    Settings(Faults),
    Node(CallError),
}

pub(super) async fn reload(agent: &Agent) -> Result<Outcome, Refused> {
    let _one = agent.reloading.lock().await;
    supervisor::tell_reloading();
    let done = apply(agent).await;
    supervisor::tell(&[NotifyState::Ready]);
    match &done {
        Ok(Outcome { changed, restart }) => info!(changed = changed.join(", "), restart = restart.join(", "), "reloaded"),
        Err(Refused::Settings(faults)) => {
            faults.iter().for_each(|f| warn!(at = %f.at, help = f.help, "{}", f.message));
            warn!("nothing is changed");
        }
        Err(Refused::Node(error)) => warn!(%error, "nothing is changed"),
    }
    done
}

async fn apply(agent: &Agent) -> Result<Outcome, Refused> {
    let read = settings::load(&agent.options).map_err(Refused::Settings)?;
    let running = agent.loaded();
    let differs = |live: Live| KEYS.iter().filter(|k| k.live == live && !running.agrees(&read, k)).map(|k| k.name).collect();
    let outcome = Outcome { changed: differs(Live::Now), restart: differs(Live::Restart) };
    // What can fail comes first.
    if outcome.changed.contains(&"tags") {
        set_tags(agent, &running.settings.tags, &read.settings.tags).await.map_err(Refused::Node)?;
    }
    if outcome.changed.iter().any(|name| ["key_file", "encrypt"].contains(name)) {
        let (encrypt, keys) = (read.settings.sealed(), read.settings.keys.clone());
        agent.node.reseal(encrypt, keys).await.map_err(Refused::Node)?;
    }
    if outcome.changed.contains(&"state.schema") {
        agent.node.state().set_schemas(read.settings.state.schemas.clone()).await.map_err(Refused::Node)?;
    }
    if outcome.changed.contains(&"log") {
        agent.log.set(read.settings.log.clone());
    }
    agent.replace(now_running(&running, read));
    Ok(outcome)
}

/// What the file no longer says goes, what it says now comes, and tags that were set by command stay.
async fn set_tags(agent: &Agent, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Result<(), CallError> {
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), None));
    let patch =
        gone.chain(new.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(k, v)| (k.clone(), Some(v.clone()))));
    agent.patch_tags(patch).await.map(drop)
}

/// The running settings, with the new values of those that a running agent can change.
fn now_running(running: &Loaded, read: Loaded) -> Loaded {
    let mut next = running.clone();
    next.settings.tags = read.settings.tags;
    next.settings.keys = read.settings.keys;
    next.settings.encrypt = read.settings.encrypt;
    next.settings.log = read.settings.log;
    next.settings.leave_within = read.settings.leave_within;
    next.settings.state.schemas = read.settings.state.schemas;
    next.tags = read.tags;
    next.schemas = read.schemas;
    next.values.retain(|x| x.0.live == Live::Restart);
    next.values.extend(read.values.into_iter().filter(|x| x.0.live == Live::Now));
    next.values.sort_by_key(|x| KEYS.iter().position(|k| k.name == x.0.name));
    next
}
