//! `bruit bench lab`: how fast the lab is, beside real time, and what a node takes.

use crate::cli::{Format, LabOptions, LabProtocol};
use crate::output::{self, progress};
use crate::process;
use anyhow::Result;
use bruit_lab::bench::quiet::Cluster;
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Their first probes come at random moments of the first second; then they are measured.
const START: Duration = Duration::from_secs(2);
/// Virtual time between two steps of the progress bar.
const STEP: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Speed {
    protocol: &'static str,
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
    let LabProtocol::Swim = options.protocol;
    let before = process::resident_mib()?;
    let mut cluster = Cluster::new(options.nodes, options.seed);
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
    let bytes = (process::resident_mib()? - before) * f64::from(1 << 20);
    let speed = Speed {
        protocol: "swim",
        nodes: options.nodes,
        virtual_s,
        wall_s,
        times_real: virtual_s / wall_s,
        events,
        events_per_s: events as f64 / wall_s,
        bytes_per_node: bytes / f64::from(options.nodes),
        suspicions: cluster.suspicions(),
    };
    match format {
        Format::Json => output::json(&speed),
        Format::Text => {
            println!("{} nodes of {}, quiet, for {virtual_s} virtual seconds", speed.nodes, speed.protocol);
            println!("times real time    {:>12.1}", speed.times_real);
            println!("events/s           {:>12.0}", speed.events_per_s);
            println!("bytes/node         {:>12.0}", speed.bytes_per_node);
            println!("suspicions         {:>12}", speed.suspicions);
        }
    }
    Ok(ExitCode::SUCCESS)
}
