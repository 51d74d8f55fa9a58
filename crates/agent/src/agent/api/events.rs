//! Events: said, waited for, looked at.

use super::change::{Body, read};
use crate::agent::problem::Problem;
use crate::agent::state::Agent;
use crate::picture::{At, unix_ms};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bruit::{EventId, Filter, Infection, Share, Standing, Tree, Waited};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

type Answer = Result<Json<Value>, Problem>;

/// How long one waits unless one says so, and at most: the answer must begin before the interface gives up.
const WAIT_MS: u64 = 10_000;
const MAX_WAIT_MS: u64 = 55_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    name: String,
    payload: Option<String>,
    payload_base64: Option<String>,
    /// Terms `key=glob`; to all without any.
    #[serde(default)]
    to: Vec<String>,
    /// A glob for names.
    node: Option<String>,
    /// `all`, a number or a percentage.
    wait: Option<String>,
    timeout_ms: Option<u64>,
}

pub(crate) async fn say(At(node): At, body: Body) -> Answer {
    let say: Say = read(&body)?;
    let payload = match (say.payload, say.payload_base64) {
        (Some(_), Some(_)) => return Err(Problem::bad("give `payload` or `payload_base64`, not both")),
        (text, None) => text.unwrap_or_default().into_bytes(),
        (None, Some(text)) => BASE64_STANDARD.decode(text).map_err(|e| Problem::bad(format!("payload_base64: {e}")))?,
    };
    let mut group = Filter::parse(say.to.iter().map(String::as_str)).map_err(|e| Problem::bad(e.to_string()))?;
    if let Some(glob) = &say.node {
        group = group.node(glob).map_err(|e| Problem::bad(e.to_string()))?;
    }
    let Some(share) = say.wait else {
        if say.timeout_ms.is_some() {
            return Err(Problem::bad("`timeout_ms` is for `wait`"));
        }
        let id = node.event_to(group, &say.name, payload).await?;
        return Ok(Json(json!({ "name": say.name, "id": id.to_string() })));
    };
    let share: Share = share.parse().map_err(|e| Problem::bad(format!("wait: {e}")))?;
    let timeout = say.timeout_ms.unwrap_or(WAIT_MS);
    if timeout > MAX_WAIT_MS {
        return Err(Problem::bad(format!("wait at most {MAX_WAIT_MS} ms")));
    }
    let waited = node.event_wait(group, &say.name, payload, share, Duration::from_millis(timeout)).await?;
    let Waited { id, addressed, covered, missing, took, met } = waited;
    Ok(Json(json!({
        "name": say.name,
        "id": id.to_string(),
        "addressed": addressed,
        "covered": covered,
        "missing": missing.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>()),
        "took_ms": took.as_millis() as u64,
        "met": met,
    })))
}

/// What is recent here, oldest first; what is known to be lacking comes last, without a name.
pub(super) async fn all(State(agent): State<Arc<Agent>>) -> Answer {
    let recent = agent.node.recent_events().await?;
    let members = agent.node.members().await?;
    let name = |peer| {
        let known = members.iter().find(|m| m.id() == peer).map(|m| m.record.name().to_owned());
        known.unwrap_or_else(|| format!("{peer:?}"))
    };
    let row = |one: &Infection| {
        let (state, left) = match one.standing {
            Standing::Infective { left } => ("infective", Some(left)),
            Standing::Removed => ("removed", None),
        };
        json!({
            "id": one.event.stamp.id.to_string(),
            "name": &*one.event.name,
            "from": name(one.event.stamp.id.origin),
            "age_ms": one.age.as_millis() as u64,
            "state": state,
            "sends_left": left,
            "hop": one.hop,
            "via": one.via.map(name),
        })
    };
    let lacking = std::iter::repeat_n(json!({ "state": "susceptible" }), recent.lacking);
    Ok(Json(recent.events.iter().map(row).chain(lacking).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    id: Option<String>,
}

/// The infection tree of this event, or of the newest.
pub(super) async fn tree(State(agent): State<Arc<Agent>>, which: Result<Query<Which>, QueryRejection>) -> Answer {
    let Query(which) = which.map_err(|e| Problem::bad(e.body_text()))?;
    let unknown = |detail: String| Problem::new(StatusCode::NOT_FOUND, "unknown-event", detail);
    let recent = agent.node.recent_events().await?;
    let id: EventId = match which.id {
        Some(id) => id.parse().map_err(|e| Problem::bad(format!("{id:?}: {e}")))?,
        None => recent.events.last().map(|one| one.event.stamp.id).ok_or_else(|| unknown("no event is recent here".into()))?,
    };
    let here = recent.events.iter().find(|one| one.event.stamp.id == id);
    let Tree { branches, lacking, silent, .. } = agent.node.event_tree(id).await?;
    if branches.is_empty() {
        return Err(unknown(format!("nobody who answers keeps event {id}")));
    }
    let now = unix_ms(SystemTime::now());
    let branch = |b: &bruit::Branch| {
        let at_ms = now.saturating_sub(b.ago.as_millis() as u64);
        json!({ "node": &*b.node, "via": b.via.as_deref(), "hop": b.hop, "at_ms": at_ms })
    };
    let names = |names: &[Arc<str>]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    Ok(Json(json!({
        "id": id.to_string(),
        "name": here.map(|one| &*one.event.name),
        "nodes": branches.iter().map(branch).collect::<Vec<_>>(),
        "lacking": names(&lacking),
        "silent": names(&silent),
    })))
}
