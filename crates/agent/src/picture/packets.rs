//! Packets on their way, for whoever watches: sampled at the nodes while somebody does, and told to streams that asked for
//! them. Nothing of this is numbered or kept: a packet that was missed is one of many.

use super::news::unix_ms;
use super::{Picture, Watched, lock};
use bruit::proto::{Protocol, notes};
use bruit::{Direction, Full, Node, PeerId, Tapped, Traffic};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// The most packets a second of one node.
const MAX_RATE: u32 = 50;
/// The most packets a second in all: each is some 150 bytes, 75 kB/s for each stream.
const MAX_IN_ALL: u32 = 500;
/// How often nodes are asked for theirs. At the highest rate five come meanwhile, of which a node keeps twenty.
const TURN: Duration = Duration::from_millis(100);
/// Traffic is told, and one exchange, each so many turns.
const SECOND: u32 = 10;
/// A node whose inside was asked for is sampled for so long.
const LEASE: Duration = Duration::from_secs(5);
/// What waits for one stream: two seconds of the most.
const WAITING: usize = 1_024;
/// A node that stands still is not waited for.
const ANSWERS: Duration = Duration::from_millis(500);

/// Kind and data of something that is told and forgotten.
pub(super) type Passing = Arc<(&'static str, String)>;

/// Who watches packets.
#[derive(Debug)]
pub(super) struct Packets {
    passing: broadcast::Sender<Passing>,
    wanted: Mutex<Wanted>,
}

#[derive(Debug, Default)]
struct Wanted {
    /// What each stream asked for.
    rates: BTreeMap<u64, u32>,
    next: u64,
    /// Nodes whose inside was asked for, and until when they are sampled for that.
    leases: BTreeMap<String, Instant>,
    /// Whether somebody goes round.
    runs: bool,
}

impl Default for Packets {
    fn default() -> Self {
        Packets { passing: broadcast::Sender::new(WAITING), wanted: Mutex::default() }
    }
}

/// A stream's claim to packets; given up when dropped.
pub(super) struct Claim {
    picture: Picture,
    number: u64,
    pub(super) passing: broadcast::Receiver<Passing>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.picture.packets.wanted).rates.remove(&self.number);
    }
}

impl Picture {
    /// So many packets a second of each node, for a stream.
    pub(super) fn claim(&self, rate: u32) -> Claim {
        let passing = self.packets.passing.subscribe();
        let mut wanted = lock(&self.packets.wanted);
        wanted.next += 1;
        let number = wanted.next;
        wanted.rates.insert(number, rate.clamp(1, MAX_RATE));
        self.go_round(&mut wanted);
        drop(wanted);
        Claim { picture: self.clone(), number, passing }
    }

    /// Packets of this node, for a while.
    pub(super) fn lease(&self, name: &str) {
        let mut wanted = lock(&self.packets.wanted);
        wanted.leases.insert(name.into(), Instant::now() + LEASE);
        self.go_round(&mut wanted);
    }

    fn go_round(&self, wanted: &mut Wanted) {
        if !std::mem::replace(&mut wanted.runs, true) {
            tokio::spawn(Round::new(self.clone()).run());
        }
    }
}

/// Goes from node to node while somebody watches.
struct Round {
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

/// How one node is sampled.
#[derive(Clone, Copy, Default)]
struct Tap {
    /// Which process.
    session: u64,
    /// So many packets a second.
    rate: u32,
    /// The last packet that was told.
    last: u64,
    /// Packets that were not kept so far.
    passed: u64,
}

/// Packets of a node, each with who its peer is and when it was, in unix time.
type Taken = Vec<(Tapped, String, u64)>;

impl Round {
    fn new(picture: Picture) -> Round {
        Round { picture, taps: BTreeMap::new(), before: BTreeMap::new(), counts: (0, 0), turn: 0, exchanges: BTreeMap::new() }
    }

    async fn run(mut self) {
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
        let Ok(Ok(mut trace)) = timeout(ANSWERS, crate::agent::endpoints::traced(node)).await else { return };
        if self.exchanges.insert(one.name.clone(), trace.clone()) != Some(trace.clone()) {
            super::merge(&mut trace, json!({ "at": one.name, "at_ms": unix_ms(SystemTime::now()) }));
            self.pass("exchange", trace);
        }
    }

    fn pass(&self, kind: &'static str, mut data: Value) {
        super::merge(&mut data, json!({ "kind": kind }));
        // Nobody listens: then the next turn is the last.
        let _ = self.picture.packets.passing.send(Arc::new((kind, data.to_string())));
    }
}

/// The share of one of so many.
fn per_node(nodes: usize) -> u32 {
    (MAX_IN_ALL / nodes.max(1) as u32).clamp(1, MAX_RATE)
}

/// Has so many packets a second sampled; those that are new.
async fn take(node: &Node, before: Tap, rate: u32) -> Option<(Tap, Taken)> {
    if before.rate != rate {
        node.handle().tap(rate).await.ok()?;
    }
    if rate == 0 {
        return Some((Tap { session: before.session, ..Tap::default() }, Vec::new()));
    }
    let (packets, passed) = packets(node, before.last).await?;
    let last = packets.last().map_or(before.last, |x| x.0.number);
    Some((Tap { rate, last, passed, ..before }, packets))
}

/// The packets that a node has kept above this number, and how many it has not kept.
async fn packets(node: &Node, last: u64) -> Option<(Taken, u64)> {
    let (packets, passed) = node.handle().tapped(last).await.ok()?;
    let peers: Vec<PeerId> = packets.iter().map(|packet| packet.peer).collect();
    let names = names(node, peers).await?;
    let (now, wall) = (node.now(), unix_ms(SystemTime::now()));
    let told = |packet: Tapped| {
        let name = names.get(&packet.peer).cloned().unwrap_or_else(|| packet.address.to_string());
        let at_ms = wall.saturating_sub(now.since(packet.at).as_millis() as u64);
        (packet, name, at_ms)
    };
    Some((packets.into_iter().map(told).collect(), passed))
}

/// Those of these that are members, by name.
async fn names(node: &Node, of: Vec<PeerId>) -> Option<BTreeMap<PeerId, String>> {
    let name = |full: &Full, id: PeerId| Some((id, full.swim().member(id)?.record.name().to_owned()));
    node.handle().look(move |full| of.into_iter().filter_map(|id| name(full, id)).collect()).await.ok()
}

/// The last packets that a node has kept, opened and written down.
pub(super) async fn opened(node: &Node) -> Vec<Value> {
    let Some((packets, _)) = packets(node, 0).await else { return Vec::new() };
    let all = node.members().await.unwrap_or_default();
    let names: BTreeMap<PeerId, &str> = all.iter().map(|m| (m.id(), m.record.name())).collect();
    let name = |id: PeerId| names.get(&id).map_or_else(|| format!("{id:?}"), |name| (*name).to_owned());
    let told = |(packet, peer, at_ms): &(Tapped, String, u64)| {
        let (said, _) = notes::<<Full as Protocol>::Message>(&packet.body, &name);
        json!({
            "at_ms": at_ms,
            "dir": if packet.direction == Direction::In { "in" } else { "out" },
            "peer": peer,
            "bytes": packet.bytes,
            "sealed": packet.sealed,
            "messages": said.into_iter().map(|note| note.text).collect::<Vec<_>>(),
        })
    };
    packets.iter().map(told).collect()
}
