//! What the control socket answers.

mod change;
mod look;
mod stream;

pub(super) use look::census;

use super::problem::Problem;
use super::state::Agent;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The largest body: tags of 512 bytes, events of 900 and a few hundred addresses, all with room.
const MAX_BODY: usize = 64 << 10;
/// An answer begins within this: the longest, a leave, may take ten seconds of its own.
const ANSWER: Duration = Duration::from_secs(30);

pub(super) fn router(agent: Arc<Agent>) -> Router {
    Router::new()
        .route("/v1/info", get(look::info))
        .route("/v1/members", get(look::members))
        .route("/v1/members/{name}", get(look::member))
        .route("/v1/health", get(look::health))
        .route("/v1/join", post(change::join))
        .route("/v1/leave", post(change::leave))
        .route("/v1/force-leave", post(change::force_leave))
        .route("/v1/events", post(change::event))
        .route("/v1/tags", put(change::set_tags).patch(change::merge_tags))
        .route("/v1/stream", get(stream::stream))
        .route("/metrics", get(look::metrics))
        .route("/livez", get(look::livez))
        .route("/readyz", get(look::readyz))
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no-such-route", "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "this path does not take this method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(in_time))
        .with_state(agent)
}

async fn in_time(request: Request, next: Next) -> Response {
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", format!("no answer within {ANSWER:?}"));
    timeout(ANSWER, next.run(request)).await.unwrap_or_else(|_| late().into_response())
}
