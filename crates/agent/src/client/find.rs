//! Which agent is meant.

use super::Failure;
use super::http::Socket;
use crate::place;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;

/// The agent of this name or at this path; of none given, the only one that runs. One's own come before the machine's.
pub(super) async fn agent(which: Option<&str>) -> Result<Socket, Failure> {
    match which {
        Some(path) if path.contains('/') => connect(Path::new(path)).await,
        Some(name) => named(name).await,
        None => only().await,
    }
}

async fn named(name: &str) -> Result<Socket, Failure> {
    for folder in place::folders() {
        let path = place::socket(&folder, name);
        if path.exists() {
            return connect(&path).await;
        }
    }
    Err(Failure::new(Failure::UNREACHABLE, format!("no agent called {name:?} runs here; {}", running().await)))
}

async fn only() -> Result<Socket, Failure> {
    for folder in place::folders() {
        let mut found = alive(&folder).await;
        match found.len() {
            0 => {}
            1 => return connect(&found.remove(0).1).await,
            _ => {
                let text = format!("several agents run here: say which with --agent; {}", running().await);
                return Err(Failure::new(Failure::USAGE, text));
            }
        }
    }
    Err(Failure::new(Failure::UNREACHABLE, "no agent runs here: start one with `bruit agent`"))
}

async fn running() -> String {
    let mut names = Vec::new();
    for folder in place::folders() {
        names.extend(alive(&folder).await.into_iter().map(|x| x.0));
    }
    if names.is_empty() { "none does".into() } else { format!("there are {}", names.join(", ")) }
}

/// Sockets that somebody listens at, or that we may not ask.
async fn alive(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for (name, path) in place::sockets(folder) {
        let asked = UnixStream::connect(&path).await;
        if asked.is_ok() || asked.is_err_and(|e| e.kind() == ErrorKind::PermissionDenied) {
            found.push((name, path));
        }
    }
    found
}

async fn connect(path: &Path) -> Result<Socket, Failure> {
    let failed = |e: io::Error| {
        let text = format!("cannot reach the agent at {}: {e}", path.display());
        let denied = e.kind() == ErrorKind::PermissionDenied;
        Failure::new(if denied { Failure::DENIED } else { Failure::UNREACHABLE }, text)
    };
    UnixStream::connect(path).await.map(|stream| Socket::new(path, stream)).map_err(failed)
}
