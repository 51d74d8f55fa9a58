//! The commands that talk to a running agent.

mod find;
mod http;
mod print;
mod reset;

use crate::agent::{BAD_CONFIG, BAD_SETTINGS};
use crate::cli::{Client, EventOf, Output, Say, StateOf};
use crate::output;
use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Reply, Socket};
use serde_json::{Map, Value, json};
use std::io::{ErrorKind, Read, Write};
use std::process::ExitCode;

/// More than any agent takes as a payload, so that it is the agent who says what is too long.
const MAX_INPUT: u64 = 64 << 10;

/// What went wrong, and how the process ends.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    const USAGE: u8 = 2;
    const UNREACHABLE: u8 = 3;
    const DENIED: u8 = 4;
    const PARTIAL: u8 = 5;
    const NOT_FOUND: u8 = 6;
    const CONFLICT: u8 = 7;
    const TIMEOUT: u8 = 8;

    fn new(code: u8, text: impl Into<String>) -> Failure {
        Failure { code, text: text.into() }
    }
}

pub(crate) fn run(command: &Client, agent: Option<String>, format: Output) -> Result<ExitCode> {
    let request = match request(command)? {
        Ok(request) => request,
        Err(failure) => return Ok(end(failure)),
    };
    let agent = agent.or_else(|| std::env::var("BRUIT_AGENT").ok()).filter(|name| !name.is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let done = async {
            let socket = find::agent(agent.as_deref()).await?;
            match command {
                Client::Monitor => monitor(socket, format, &[]).await,
                Client::State(StateOf::Reset { namespace, .. }) => reset::run(socket, agent.as_deref(), namespace, format).await,
                Client::State(StateOf::Watch) => monitor(socket, format, &["state", "lagged"]).await,
                _ => answer(command, socket.ask(&request).await?, format),
            }
        };
        Ok(done.await.unwrap_or_else(end))
    })
}

fn end(Failure { code, text }: Failure) -> ExitCode {
    match code {
        // Each fault says itself what and where it is.
        BAD_CONFIG => eprintln!("{text}"),
        _ => eprintln!("bruit: {text}"),
    }
    ExitCode::from(code)
}

