//! Endpoint state: what each node says of itself, and what all share.

use super::change::{Body, read};
use crate::agent::problem::Problem;
use crate::agent::state::Agent;
use crate::picture::{self, At};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bruit::{Endpoint, Exchange, Key, Node, PeerId, Shared, Value as Said};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) type Answer = Result<Json<Value>, Problem>;
pub(super) type Asked = Result<Query<Which>, QueryRejection>;

/// Which node is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    node: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct To {
    value: String,
}

/// Names of members, by id.
pub(super) struct Names(BTreeMap<PeerId, String>);

impl Names {
    pub(super) async fn of(node: &Node) -> Result<Names, Problem> {
        let members = node.members().await?;
        Ok(Names(members.iter().map(|m| (m.id(), m.record.name().to_owned())).collect()))
    }

    /// The id, if nobody is known by it.
    pub(super) fn name(&self, id: PeerId) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| format!("{id:?}"))
    }
}

pub(super) fn which(asked: Asked) -> Result<Option<String>, Problem> {
    asked.map(|Query(which)| which.node).map_err(|e| Problem::bad(e.body_text()))
}

/// One value: who says it, under what, in which version.
fn said(node: &str, key: &Key, said: &Said) -> Value {
    let mut value = picture::key(key);
    picture::merge(&mut value, json!({ "node": node, "value": &*said.value, "version": said.version }));
    value
}

/// Each node with what it says, by name; of shared keys, those whose latest value it wrote.
pub(super) async fn all(State(agent): State<Arc<Agent>>, asked: Asked) -> Answer {
    let (node, only) = (&agent.node, which(asked)?);
    let names = Names::of(node).await?;
    let (nodes, shared) = (node.state().nodes().await?, node.state().shared().await?);
    let alive = node.state().alive().await?;
    let of = |id: &PeerId, endpoint: &Endpoint| {
        let name = names.name(*id);
        let mut said = of(&name, *id, endpoint, &shared);
        said["alive"] = alive.contains(id).into();
        (name, said)
    };
    let mut listed: Vec<(String, Value)> = nodes.iter().map(|(id, endpoint)| of(id, endpoint)).collect();
    if let Some(only) = only {
        listed.retain(|x| x.0 == only);
        if listed.is_empty() {
            return Err(Problem::unknown_member(&only));
        }
    }
    listed.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Json(listed.into_iter().map(|x| x.1).collect()))
}

fn of(name: &str, id: PeerId, endpoint: &Endpoint, shared: &BTreeMap<Key, Shared>) -> Value {
    let shown = |key: &Key| !key.is_shared() || shared.get(key).is_some_and(|latest| latest.writer == id);
    let values = endpoint.values().filter(|x| shown(x.0));
    json!({
        "node": name,
        "generation": endpoint.heart_beat.generation,
        "version": endpoint.max_version(),
        "values": values.map(|(key, value)| said(name, key, value)).collect::<Vec<_>>(),
    })
}

/// What a node says under one of its own keys; this one, unless another is named.
pub(super) async fn get(State(agent): State<Arc<Agent>>, Path(key): Path<String>, asked: Asked) -> Answer {
    let node = which(asked)?.unwrap_or_else(|| agent.node.name().to_owned());
    let key = Key::own(&key);
    if agent.node.state().of(&node).await?.is_none() {
        return Err(Problem::unknown_member(&node));
    }
    let silent = || Problem::new(StatusCode::NOT_FOUND, "unknown-key", format!("{node} says nothing under {key}"));
    let found = agent.node.state().get(&node, &key.name).await?.ok_or_else(silent)?;
    Ok(Json(said(&node, &key, &found)))
}

pub(crate) async fn set(At(node): At, Path(key): Path<String>, body: Body) -> Answer {
    let To { value } = read(&body)?;
    let version = node.state().set(&key, &value).await?;
    Ok(Json(said(node.name(), &Key::own(&key), &Said { value: value.into(), version, stamp: None })))
}

/// The latest value of a shared key, and who wrote it.
pub(super) async fn get_in(State(agent): State<Arc<Agent>>, Path((namespace, key)): Path<(String, String)>) -> Answer {
    let key = Key::shared(&namespace, &key);
    let unset = || Problem::new(StatusCode::NOT_FOUND, "unknown-key", format!("nobody has written {key}"));
    let found = agent.node.state().get_in(&namespace, &key.name).await?.ok_or_else(unset)?;
    let writer = Names::of(&agent.node).await?.name(found.writer);
    Ok(Json(said(&writer, &key, &found.value)))
}

pub(crate) async fn set_in(At(node): At, Path((namespace, key)): Path<(String, String)>, body: Body) -> Answer {
    let To { value } = read(&body)?;
    let version = node.state().set_in(&namespace, &key, &value).await?;
    let value = Said { value: value.into(), version, stamp: None };
    Ok(Json(said(node.name(), &Key::shared(&namespace, &key), &value)))
}

/// How many keys a namespace has here, and of how many writers it is still to come.
pub(super) async fn namespace(State(agent): State<Arc<Agent>>, Path(namespace): Path<String>) -> Answer {
    let state = agent.node.state();
    let left = state.rebuilding().await?;
    let keys = state.shared().await?.keys().filter(|key| *key.namespace == *namespace).count();
    if keys == 0 && left == 0 {
        let why = format!("nobody has written in namespace {namespace:?}");
        return Err(Problem::new(StatusCode::NOT_FOUND, "unknown-namespace", why));
    }
    Ok(Json(json!({ "namespace": namespace, "keys": keys, "left": left })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    from_peers: bool,
}

/// Forgets what others wrote in a namespace and takes it back from them; the look at it says how far that is.
pub(super) async fn reset(State(agent): State<Arc<Agent>>, Path(namespace): Path<String>, body: Body) -> Answer {
    let Reset { from_peers: true } = read(&body)? else { return Err(Problem::bad("it comes from peers, or not at all")) };
    let keys = agent.node.state().shared().await?.keys().filter(|key| *key.namespace == *namespace).count();
    let left = agent.node.state().reset(&namespace).await?;
    Ok(Json(json!({ "namespace": namespace, "keys": keys, "left": left })))
}

/// The last exchange that this node began, in the notation of the literature.
pub(crate) async fn trace(At(node): At) -> Answer {
    traced(&node).await.map(Json)
}

/// The last exchange that a node began.
pub(crate) async fn traced(node: &Node) -> Result<Value, Problem> {
    let none = || Problem::new(StatusCode::NOT_FOUND, "no-exchange", "this node has begun no exchange yet: all views were equal");
    let exchange = node.state().trace().await?.ok_or_else(none)?;
    Ok(exchanged(&exchange, &Names::of(node).await?))
}

/// An exchange: its three messages, and the bytes of each.
fn exchanged(exchange: &Exchange, names: &Names) -> Value {
    let [syn, ack, ack2] = exchange.cards(&|id| names.name(id));
    json!({ "with": names.name(exchange.with), "syn": syn, "ack": ack, "ack2": ack2, "bytes": exchange.sizes() })
}
