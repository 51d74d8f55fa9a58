//! Events and members as JSON.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bruit::proto::Time;
use bruit::{Event, Key, Member, Node, PeerId, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;
use tracing::{debug, info, warn};

/// Milliseconds since 1970.
pub(crate) fn unix_ms(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

/// The same with microseconds behind the point: on one machine an event reaches everyone within a millisecond.
fn unix_ms_exactly(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |d| d.as_micros() as f64 / 1000.0)
}

pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Alive => "alive",
        Status::Suspect => "suspect",
        Status::Dead => "dead",
        Status::Left => "left",
    }
}

/// A member, as `now` of the node's own time sees it.
pub(crate) fn member(member: &Member, now: Time) -> Value {
    let record = &member.record;
    json!({
        "name": record.name(),
        "status": status(member.status),
        "addresses": record.addresses(),
        "tags": record.tags().iter().collect::<BTreeMap<_, _>>(),
        "incarnation": member.incarnation,
        "since_ms": now.since(member.since).as_millis() as u64,
    })
}

/// A key of endpoint state; a node's own has no namespace.
pub(crate) fn key(key: &Key) -> Value {
    let mut value = json!({ "key": &*key.name });
    if key.is_shared() {
        value["namespace"] = (&*key.namespace).into();
    }
    value
}

/// The kind of an event, and what there is to say of it; nothing of what concerns only the library.
pub(crate) async fn describe(node: &Node, event: &Event) -> Option<(&'static str, Value)> {
    let now = node.now();
    let of = |kind, m: &Member| (kind, json!({ "member": member(m, now) }));
    let (kind, mut data) = match event {
        Event::Up(m) => of("up", m),
        Event::Suspect { member: m, by } => ("suspect", json!({ "member": member(m, now), "by": name(node, *by).await })),
        Event::Refuted(m) => of("refuted", m),
        Event::Down(m) => of("dead", m),
        Event::Left(m) => of("left", m),
        Event::Changed(m) => of("changed", m),
        Event::Delivered(said) => {
            let payload = match std::str::from_utf8(&said.payload) {
                Ok(text) => json!({ "payload": text }),
                Err(_) => json!({ "payload_base64": BASE64_STANDARD.encode(&said.payload) }),
            };
            let via = match said.via {
                Some(peer) => Some(name(node, peer).await),
                None => None,
            };
            let from = name(node, said.origin).await;
            let mut data = json!({
                "id": said.id.to_string(),
                "name": &*said.name,
                "ltime": said.ltime,
                "from": from,
                "via": via,
                "hop": said.hop,
            });
            merge(&mut data, payload);
            ("event", data)
        }
        Event::Quiet(id) => ("infection", json!({ "id": id.to_string(), "state": "removed" })),
        Event::State { node: by, key: under, value } => {
            let mut data = key(under);
            merge(&mut data, json!({ "node": name(node, *by).await, "value": &**value }));
            ("state", data)
        }
        Event::JoinFailed { why, .. } => ("join-failed", json!({ "why": format!("{why:?}").to_lowercase() })),
        Event::Joined { .. } => ("joined", json!({})),
        Event::NameTaken => ("name-taken", json!({ "name": node.name() })),
        Event::Isolated(true) => ("isolated", json!({})),
        Event::Isolated(false) => ("reconnected", json!({})),
        Event::Lagged(n) => ("lagged", json!({ "missed": n })),
        _ => return None,
    };
    merge(&mut data, json!({ "kind": kind, "at": node.name(), "at_ms": unix_ms_exactly(SystemTime::now()) }));
    Some((kind, data))
}

pub(crate) fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

/// A peer's name, or its id if nobody is known by it.
async fn name(node: &Node, peer: PeerId) -> String {
    let found = node.handle().look(move |core| core.swim().member(peer).map(|m| m.record.name().to_owned())).await;
    found.ok().flatten().unwrap_or_else(|| format!("{peer:?}"))
}

/// Tells the log.
pub(crate) fn log(kind: &'static str, data: &Value) {
    let member = data["member"]["name"].as_str().or_else(|| data["name"].as_str());
    match kind {
        "suspect" => info!(member, by = data["by"].as_str(), "suspect"),
        "dead" | "isolated" | "name-taken" | "lagged" => warn!(member, "{kind}"),
        "state" => debug!(node = data["node"].as_str(), key = data["key"].as_str(), "state"),
        "infection" => debug!(id = data["id"].as_str(), "removed"),
        "event" => debug!(name = member, from = data["from"].as_str(), "event"),
        "join-failed" => warn!(why = data["why"].as_str(), "join failed"),
        _ => info!(member, "{kind}"),
    }
}