/// What to ask.
struct Request {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

fn request(command: &Client) -> Result<Result<Request, Failure>> {
    let get = |path: &str| Request { method: "GET", path: path.into(), body: None };
    let send = |method, path: &str, body| Request { method, path: path.into(), body: Some(body) };
    Ok(Ok(match command {
        Client::Members { name: Some(name), .. } => get(&format!("/v1/members/{}", http::escape(name))),
        Client::Members { status: Some(status), .. } => get(&format!("/v1/members?status={}", http::escape(status))),
        Client::Members { .. } => get("/v1/members"),
        Client::Why { node } => get(&format!("/v1/members/{}/why", http::escape(node))),
        Client::Info => get("/v1/info"),
        Client::Health => get("/v1/health"),
        Client::Monitor => get("/v1/stream"),
        Client::Ping { name } => send("POST", &format!("/v1/members/{}/ping", http::escape(name)), json!({})),
        Client::Reachability => send("POST", "/v1/reachability", json!({})),
        Client::Reload => send("POST", "/v1/reload", json!({})),
        Client::History => get("/v1/history"),
        Client::Keys => get("/v1/keys"),
        Client::State(state) => state_of(state),
        Client::Log { filter: None } => get("/v1/log"),
        Client::Log { filter: Some(filter) } => send("PUT", "/v1/log", json!({ "filter": filter })),
        Client::Join { addresses } => send("POST", "/v1/join", json!({ "addresses": addresses })),
        Client::Leave => send("POST", "/v1/leave", json!({})),
        Client::ForceLeave { name, prune } => send("POST", "/v1/force-leave", json!({ "name": name, "prune": prune })),
        Client::Tags { set, delete } => {
            let mut patch = Map::new();
            for text in set {
                let Some((key, value)) = text.split_once('=').filter(|x| !x.0.is_empty()) else {
                    return Ok(Err(Failure::new(Failure::USAGE, format!("`{text}` is not key=value"))));
                };
                patch.insert(key.into(), value.into());
            }
            patch.extend(delete.iter().map(|key| (key.clone(), Value::Null)));
            send("PATCH", "/v1/tags", Value::Object(patch))
        }
        Client::Event { of: Some(EventOf::Ls { tree: None }), .. } => get("/v1/events"),
        Client::Event { of: Some(EventOf::Ls { tree: Some(None) }), .. } => get("/v1/events/tree"),
        Client::Event { of: Some(EventOf::Ls { tree: Some(Some(id)) }), .. } => {
            get(&format!("/v1/events/tree?id={}", http::escape(id)))
        }
        Client::Event { of: None, say } => send("POST", "/v1/events", said(say)?),
    }))
}

fn said(say: &Say) -> Result<Value> {
    let payload = BASE64_STANDARD.encode(payload_of(say.payload.as_deref())?);
    let mut said = json!({ "name": say.name, "payload_base64": payload, "to": say.tags });
    if let Some(node) = &say.node {
        said["node"] = node.as_str().into();
    }
    if let Some(share) = say.wait {
        said["wait"] = share.to_string().into();
        said["timeout_ms"] = (say.timeout.as_millis() as u64).into();
    }
    Ok(said)
}

fn state_of(command: &StateOf) -> Request {
    let path = |key: &str| match key.split_once('/') {
        Some((namespace, key)) => format!("/v1/state/namespaces/{}/{}", http::escape(namespace), http::escape(key)),
        None => format!("/v1/state/keys/{}", http::escape(key)),
    };
    let by = |node: &Option<String>| node.as_ref().map_or_else(String::new, |n| format!("?node={}", http::escape(n)));
    let get = |path| Request { method: "GET", path, body: None };
    match command {
        StateOf::Set { key, value } => Request { method: "PUT", path: path(key), body: Some(json!({ "value": value })) },
        StateOf::Get { key, node } => get(path(key) + &by(node)),
        StateOf::Ls { node, phi: true } => get("/v1/phi".to_owned() + &by(node)),
        StateOf::Ls { node, phi: false } => get("/v1/state".to_owned() + &by(node)),
        StateOf::Reset { namespace, .. } => get(reset::path(namespace)),
        StateOf::Watch => get("/v1/stream".into()),
        StateOf::Trace => get("/v1/trace".into()),
    }
}

fn payload_of(text: Option<&str>) -> Result<Vec<u8>> {
    if text != Some("-") {
        return Ok(text.unwrap_or_default().into());
    }
    let mut payload = Vec::new();
    // What is beyond the bound makes it too long for every agent.
    std::io::stdin().take(MAX_INPUT / 2).read_to_end(&mut payload).context("cannot read standard input")?;
    Ok(payload)
}

fn answer(command: &Client, reply: Reply, format: Output) -> Result<ExitCode, Failure> {
    let Reply { status, value } = reply;
    if !(200..300).contains(&status) {
        return Err(refused(status, &value));
    }
    match (format, &value) {
        (Output::Text, _) => print::text(command, &value),
        (Output::Jsonl, Value::Array(all)) => all.iter().for_each(output::json),
        _ => output::json(&value),
    }
    Ok(match command {
        Client::Health if value["ok"] != true => ExitCode::FAILURE,
        // Nobody is called so: a slip of the pen, most often.
        Client::Event { of: None, .. } if value["addressed"] == 0 => ExitCode::from(Failure::NOT_FOUND),
        Client::Event { of: None, .. } if value["met"] == false => ExitCode::from(Failure::PARTIAL),
        Client::Reachability if value["silent"] != json!([]) => ExitCode::from(Failure::PARTIAL),
        _ => ExitCode::SUCCESS,
    })
}

fn refused(status: u16, problem: &Value) -> Failure {
    let code = match status {
        400 => Failure::USAGE,
        401 | 403 => Failure::DENIED,
        404 => Failure::NOT_FOUND,
        408 | 504 => Failure::TIMEOUT,
        409 => Failure::CONFLICT,
        _ if problem["code"] == BAD_SETTINGS => BAD_CONFIG,
        _ => crate::FAILED,
    };
    Failure::new(code, problem["detail"].as_str().map_or_else(|| format!("the agent answers {status}"), str::to_owned))
}

/// Prints events of these kinds, or all, until the agent ends or nobody reads.
async fn monitor(socket: Socket, format: Output, kinds: &[&str]) -> Result<ExitCode, Failure> {
    let mut events = socket.stream("/v1/stream").await?;
    while let Some(event) = events.next().await? {
        if !kinds.is_empty() && !kinds.iter().any(|kind| event["kind"] == *kind) {
            continue;
        }
        let line = match format {
            Output::Text => print::happening(&event),
            Output::Json | Output::Jsonl => event.to_string(),
        };
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{line}").and_then(|()| out.flush()) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            Err(e) => return Err(Failure::new(crate::FAILED, e.to_string())),
            Ok(()) => {}
        }
    }
    Err(Failure::new(Failure::UNREACHABLE, crate::agent::NODE_GONE))
}
