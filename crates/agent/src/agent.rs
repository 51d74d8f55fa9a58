//! `bruit agent`: one node, one process, until it is told to leave.

mod api;
mod caller;
mod control;
mod descriptors;
mod log;
mod metrics;
mod problem;
mod reload;
mod seats;
mod server;
mod signals;
mod state;
mod supervisor;

pub(crate) use api::{change, events, guarded, rounded, state as endpoints};
pub(crate) use control::NODE_GONE;
pub(crate) use descriptors::{connections, raise as raise_descriptors};
pub(crate) use problem::{BAD_SETTINGS, Problem};
pub(crate) use seats::Seats;
pub(crate) use server::{Listener, serve as serve_at};
pub(crate) use state::Phase;

use crate::cli::AgentOptions;
use crate::place;
use crate::settings::{self, Loaded, Settings};
use anyhow::{Context, Result, anyhow};
use bruit::{CoreConfig, Node, StartError};
use sd_notify::NotifyState;
use state::Agent;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tracing::{info, warn};

/// Settings that cannot be used (EX_CONFIG of sysexits.h).
pub(crate) const BAD_CONFIG: u8 = 78;
/// The port when none is set; the next ones if other agents of this machine have it.
const PORT: u16 = 7946;
/// So many agents run on one machine without being told their ports.
const PORTS: u16 = 32;

pub(crate) fn run(options: AgentOptions) -> Result<ExitCode> {
    let loaded = match settings::load(&options) {
        Ok(loaded) => loaded,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    let log = log::Log::start(&loaded.settings);
    // One thread: gossip is a few packets a second, and each further one has its stack and its share of the heap.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(options, loaded, log))
}

async fn serve(options: AgentOptions, loaded: Loaded, log: log::Log) -> Result<ExitCode> {
    // Before anything runs: a signal that comes early is a signal.
    let signals = signals::Signals::new().context("cannot listen for signals")?;
    let connections = connections();
    // Before the node: what cannot be served is known before others know us.
    let http = match &loaded.settings.http {
        Some(at) => Some(TcpListener::bind(at).await.with_context(|| format!("cannot serve HTTP at {at}"))?),
        None => None,
    };
    let node = start(&loaded.settings).await?;
    let socket = place::socket(&place::folder(), node.name());
    let control = match control::bind(&socket).await {
        Ok(control) => control,
        Err(error) => {
            node.stop().await;
            return Err(error);
        }
    };
    let at = http.as_ref().map(TcpListener::local_addr).transpose()?;
    let agent = Arc::new(Agent::new(node, options, loaded, log, at, connections));
    let listeners = [Some(Listener::unix(control)?), http.map(Listener::Tcp)].into_iter().flatten();
    let (seats, router) = (Seats::new(connections), api::router(Arc::clone(&agent)));
    let serving: Vec<_> =
        listeners.map(|at| tokio::spawn(serve_at(at, Arc::clone(&seats), router.clone(), agent.phase.subscribe()))).collect();
    if let Some(damage) = agent.node.damage() {
        warn!(%damage, "what the data directory held is damaged");
    }
    info!(node = agent.node.name(), bound = %agent.node.local_addr(), control = %socket.display(), "agent runs");
    tokio::spawn(Arc::clone(&agent).keep_journal());
    tokio::spawn(signals.obey(Arc::clone(&agent)));
    supervisor::tell(&[NotifyState::Ready]);
    tokio::spawn(supervisor::keep(Arc::clone(&agent)));
    let left = until_gone(&agent).await;
    agent.phase.send_replace(Phase::Gone);
    for serving in serving {
        let _ = serving.await;
    }
    forget(&socket);
    left.map(|()| ExitCode::SUCCESS)
}

/// The agent's whole life; an error if it ends otherwise than asked.
async fn until_gone(agent: &Agent) -> Result<()> {
    let mut phase = agent.phase.subscribe();
    let phase = *phase.wait_for(|phase| *phase != Phase::Running).await.context("nobody says what to do")?;
    match phase {
        Phase::NameTaken => {
            agent.node.stop().await;
            let name = agent.node.name();
            Err(anyhow!("another running node is called {name:?}: stop that one, or start this one with another --node"))
        }
        Phase::Lost => Err(anyhow!("the node has stopped by itself")),
        Phase::Running | Phase::Leaving | Phase::Gone => {
            info!("leaving");
            supervisor::tell(&[NotifyState::Stopping]);
            let within = agent.loaded().settings.leave_within;
            let asker = agent.leave_asked_by.get().map_or("a signal", String::as_str);
            if timeout(within, agent.node.asked_by(asker).leave()).await.is_err() {
                warn!(?within, "the goodbye was not acknowledged in time");
                agent.node.stop().await;
            }
            info!("left");
            Ok(())
        }
    }
}

fn forget(socket: &Path) {
    if let Err(error) = std::fs::remove_file(socket) {
        warn!(%error, socket = %socket.display(), "cannot remove the control socket");
    }
}

/// Starts the node where it was told to be, or on the first port that is free.
async fn start(settings: &Settings) -> Result<Node> {
    let host = hostname();
    if let Some(bind) = &settings.bind {
        return Ok(begin(settings, bind.clone(), &host).await?);
    }
    for port in PORT..PORT + PORTS {
        // The first agent of a machine has the machine's name, the others say which they are.
        let name = if port == PORT { host.clone() } else { format!("{host}-{port}") };
        match begin(settings, format!("127.0.0.1:{port}"), &name).await {
            Err(StartError::InUse { .. }) => {}
            started => return Ok(started?),
        }
    }
    Err(anyhow!("the ports from {PORT} to {} of 127.0.0.1 are all in use: say which to take with --bind", PORT + PORTS - 1))
}

async fn begin(settings: &Settings, bind: String, name: &str) -> Result<Node, StartError> {
    let mut node = Node::bind(bind)
        .name(settings.node.as_deref().unwrap_or(name))
        .label(&settings.label)
        .config(CoreConfig { spread: settings.events.spread(settings.profile), ..CoreConfig::of(settings.profile) })
        .state(settings.state.clone())
        .seeds(&settings.join);
    node = node.encrypt(settings.sealed());
    if let Some(keys) = &settings.keys {
        node = node.keys(keys.clone());
    }
    if let Some(group) = settings.multicast {
        node = node.multicast(group);
    }
    if let Some(dir) = &settings.data_dir {
        node = node.data_dir(dir);
    }
    for at in &settings.advertise {
        node = node.advertise(*at);
    }
    for (key, value) in &settings.tags {
        node = node.tag(key, value);
    }
    node.start().await
}

/// What this machine calls itself.
fn hostname() -> String {
    let read = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = read.ok().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    name.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "node".into())
}
