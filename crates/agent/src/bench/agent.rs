//! `bruit bench agent`: a real agent, as its process: what it costs when idle, how fast it answers when it knows many.

mod ask;
mod child;

use crate::cli::{BenchAgentOptions, Format};
use crate::output::{self, progress};
use crate::process;
use anyhow::{Context, Result, bail};
use ask::{Asking, Listening};
use bruit::Node;
use child::Child;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The idle agent's cluster, itself included.
const CLUSTER: u16 = 5;
/// An agent is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(10);
/// A cluster that has not joined by now does not.
const PATIENCE: Duration = Duration::from_secs(300);
/// Who asks at once.
const CLIENTS: usize = 4;
const SUBSCRIBERS: usize = 100;
/// Events that are said to the subscribers, one after the other.
const EVENTS: usize = 100;
/// What is to be reached: resident and anonymous memory of an idle agent, in MiB.
const BOUNDS_MIB: (f64, f64) = (10.0, 4.0);
const STEPS: u64 = 6;

#[derive(Serialize)]
struct Figures {
    idle: Idle,
    busy: Busy,
}

/// An agent in a cluster of five to which nothing happens.
#[derive(Serialize)]
struct Idle {
    /// From the start of the process until it knows all five.
    joined_ms: f64,
    rss_mib: f64,
    anonymous_mib: f64,
    cpu_us_per_s: f64,
}

/// An agent that knows many members and is asked.
#[derive(Serialize)]
struct Busy {
    members: u16,
    rss_mib: f64,
    anonymous_mib: f64,
    requests_per_s: f64,
    request_p50_ms: f64,
    request_p99_ms: f64,
    answer_bytes: usize,
    subscribers: usize,
    /// From saying an event until the last subscriber has it.
    stream_all_p50_ms: f64,
    stream_all_p99_ms: f64,
}

