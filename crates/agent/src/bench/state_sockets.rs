//! Endpoint state on real sockets: whole nodes in one process, on loopback.
//!
//! Each node is the library's: SWIM, events and history, and state beside them. With phi, state runs its rounds, heartbeats
//! and phi as if alone ([`Detector::Both`]), among the peers that SWIM knows; all bytes are counted, SWIM's too. What state
//! adds is the difference to a cluster of the same nodes without it.

use super::loopback::{Loopback, SETTLE};
use super::tally::Tally;
use crate::cli::{StateDetector, StateOptions};
use crate::output::progress;
use anyhow::Result;
use bruit::proto::Rng;
use bruit::stacks::state::{Detector, Round};
use bruit::{Node, StateConfig};
use bruit_lab::bench::Spread;
use bruit_lab::bench::state::{Figures, Setting};
use indicatif::ProgressBar;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A join or a value that took longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);
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
    let cluster = Loopback::start(n, &mut dice, |node| match config {
        Some(config) => node.state(config.clone()),
        None => node,
    });
    let cluster = cluster.await?;
    seen.join.push(cluster.join(PATIENCE).await);
    sleep(SETTLE).await;
    let idle = cluster.idle(IDLE).await;
    seen.idle.push(idle.bytes / idle.node_seconds);
    seen.packets.push(idle.packets / idle.node_seconds);
    if config.is_some() {
        for i in 0..VALUES {
            sleep(dice.between(Duration::ZERO, ROUND)).await;
            let writer = &cluster.nodes[dice.below(n) as usize];
            seen.values.push(spread(writer, &i.to_string(), &cluster.tally, cluster.nodes.len()).await?);
        }
    }
    for node in &cluster.nodes {
        seen.largest.push(node.handle().counters().await?.datagrams.largest_sent as f64);
    }
    Ok(())
}

/// How long it takes until all know a value.
async fn spread(writer: &Node, value: &str, tally: &Tally, nodes: usize) -> Result<f64> {
    tally.counts().told = 0;
    let start = Instant::now();
    writer.state().set("bench", value).await?;
    Ok(tally.until(start, PATIENCE, |counts| counts.told == nodes).await)
}
