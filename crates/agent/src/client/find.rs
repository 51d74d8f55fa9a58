//! Which agent is meant.

use super::Failure;
use super::http::Socket;
use crate::place;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use tokio::net::{TcpStream, UnixStream};

/// The agent of this name or at this path; of none given, the only one that runs. One's own come before the machine's.
pub(super) async fn agent(which: Option<&str>) -> Result<Socket, Failure> {
    match which {
        Some(path) if path.contains('/') => connect(Path::new(path)).await,
        Some(name) => match named(name).await {
            // No name of an agent that runs here, but it reads as the address of one.
            None if is_address(name) => at(name).await,
            None => Err(Failure::new(Failure::UNREACHABLE, format!("no agent called {name:?} runs here; {}", running().await))),
            Some(path) => connect(&path).await,
        },
        None => only().await,
    }
}

async fn named(name: &str) -> Option<PathBuf> {
    place::folders().iter().map(|folder| place::socket(folder, name)).find(|path| path.exists())
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
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
    let place = path.display().to_string();
    UnixStream::connect(path).await.map(|stream| Socket::new(&place, "localhost", stream)).map_err(|e| failed(&place, &e))
}

async fn at(address: &str) -> Result<Socket, Failure> {
    TcpStream::connect(address).await.map(|stream| Socket::new(address, address, stream)).map_err(|e| failed(address, &e))
}

fn failed(place: &str, error: &io::Error) -> Failure {
    let denied = error.kind() == ErrorKind::PermissionDenied;
    let code = if denied { Failure::DENIED } else { Failure::UNREACHABLE };
    Failure::new(code, format!("cannot reach the agent at {place}: {error}"))
}
