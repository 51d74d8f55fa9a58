//! The nodes of the demo, and what is done to them.

use super::faults::Islands;
use super::order::Way;
use crate::picture::{Picture, Runs, Watched};
use anyhow::{Context, Result, bail};
use bruit::stacks::state::Detector;
use bruit::{CoreConfig, Event, Events, Node, Paused, Spread, StateConfig};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a round of endpoint state lasts here: five times as fast as in production, or one would wait.
pub(super) const ROUND: Duration = Duration::from_millis(200);
/// Seeds of whoever starts again.
const SEEDS: usize = 3;

/// One place in the cluster: a name and a port, and the process that runs there, if one does.
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) at: SocketAddr,
    process: Option<Process>,
    /// What earlier processes here have sent: packets and bytes.
    before: (u64, u64),
}

struct Process {
    node: Node,
    events: Events<Event>,
    paused: Option<Paused>,
}

/// The cluster.
pub(super) struct Cluster {
    pub(super) slots: Vec<Slot>,
    pub(super) picture: Picture,
    core: CoreConfig,
    state: Arc<StateConfig>,
    islands: Islands,
    loss: u32,
}

impl Cluster {
    /// Of no nodes yet.
    pub(super) fn empty(picture: Picture, spread: Spread) -> Cluster {
        let state = StateConfig { detector: Detector::Both, every: ROUND, ..StateConfig::default() };
        let core = CoreConfig { spread, ..CoreConfig::default() };
        Cluster { slots: Vec::new(), picture, core, state: state.into(), islands: Islands::default(), loss: 0 }
    }

    /// Binds and starts `n` nodes; none knows another.
    pub(super) async fn start(&mut self, n: u16, port: Option<u16>) -> Result<()> {
        for i in 0..n {
            let port = match port {
                Some(first) => first.checked_add(i).context("the last port is above 65535: give a lower --port")?,
                None => 0,
            };
            let at = SocketAddr::from(([127, 0, 0, 1], port));
            self.slots.push(Slot { name: format!("n{}", i + 1), at, process: None, before: (0, 0) });
            self.run(usize::from(i)).await?;
        }
        Ok(())
    }

    /// Every node but the first joins it, all at once.
    pub(super) fn join_all(&self) -> Result<()> {
        let seed = self.slots[0].at.to_string();
        for slot in &self.slots[1..] {
            let (node, seed) = (slot.node()?.clone(), seed.clone());
            tokio::spawn(async move { node.join([seed]).await });
        }
        Ok(())
    }

    async fn run(&mut self, i: usize) -> Result<()> {
        let slot = &mut self.slots[i];
        let node = Node::bind(slot.at.to_string()).name(&slot.name).config(self.core.clone());
        let starting = node.state(Arc::clone(&self.state)).start();
        let node = starting.await.with_context(|| format!("cannot start {}", slot.name))?;
        slot.at = node.local_addr();
        let (picture, watched, source) = (self.picture.clone(), node.clone(), node.events());
        self.picture.watch(Watched::running(&node));
        tokio::spawn(async move { picture.follow(&watched, source, |_| {}).await });
        slot.process = Some(Process { events: node.events(), node, paused: None });
        self.break_links().await
    }

    /// Which slot has this name.
    pub(super) fn find(&self, name: &str) -> Result<usize> {
        self.slots.iter().position(|slot| slot.name == name).with_context(|| format!("there is no node {name}"))
    }

    /// The node in a slot.
    pub(super) fn node(&self, i: usize) -> Result<&Node> {
        self.slots[i].node()
    }

    /// Stops it without a word.
    pub(super) async fn kill(&mut self, i: usize) {
        self.slots[i].stop().await;
        self.picture.turn(&self.slots[i].name, Runs::Stopped);
    }

    /// Starts a new process in its place, which joins through the others.
    pub(super) async fn restart(&mut self, i: usize) -> Result<()> {
        self.kill(i).await;
        self.run(i).await?;
        self.picture.turn(&self.slots[i].name, Runs::Freely);
        let others: Vec<String> = self.running().filter(|j| *j != i).map(|j| self.slots[j].at.to_string()).take(SEEDS).collect();
        let node = self.node(i)?.clone();
        tokio::spawn(async move { node.join(others).await });
        Ok(())
    }

