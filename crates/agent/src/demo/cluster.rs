//! The nodes of the demo, and what is done to them.

use anyhow::{Context, Result};
use bruit::{Cut, Event, Events, Member, Node, Paused, PeerId, Status};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// One place in the cluster: a name and a port, and the process that runs there, if one does.
pub(super) struct Slot {
    pub(super) name: String,
    pub(super) at: SocketAddr,
    node: Option<Running>,
    /// What earlier processes here have sent: packets and bytes.
    before: (u64, u64),
}

struct Running {
    node: Node,
    events: Events<Event>,
    paused: Option<Paused>,
    cut: bool,
}

/// What is the matter with a node, by our own hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Runs,
    Paused,
    Cut,
    Stopped,
}

/// How the others see a node: by how many of them, each status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) alive: usize,
    pub(super) suspect: usize,
    pub(super) dead: usize,
    pub(super) left: usize,
    pub(super) unknown: usize,
    /// The highest that anyone knows.
    pub(super) incarnation: u64,
    /// How long ago the first of them changed its mind last.
    pub(super) since: Option<Duration>,
}

impl Seen {
    /// How many others look.
    pub(super) fn of(&self) -> usize {
        self.alive + self.suspect + self.dead + self.left + self.unknown
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("alive", self.alive),
            ("suspect", self.suspect),
            ("dead", self.dead),
            ("left", self.left),
            ("unknown", self.unknown),
        ];
        let mut some = all.iter().filter(|x| x.1 > 0).peekable();
        while let Some((what, by)) = some.next() {
            let comma = if some.peek().is_some() { ", " } else { "" };
            write!(f, "{what} {by}/{}{comma}", self.of())?;
        }
        Ok(())
    }
}

/// What one node sees: its members and its clock. `None` for one that cannot be asked.
pub(super) type View = Option<(Vec<Member>, bruit::proto::Time)>;

/// The cluster.
pub(super) struct Cluster {
    pub(super) slots: Vec<Slot>,
}

impl Cluster {
    /// Binds and starts `n` nodes; none knows another.
    pub(super) async fn start(n: u16, port: Option<u16>) -> Result<Cluster> {
        let mut slots = Vec::new();
        for i in 0..n {
            let port = match port {
                Some(first) => first.checked_add(i).context("the last port is above 65535: give a lower --port")?,
                None => 0,
            };
            let mut slot = Slot {
                name: format!("node-{}", i + 1),
                at: SocketAddr::from(([127, 0, 0, 1], port)),
                node: None,
                before: (0, 0),
            };
            slot.run().await?;
            slots.push(slot);
        }
        Ok(Cluster { slots })
    }

    /// Every node but the first joins it, all at once.
    pub(super) async fn join_all(&self) -> Result<()> {
        let seed = self.slots[0].at.to_string();
        for slot in &self.slots[1..] {
            let (node, seed) = (slot.node()?.clone(), seed.clone());
            tokio::spawn(async move { node.join([seed]).await });
        }
        Ok(())
    }

    pub(super) fn state(&self, i: usize) -> State {
        match &self.slots[i].node {
            None => State::Stopped,
            Some(running) if running.paused.is_some() => State::Paused,
            Some(running) if running.cut => State::Cut,
            Some(_) => State::Runs,
        }
    }

    /// The node in a slot.
    pub(super) fn node(&self, i: usize) -> Result<&Node> {
        self.slots[i].node()
    }

    /// Stops it without a word.
    pub(super) async fn kill(&mut self, i: usize) {
        self.slots[i].stop().await;
    }

    /// Starts a new process in its place, which joins through the others.
    pub(super) async fn restart(&mut self, i: usize) -> Result<()> {
        self.kill(i).await;
        self.slots[i].run().await?;
        let others: Vec<String> = self.running().filter(|j| *j != i).map(|j| self.slots[j].at.to_string()).take(3).collect();
        let node = self.node(i)?.clone();
        tokio::spawn(async move { node.join(others).await });
        Ok(())
    }

