//! One process, real sockets on loopback: join, idle, an event, a delta, a crash.

use super::loopback::{Loopback, SETTLE};
use crate::cli::ClusterOptions;
use crate::output::progress;
use crate::process::{cpu, resident_mib};
use anyhow::Result;
use bruit::proto::{Rng, Wire};
use bruit::stacks::swim::{Message, Update};
use bruit::{Cut, Encrypt, Filter, KeyRing, Node, Share};
use bruit_lab::bench::{Figures, Trial};
use indicatif::ProgressBar;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A join, an event and a crash that took longer have failed.
const PATIENCE: Duration = Duration::from_secs(120);
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
    trial.false_deaths = bench.cluster.tally.counts().false_deaths as f64;
    Ok(trial)
}

struct Bench {
    cluster: Loopback,
    dice: Rng,
}

impl Bench {
    async fn start(options: &ClusterOptions, mut dice: Rng) -> Result<Bench> {
        let encrypt = if options.sealed { Encrypt::Require } else { Encrypt::Off };
        let keys = KeyRing::generate([7; 32]);
        let cluster = Loopback::start(options.nodes, &mut dice, |node| node.keys(keys.clone()).encrypt(encrypt)).await?;
        Ok(Bench { cluster, dice })
    }

    /// Bytes that no join can do without: every node learns the record of every other, of 40 bytes at most.
    async fn floor(&self) -> Result<f64> {
        let size = self.cluster.nodes[0].handle().look(|core| {
            let me = core.swim().me();
            Message::Update(Update::Alive { incarnation: me.incarnation, record: me.record.clone() }).size()
        });
        let pairs = self.cluster.nodes.len() * (self.cluster.nodes.len() - 1);
        Ok((pairs * size.await?.min(40)) as f64)
    }

    async fn join(&mut self, trial: &mut Trial) {
        let seed = &self.cluster.nodes[0];
        let (all, from_seed) = (self.cluster.bytes(), seed.traffic().bytes_out());
        trial.join_all_ms = self.cluster.join(PATIENCE).await;
        trial.join_bytes = (self.cluster.bytes() - all) as f64;
        trial.seed_share = 100.0 * (seed.traffic().bytes_out() - from_seed) as f64 / trial.join_bytes;
    }

    async fn idle(&mut self, trial: &mut Trial) -> Result<()> {
        sleep(SETTLE).await;
        let used = cpu()?;
        let idle = self.cluster.idle(IDLE).await;
        trial.idle_bytes_per_node_s = idle.bytes / idle.node_seconds;
        trial.idle_packets_per_node_s = idle.packets / idle.node_seconds;
        trial.cpu_us_per_node_s = Some((cpu()? - used).as_micros() as f64 / idle.node_seconds);
        trial.rss_mib = Some(resident_mib()?);
        Ok(())
    }

    async fn event(&mut self, trial: &mut Trial) -> Result<()> {
        let n = self.cluster.nodes.len();
        let from = self.dice.below(n as u32) as usize;
        let payload: Vec<u8> = (0..64).map(|_| self.dice.bits() as u8).collect();
        let before = self.cluster.bytes();
        let start = Instant::now();
        self.cluster.nodes[from].event("bench", payload).await?;
        trial.event_all_ms = self.cluster.tally.until(start, PATIENCE / 4, |c| c.delivered == n).await;
        sleep(SILENCE).await;
        trial.event_missed = (n - self.cluster.tally.counts().delivered) as f64;
        let idle = trial.idle_bytes_per_node_s * n as f64 * start.elapsed().as_secs_f64();
        trial.event_bytes = (self.cluster.bytes() - before) as f64 - idle;
        Ok(())
    }

    /// One more event, and its sender waits until it knows that all have it.
    async fn covered(&mut self, trial: &mut Trial) -> Result<()> {
        let from = &self.cluster.nodes[self.dice.below(self.cluster.nodes.len() as u32) as usize];
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
        self.cluster.tally.counts().excused = true;
        self.cluster.nodes[0].faults().cut(Cut::Everyone).await?;
        for node in self.cluster.nodes.iter().skip(1).take(CHANGED) {
            node.set_tags([("v", "2")]).await?;
        }
        sleep(CUT_OFF).await;
        self.cluster.nodes[0].faults().cut(Cut::Nobody).await?;
        let (before, start) = (self.conversed(0), Instant::now());
        let last = self.cluster.nodes.len() - 1;
        while self.digest(0).await? != self.digest(last).await? && start.elapsed() < PATIENCE {
            sleep(LOOK).await;
        }
        let known = start.elapsed() < PATIENCE;
        sleep(SILENCE).await;
        trial.delta_bytes = if known { (self.conversed(0) - before) as f64 } else { f64::INFINITY };
        sleep(SETTLE).await;
        self.cluster.tally.counts().excused = false;
        Ok(())
    }

    async fn crash(&mut self, trial: &mut Trial) {
        let victim = self.cluster.nodes.swap_remove(self.dice.below(self.cluster.nodes.len() as u32) as usize);
        self.cluster.tally.counts().victim = Some(bruit::PeerId::named(victim.name()));
        let start = Instant::now();
        victim.stop().await;
        let survivors = self.cluster.nodes.len();
        trial.crash_all_ms = self.cluster.tally.until(start, PATIENCE, |c| c.mourned == survivors).await;
    }

    async fn digest(&self, i: usize) -> Result<u32> {
        Ok(self.cluster.nodes[i].handle().look(|core| core.swim().digest()).await?)
    }

    /// Bytes of a node's conversations, both ways.
    fn conversed(&self, i: usize) -> u64 {
        let traffic = self.cluster.nodes[i].traffic();
        traffic.stream_bytes_out + traffic.stream_bytes_in
    }
}
