//! What changes nothing.

use crate::agent::metrics;
use crate::agent::problem::Problem;
use crate::agent::state::{Agent, Phase};
use crate::config;
use crate::picture::{self, status, unix_ms};
use crate::settings::{ENCRYPTS, PROFILES, word};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bruit::{Entry, Member, Status};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Answer = Result<Json<Value>, Problem>;

/// How many members have each status.
pub(in crate::agent) fn census(members: &[Member]) -> BTreeMap<&'static str, usize> {
    let all = [Status::Alive, Status::Suspect, Status::Dead, Status::Left];
    all.map(|s| (status(s), members.iter().filter(|m| m.status == s).count())).into()
}

pub(super) async fn info(State(agent): State<Arc<Agent>>) -> Answer {
    let (node, settings) = (&agent.node, agent.settings());
    let members = node.members().await?;
    let tags = node.tags().await?;
    Ok(Json(json!({
        "name": node.name(),
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "phase": if *agent.phase.borrow() == Phase::Running { "running" } else { "leaving" },
        "bound": node.local_addr(),
        "advertised": node.advertised(),
        "http": agent.http,
        "profile": word(&PROFILES, &settings.profile),
        "label": settings.label,
        "encrypt": word(&ENCRYPTS, &settings.sealed()),
        "data_dir": settings.data_dir,
        "started_ms": unix_ms(agent.started_at),
        "uptime_ms": agent.started.elapsed().as_millis() as u64,
        "tags": tags.iter().collect::<BTreeMap<_, _>>(),
        "members": census(&members),
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    status: Option<String>,
}

/// Sorted by name, so that two answers can be compared.
pub(super) async fn members(State(agent): State<Arc<Agent>>, which: Result<Query<Which>, QueryRejection>) -> Answer {
    let Query(which) = which.map_err(|e| Problem::bad(e.body_text()))?;
    let mut members = agent.node.members().await?;
    if let Some(wanted) = &which.status {
        if !["alive", "suspect", "dead", "left"].contains(&wanted.as_str()) {
            return Err(Problem::bad("status is one of alive, suspect, dead, left"));
        }
        members.retain(|m| status(m.status) == wanted);
    }
    members.sort_by(|a, b| a.record.name().cmp(b.record.name()));
    let now = agent.node.now();
    Ok(Json(Value::Array(members.iter().map(|m| picture::member(m, now)).collect())))
}

pub(super) async fn member(State(agent): State<Arc<Agent>>, Path(name): Path<String>) -> Answer {
    let found = agent.node.member(&name).await?.ok_or_else(|| Problem::unknown_member(&name))?;
    Ok(Json(picture::member(&found, agent.node.now())))
}

/// Each check with whether it holds, and whether all do.
async fn checks(agent: &Agent) -> Result<Value, Problem> {
    let (isolated, score, known) =
        agent.node.handle().look(|core| (core.swim().is_isolated(), core.swim().health(), core.swim().members().count())).await?;
    let running = *agent.phase.borrow() == Phase::Running;
    let joined = agent.loaded().settings.join.is_empty() || known > 1;
    Ok(json!({
        "ok": running && joined && !isolated && score == 0,
        "ready": running && joined && !isolated,
        "checks": { "running": running, "joined": joined, "connected": !isolated, "punctual": score == 0 },
        "local_health": score,
    }))
}

pub(super) async fn health(State(agent): State<Arc<Agent>>) -> Answer {
    Ok(Json(checks(&agent).await?))
}

/// The node's task takes turns.
pub(super) async fn livez(State(agent): State<Arc<Agent>>) -> Result<&'static str, Problem> {
    agent.node.tags().await?;
    Ok("ok\n")
}

/// What `/readyz` is asked for.
#[derive(Deserialize)]
pub(super) struct Ready {
    verbose: Option<String>,
}

/// It is in the cluster and stays; `?verbose` lists each check.
pub(super) async fn readyz(State(agent): State<Arc<Agent>>, Query(how): Query<Ready>) -> Result<String, Problem> {
    let checks = checks(&agent).await?;
    let ready = checks["ready"] == true;
    let each = checks["checks"].as_object().into_iter().flatten();
    let listed: Vec<String> =
        each.map(|(name, holds)| format!("{name} {}", if *holds == true { "ok" } else { "failed" })).collect();
    match (ready, how.verbose) {
        (true, None) => Ok("ok\n".into()),
        (true, Some(_)) => Ok(listed.join("\n") + "\nok\n"),
        (false, _) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", listed.join(", "))),
    }
}

/// The settings that hold now, each with where it comes from.
pub(super) async fn config(State(agent): State<Arc<Agent>>) -> Answer {
    Ok(Json(config::listed(&agent.loaded(), true)))
}

/// The ids of the keys, the one that seals first.
pub(super) async fn keys(State(agent): State<Arc<Agent>>) -> Answer {
    let ids = agent.node.key_ids().await?;
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    Ok(Json(json!({ "encrypt": word(&ENCRYPTS, &agent.settings().sealed()), "keys": ids })))
}

/// What operators asked for, oldest first.
pub(super) async fn history(State(agent): State<Arc<Agent>>) -> Answer {
    let all = agent.node.history().await?;
    let entry = |e: &Arc<Entry>| {
        json!({
            "at_ms": e.at.0,
            "what": e.what.to_string(),
            "node": &*e.node,
            "by": &*e.by,
            "ltime": e.id.ltime,
        })
    };
    Ok(Json(all.iter().map(entry).collect()))
}

pub(super) async fn log(State(agent): State<Arc<Agent>>) -> Answer {
    Ok(Json(json!({ "filter": agent.log.filter() })))
}

pub(super) async fn metrics(State(agent): State<Arc<Agent>>) -> Result<impl IntoResponse, Problem> {
    let text = metrics::text(&agent).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