pub(crate) fn agent(options: &BenchAgentOptions, format: Format) -> Result<ExitCode> {
    crate::agent::raise_descriptors();
    let bar = progress(STEPS, "steps");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(measure(options, &bar))?;
    bar.finish_and_clear();
    match format {
        Format::Json => output::json(&figures),
        Format::Text => print(&figures)?,
    }
    let Idle { rss_mib, anonymous_mib, .. } = figures.idle;
    let small = rss_mib <= BOUNDS_MIB.0 && anonymous_mib <= BOUNDS_MIB.1;
    Ok(if small { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

async fn measure(options: &BenchAgentOptions, bar: &ProgressBar) -> Result<Figures> {
    Ok(Figures { idle: idle(options, bar).await?, busy: busy(options, bar).await? })
}

fn step(bar: &ProgressBar, what: &'static str) {
    bar.set_message(what);
    bar.inc(1);
}

/// So many nodes of this process, which know each other.
async fn cluster(n: u16) -> Result<Vec<Node>> {
    let first = Node::bind("127.0.0.1:0").name("node-0000").start().await?;
    let seed = first.local_addr().to_string();
    let mut nodes = vec![first];
    for i in 1..n {
        nodes.push(Node::bind("127.0.0.1:0").name(format!("node-{i:04}")).seeds([&seed]).start().await?);
    }
    let all = async {
        for node in &nodes {
            while node.members().await?.len() < nodes.len() {
                sleep(Duration::from_millis(50)).await;
            }
        }
        anyhow::Ok(())
    };
    timeout(PATIENCE, all).await.context("the cluster does not join")??;
    Ok(nodes)
}

/// An agent that has joined them, and how long that took.
async fn joined(nodes: &[Node]) -> Result<(Child, f64)> {
    let start = Instant::now();
    let child = Child::start("bench", &nodes[0].local_addr().to_string())?;
    let known = async {
        loop {
            if let Ok(mut asking) = Asking::connect(child.socket()).await
                && let Ok(info) = asking.get("/v1/info").await
                && let Ok(info) = serde_json::from_slice::<Value>(&info)
                && info["members"]["alive"].as_u64() == Some(nodes.len() as u64 + 1)
            {
                return;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    if timeout(PATIENCE, known).await.is_err() {
        bail!("the agent does not join");
    }
    Ok((child, start.elapsed().as_secs_f64() * 1e3))
}

async fn idle(options: &BenchAgentOptions, bar: &ProgressBar) -> Result<Idle> {
    step(bar, "start");
    let nodes = cluster(CLUSTER - 1).await?;
    let (child, joined_ms) = joined(&nodes).await?;
    sleep(SETTLE).await;
    step(bar, "idle");
    let (start, used) = (Instant::now(), process::on_cpu(child.id())?);
    sleep(options.idle).await;
    let cpu = process::on_cpu(child.id())? - used;
    let cpu_us_per_s = cpu.as_micros() as f64 / start.elapsed().as_secs_f64();
    let (rss_mib, anonymous_mib) = process::memory_mib(child.id())?;
    Ok(Idle { joined_ms, rss_mib, anonymous_mib, cpu_us_per_s })
}

async fn busy(options: &BenchAgentOptions, bar: &ProgressBar) -> Result<Busy> {
    step(bar, "members");
    let nodes = cluster(options.members - 1).await?;
    let (child, _) = joined(&nodes).await?;
    sleep(SETTLE).await;
    let (rss_mib, anonymous_mib) = process::memory_mib(child.id())?;
    step(bar, "requests");
    let (mut took, answer_bytes) = ask_together(&child, options.asked).await?;
    step(bar, "streams");
    // In a thread of its own: the members hear the events, too, and would keep the subscribers waiting.
    let socket = child.socket().to_owned();
    let mut streamed = tokio::task::spawn_blocking(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(stream_to_all(&socket))
    })
    .await??;
    Ok(Busy {
        members: options.members,
        rss_mib,
        anonymous_mib,
        requests_per_s: took.len() as f64 / options.asked.as_secs_f64(),
        request_p50_ms: percentile(&mut took, 50),
        request_p99_ms: percentile(&mut took, 99),
        answer_bytes,
        subscribers: SUBSCRIBERS,
        stream_all_p50_ms: percentile(&mut streamed, 50),
        stream_all_p99_ms: percentile(&mut streamed, 99),
    })
}

/// Clients that ask for the members, each again as soon as it is answered: how long each answer took, and its size.
async fn ask_together(child: &Child, span: Duration) -> Result<(Vec<f64>, usize)> {
    let end = Instant::now() + span;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut asking = Asking::connect(child.socket()).await?;
        clients.push(tokio::spawn(async move {
            let (mut took, mut size) = (Vec::new(), 0);
            while Instant::now() < end {
                let start = Instant::now();
                size = asking.get("/v1/members").await?.len();
                took.push(start.elapsed().as_secs_f64() * 1e3);
            }
            anyhow::Ok((took, size))
        }));
    }
    let (mut all, mut size) = (Vec::new(), 0);
    for client in clients {
        let (took, bytes) = client.await??;
        all.extend(took);
        size = bytes;
    }
    Ok((all, size))
}

/// How long each event took until all subscribers had it.
async fn stream_to_all(socket: &Path) -> Result<Vec<f64>> {
    let mut listening = Vec::new();
    for _ in 0..SUBSCRIBERS {
        listening.push(Listening::connect(socket).await?);
    }
    let mut asking = Asking::connect(socket).await?;
    let mut took = Vec::new();
    for i in 0..EVENTS {
        let name = format!("bench-{i:03}");
        let start = Instant::now();
        asking.post("/v1/events", &json!({ "name": name })).await?;
        for stream in &mut listening {
            timeout(PATIENCE, stream.until(&name)).await.context("an event does not arrive")??;
        }
        took.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(took)
}

fn percentile(all: &mut [f64], percent: usize) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get((all.len() * percent / 100).min(all.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn print(figures: &Figures) -> Result<()> {
    for (part, values) in serde_json::to_value(figures)?.as_object().into_iter().flatten() {
        println!("{part}");
        for (name, value) in values.as_object().into_iter().flatten() {
            println!("  {name:<20} {:>12.2}", value.as_f64().unwrap_or(f64::NAN));
        }
    }
    Ok(())
}
