//! What the control socket answers.

pub(crate) mod change;
pub(crate) mod events;
mod look;
mod phi;
mod reach;
pub(crate) mod state;
mod why;

pub(super) use look::census;
pub(crate) use phi::rounded;

use super::caller::Caller;
use super::problem::Problem;
use super::state::Agent;
use crate::picture;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, patch, post, put};
use axum::{Extension, Router};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tracing::info;

/// The largest body: tags of 512 bytes, events of 900 and a few hundred addresses, all with room.
const MAX_BODY: usize = 64 << 10;
/// All of this for programs: OpenAPI 3.1.
const OPENAPI: &str = include_str!("api/openapi.json");
/// An answer begins within this: three periods for each hundred silent members, ten seconds for a leave.
const ANSWER: Duration = Duration::from_secs(60);

/// What is asked how, and who answers. `openapi.json` describes each; a test compares.
fn routes() -> Vec<(&'static str, &'static str, MethodRouter<Arc<Agent>>)> {
    let own = vec![
        ("GET", "/v1/info", get(look::info)),
        ("GET", "/v1/config", get(look::config)),
        ("GET", "/v1/health", get(look::health)),
        ("GET", "/v1/members", get(look::members)),
        ("GET", "/v1/members/{name}", get(look::member)),
        ("GET", "/v1/members/{name}/why", get(why::why)),
        ("POST", "/v1/members/{name}/ping", post(reach::ping)),
        ("POST", "/v1/reachability", post(reach::reachability)),
        ("POST", "/v1/join", post(change::join)),
        ("POST", "/v1/leave", post(change::leave)),
        ("POST", "/v1/force-leave", post(change::force_leave)),
        ("GET", "/v1/events", get(events::all)),
        ("GET", "/v1/events/tree", get(events::tree)),
        ("PUT", "/v1/tags", put(change::set_tags)),
        ("PATCH", "/v1/tags", patch(change::merge_tags)),
        ("POST", "/v1/reload", post(change::reload)),
        ("GET", "/v1/history", get(look::history)),
        ("GET", "/v1/state", get(state::all)),
        ("GET", "/v1/state/keys/{key}", get(state::get)),
        ("GET", "/v1/state/namespaces/{namespace}", get(state::namespace)),
        ("POST", "/v1/state/namespaces/{namespace}", post(state::reset)),
        ("GET", "/v1/state/namespaces/{namespace}/{key}", get(state::get_in)),
        ("GET", "/v1/phi", get(phi::phi)),
        ("GET", "/v1/keys", get(look::keys)),
        ("GET", "/v1/log", get(look::log)),
        ("PUT", "/v1/log", put(change::set_log)),
        ("GET", "/v1/openapi.json", get(openapi)),
        ("GET", "/metrics", get(look::metrics)),
        ("GET", "/livez", get(look::livez)),
        ("GET", "/readyz", get(look::readyz)),
    ];
    own.into_iter().chain(picture::routes()).collect()
}

pub(super) fn router(agent: Arc<Agent>) -> Router {
    guarded(routes(), agent)
}

/// Routes behind what holds for all: who may ask, how much, and how long an answer takes.
pub(crate) fn guarded<S: Clone + Send + Sync + 'static>(
    routes: Vec<(&'static str, &'static str, MethodRouter<S>)>,
    state: S,
) -> Router {
    let all = routes.into_iter().fold(Router::new(), |router, (_, path, route)| router.route(path, route));
    all.fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "no-such-route", "there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", "this path does not take this method")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(in_time))
        .layer(from_fn(permitted))
        .with_state(state)
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

/// Only who may ask is answered; what changes something is logged with who asked for it.
async fn permitted(Extension(caller): Extension<Caller>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = caller.may(&parts) {
        return problem.into_response();
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        info!(method = %parts.method, path = parts.uri.path(), by = %caller, "asked");
    }
    next.run(Request::from_parts(parts, body)).await
}

async fn in_time(request: Request, next: Next) -> Response {
    let late = || Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", format!("no answer within {ANSWER:?}"));
    timeout(ANSWER, next.run(request)).await.unwrap_or_else(|_| late().into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let document: Value = serde_json::from_str(OPENAPI).expect("JSON");
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            let named = methods.as_object().expect("methods").keys().filter(|key| *key != "parameters");
            described.extend(named.map(|method| (method.to_uppercase(), path.clone())));
        }
        let mut served: BTreeSet<_> =
            routes().into_iter().map(|(method, path, _)| (method.to_owned(), path.to_owned())).collect();
        served.extend(crate::demo::routes().into_iter().map(|(method, path, _)| (method.to_owned(), path.to_owned())));
        assert_eq!(described, served);
    }
}
