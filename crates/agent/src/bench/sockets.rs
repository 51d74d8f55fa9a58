//! One process, real sockets on loopback: join, idle, an event, a delta, a crash.

use super::tally::Tally;
use crate::cli::ClusterOptions;
use crate::output::progress;
use crate::process::{cpu, resident_mib};
use anyhow::Result;
use bruit::proto::{Rng, Wire};
use bruit::stacks::swim::{Message, Update};
use bruit::{Cut, Encrypt, Filter, KeyRing, Node, Share, Traffic};
use bruit_lab::bench::{Figures, Trial};
use indicatif::ProgressBar;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// A join, an event and a crash that took longer have failed.
const PATIENCE: Duration = Duration::from_secs(120);
/// Nodes start at random moments within this, or their wake-ups would coincide.
const START: Duration = Duration::from_secs(2);
/// A cluster is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
/// An event and its repair are over so long after it.
const SILENCE: Duration = Duration::from_secs(5);
/// Members that change while one node is cut off, and for how long: long enough for the news to be told, too short for a
/// death.
const CHANGED: usize = 10;
const CUT_OFF: Duration = Duration::from_secs(2);
/// How often two views are compared.
const LOOK: Duration = Duration::from_millis(20);
/// Steps of a trial, for the progress bar.
const STEPS: u64 = 7;

pub(super) fn measure(options: &ClusterOptions) -> Result<Figures> {
    let bar = progress(STEPS * u64::from(options.trials), "steps");
    let mut trials = Vec::new();
    for i in 0..options.trials {
        // A runtime of its own: nothing of the trial before is left.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        trials.push(runtime.block_on(trial(options, options.seed + u64::from(i), &bar))?);
    }
    bar.finish_and_clear();
    Ok(Figures::of(options.nodes, &trials))
}

async fn trial(options: &ClusterOptions, seed: u64, bar: &ProgressBar) -> Result<Trial> {
    let step = |what: &'static str| {
        bar.set_message(what);
        bar.inc(1);
    };
    step("start");
    let mut bench = Bench::start(options, Rng::seeded(seed)).await?;
    let mut trial = Trial { join_bytes_floor: bench.floor().await?, ..Trial::default() };
    step("join");
    bench.join(&mut trial).await;
    step("idle");
    bench.idle(&mut trial).await?;
    step("event");
    bench.event(&mut trial).await?;
    step("covered");
    bench.covered(&mut trial).await?;
    step("delta");
    bench.delta(&mut trial).await?;
    step("crash");
    bench.crash(&mut trial).await;
    trial.false_deaths = bench.tally.counts().false_deaths as f64;
    Ok(trial)
}

struct Bench {
    nodes: Vec<Node>,
    tally: Arc<Tally>,
    dice: Rng,
}

impl Bench {
    async fn start(options: &ClusterOptions, mut dice: Rng) -> Result<Bench> {
        let (n, encrypt) = (options.nodes, if options.sealed { Encrypt::Require } else { Encrypt::Off });
        let keys = KeyRing::generate([7; 32]);
        let begin = Instant::now();
        let mut moments: Vec<Duration> = (0..n).map(|_| dice.between(Duration::ZERO, START)).collect();
        moments.sort_unstable();
        let (tally, mut nodes) = (Tally::new(), Vec::new());
        for (i, moment) in moments.into_iter().enumerate() {
            sleep_until(begin + moment).await;
            let node = Node::bind("127.0.0.1:0").name(format!("node-{i:03}")).keys(keys.clone()).encrypt(encrypt);
            let node = node.start().await?;
            tokio::spawn(Arc::clone(&tally).listen(node.events()));
            nodes.push(node);
        }
        sleep_until(begin + START).await;
        Ok(Bench { nodes, tally, dice })
    }

    /// Bytes that no join can do without: every node learns the record of every other, of 40 bytes at most.
    async fn floor(&self) -> Result<f64> {
        let size = self.nodes[0].handle().look(|core| {
            let me = core.swim().me();
            Message::Update(Update::Alive { incarnation: me.incarnation, record: me.record.clone() }).size()
        });
        let pairs = self.nodes.len() * (self.nodes.len() - 1);
        Ok((pairs * size.await?.min(40)) as f64)
    }

    async fn join(&mut self, trial: &mut Trial) {
        let n = self.nodes.len();
        let (all, from_seed) = (self.bytes(), self.nodes[0].traffic().bytes_out());
        let start = Instant::now();
        let seed = self.nodes[0].local_addr().to_string();
        for node in &self.nodes[1..] {
            let (node, seed) = (node.clone(), seed.clone());
            tokio::spawn(async move { node.join([seed]).await });
        }
        trial.join_all_ms = self.tally.until(start, PATIENCE, |c| c.known == n * (n - 1)).await;
        trial.join_bytes = (self.bytes() - all) as f64;
        trial.seed_share = 100.0 * (self.nodes[0].traffic().bytes_out() - from_seed) as f64 / trial.join_bytes;
    }

