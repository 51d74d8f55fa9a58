//! Whoever goes from node to node while somebody watches, and ends when nobody does.

use super::taken::{Tap, take};
use super::{ANSWERS, MAX_IN_ALL, MAX_RATE};
use crate::agent::endpoints::traced;
use crate::picture::{Picture, Watched, lock, merge, unix_ms};
use bruit::capture::notes;
use bruit::proto::Protocol;
use bruit::{Direction, Full, Tapped, Traffic};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// How often nodes are asked for theirs. At the highest rate five come meanwhile, of which a node keeps twenty.
const TURN: Duration = Duration::from_millis(100);
/// Traffic is told, and one exchange, each so many turns.
const SECOND: u32 = 10;

/// One who goes round.
pub(super) struct Round {
    picture: Picture,
    /// By name.
    taps: BTreeMap<String, Tap>,
    before: BTreeMap<String, Traffic>,
    /// Packets that were kept since traffic was told, and packets that were not.
    counts: (u64, u64),
    turn: u32,
    /// What each node's last exchange was.
    exchanges: BTreeMap<String, Value>,
}

impl Round {
    pub(super) fn new(picture: Picture) -> Round {
        Round { picture, taps: BTreeMap::new(), before: BTreeMap::new(), counts: (0, 0), turn: 0, exchanges: BTreeMap::new() }
    }

    pub(super) async fn run(mut self) {
        let mut turns = interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let nodes = self.picture.everyone();
            let (all, leased) = self.wanted(nodes.len());
            let idle = all == 0 && leased.is_empty();
            let rate = |node: &Watched| if leased.contains(&node.name) { all.max(per_node(leased.len())) } else { all };
            let rates: Vec<u32> = nodes.iter().map(rate).collect();
            self.tap(&nodes, &rates, all > 0).await;
            if all > 0 && self.turn.is_multiple_of(SECOND) {
                self.tell_traffic(&nodes);
                self.tell_exchange(&nodes).await;
            }
            self.turn += 1;
            self.taps.retain(|name, _| nodes.iter().any(|one| one.name == *name && one.node.is_some()));
            // One that is paused is told when it goes on.
            if idle && self.taps.values().all(|tap| tap.rate == 0) && self.ends() {
                return;
            }
        }
    }

    /// Packets a second of every node, and the nodes that are sampled for their inside.
    fn wanted(&self, nodes: usize) -> (u32, Vec<String>) {
        let mut wanted = lock(&self.picture.packets.wanted);
        let now = Instant::now();
        wanted.leases.retain(|_, until| *until > now);
        let most = wanted.rates.values().copied().max().unwrap_or_default();
        (most.min(per_node(nodes)), wanted.leases.keys().cloned().collect())
    }

    /// Whether still nobody watches; then whoever comes next starts another round.
    fn ends(&self) -> bool {
        let mut wanted = lock(&self.picture.packets.wanted);
        wanted.runs = !(wanted.rates.is_empty() && wanted.leases.is_empty());
        !wanted.runs
    }

    /// Sets what is sampled, and tells what was.
    async fn tap(&mut self, nodes: &[Watched], rates: &[u32], tells: bool) {
        let asked = nodes.iter().zip(rates).filter_map(|(one, rate)| Some((one, one.asked()?, *rate)));
        let turns = asked.map(|(one, node, rate)| {
            let session = node.handle().record().session();
            let held = self.taps.get(&one.name).copied().filter(|tap| tap.session == session);
            let before = held.unwrap_or(Tap { session, ..Tap::default() });
            async move { timeout(ANSWERS, take(node, before, rate)).await.ok()?.map(|taken| (one.name.clone(), before, taken)) }
        });
        let taken: Vec<_> = join_all(turns).await.into_iter().flatten().collect();
        for (name, before, (tap, packets)) in taken {
            self.counts.0 += packets.len() as u64;
            self.counts.1 += tap.passed.saturating_sub(before.passed);
            self.taps.insert(name.clone(), tap);
            if tells {
                packets.iter().for_each(|(packet, peer, at_ms)| self.tell_packet(&name, packet, peer, *at_ms));
            }
        }
    }

    /// In the demo both ends are watched, and a packet is told by the one that sends it.
    fn tell_packet(&self, name: &str, packet: &Tapped, peer: &str, at_ms: u64) {
        if self.picture.is_demo() && packet.direction == Direction::In {
            return;
        }
        let (from, to) = if packet.direction == Direction::Out { (name, peer) } else { (peer, name) };
        let (said, _) = notes::<<Full as Protocol>::Message>(&packet.body, &|_| String::new());
        let kinds: Vec<&str> = said.iter().map(|note| note.kind).collect();
        let data = json!({ "at": name, "at_ms": at_ms, "from": from, "to": to, "bytes": packet.bytes, "messages": kinds });
        self.pass("packet", data);
    }

    fn tell_traffic(&mut self, nodes: &[Watched]) {
        let now: BTreeMap<String, Traffic> =
            nodes.iter().filter_map(|one| Some((one.name.clone(), one.node.as_ref()?.traffic()))).collect();
        let (mut packets, mut bytes) = (0, 0);
        for (name, traffic) in &now {
            // Of a new process nothing is known before; of none there is nothing.
            let Some(before) = self.before.get(name) else { continue };
            packets += traffic.packets_out.saturating_sub(before.packets_out);
            bytes += traffic.bytes_out().saturating_sub(before.bytes_out());
        }
        let first = self.before.is_empty();
        self.before = now;
        let (sampled, passed) = std::mem::take(&mut self.counts);
        if !first {
            let at_ms = unix_ms(SystemTime::now());
            let counts = json!({ "at_ms": at_ms, "packets": packets, "bytes": bytes, "sampled": sampled, "passed": passed });
            self.pass("traffic", counts);
        }
    }

    /// The newest exchange of one node: each second the next one's.
    async fn tell_exchange(&mut self, nodes: &[Watched]) {
        let asked: Vec<&Watched> = nodes.iter().filter(|one| one.asked().is_some()).collect();
        let Some(one) = asked.get((self.turn / SECOND) as usize % asked.len().max(1)) else { return };
        let Some(node) = one.asked() else { return };
        let Ok(Ok(mut trace)) = timeout(ANSWERS, traced(node)).await else { return };
        if self.exchanges.insert(one.name.clone(), trace.clone()) != Some(trace.clone()) {
            merge(&mut trace, json!({ "at": one.name, "at_ms": unix_ms(SystemTime::now()) }));
            self.pass("exchange", trace);
        }
    }

    fn pass(&self, kind: &'static str, mut data: Value) {
        merge(&mut data, json!({ "kind": kind }));
        // Nobody listens: then the next turn is the last.
        let _ = self.picture.packets.passing.send(Arc::new((kind, data.to_string())));
    }
}

/// The share of one of so many.
fn per_node(nodes: usize) -> u32 {
    (MAX_IN_ALL / nodes.max(1) as u32).clamp(1, MAX_RATE)
}
