//! Accrual failure detection: how the heart of each other node is heard, beside what membership says of it.

use super::state::{Answer, Asked, Names, which};
use crate::agent::problem::Problem;
use crate::agent::state::Agent;
use crate::picture::{self, unix_ms};
use crate::settings::{DETECTORS, word};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bruit::{Detector, Disagreement, PeerId, Pulse, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

/// Each other node with its phi, by name, and where phi and membership were of two minds.
pub(super) async fn phi(State(agent): State<Arc<Agent>>, asked: Asked) -> Answer {
    let (node, only) = (&agent.node, which(asked)?);
    let settings = agent.settings().state;
    if settings.detector == Detector::Swim {
        let how = "no heart beats here, the detector is swim: start all agents with `--state-detector both`, or phi";
        return Err(Problem::new(StatusCode::CONFLICT, "no-heartbeats", how));
    }
    let names = Names::of(node).await?;
    let status: BTreeMap<PeerId, Status> = node.members().await?.iter().map(|m| (m.id(), m.status)).collect();
    let pulses = node.state().phi().await?;
    let mut nodes: Vec<Value> =
        pulses.iter().map(|(id, pulse)| heard(&names.name(*id), *pulse, status.get(id).copied())).collect();
    if let Some(only) = &only {
        nodes.retain(|heard| heard["node"] == *only);
        if nodes.is_empty() {
            return Err(Problem::unknown_member(only));
        }
    }
    nodes.sort_by(|a, b| a["node"].as_str().cmp(&b["node"].as_str()));
    let disagreements = node.state().disagreements().await?;
    let disagreements: Vec<Value> = disagreements
        .iter()
        .map(|d| (names.name(d.node), d))
        .filter(|(name, _)| only.as_ref().is_none_or(|only| only == name))
        .map(|(name, d)| differed(&agent, &name, d))
        .collect();
    Ok(Json(json!({
        "detector": word(&DETECTORS, &settings.detector),
        "threshold": settings.threshold,
        "nodes": nodes,
        "disagreements": disagreements,
    })))
}

fn heard(name: &str, pulse: Option<Pulse>, status: Option<Status>) -> Value {
    let millis = |f: fn(&Pulse) -> bruit::proto::Duration| pulse.as_ref().map(|pulse| f(pulse).as_millis() as u64);
    json!({
        "node": name,
        "phi": pulse.map(|pulse| rounded(pulse.phi)),
        "mean_ms": millis(|pulse| pulse.mean),
        "samples": pulse.map_or(0, |pulse| pulse.samples),
        "last_ms": millis(|pulse| pulse.silence),
        "by_phi": pulse.map(|pulse| opinion(pulse.alive)),
        "by_swim": status.map(picture::status),
    })
}

fn differed(agent: &Agent, name: &str, d: &Disagreement) -> Value {
    let ago = agent.node.now().since(d.at);
    json!({
        "node": name,
        "at_ms": unix_ms(SystemTime::now()).saturating_sub(ago.as_millis() as u64),
        "by_swim": opinion(d.alive),
        "by_phi": opinion(!d.alive),
        "phi": rounded(d.phi),
    })
}

fn opinion(alive: bool) -> &'static str {
    if alive { "alive" } else { "unreachable" }
}

/// To a hundredth: no reader wants more, and equal views look equal.
pub(crate) fn rounded(phi: f64) -> f64 {
    (phi * 100.0).round() / 100.0
}
