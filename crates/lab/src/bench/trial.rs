//! One trial: join, idle, an event, a delta, a crash.

use super::{Options, Trial};
use crate::cluster::{form, id};
use crate::world::{Traffic, World};
use bruit_events::{Covered, Filter};
use bruit_proto::{Change, Rng, Tags};
use bruit_stacks::{Event, Full, FullEvent};
use bruit_swim as swim;
use std::time::Duration;

/// A join, an event and a crash that took longer have failed.
const PATIENCE: Duration = Duration::from_secs(120);
/// Nodes start at random moments within this, or their wake-ups would coincide.
const START: Duration = Duration::from_secs(2);
/// A cluster is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
/// An event is over so long after its last delivery: its copies are told for a second at most.
const SILENCE: Duration = Duration::from_secs(2);
/// Members that change while one node does not hear of it, and for how long it does not: long enough for the news to be
/// told, too short for a death.
const CHANGED: u32 = 10;
const CUT_OFF: Duration = Duration::from_secs(2);

/// A cluster under measurement.
pub(super) struct Bench {
    pub(super) world: World<Full>,
    pub(super) dice: Rng,
    pub(super) nodes: u32,
    /// Views in which a living node was dead.
    pub(super) false_deaths: u32,
    /// Nodes that delivered the last event, and survivors that know the last crash.
    reached: u32,
    crashed: Option<u32>,
    /// Deaths are not false now: somebody is cut off.
    excused: bool,
}

pub(super) fn run(options: &Options, seed: u64) -> Trial {
    let mut bench = Bench::new(options, seed);
    let mut trial = Trial { join_bytes_floor: bench.floor(), ..Trial::default() };
    bench.join(&mut trial);
    bench.idle(&mut trial);
    bench.event(&mut trial);
    bench.covered(&mut trial);
    bench.delta(&mut trial);
    bench.crash(&mut trial);
    trial.false_deaths = f64::from(bench.false_deaths);
    trial
}

impl Bench {
    pub(super) fn new(options: &Options, seed: u64) -> Bench {
        let mut bench = Bench {
            world: options.world(seed),
            dice: Rng::seeded(seed),
            nodes: options.nodes,
            false_deaths: 0,
            reached: 0,
            crashed: None,
            excused: false,
        };
        let mut starts: Vec<_> = (0..bench.nodes).map(|i| (bench.dice.between(Duration::ZERO, START), i)).collect();
        starts.sort_unstable();
        for (at, i) in starts {
            let wait = at.saturating_sub(bench.world.now());
            bench.world.run(wait);
            bench.world.start(i);
        }
        bench.world.run(START.saturating_sub(bench.world.now()));
        bench
    }

    /// Every node but the first joins it, at once; how long until all know all.
    pub(super) fn form(&mut self) -> Option<Duration> {
        form(&mut self.world, self.nodes, PATIENCE)
    }

    fn join(&mut self, trial: &mut Trial) {
        let (all, seed) = (self.world.total_traffic(), self.world.traffic(0));
        trial.join_all_ms = milliseconds(self.form());
        trial.join_bytes = (self.world.total_traffic() - all).bytes() as f64;
        trial.seed_share = 100.0 * (self.world.traffic(0) - seed).bytes() as f64 / trial.join_bytes;
    }

    fn idle(&mut self, trial: &mut Trial) {
        self.pass(SETTLE);
        let cost = self.cost_of(IDLE);
        let node_seconds = f64::from(self.nodes) * IDLE.as_secs_f64();
        trial.idle_bytes_per_node_s = cost.bytes() as f64 / node_seconds;
        trial.idle_packets_per_node_s = cost.packets as f64 / node_seconds;
    }

    fn event(&mut self, trial: &mut Trial) {
        let idle = trial.idle_bytes_per_node_s * f64::from(self.nodes);
        let before = self.world.total_traffic();
        let start = self.world.now();
        let from = self.dice.below(self.nodes);
        let payload: Vec<u8> = (0..64).map(|_| self.dice.bits() as u8).collect();
        self.reached = 0;
        let said = self.world.command(from, |full, cx| full.event(cx, "bench", &payload, Filter::all()));
        said.expect("64 bytes are an event");
        let took = self.until(PATIENCE / 4, |b| b.reached == b.nodes);
        trial.event_all_ms = milliseconds(took);
        self.pass(SILENCE);
        trial.event_missed = f64::from(self.nodes - self.reached);
        let spent = (self.world.now() - start).as_secs_f64();
        trial.event_bytes = (self.world.total_traffic() - before).bytes() as f64 - idle * spent;
    }

