//! `bruit bench lab`: how fast the lab is, and what a node takes.

use crate::cli::{Format, LabOptions, LabProtocol};
use crate::output::{self, progress};
use crate::process;
use anyhow::{Context, Result, ensure};
use bruit_lab::bench::push::{ByCrate, ByHand, Run};
use bruit_lab::bench::quiet::Cluster;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Their first probes come at random moments of the first second; then they are measured.
const START: Duration = Duration::from_secs(2);
/// Virtual time between two steps of the progress bar.
const STEP: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Serialize, Deserialize)]
struct Report {
    #[serde(skip_serializing_if = "Option::is_none")]
    rumor: Option<Push>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swim: Option<Quiet>,
}

/// One rumor, pushed until nobody passes it on.
#[derive(Serialize, Deserialize)]
struct Push {
    nodes: u32,
    /// Of nodes, those that it reached.
    reached: f64,
    /// Messages heard and wake-ups.
    events: u64,
    wall_s: f64,
    events_per_s: f64,
    /// Of a loop written by hand for the same work, in this run.
    by_hand_events_per_s: f64,
    /// The one over the other.
    of_by_hand: f64,
    /// Resident memory per node, everything included.
    bytes_per_node: f64,
    by_hand_bytes_per_node: f64,
}

/// Members to whom nothing happens.
#[derive(Serialize, Deserialize)]
struct Quiet {
    nodes: u32,
    virtual_s: f64,
    wall_s: f64,
    /// Virtual seconds per second.
    times_real: f64,
    events: u64,
    events_per_s: f64,
    /// Resident memory per node, everything included.
    bytes_per_node: f64,
    suspicions: u64,
}

/// `bench lab`.
pub(crate) fn lab(options: &LabOptions, format: Format) -> Result<ExitCode> {
    let report = match options.protocol {
        Some(LabProtocol::Rumor) => Report { rumor: Some(push(options)?), swim: None },
        Some(LabProtocol::Swim) => Report { rumor: None, swim: Some(quiet(options)?) },
        None => Report { rumor: alone(options, LabProtocol::Rumor)?.rumor, swim: alone(options, LabProtocol::Swim)?.swim },
    };
    match format {
        Format::Json => output::json(&report),
        Format::Text => print(&report),
    }
    Ok(ExitCode::SUCCESS)
}

/// One protocol in a process of its own: memory that one gave back would be there for the next, which would seem to take less.
fn alone(options: &LabOptions, protocol: LabProtocol) -> Result<Report> {
    let mut command = Command::new(std::env::current_exe().context("where is this program?")?);
    let name = protocol.to_possible_value().expect("each has a name");
    command.args(["bench", "lab", "-o", "json", "--protocol", name.get_name()]);
    command.args(["--span", &humantime::format_duration(options.span).to_string(), "--seed", &options.seed.to_string()]);
    command.args(options.nodes.iter().flat_map(|nodes| ["--nodes".into(), nodes.to_string()]));
    let output = command.stderr(Stdio::inherit()).output().context("this program cannot be run again")?;
    ensure!(output.status.success(), "the benchmark of {} ended with {}", name.get_name(), output.status);
    serde_json::from_slice(&output.stdout).context("its figures cannot be read")
}

/// How it went: events, seconds, bytes of memory, nodes reached.
fn timed<R: Run>(make: impl FnOnce() -> R) -> Result<(u64, f64, u64, u64)> {
    let before = process::resident()?;
    let mut run = make();
    let bar = progress(0, "virtual seconds");
    let start = Instant::now();
    while run.goes_on() {
        bar.inc(1);
    }
    bar.finish_and_clear();
    let wall_s = start.elapsed().as_secs_f64();
    Ok((run.events(), wall_s, process::resident()?.saturating_sub(before), run.known()))
}

fn push(options: &LabOptions) -> Result<Push> {
    let nodes = options.nodes.unwrap_or(1_000_000);
    let (events, wall_s, bytes, known) = timed(|| ByCrate::new(nodes, options.seed))?;
    let (hand_events, hand_s, hand_bytes, _) = timed(|| ByHand::new(nodes, options.seed))?;
    let (ours, theirs) = (events as f64 / wall_s, hand_events as f64 / hand_s);
    Ok(Push {
        nodes,
        reached: known as f64 / f64::from(nodes),
        events,
        wall_s,
        events_per_s: ours,
        by_hand_events_per_s: theirs,
        of_by_hand: ours / theirs,
        bytes_per_node: bytes as f64 / f64::from(nodes),
        by_hand_bytes_per_node: hand_bytes as f64 / f64::from(nodes),
    })
}

fn quiet(options: &LabOptions) -> Result<Quiet> {
    let nodes = options.nodes.unwrap_or(100_000);
    let before = process::resident()?;
    let mut cluster = Cluster::new(nodes, options.seed);
    cluster.run(START);
    let steps = (options.span.as_secs()).max(1);
    let bar = progress(steps, "virtual seconds");
    let (start, mut events) = (Instant::now(), 0);
    for _ in 0..steps {
        events += cluster.run(STEP);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let (wall_s, virtual_s) = (start.elapsed().as_secs_f64(), steps as f64);
    let bytes = process::resident()?.saturating_sub(before);
    Ok(Quiet {
        nodes,
        virtual_s,
        wall_s,
        times_real: virtual_s / wall_s,
        events,
        events_per_s: events as f64 / wall_s,
        bytes_per_node: bytes as f64 / f64::from(nodes),
        suspicions: cluster.suspicions(),
    })
}

fn print(report: &Report) {
    if let Some(push) = &report.rumor {
        println!("one rumor pushed among {} nodes, {:.2} % reached", push.nodes, push.reached * 100.0);
        println!("events/s           {:>12.0}", push.events_per_s);
        println!("by hand, events/s  {:>12.0}", push.by_hand_events_per_s);
        println!("of by hand         {:>12.2}", push.of_by_hand);
        println!("bytes/node         {:>12.0}", push.bytes_per_node);
        println!("by hand            {:>12.0}", push.by_hand_bytes_per_node);
    }
    if let Some(quiet) = &report.swim {
        println!("{} nodes of swim, quiet, for {} virtual seconds", quiet.nodes, quiet.virtual_s);
        println!("times real time    {:>12.1}", quiet.times_real);
        println!("events/s           {:>12.0}", quiet.events_per_s);
        println!("bytes/node         {:>12.0}", quiet.bytes_per_node);
        println!("suspicions         {:>12}", quiet.suspicions);
    }
}
