//! Which watched node a request is for.

use super::Picture;
use crate::agent::Problem;
use axum::extract::{FromRef, FromRequestParts, Query};
use axum::http::request::Parts;
use bruit::Node;
use serde::Deserialize;

/// The node that `?at=NAME` names, or an agent's own. It runs and is not paused.
pub(crate) struct At(pub(crate) Node);

#[derive(Deserialize)]
struct Named {
    at: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for At
where
    Picture: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<At, Problem> {
        let named = Query::<Named>::try_from_uri(&parts.uri).map_err(|e| Problem::bad(e.body_text()))?;
        Picture::from_ref(state).node(named.at.as_deref()).map(At)
    }
}