    /// One more event, and its sender waits until it knows that all have it.
    fn covered(&mut self, trial: &mut Trial) {
        let from = self.dice.below(self.nodes);
        let heard = |b: &Bench| b.world.protocol(from).events().counters().reports;
        let before = heard(self);
        let said = self.world.command(from, |full, cx| {
            full.in_events(cx, |events, cx| events.event_covered(cx, "bench", &[7; 64], Filter::all()))
        });
        let id = said.expect("64 bytes are an event");
        let all = |b: &mut Bench| match b.world.protocol(from).events().covered(id) {
            Some(Covered::Named(nodes)) => nodes.len() == b.nodes as usize,
            Some(Covered::Counted(n)) => n == b.nodes,
            None => false,
        };
        trial.covered_all_ms = milliseconds(self.until(PATIENCE / 4, all));
        self.pass(SILENCE);
        trial.covered_packets = (heard(self) - before) as f64;
    }

    /// One node is cut off while ten others change; what it costs until it knows.
    fn delta(&mut self, trial: &mut Trial) {
        self.excused = true;
        self.world.partition(&[0]);
        for i in 1..self.nodes.min(CHANGED + 1) {
            let tags: Tags = [("v", "2")].into_iter().collect();
            let changed = self.world.command(i, |full, cx| full.set_tags(cx, tags));
            changed.expect("a small tag");
        }
        self.pass(CUT_OFF);
        self.world.heal();
        let before = self.conversed(0);
        let knows = |b: &mut Bench| {
            let view = |i| b.world.protocol(i).swim().digest();
            view(0) == view(b.nodes - 1)
        };
        let known = self.until(PATIENCE, knows).is_some();
        self.pass(SILENCE);
        let bytes = self.conversed(0) - before;
        trial.delta_bytes = if known { bytes as f64 } else { f64::INFINITY };
        self.pass(SETTLE);
        self.excused = false;
    }

    /// Bytes of a node's conversations, both ways.
    fn conversed(&self, node: u32) -> u64 {
        let traffic = self.world.traffic(node);
        traffic.stream_bytes + traffic.stream_bytes_heard
    }

    fn crash(&mut self, trial: &mut Trial) {
        let victim = self.dice.below(self.nodes);
        self.reached = 0;
        self.crashed = Some(victim);
        self.world.kill(victim);
        trial.crash_all_ms = milliseconds(self.until(PATIENCE, |b| b.reached == b.nodes - 1));
    }

    /// Lets time pass; what it cost.
    pub(super) fn cost_of(&mut self, span: Duration) -> Traffic {
        let before = self.world.total_traffic();
        self.pass(span);
        self.world.total_traffic() - before
    }

    pub(super) fn pass(&mut self, span: Duration) {
        self.world.run(span);
        self.listen();
    }

    pub(super) fn until(&mut self, span: Duration, mut done: impl FnMut(&mut Bench) -> bool) -> Option<Duration> {
        let start = self.world.now();
        while self.world.now() < start + span {
            self.listen();
            if done(self) {
                return Some(self.world.now() - start);
            }
            let mut looked = false;
            self.world.run_until(start + span - self.world.now(), |_| std::mem::replace(&mut looked, true));
        }
        None
    }

    /// Takes what nodes told.
    fn listen(&mut self) {
        for told in self.world.told() {
            let FullEvent::Core(event) = told.event else { continue };
            match event {
                Event::Delivered(_) => self.reached += 1,
                Event::Member { peer, change: Change::Down } if self.crashed.is_some_and(|i| id(i) == peer) => self.reached += 1,
                Event::Member { change: Change::Down, .. } if !self.excused => self.false_deaths += 1,
                _ => {}
            }
        }
    }

    /// Bytes that no join can do without.
    fn floor(&self) -> f64 {
        let node = self.world.protocol(0).swim().me();
        let alive = swim::Update::Alive { incarnation: node.incarnation, record: node.record.clone() };
        let record = bruit_proto::Wire::size(&swim::Message::Update(alive)).min(40);
        f64::from(self.nodes) * f64::from(self.nodes - 1) * record as f64
    }
}

pub(super) fn milliseconds(took: Option<Duration>) -> f64 {
    took.map_or(f64::INFINITY, |t| t.as_secs_f64() * 1_000.0)
}
