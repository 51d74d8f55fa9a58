//! Nodes of one process that talk over real sockets on loopback.

use super::tally::Tally;
use anyhow::{Context, Result};
use bruit::proto::Rng;
use bruit::{Builder, Node, Traffic};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Nodes start at random moments within this, or their wake-ups would coincide.
const START: Duration = Duration::from_secs(2);
/// A cluster is quiet so long after its join.
pub(super) const SETTLE: Duration = Duration::from_secs(10);

pub(super) struct Loopback {
    pub(super) nodes: Vec<Node>,
    pub(super) tally: Arc<Tally>,
}

/// What a quiet cluster sent, all nodes together.
pub(super) struct Idle {
    pub(super) bytes: f64,
    pub(super) packets: f64,
    pub(super) node_seconds: f64,
}

impl Loopback {
    /// `n` nodes that know nobody, each as `set` makes it.
    pub(super) async fn start(n: u32, dice: &mut Rng, set: impl Fn(Builder) -> Builder) -> Result<Loopback> {
        let begin = Instant::now();
        let mut moments: Vec<Duration> = (0..n).map(|_| dice.between(Duration::ZERO, START)).collect();
        moments.sort_unstable();
        let (tally, mut nodes) = (Tally::new(), Vec::new());
        for (i, moment) in moments.into_iter().enumerate() {
            sleep_until(begin + moment).await;
            let node = set(Node::bind("127.0.0.1:0").name(format!("node-{i:03}")));
            let node = node.start().await.context("a node does not start")?;
            tokio::spawn(Arc::clone(&tally).listen(node.events()));
            nodes.push(node);
        }
        sleep_until(begin + START).await;
        Ok(Loopback { nodes, tally })
    }

    /// All join by the first; how long it takes until all know all, in milliseconds.
    pub(super) async fn join(&self, patience: Duration) -> f64 {
        let (start, seed) = (Instant::now(), self.nodes[0].local_addr().to_string());
        for node in &self.nodes[1..] {
            let (node, seed) = (node.clone(), seed.clone());
            tokio::spawn(async move { node.join([seed]).await });
        }
        let pairs = self.nodes.len() * (self.nodes.len() - 1);
        self.tally.until(start, patience, |counts| counts.known == pairs).await
    }

    /// Nothing happens for so long.
    pub(super) async fn idle(&self, span: Duration) -> Idle {
        let (start, bytes, packets) = (Instant::now(), self.bytes(), self.packets());
        sleep(span).await;
        Idle {
            bytes: (self.bytes() - bytes) as f64,
            packets: (self.packets() - packets) as f64,
            node_seconds: start.elapsed().as_secs_f64() * self.nodes.len() as f64,
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.sum(|traffic| traffic.bytes_out())
    }

    fn packets(&self) -> u64 {
        self.sum(|traffic| traffic.packets_out)
    }

    fn sum(&self, of: fn(Traffic) -> u64) -> u64 {
        self.nodes.iter().map(|node| of(node.traffic())).sum()
    }
}
