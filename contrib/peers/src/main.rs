//! What an idle cluster costs, bruit and its leanest peer side by side: processor time, bytes, packets.
//!
//! Trials are interleaved, peer by peer, so that what else the machine does meets all alike. Each is a process of its
//! own, so that its processor time is one cluster's and nothing of the trial before is left.

mod counted;
mod peer;
mod trial;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use peer::Peer;
use serde_json::{Map, Value, json};
use std::env::current_exe;
use std::process::{Command, Stdio};
use trial::FIGURES;

/// Idle cost of a cluster on loopback sockets, per node and second, as one JSON object.
#[derive(Debug, Parser)]
struct Options {
    /// Nodes of a cluster.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=1000))]
    nodes: u32,
    /// Trials of each peer.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Seconds that are measured.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    idle: u64,
    /// Runs one trial, number `--trials`, of this peer in this process.
    #[arg(long, hide = true)]
    child: Option<Peer>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(peer) = options.child {
        println!("{}", serde_json::to_string(&trial::run(peer, options.trials, &options)?)?);
        return Ok(());
    }
    let peers: Vec<_> = Peer::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
    let mut trials = vec![Vec::new(); peers.len()];
    for i in 1..=options.trials {
        for (peer, trials) in peers.iter().map(|p| p.get_name()).zip(&mut trials) {
            let figures = in_child(peer, i, &options).with_context(|| format!("{peer}, trial {i}"))?;
            eprintln!("{i}/{} {peer}: {figures:.1?}", options.trials);
            trials.push(figures);
        }
    }
    let mut report = json!({ "nodes": options.nodes, "trials": options.trials, "idle_s": options.idle });
    for (peer, of) in peers.iter().zip(&trials) {
        report[peer.get_name()] = compare(of, &trials[0]);
    }
    println!("{report:#}");
    Ok(())
}

fn in_child(peer: &str, trial: u32, options: &Options) -> Result<[f64; 3]> {
    let numbers = [("--nodes", options.nodes.into()), ("--trials", trial.into()), ("--idle", options.idle)];
    let child = Command::new(current_exe()?)
        .args(["--child", peer])
        .args(numbers.map(|(name, n): (_, u64)| format!("{name}={n}")))
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(child.status.success(), "the trial failed: {}", child.status);
    Ok(serde_json::from_slice(&child.stdout)?)
}

/// Each figure of a peer's trials, and its median as a multiple of ours.
fn compare(theirs: &[[f64; 3]], ours: &[[f64; 3]]) -> Value {
    let cents = |x: f64| (x * 100.0).round() / 100.0;
    let figure = |(i, name): (usize, &&str)| {
        let ([min, median, max], [_, base, _]) = (spread(theirs, i), spread(ours, i));
        let (min, mid, max) = (cents(min), cents(median), cents(max));
        (name.to_string(), json!({ "min": min, "median": mid, "max": max, "times_bruit": cents(median / base) }))
    };
    FIGURES.iter().enumerate().map(figure).collect::<Map<_, _>>().into()
}

/// Least, median, most.
fn spread(trials: &[[f64; 3]], figure: usize) -> [f64; 3] {
    let mut values: Vec<f64> = trials.iter().map(|t| t[figure]).collect();
    values.sort_by(f64::total_cmp);
    let (n, last) = (values.len(), values.len() - 1);
    [values[0], (values[last / 2] + values[n / 2]) / 2.0, values[last]]
}