    async fn idle(&mut self, trial: &mut Trial) -> Result<()> {
        sleep(SETTLE).await;
        let (start, used) = (Instant::now(), cpu()?);
        let (bytes, packets) = (self.bytes(), self.packets());
        sleep(IDLE).await;
        let node_seconds = start.elapsed().as_secs_f64() * self.nodes.len() as f64;
        trial.idle_bytes_per_node_s = (self.bytes() - bytes) as f64 / node_seconds;
        trial.idle_packets_per_node_s = (self.packets() - packets) as f64 / node_seconds;
        trial.cpu_us_per_node_s = Some((cpu()? - used).as_micros() as f64 / node_seconds);
        trial.rss_mib = Some(resident_mib()?);
        Ok(())
    }

    async fn event(&mut self, trial: &mut Trial) -> Result<()> {
        let n = self.nodes.len();
        let from = self.dice.below(n as u32) as usize;
        let payload: Vec<u8> = (0..64).map(|_| self.dice.bits() as u8).collect();
        let before = self.bytes();
        let start = Instant::now();
        self.nodes[from].event("bench", payload).await?;
        trial.event_all_ms = self.tally.until(start, PATIENCE / 4, |c| c.delivered == n).await;
        sleep(SILENCE).await;
        trial.event_missed = (n - self.tally.counts().delivered) as f64;
        let idle = trial.idle_bytes_per_node_s * n as f64 * start.elapsed().as_secs_f64();
        trial.event_bytes = (self.bytes() - before) as f64 - idle;
        Ok(())
    }

    /// One more event, and its sender waits until it knows that all have it.
    async fn covered(&mut self, trial: &mut Trial) -> Result<()> {
        let from = &self.nodes[self.dice.below(self.nodes.len() as u32) as usize];
        let before = Bench::reports(from).await?;
        let waited = from.event_wait(Filter::all(), "bench", [7; 64], Share::All, PATIENCE / 4).await?;
        trial.covered_all_ms = if waited.met { waited.took.as_secs_f64() * 1_000.0 } else { f64::INFINITY };
        sleep(SILENCE).await;
        trial.covered_packets = (Bench::reports(from).await? - before) as f64;
        Ok(())
    }

    async fn reports(node: &Node) -> Result<u64> {
        Ok(node.handle().look(|full| full.events().counters().reports).await?)
    }

    /// One node is cut off while ten others change; what it costs until it knows.
    async fn delta(&mut self, trial: &mut Trial) -> Result<()> {
        self.tally.counts().excused = true;
        self.nodes[0].faults().cut(Cut::Everyone).await?;
        for node in self.nodes.iter().skip(1).take(CHANGED) {
            node.set_tags([("v", "2")]).await?;
        }
        sleep(CUT_OFF).await;
        self.nodes[0].faults().cut(Cut::Nobody).await?;
        let (before, start) = (self.conversed(0), Instant::now());
        let last = self.nodes.len() - 1;
        while self.digest(0).await? != self.digest(last).await? && start.elapsed() < PATIENCE {
            sleep(LOOK).await;
        }
        let known = start.elapsed() < PATIENCE;
        sleep(SILENCE).await;
        trial.delta_bytes = if known { (self.conversed(0) - before) as f64 } else { f64::INFINITY };
        sleep(SETTLE).await;
        self.tally.counts().excused = false;
        Ok(())
    }

    async fn crash(&mut self, trial: &mut Trial) {
        let victim = self.nodes.swap_remove(self.dice.below(self.nodes.len() as u32) as usize);
        self.tally.counts().victim = Some(bruit::PeerId::named(victim.name()));
        let start = Instant::now();
        victim.stop().await;
        let survivors = self.nodes.len();
        trial.crash_all_ms = self.tally.until(start, PATIENCE, |c| c.mourned == survivors).await;
    }

    async fn digest(&self, i: usize) -> Result<u32> {
        Ok(self.nodes[i].handle().look(|core| core.swim().digest()).await?)
    }

    fn bytes(&self) -> u64 {
        self.sum(|t| t.bytes_out())
    }

    fn packets(&self) -> u64 {
        self.sum(|t| t.packets_out)
    }

    /// Bytes of a node's conversations, both ways.
    fn conversed(&self, i: usize) -> u64 {
        let traffic = self.nodes[i].traffic();
        traffic.stream_bytes_out + traffic.stream_bytes_in
    }

    fn sum(&self, of: fn(Traffic) -> u64) -> u64 {
        self.nodes.iter().map(|node| of(node.traffic())).sum()
    }
}
