//! Endpoint state on real sockets: whole nodes in one process, on loopback.
//!
//! Each node is the library's: SWIM, events and history, and state beside them. With phi, state runs its rounds, heartbeats
//! and phi as if alone ([`Detector::Both`]), among the peers that SWIM knows; all bytes are counted, SWIM's too. What state
//! adds is the difference to a cluster of the same nodes without it.

use super::tally::Tally;
use crate::cli::{StateDetector, StateOptions};
use crate::output::progress;
use anyhow::{Context, Result};
use bruit::proto::Rng;
use bruit::stacks::state::{Detector, Round};
use bruit::{Node, StateConfig};
use bruit_lab::bench::Spread;
use bruit_lab::bench::state::{Figures, Setting};
use indicatif::ProgressBar;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// A join or a value that took longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nodes start at random moments within this, or their rounds would coincide.
const START: Duration = Duration::from_secs(2);
/// A cluster is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(20);
/// Values set in each cluster, one after another.
const VALUES: u32 = 9;
/// Between two of them; at any moment of a round.
const ROUND: Duration = Duration::from_secs(1);

/// What all trials of a setting measured.
#[derive(Default)]
struct Seen {
    join: Vec<f64>,
    idle: Vec<f64>,
    packets: Vec<f64>,
    values: Vec<f64>,
    largest: Vec<f64>,
}

pub(super) fn measure(options: &StateOptions, alone: &[u32]) -> Result<Figures> {
    let detector = match options.detector {
        StateDetector::Phi => Detector::Both,
        StateDetector::Swim => Detector::Swim,
    };
    let default = StateConfig { detector, trace: false, ..StateConfig::default() };
    let round = |live: &u32| Round { live: *live, ..default.round };
    let alone = alone.iter().map(|live| StateConfig { spread: false, round: round(live), ..default.clone() });
    let configs: Vec<StateConfig> = [default.clone()].into_iter().chain(alone).collect();
    let bar = progress((1 + configs.len() as u64) * u64::from(options.trials), "clusters");
    let without = trials(options, None, &bar)?;
    let mut settings = Vec::new();
    for config in &configs {
        let seen = trials(options, Some(config), &bar)?;
        let added = seen.idle.iter().zip(&without.idle).map(|(with, without)| with - without);
        settings.push(Setting {
            live: config.round.live,
            spread: config.spread,
            idle_added_bytes_per_node_s: Some(Spread::of(added)),
            join_all_ms: Spread::of(seen.join),
            idle_bytes_per_node_s: Spread::of(seen.idle),
            idle_packets_per_node_s: Spread::of(seen.packets),
            set_all_ms: Spread::of(seen.values),
            largest_packet: Spread::of(seen.largest),
        });
    }
    bar.finish_and_clear();
    Ok(Figures { nodes: options.nodes, trials: options.trials, settings })
}

fn trials(options: &StateOptions, config: Option<&StateConfig>, bar: &ProgressBar) -> Result<Seen> {
    let mut seen = Seen::default();
    for i in 0..options.trials {
        // A runtime of its own: nothing of the trial before is left.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let dice = Rng::seeded(options.seed + u64::from(i));
        runtime.block_on(trial(options.nodes, config, dice, &mut seen))?;
        bar.inc(1);
    }
    Ok(seen)
}

async fn trial(n: u32, config: Option<&StateConfig>, mut dice: Rng, seen: &mut Seen) -> Result<()> {
    let tally = Tally::new();
    let nodes = start(n, config, &tally, &mut dice).await?;
    seen.join.push(join(&nodes, &tally).await);
    sleep(SETTLE).await;
    let (start, bytes, packets) =
        (Instant::now(), sum(&nodes, |node| node.traffic().bytes_out()), sum(&nodes, |node| node.traffic().packets_out));
    sleep(IDLE).await;
    let node_seconds = start.elapsed().as_secs_f64() * f64::from(n);
    seen.idle.push((sum(&nodes, |node| node.traffic().bytes_out()) - bytes) as f64 / node_seconds);
    seen.packets.push((sum(&nodes, |node| node.traffic().packets_out) - packets) as f64 / node_seconds);
    if config.is_some() {
        for i in 0..VALUES {
            sleep(dice.between(Duration::ZERO, ROUND)).await;
            let writer = &nodes[dice.below(n) as usize];
            seen.values.push(spread(writer, &i.to_string(), &tally, nodes.len()).await?);
        }
    }
    for node in &nodes {
        seen.largest.push(node.handle().counters().await?.datagrams.largest_sent as f64);
    }
    Ok(())
}

async fn start(n: u32, config: Option<&StateConfig>, tally: &Arc<Tally>, dice: &mut Rng) -> Result<Vec<Node>> {
    let begin = Instant::now();
    let mut moments: Vec<Duration> = (0..n).map(|_| dice.between(Duration::ZERO, START)).collect();
    moments.sort_unstable();
    let mut nodes = Vec::new();
    for (i, moment) in moments.into_iter().enumerate() {
        sleep_until(begin + moment).await;
        let node = Node::bind("127.0.0.1:0").name(format!("node-{i:03}"));
        let node = match config {
            Some(config) => node.state(config.clone()),
            None => node,
        };
        let node = node.start().await.context("a node does not start")?;
        tokio::spawn(Arc::clone(tally).listen(node.events()));
        nodes.push(node);
    }
    Ok(nodes)
}

/// How long it takes until all know all.
async fn join(nodes: &[Node], tally: &Tally) -> f64 {
    let (start, seed) = (Instant::now(), nodes[0].local_addr().to_string());
    for node in &nodes[1..] {
        let (node, seed) = (node.clone(), seed.clone());
        tokio::spawn(async move { node.join([seed]).await });
    }
    let pairs = nodes.len() * (nodes.len() - 1);
    tally.until(start, PATIENCE, |counts| counts.known == pairs).await
}

/// How long it takes until all know a value.
async fn spread(writer: &Node, value: &str, tally: &Tally, nodes: usize) -> Result<f64> {
    tally.counts().told = 0;
    let start = Instant::now();
    writer.state().set("bench", value).await?;
    Ok(tally.until(start, PATIENCE, |counts| counts.told == nodes).await)
}

fn sum(nodes: &[Node], of: fn(&Node) -> u64) -> u64 {
    nodes.iter().map(of).sum()
}
