//! `bruit agent`: one node, one process, until it is told to leave.

mod api;
mod control;
mod journal;
mod metrics;
mod news;
mod problem;
mod signals;
mod state;

pub(crate) use control::NODE_GONE;

use crate::cli::AgentOptions;
use crate::place;
use crate::settings::{self, Loaded, Settings};
use anyhow::{Context, Result, anyhow};
use bruit::{CoreConfig, Node, StartError};
use state::{Agent, Phase};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::time::timeout;
use tracing::{info, warn};

/// Settings that cannot be used (EX_CONFIG of sysexits.h).
pub(crate) const BAD_CONFIG: u8 = 78;
/// The port when none is set; the next ones if other agents of this machine have it.
const PORT: u16 = 7946;
/// So many agents run on one machine without being told their ports.
const PORTS: u16 = 32;

pub(crate) fn run(options: &AgentOptions) -> Result<ExitCode> {
    let Loaded { settings, .. } = match settings::load(options) {
        Ok(loaded) => loaded,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(ExitCode::from(BAD_CONFIG));
        }
    };
    log(&settings);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(settings))
}

fn log(settings: &Settings) {
    use tracing_subscriber::prelude::*;
    let to_stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let filtered = tracing_subscriber::registry().with(settings.log.clone());
    if settings.log_json {
        filtered.with(to_stderr.json().flatten_event(true)).init();
    } else {
        use std::io::IsTerminal;
        filtered.with(to_stderr.with_ansi(std::io::stderr().is_terminal())).init();
    }
}

async fn serve(settings: Settings) -> Result<ExitCode> {
    // Before anything runs: a signal that comes early is a signal.
    let signals = signals::Signals::new().context("cannot listen for signals")?;
    let node = start(&settings).await?;
    let socket = place::socket(&place::folder(), node.name());
    let control = match control::Control::bind(&socket).await {
        Ok(control) => control,
        Err(error) => {
            node.stop().await;
            return Err(error);
        }
    };
    let agent = Arc::new(Agent::new(node, settings));
    info!(node = agent.node.name(), bound = %agent.node.local_addr(), control = %socket.display(), "agent runs");
    tokio::spawn(journal::keep(Arc::clone(&agent)));
    let serving = tokio::spawn(control.serve(api::router(Arc::clone(&agent)), agent.phase.subscribe()));
    tokio::spawn(signals.obey(Arc::clone(&agent)));
    let left = until_gone(&agent).await;
    agent.phase.send_replace(Phase::Gone);
    let _ = serving.await;
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
            if timeout(agent.settings.leave_within, agent.node.leave()).await.is_err() {
                warn!(within = ?agent.settings.leave_within, "the goodbye was not acknowledged in time");
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
        .config(CoreConfig::of(settings.profile))
        .seeds(&settings.join);
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
