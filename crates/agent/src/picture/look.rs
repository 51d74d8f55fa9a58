//! What the watched nodes see now.

use super::news::{member, status, unix_ms};
use super::{Picture, Runs, Watched, lock, packets};
use crate::agent::{Problem, rounded};
use axum::Json;
use axum::extract::{Path, State};
use bruit::proto::{Protocol, Time};
use bruit::stacks::{Timer as CoreTimer, beside};
use bruit::{Full, Node, PeerId, Record, Status};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

type Answer = Result<Json<Value>, Problem>;

/// A node that does not answer within this is left out of the picture: it may just have been paused.
const ANSWERS: Duration = Duration::from_secs(1);

/// What one node holds of another.
pub(crate) struct Belief {
    pub(crate) record: Arc<Record>,
    pub(crate) status: Status,
    pub(crate) incarnation: u64,
    /// How long it has had this status.
    pub(crate) since: Duration,
    /// Who accuses it, the first one first.
    pub(crate) by: Vec<PeerId>,
    /// Accrued suspicion, where heartbeats are watched.
    pub(crate) phi: Option<f64>,
}

/// What one node holds of everyone it knows.
pub(crate) type View = BTreeMap<PeerId, Belief>;

/// What this node holds of everyone; nothing if it does not answer.
async fn view(node: &Node) -> Option<View> {
    let now = node.now();
    timeout(ANSWERS, node.handle().look(move |full| beliefs(full, now))).await.ok()?.ok()
}

fn beliefs(full: &Full, now: Time) -> View {
    let swim = full.swim();
    let belief = |m: &bruit::Member| Belief {
        record: Arc::clone(&m.record),
        status: m.status,
        incarnation: m.incarnation,
        since: now.since(m.since),
        by: swim.accusers(m.id()).to_vec(),
        phi: full.state().and_then(|state| state.phi(m.id(), now)),
    };
    swim.members().map(|m| (m.id(), belief(m))).collect()
}

impl Picture {
    /// What each of these sees; nothing of those that cannot be asked.
    pub(crate) async fn views(&self, of: &[Watched]) -> Vec<Option<View>> {
        join_all(of.iter().map(|watched| async {
            match watched.asked() {
                Some(node) => view(node).await,
                None => None,
            }
        }))
        .await
    }
}

pub(super) async fn picture(State(picture): State<Picture>) -> Answer {
    // Before anything is looked at: whoever reads on after it misses nothing.
    let entry = picture.journal.id(picture.journal.newest());
    let watched = picture.everyone();
    let views = picture.views(&watched).await;
    let names = names(&views);
    let mut seen = Map::new();
    for (one, view) in watched.iter().zip(&views) {
        if let Some(view) = view {
            seen.insert(one.name.clone(), view.values().map(|belief| (belief.name(), told(belief, &names))).collect());
        }
    }
    let rumors = lock(&picture.rumors);
    Ok(Json(json!({
        "demo": picture.is_demo(),
        "me": picture.me,
        "entry": entry,
        "now_ms": unix_ms(SystemTime::now()),
        "round_ms": picture.round.as_millis() as u64,
        "loss": picture.loss.load(Ordering::Relaxed),
        "nodes": nodes(&watched, &views),
        "views": seen,
        "events": rumors.events(),
        "infections": rumors.infections(),
    })))
}

impl Belief {
    fn name(&self) -> String {
        self.record.name().into()
    }
}

fn told(belief: &Belief, names: &BTreeMap<PeerId, String>) -> Value {
    let name = |id: &PeerId| names.get(id).cloned().unwrap_or_else(|| format!("{id:?}"));
    let suspected = belief.status == Status::Suspect;
    json!({
        "status": status(belief.status),
        "incarnation": belief.incarnation,
        "since_ms": belief.since.as_millis() as u64,
        "by": suspected.then(|| belief.by.iter().map(name).collect::<Vec<_>>()),
        "phi": belief.phi.map(rounded),
    })
}

/// Everyone that somebody knows, by id.
fn names(views: &[Option<View>]) -> BTreeMap<PeerId, String> {
    views.iter().flatten().flatten().map(|(id, belief)| (*id, belief.name())).collect()
}

/// Those watched, in order, then the others that they know.
fn nodes(watched: &[Watched], views: &[Option<View>]) -> Vec<Value> {
    let own = watched.iter().map(
        |one| json!({ "name": one.name, "address": one.address, "zone": one.zone, "watched": true, "runs": one.runs.word() }),
    );
    let known: BTreeMap<&str, &Belief> =
        views.iter().flatten().flatten().map(|(_, belief)| (belief.record.name(), belief)).collect();
    let others = known.into_iter().filter(|x| !watched.iter().any(|one| one.name == x.0)).map(|(name, belief)| {
        let (at, zone) = (belief.record.addresses().first(), belief.record.tags().get("zone"));
        json!({ "name": name, "address": at, "zone": zone, "watched": false, "runs": Runs::Freely.word() })
    });
    own.chain(others).collect()
}

/// What one watched node knows and plans.
pub(super) async fn node(State(picture): State<Picture>, Path(name): Path<String>) -> Answer {
    let node = picture.node(Some(&name))?;
    picture.lease(&name);
    let (members, now) = (node.members().await?, node.now());
    let mut view: Vec<Value> = members.iter().map(|m| member(m, now)).collect();
    view.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    let (health, queue) = node.handle().look(|full| (full.swim().health(), queue(full))).await?;
    let timers = node.handle().timers().await?;
    let timers = timers.iter().map(|(name, left)| json!({ "name": timer_name(name), "in_ms": left.as_millis() as u64 }));
    Ok(Json(json!({
        "name": name,
        "health": health,
        "view": view,
        "timers": timers.collect::<Vec<_>>(),
        "queue": queue,
        "packets": packets::opened(&node).await,
    })))
}

/// How much of each kind a node holds.
fn queue(full: &Full) -> Value {
    json!({
        "events": full.events().store().len(),
        "history": full.history().book().len(),
        "state": full.state().map(|state| state.nodes().count()),
    })
}

/// A timer as `part.timer`.
fn timer_name(timer: &<Full as Protocol>::Timer) -> String {
    match timer {
        beside::Timer::Core(CoreTimer::Swim(timer)) => format!("swim.{timer:?}"),
        beside::Timer::Core(CoreTimer::Events(timer)) => format!("events.{timer:?}"),
        beside::Timer::Core(CoreTimer::Carrier(timer)) => format!("events.{timer:?}"),
        beside::Timer::Own(timer) => format!("history.{timer:?}"),
        beside::Timer::Also(timer) => format!("state.{timer:?}"),
    }
    .to_lowercase()
}
