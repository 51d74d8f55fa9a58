//! `bruit lab serve`: a page for runs of the lab. A run is decided by its address: the server runs it and streams what
//! happens, the page holds all of it and shows any moment.

mod asked;
mod line;
mod page;
mod run;

use crate::agent::{self, Listener, Phase, Seats};
use crate::cli::{Format, ServeOptions};
use crate::output;
use crate::picture;
use anyhow::{Context, Result};
use axum::routing::{MethodRouter, get};
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};

/// Runs at once: two panes, and those that nobody looks at any more but that have not noticed yet. Another waits.
const RUNS: usize = 4;

/// Places for runs.
type Places = Arc<Semaphore>;

/// What is asked how.
fn routes() -> Vec<(&'static str, &'static str, MethodRouter<Places>)> {
    vec![
        ("GET", "/", get(page::index)),
        ("GET", "/page/{file}", get(picture::page_file)),
        ("GET", "/lab_page/{file}", get(page::file)),
        ("GET", "/v1/lab/run", get(run::run)),
    ]
}

/// `lab serve`: until it is interrupted.
pub(crate) fn run(options: &ServeOptions, format: Format) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let wanted = &options.http;
        let listener = TcpListener::bind(wanted).await.with_context(|| format!("cannot serve the page at {wanted}"))?;
        let page = format!("http://{}/", listener.local_addr()?);
        match format {
            Format::Json => output::json(&json!({ "page": page })),
            Format::Text => println!("page {page}"),
        }
        let router = agent::guarded(routes(), Arc::new(Semaphore::new(RUNS)));
        let phase = watch::Sender::new(Phase::Running);
        let served = agent::serve_at(Listener::Tcp(listener), Seats::new(agent::connections()), router, phase.subscribe());
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let ended = async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            phase.send_replace(Phase::Gone);
        };
        tokio::join!(served, ended);
        Ok(ExitCode::SUCCESS)
    })
}
