//! Errors as RFC 9457 says: `application/problem+json` with types that stay.

use super::reload::Refused;
use crate::config;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bruit::stacks::{events, state, swim};
use bruit::{CallError, JoinError, Stopped};
use serde_json::{Value, json};

/// The code for settings that cannot be used: clients end with 78.
pub(crate) const BAD_SETTINGS: &str = "bad-config";

/// One error of the interface. Its type is `urn:bruit:problem:` and the code, which never changes its meaning.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Each of several faults, with `detail`, `at` and `help`.
    errors: Option<Value>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, code, detail: detail.into(), errors: None }
    }

    /// What is wrong, for people.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The request cannot be understood.
    pub(crate) fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    pub(crate) fn unknown_member(name: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "unknown-member", format!("no member is called {name:?}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Problem { status, code, detail, errors } = self;
        let mut body = json!({
            "type": format!("urn:bruit:problem:{code}"),
            "title": code.replace('-', " "),
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
        });
        if let Some(errors) = errors {
            body["errors"] = errors;
        }
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", stopped.to_string())
    }
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Problem {
        match &error {
            JoinError::Resolve { .. } => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unresolved-seed", error.to_string()),
            JoinError::NameTaken { .. } => Problem::new(StatusCode::CONFLICT, "name-taken", error.to_string()),
            JoinError::Stopped(stopped) => (*stopped).into(),
            _ => Problem::new(StatusCode::BAD_GATEWAY, "no-seed-answered", error.to_string()),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Problem {
        let (status, code) = match &error {
            CallError::Membership(swim::Refused::Unknown(_)) => (StatusCode::NOT_FOUND, "unknown-member"),
            CallError::Membership(swim::Refused::Busy) => (StatusCode::TOO_MANY_REQUESTS, "busy"),
            CallError::Membership(swim::Refused::Leaving) => (StatusCode::CONFLICT, "leaving"),
            CallError::State(state::Refused::Schema { .. }) => (StatusCode::CONFLICT, "against-schema"),
            CallError::State(state::Refused::Namespace(_)) => (StatusCode::NOT_FOUND, "unknown-namespace"),
            CallError::State(state::Refused::Rebuilding(_)) => (StatusCode::CONFLICT, "rebuilding"),
            CallError::Event(events::Refused::Joining) => (StatusCode::SERVICE_UNAVAILABLE, "joining"),
            CallError::Stopped(_) => (StatusCode::SERVICE_UNAVAILABLE, "stopped"),
            _ => (StatusCode::UNPROCESSABLE_ENTITY, "out-of-bounds"),
        };
        Problem::new(status, code, error.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        match refused {
            Refused::Settings(faults) => {
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, BAD_SETTINGS, faults.to_string());
                Problem { errors: Some(config::told(&faults)), ..problem }
            }
            Refused::Node(error) => error.into(),
        }
    }
}