    /// As SIGSTOP does.
    pub(super) async fn pause(&mut self, i: usize) -> Result<()> {
        let paused = self.node(i)?.faults().pause().await?;
        self.slots[i].running()?.paused = Some(paused);
        Ok(())
    }

    /// As SIGCONT does.
    pub(super) fn resume(&mut self, i: usize) -> Result<()> {
        self.slots[i].running()?.paused = None;
        Ok(())
    }

    /// Nothing in, nothing out.
    pub(super) async fn cut(&mut self, i: usize, cut: bool) -> Result<()> {
        self.node(i)?.faults().cut(if cut { Cut::Everyone } else { Cut::Nobody }).await?;
        self.slots[i].running()?.cut = cut;
        Ok(())
    }

    /// It says goodbye and stops.
    pub(super) async fn leave(&mut self, i: usize) -> Result<()> {
        self.node(i)?.leave().await?;
        self.slots[i].stop().await;
        Ok(())
    }

    /// Those whose process runs, paused or not.
    pub(super) fn running(&self) -> impl Iterator<Item = usize> {
        (0..self.slots.len()).filter(|i| self.slots[*i].node.is_some())
    }

    /// What each node sees.
    pub(super) async fn views(&self) -> Vec<View> {
        let mut views = Vec::new();
        for slot in &self.slots {
            let asked = slot.node.as_ref().filter(|running| running.paused.is_none());
            views.push(match asked {
                Some(running) => running.node.members().await.ok().map(|members| (members, running.node.now())),
                None => None,
            });
        }
        views
    }

    /// How the others see node `i`.
    pub(super) fn seen(&self, i: usize, views: &[View]) -> Seen {
        let mut seen = Seen::default();
        let id = PeerId::named(&self.slots[i].name);
        for (members, now) in views.iter().enumerate().filter(|(j, _)| *j != i).filter_map(|(_, view)| view.as_ref()) {
            let Some(member) = members.iter().find(|m| m.id() == id) else {
                seen.unknown += 1;
                continue;
            };
            match member.status {
                Status::Alive => seen.alive += 1,
                Status::Suspect => seen.suspect += 1,
                Status::Dead => seen.dead += 1,
                Status::Left => seen.left += 1,
            }
            seen.incarnation = seen.incarnation.max(member.incarnation);
            let since = now.since(member.since);
            seen.since = Some(seen.since.map_or(since, |s| s.min(since)));
        }
        seen
    }

    /// Takes what happened at node `i` since it was last asked.
    pub(super) fn news(&mut self, i: usize) -> Vec<Event> {
        let running = self.slots[i].node.as_mut();
        running.map(|running| std::iter::from_fn(|| running.events.try_next()).collect()).unwrap_or_default()
    }

    /// Packets and bytes that a slot's processes have sent so far.
    pub(super) fn sent(&self, i: usize) -> (u64, u64) {
        let slot = &self.slots[i];
        let now = slot.node.as_ref().map(|running| running.node.traffic()).unwrap_or_default();
        (slot.before.0 + now.packets_out, slot.before.1 + now.bytes_out())
    }

    /// Bytes that all have sent so far.
    pub(super) fn bytes(&self) -> u64 {
        (0..self.slots.len()).map(|i| self.sent(i).1).sum()
    }
}

impl Slot {
    async fn run(&mut self) -> Result<()> {
        let starting = Node::bind(self.at.to_string()).name(&self.name).start();
        let node = starting.await.with_context(|| format!("cannot start {}", self.name))?;
        self.at = node.local_addr();
        self.node = Some(Running { events: node.events(), node, paused: None, cut: false });
        Ok(())
    }

    async fn stop(&mut self) {
        if let Some(Running { node, .. }) = self.node.take() {
            node.stop().await;
            let traffic = node.traffic();
            self.before = (self.before.0 + traffic.packets_out, self.before.1 + traffic.bytes_out());
        }
    }

    fn node(&self) -> Result<&Node> {
        self.node.as_ref().map(|running| &running.node).with_context(|| format!("{} does not run", self.name))
    }

    fn running(&mut self) -> Result<&mut Running> {
        self.node.as_mut().with_context(|| format!("{} does not run", self.name))
    }
}
