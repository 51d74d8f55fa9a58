//! What changes the node or the cluster.

use crate::agent::caller::Caller;
use crate::agent::problem::Problem;
use crate::agent::state::{Agent, Phase};
use crate::settings::log_filter;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::info;

pub(crate) type Body = Result<Bytes, BytesRejection>;
type Answer = Result<Json<Value>, Problem>;

/// The most seeds that one request joins through.
const MAX_SEEDS: usize = 256;

pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a Body) -> Result<T, Problem> {
    match body {
        Ok(bytes) => serde_json::from_slice(bytes).map_err(|e| Problem::bad(format!("the body: {e}"))),
        Err(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", e.body_text()))
        }
        Err(e) => Err(Problem::bad(e.body_text())),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    addresses: Vec<String>,
}

pub(super) async fn join(State(agent): State<Arc<Agent>>, Extension(caller): Extension<Caller>, body: Body) -> Answer {
    let Join { addresses } = read(&body)?;
    if addresses.is_empty() || addresses.len() > MAX_SEEDS {
        return Err(Problem::bad(format!("give 1 to {MAX_SEEDS} addresses")));
    }
    agent.node.asked_by(caller.who()).join(&addresses).await?;
    let live = agent.node.members().await?.iter().filter(|m| m.is_live()).count();
    Ok(Json(json!({ "joined": true, "live": live })))
}

/// Answers when the goodbye is said.
pub(super) async fn leave(State(agent): State<Arc<Agent>>, Extension(caller): Extension<Caller>) -> Answer {
    let _ = agent.leave_asked_by.set(caller.who());
    agent.turn_to(Phase::Leaving);
    let mut phase = agent.phase.subscribe();
    let _ = phase.wait_for(|phase| *phase == Phase::Gone).await;
    Ok(Json(json!({ "left": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForceLeave {
    name: String,
    #[serde(default)]
    prune: bool,
}

pub(super) async fn force_leave(State(agent): State<Arc<Agent>>, Extension(caller): Extension<Caller>, body: Body) -> Answer {
    let ForceLeave { name, prune } = read(&body)?;
    agent.node.asked_by(caller.who()).force_leave(&name, prune).await?;
    Ok(Json(json!({ "name": name, "pruned": prune })))
}

/// Replaces all tags.
pub(super) async fn set_tags(State(agent): State<Arc<Agent>>, body: Body) -> Answer {
    let tags: BTreeMap<String, String> = read(&body)?;
    agent.set_tags(&tags).await?;
    Ok(Json(json!(tags)))
}

/// A JSON merge patch (RFC 7396): a string sets a tag, null removes it, the others stay.
pub(super) async fn merge_tags(State(agent): State<Arc<Agent>>, body: Body) -> Answer {
    let patch: BTreeMap<String, Option<String>> = read(&body)?;
    Ok(Json(json!(agent.patch_tags(patch).await?)))
}

pub(super) async fn reload(State(agent): State<Arc<Agent>>) -> Answer {
    Ok(Json(json!(crate::agent::reload::reload(&agent).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    filter: String,
}

/// Until the setting changes or the agent is restarted.
pub(super) async fn set_log(State(agent): State<Arc<Agent>>, body: Body) -> Answer {
    let Filter { filter } = read(&body)?;
    let filter = log_filter(&filter).map_err(|wrong| Problem::bad(wrong.to_string()))?;
    agent.log.set(filter.clone());
    info!(filter = filter.text, "the log changes");
    Ok(Json(json!({ "filter": agent.log.filter() })))
}
