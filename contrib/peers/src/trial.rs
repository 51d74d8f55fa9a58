//! One cluster in this process, on one thread: start, join, settle, idle.

use crate::Options;
use crate::peer::{Node, Peer};
use anyhow::{Result, ensure};
use bruit::proto::Rng;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Nodes start at random moments within this, or their wake-ups would coincide: those are most of the cost.
const START: Duration = Duration::from_secs(2);
/// If not all know all after so long, the trial has failed. The slowest join of a peer took 90 s.
const PATIENCE: Duration = Duration::from_secs(180);
/// A cluster is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(10);
/// How often views are looked at during the join.
const LOOK: Duration = Duration::from_millis(100);

/// What is measured, per node and second. Bytes are payload, of datagrams and of connections; packets are datagrams.
pub(crate) const FIGURES: [&str; 3] = ["cpu_us_per_node_s", "bytes_per_node_s", "packets_per_node_s"];

/// Measures [`FIGURES`] once. The nodes of different peers start at the same moments in the same trial.
pub(crate) fn run(peer: Peer, trial: u32, options: &Options) -> Result<[f64; 3]> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let nodes = start(peer, options.nodes, Rng::seeded(trial.into())).await?;
        let joining = Instant::now();
        while !all_know_all(&nodes).await? {
            ensure!(joining.elapsed() < PATIENCE, "not all know all after {PATIENCE:?}");
            sleep(LOOK).await;
        }
        sleep(SETTLE).await;
        let (before, begin) = (used(&nodes), Instant::now());
        sleep(Duration::from_secs(options.idle)).await;
        let (after, span) = (used(&nodes), begin.elapsed());
        ensure!(all_know_all(&nodes).await?, "somebody was suspect while all was idle");
        let node_seconds = span.as_secs_f64() * nodes.len() as f64;
        Ok(std::array::from_fn(|i| (after[i] - before[i]) / node_seconds))
    })
}

/// The first node is the seed of all others; they join as they start.
async fn start(peer: Peer, n: u32, mut dice: Rng) -> Result<Vec<Node>> {
    let seed = Node::start(peer, "node-000".into(), None).await?;
    let (at, begin) = (seed.local_addr(), Instant::now());
    let start = |i| {
        let moment = begin + dice.between(Duration::ZERO, START);
        tokio::spawn(async move {
            sleep_until(moment).await;
            Node::start(peer, format!("node-{i:03}"), Some(at)).await
        })
    };
    let starting: Vec<_> = (1..n).map(start).collect();
    let mut nodes = vec![seed];
    for node in starting {
        nodes.push(node.await??);
    }
    Ok(nodes)
}

async fn all_know_all(nodes: &[Node]) -> Result<bool> {
    for node in nodes {
        if node.alive().await? != nodes.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Processor time of this process so far, user and system, in µs, as `getrusage` has it; bytes; packets.
fn used(nodes: &[Node]) -> [f64; 3] {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let sum = |i: usize| nodes.iter().map(|node| node.sent()[i]).sum::<u64>() as f64;
    [cpu.tv_sec as f64 * 1e6 + cpu.tv_nsec as f64 / 1e3, sum(0), sum(1)]
}
