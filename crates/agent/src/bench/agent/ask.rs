//! Clients that keep their connection.

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::Path;
use tokio::net::UnixStream;

/// One that asks, again and again.
pub(super) struct Asking(SendRequest<Full<Bytes>>);

impl Asking {
    pub(super) async fn connect(socket: &Path) -> Result<Asking> {
        let (sender, connection) = http1::handshake(TokioIo::new(UnixStream::connect(socket).await?)).await?;
        tokio::spawn(connection);
        Ok(Asking(sender))
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Bytes> {
        self.send("GET", path, Bytes::new()).await
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Result<Bytes> {
        self.send("POST", path, body.to_string().into()).await
    }

    async fn send(&mut self, method: &str, path: &str, body: Bytes) -> Result<Bytes> {
        let (status, body) = self.open(method, path, body).await?;
        let bytes = body.collect().await?.to_bytes();
        if status != 200 {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes)
    }

    async fn open(&mut self, method: &str, path: &str, body: Bytes) -> Result<(u16, Incoming)> {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost").body(Full::new(body))?;
        self.0.ready().await?;
        let answer = self.0.send_request(request).await?;
        Ok((answer.status().as_u16(), answer.into_body()))
    }
}

/// One that listens to the stream of events.
pub(super) struct Listening {
    body: Incoming,
    // Its connection ends with it.
    _asking: Asking,
}

impl Listening {
    pub(super) async fn connect(socket: &Path) -> Result<Listening> {
        let mut asking = Asking::connect(socket).await?;
        let (_, body) = asking.open("GET", "/v1/stream", Bytes::new()).await?;
        Ok(Listening { body, _asking: asking })
    }

    /// Until this is said; events are small and come one by one.
    pub(super) async fn until(&mut self, what: &str) -> Result<()> {
        loop {
            let frame = self.body.frame().await.context("the stream has ended")??;
            let data = frame.into_data().unwrap_or_default();
            if data.windows(what.len()).any(|w| w == what.as_bytes()) {
                return Ok(());
            }
        }
    }
}