    /// As SIGSTOP does.
    pub(super) async fn pause(&mut self, i: usize) -> Result<()> {
        if self.is_paused(i) {
            bail!("{} is paused", self.slots[i].name);
        }
        let paused = self.node(i)?.faults().pause().await?;
        self.slots[i].process()?.paused = Some(paused);
        self.show(i);
        Ok(())
    }

    /// As SIGCONT does.
    pub(super) async fn resume(&mut self, i: usize) -> Result<()> {
        self.slots[i].process()?.paused = None;
        self.break_links().await
    }

    /// From now on nothing gets through between these and all others.
    pub(super) async fn cut(&mut self, island: Vec<usize>, way: Way) -> Result<()> {
        self.islands.add(island, way);
        self.break_links().await
    }

    /// Nothing is cut any more.
    pub(super) async fn heal(&mut self) -> Result<()> {
        self.islands = Islands::default();
        self.break_links().await
    }

    /// Loses so many percent of all datagrams.
    pub(super) async fn lose(&mut self, percent: u32) -> Result<()> {
        self.loss = percent;
        self.picture.lose(percent);
        self.break_links().await
    }

    /// Tells each node what is cut and how much is lost; one that is paused, when it goes on.
    async fn break_links(&self) -> Result<()> {
        for i in self.running().filter(|i| !self.is_paused(*i)) {
            let faults = self.slots[i].node()?.faults();
            faults.cut(self.islands.around(i, &self.slots)).await?;
            faults.lose(self.loss * 10_000).await?;
            self.show(i);
        }
        Ok(())
    }

    /// Shows what is the matter with it.
    fn show(&self, i: usize) {
        let slot = &self.slots[i];
        let runs = match &slot.process {
            None => Runs::Stopped,
            Some(process) if process.paused.is_some() => Runs::Paused,
            Some(_) if self.islands.hold(i) => Runs::Cut,
            Some(_) => Runs::Freely,
        };
        self.picture.turn(&slot.name, runs);
    }

    /// It says goodbye and stops.
    pub(super) async fn leave(&mut self, i: usize) -> Result<()> {
        if self.is_paused(i) {
            bail!("{} is paused", self.slots[i].name);
        }
        self.node(i)?.leave().await?;
        self.kill(i).await;
        Ok(())
    }

    pub(super) fn is_paused(&self, i: usize) -> bool {
        self.slots[i].process.as_ref().is_some_and(|process| process.paused.is_some())
    }

    /// Those whose process runs, paused or not.
    pub(super) fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.slots.len()).filter(|i| self.slots[*i].process.is_some())
    }

    /// Takes what happened at node `i` since it was last asked.
    pub(super) fn news(&mut self, i: usize) -> Vec<Event> {
        let process = self.slots[i].process.as_mut();
        process.map(|process| std::iter::from_fn(|| process.events.try_next()).collect()).unwrap_or_default()
    }

    /// Bytes that all have sent so far.
    pub(super) fn bytes(&self) -> u64 {
        self.slots.iter().map(|slot| slot.sent().1).sum()
    }
}

impl Slot {
    async fn stop(&mut self) {
        if let Some(Process { node, .. }) = self.process.take() {
            node.stop().await;
            let traffic = node.traffic();
            self.before = (self.before.0 + traffic.packets_out, self.before.1 + traffic.bytes_out());
        }
    }

    /// Packets and bytes that its processes have sent so far.
    fn sent(&self) -> (u64, u64) {
        let now = self.process.as_ref().map(|process| process.node.traffic()).unwrap_or_default();
        (self.before.0 + now.packets_out, self.before.1 + now.bytes_out())
    }

    fn node(&self) -> Result<&Node> {
        self.process.as_ref().map(|process| &process.node).with_context(|| format!("{} does not run", self.name))
    }

    fn process(&mut self) -> Result<&mut Process> {
        self.process.as_mut().with_context(|| format!("{} does not run", self.name))
    }
}
