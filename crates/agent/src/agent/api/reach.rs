//! Direct pings, which say whether datagrams come through and change nothing.

use crate::agent::problem::Problem;
use crate::agent::state::Agent;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bruit::CallError;
use bruit::stacks::swim::{MAX_PINGS, Refused};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

type Answer = Result<Json<Value>, Problem>;

/// A member is silent if so many pings in a row had no answer: at 5 % loss each way one in a thousand would be slandered.
const TRIES: u32 = 3;
/// Pings under way at once: half of what the node takes.
const AT_ONCE: usize = MAX_PINGS / 2;

pub(super) async fn ping(State(agent): State<Arc<Agent>>, Path(name): Path<String>) -> Answer {
    if name == agent.node.name() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "itself", "that is this agent; name another member"));
    }
    match agent.node.ping(&name).await? {
        Some(rtt) => Ok(Json(json!({ "name": name, "rtt_us": rtt.as_micros() as u64 }))),
        None => Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "silent", format!("{name} does not answer a direct ping"))),
    }
}

/// Pings every live member; the silent ones are named.
pub(super) async fn reachability(State(agent): State<Arc<Agent>>) -> Answer {
    let members = agent.node.members().await?;
    let live = members.iter().filter(|m| m.is_live()).map(|m| m.record.name().to_owned());
    let others: Vec<String> = live.filter(|name| name != agent.node.name()).collect();
    let pings = others.into_iter().map(|name| reach(Arc::clone(&agent), name));
    let asked: Vec<_> = stream::iter(pings).buffer_unordered(AT_ONCE).collect().await;
    let (mut rtts, mut silent) = (Vec::new(), Vec::new());
    for (name, found) in asked {
        match found? {
            Some(Some(rtt)) => rtts.push(rtt.as_micros() as u64),
            Some(None) => silent.push(name),
            None => {}
        }
    }
    rtts.sort_unstable();
    silent.sort_unstable();
    let middle = rtts.get(rtts.len() / 2);
    Ok(Json(json!({
        "asked": rtts.len() + silent.len(),
        "answered": rtts.len(),
        "silent": silent,
        "rtt_us": { "median": middle, "max": rtts.last() },
    })))
}

/// The round trip, nothing of a silent one; nothing at all of one that was forgotten meanwhile.
async fn reach(agent: Arc<Agent>, name: String) -> (String, Result<Option<Option<Duration>>, CallError>) {
    for _ in 0..TRIES {
        match agent.node.ping(&name).await {
            Ok(None) => {}
            Ok(found) => return (name, Ok(Some(found))),
            Err(CallError::Membership(Refused::Unknown(_))) => return (name, Ok(None)),
            Err(error) => return (name, Err(error)),
        }
    }
    (name, Ok(Some(None)))
}
