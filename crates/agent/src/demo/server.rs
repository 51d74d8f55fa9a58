//! The page of the demo: the picture of all its nodes, and the controls that break them.

use super::order::{Asked, Order, Way};
use crate::agent::{self, Listener, Phase, Problem, Seats, change};
use crate::picture::{self, Picture};
use anyhow::{Context, Result};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::routing::{MethodRouter, get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

type Answer = Result<Json<Value>, Problem>;

/// What a request of the page finds.
#[derive(Clone)]
pub(crate) struct Served {
    pub(super) picture: Picture,
    pub(super) orders: mpsc::Sender<Asked>,
}

impl FromRef<Served> for Picture {
    fn from_ref(served: &Served) -> Picture {
        served.picture.clone()
    }
}

/// Serves the page at `at` until the sender of `phase` says that it is over; where that is.
pub(super) async fn serve(at: &str, served: Served, phase: watch::Receiver<Phase>) -> Result<SocketAddr> {
    let listener = TcpListener::bind(at).await.with_context(|| format!("cannot serve the page at {at}"))?;
    let at = listener.local_addr()?;
    let routes = routes().into_iter().chain(picture::routes()).collect();
    let router = agent::guarded(routes, served);
    tokio::spawn(agent::serve_at(Listener::Tcp(listener), Seats::new(agent::connections()), router, phase));
    Ok(at)
}

/// What only the demo serves.
pub(crate) fn routes() -> Vec<(&'static str, &'static str, MethodRouter<Served>)> {
    vec![
        ("POST", "/v1/leave", post(leave)),
        ("POST", "/v1/demo/kill", post(|served, body| one(served, body, Order::Kill))),
        ("POST", "/v1/demo/pause", post(|served, body| one(served, body, Order::Pause))),
        ("POST", "/v1/demo/resume", post(|served, body| one(served, body, Order::Resume))),
        ("POST", "/v1/demo/restart", post(|served, body| one(served, body, Order::Restart))),
        ("POST", "/v1/demo/cut", post(cut)),
        ("POST", "/v1/demo/heal", post(heal)),
        ("POST", "/v1/demo/loss", post(loss)),
        ("GET", "/v1/scenes", get(scenes)),
    ]
}

/// Has it done, and says whether it was.
async fn order(served: &Served, order: Order) -> Answer {
    let over = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the demo is over");
    let (answer, answered) = oneshot::channel();
    served.orders.send((order, answer)).await.map_err(|_| over())?;
    match answered.await.map_err(|_| over())? {
        Ok(()) => Ok(Json(json!({ "done": true }))),
        Err(why) => Err(Problem::new(StatusCode::CONFLICT, "not-running", format!("{why:#}"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    node: String,
}

async fn one(State(served): State<Served>, body: change::Body, what: fn(String) -> Order) -> Answer {
    let One { node } = change::read(&body)?;
    order(&served, what(node)).await
}

#[derive(Deserialize)]
struct At {
    at: String,
}

async fn leave(State(served): State<Served>, at: Result<Query<At>, QueryRejection>) -> Answer {
    let Query(At { at }) = at.map_err(|e| Problem::bad(e.body_text()))?;
    order(&served, Order::Leave(at)).await.map(|_| Json(json!({ "left": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Island {
    nodes: Vec<String>,
    #[serde(default)]
    way: Way,
}

async fn cut(State(served): State<Served>, body: change::Body) -> Answer {
    let Island { nodes, way } = change::read(&body)?;
    order(&served, Order::Cut(nodes, way)).await
}

async fn heal(State(served): State<Served>) -> Answer {
    order(&served, Order::Heal).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Loss {
    percent: u32,
}

async fn loss(State(served): State<Served>, body: change::Body) -> Answer {
    let Loss { percent } = change::read(&body)?;
    order(&served, Order::Loss(percent)).await
}

/// The scenes that were played, in order.
async fn scenes(State(served): State<Served>) -> Answer {
    Ok(Json(served.picture.scenes()))
}
