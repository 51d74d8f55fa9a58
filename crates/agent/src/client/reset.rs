//! `bruit state reset`: asks for it, and looks until it is done.

use super::http::{Socket, escape};
use super::{Failure, Reply, Request, find, print, refused};
use crate::cli::Output;
use crate::output;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often is looked: as often as an agent asks for a packet.
const LOOK: Duration = Duration::from_millis(100);
/// Without any progress for so long, three hundred packets were asked for in vain.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn path(namespace: &str) -> String {
    format!("/v1/state/namespaces/{}", escape(namespace))
}

pub(super) async fn run(socket: Socket, agent: Option<&str>, namespace: &str, format: Output) -> Result<ExitCode, Failure> {
    let body = Some(json!({ "from_peers": true }));
    let begun = ask(socket, &Request { method: "POST", path: path(namespace), body }).await?;
    let writers = begun["left"].as_u64().unwrap_or_default();
    let (start, mut last) = (Instant::now(), (writers, Instant::now()));
    let look = Request { method: "GET", path: path(namespace), body: None };
    let now = loop {
        let now = match ask(find::agent(agent).await?, &look).await {
            // Nothing of it was taken back.
            Err(failure) if failure.code == Failure::NOT_FOUND => json!({ "keys": 0, "left": 0 }),
            now => now?,
        };
        let left = now["left"].as_u64().unwrap_or_default();
        progress(writers, left);
        if left == 0 {
            break now;
        }
        if left != last.0 {
            last = (left, Instant::now());
        }
        if last.1.elapsed() >= PATIENCE {
            let text = format!("{left} of {writers} writers' values do not come; the agent goes on asking");
            return Err(Failure::new(Failure::TIMEOUT, text));
        }
        sleep(LOOK).await;
    };
    let done = json!({
        "namespace": namespace,
        "writers": writers,
        "keys_before": begun["keys"],
        "keys": now["keys"],
        "took_ms": start.elapsed().as_millis() as u64,
    });
    match format {
        Output::Text => print::rebuilt(&done),
        Output::Json | Output::Jsonl => output::json(&done),
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(socket: Socket, request: &Request) -> Result<Value, Failure> {
    let Reply { status, value } = socket.ask(request).await?;
    if (200..300).contains(&status) { Ok(value) } else { Err(refused(status, &value)) }
}

/// On a terminal alone, in one line.
fn progress(writers: u64, left: u64) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let end = if left == 0 { "\n" } else { "" };
        let _ = write!(out, "\r{} of {writers} writers{end}", writers.saturating_sub(left)).and_then(|()| out.flush());
    }
}
