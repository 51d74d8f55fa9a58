//! One request on one connection to an agent.

use super::{Failure, Request};
use crate::agent::NODE_GONE;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Response, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

/// Longer than an agent takes for anything.
const PATIENCE: Duration = Duration::from_secs(65);
/// The longest answer: a hundred thousand members of 600 bytes.
const MAX_ANSWER: usize = 64 << 20;
/// The longest event of a stream: a payload of 900 bytes and a member of 1.5 kB, with all bytes escaped.
const MAX_EVENT: usize = 64 << 10;

/// A connection to an agent, for one request.
pub(super) struct Socket {
    /// Where it leads, for people.
    place: String,
    host: String,
    stream: Box<dyn Io>,
}

/// A connection's bytes, whatever carries them.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What the agent answered.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) value: Value,
}

impl Socket {
    pub(super) fn new(place: &str, host: &str, stream: impl Io + 'static) -> Socket {
        Socket { place: place.into(), host: host.into(), stream: Box::new(stream) }
    }

    pub(super) async fn ask(self, request: &Request) -> Result<Reply, Failure> {
        let place = self.place.clone();
        let asked = async {
            let response = self.send(request).await?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            let bytes = body.map_err(|e| broken(&place, &e))?.to_bytes();
            let value = serde_json::from_slice(&bytes).map_err(|e| broken(&place, &e))?;
            Ok(Reply { status, value })
        };
        let late = |_| Failure::new(Failure::TIMEOUT, format!("the agent at {place} does not answer"));
        timeout(PATIENCE, asked).await.map_err(late)?
    }

    pub(super) async fn stream(self, path: &str) -> Result<Happenings, Failure> {
        let response = self.send(&Request { method: "GET", path: path.into(), body: None }).await?;
        let status = response.status();
        if !status.is_success() {
            let body = Limited::new(response.into_body(), MAX_EVENT).collect().await.map(|body| body.to_bytes());
            let problem = body.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
            return Err(super::refused(status.as_u16(), &problem));
        }
        Ok(Happenings { body: response.into_body(), held: Vec::new() })
    }

    async fn send(self, request: &Request) -> Result<Response<Incoming>, Failure> {
        let Socket { place, host, stream } = self;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&place, &e))?;
        tokio::spawn(connection);
        let body = request.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let request = hyper::Request::builder()
            .method(request.method)
            .uri(&request.path)
            .header(header::HOST, host)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| Failure::new(Failure::USAGE, e.to_string()))?;
        sender.send_request(request).await.map_err(|e| broken(&place, &e))
    }
}

fn broken(place: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Failure::UNREACHABLE, format!("{place}: {error}"))
}

/// Server-sent events, as they come.
pub(super) struct Happenings {
    body: Incoming,
    held: Vec<u8>,
}

impl Happenings {
    /// The next one's data; `None` when the agent has ended the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Value>, Failure> {
        loop {
            while let Some(end) = self.held.windows(2).position(|w| w == b"\n\n") {
                let event: Vec<u8> = self.held.drain(..end + 2).collect();
                if let Some(data) = data(&event) {
                    return Ok(Some(data));
                }
            }
            if self.held.len() > MAX_EVENT {
                return Err(Failure::new(crate::FAILED, "the agent sends an event without end"));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.held.extend(frame.into_data().unwrap_or_default()),
                Some(Err(e)) => return Err(Failure::new(Failure::UNREACHABLE, format!("{NODE_GONE}: {e}"))),
                None => return Ok(None),
            }
        }
    }
}

/// The data of one event; nothing of a comment that keeps the connection.
fn data(event: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(event).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("data:"))?;
    serde_json::from_str(line.trim_start()).ok()
}

/// A segment of a path.
pub(super) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
