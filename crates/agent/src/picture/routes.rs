//! What is asked how of whatever watches nodes.

use super::{Picture, look, page, stream};
use crate::agent::{endpoints as state, events};
use axum::extract::FromRef;
use axum::routing::{MethodRouter, get, post, put};

/// The routes that agent and demo have in common.
pub(crate) fn routes<S>() -> Vec<(&'static str, &'static str, MethodRouter<S>)>
where
    Picture: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    vec![
        ("GET", "/", get(page::index)),
        ("GET", "/page/{file}", get(page::file)),
        ("GET", "/v1/picture", get(look::picture)),
        ("GET", "/v1/nodes/{name}", get(look::node)),
        ("GET", "/v1/stream", get(stream::stream)),
        ("GET", "/v1/trace", get(state::trace)),
        ("POST", "/v1/events", post(events::say)),
        ("PUT", "/v1/state/keys/{key}", put(state::set)),
        ("PUT", "/v1/state/namespaces/{namespace}/{key}", put(state::set_in)),
    ]
}
