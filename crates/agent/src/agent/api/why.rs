//! Why a member is believed to be what it is.

use super::phi::rounded;
use super::state::{Answer, Names};
use crate::agent::problem::Problem;
use crate::agent::state::Agent;
use crate::picture::{self, unix_ms};
use axum::Json;
use axum::extract::{Path, State};
use bruit::proto::Time;
use bruit::{Case, Ended, Tried};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::SystemTime;

/// Who suspected it, who confirmed, what was tried, phi and local health then, how it ended.
pub(super) async fn why(State(agent): State<Arc<Agent>>, Path(name): Path<String>) -> Answer {
    let node = &agent.node;
    let (member, case) = (node.member(&name).await?, node.why(&name).await?);
    if member.is_none() && case.is_none() {
        return Err(Problem::unknown_member(&name));
    }
    let doubt = node.state().phi_when_suspected(&name).await?;
    let pulse = node.state().phi().await?.get(&bruit::PeerId::named(&name)).copied().flatten();
    let (names, clock) = (Names::of(node).await?, Clock::of(&agent));
    // A doubt of an earlier suspicion says nothing about this one.
    let phi = case.as_ref().and_then(|case| doubt.filter(|doubt| doubt.at == case.since)).map(|doubt| rounded(doubt.phi));
    let told = case.map(|case| {
        let mut told = told(&case, &names, clock);
        told["phi"] = json!(phi);
        told
    });
    Ok(Json(json!({
        "node": name,
        "status": member.as_ref().map(|m| picture::status(m.status)),
        "since_ms": member.as_ref().map(|m| node.now().since(m.since).as_millis() as u64),
        "phi": pulse.map(|pulse| rounded(pulse.phi)),
        "case": told,
    })))
}

/// Unix time in milliseconds of the node's own time, by one look at both clocks, so that differences are exact.
#[derive(Clone, Copy)]
struct Clock(i128);

impl Clock {
    fn of(agent: &Agent) -> Clock {
        Clock(i128::from(unix_ms(SystemTime::now())) - i128::from(agent.node.now().0 / 1000))
    }

    fn unix_ms(self, at: Time) -> u64 {
        u64::try_from(self.0 + i128::from(at.0 / 1000)).unwrap_or(0)
    }
}

fn told(case: &Case, names: &Names, clock: Clock) -> Value {
    let name = |id: &bruit::PeerId| names.name(*id);
    let step = |step: &bruit::Step| {
        let (what, helper) = match step.what {
            Tried::Ping => ("ping", None),
            Tried::Helper(helper) => ("ask-helper", Some(helper)),
            Tried::Stream => ("stream", None),
            Tried::StreamFailed => ("stream-failed", None),
            Tried::Nack(helper) => ("nack", Some(helper)),
            Tried::Silence => ("silence", None),
        };
        json!({ "at_ms": clock.unix_ms(step.at), "what": what, "helper": helper.as_ref().map(name) })
    };
    let end = case.end.map(|end| {
        let how = match end.how {
            Ended::Refuted => "refuted",
            Ended::Dead => "dead",
            Ended::Left => "left",
        };
        json!({ "at_ms": clock.unix_ms(end.at), "how": how, "heard_from": end.from.as_ref().map(name) })
    });
    let accusers = case.accusers.iter().map(|(by, at)| json!({ "node": name(by), "at_ms": clock.unix_ms(*at) }));
    json!({
        "at_ms": clock.unix_ms(case.since),
        "incarnation": case.incarnation,
        "heard_from": case.from.as_ref().map(name),
        "accusers": accusers.collect::<Vec<_>>(),
        "own_health": case.health,
        "own_probe": case.probe.iter().map(step).collect::<Vec<_>>(),
        "end": end,
    })
}
