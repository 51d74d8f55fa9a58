//! A random life of a cluster, with heartbeats or by membership, and what must hold of it at any time.

use super::beside::Members;
use super::{Cluster, id};
use bruit_proto::harness::Links;
use bruit_proto::{Context, Duration, PeerId, Rng};
use bruit_state::{Config, HeartBeat, Key, State, Status};
use std::collections::{BTreeMap, BTreeSet};

const NODES: u32 = 6;
const STEPS: u32 = 60;
/// After all faults end: convictions are over, shadow rounds too, and everybody has met everybody a few times.
const BOUND: Duration = Duration::from_secs(120);
/// Far above what the harness's clock, which begins in 1970, would give.
const BORN: u64 = 2_000_000_000;

/// What is known of a node: its generation, its status, its values.
type Known = (PeerId, u64, Status, Vec<(Key, String)>);
/// A generation and a version.
type Point = (u64, u64);

/// What can happen to a cluster.
pub trait World {
    fn state(&self, i: u32) -> &State;
    fn is_up(&self, i: u32) -> bool;
    fn pass(&mut self, millis: u64);
    fn kill(&mut self, i: u32);
    fn restart(&mut self, i: u32, stored: Option<u64>);
    fn part(&mut self, a: u32, b: u32);
    fn heal(&mut self);
    fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut State, &mut Context<'_, State>) -> R) -> R;
}

macro_rules! world {
    ($of:ty) => {
        impl World for $of {
            fn state(&self, i: u32) -> &State {
                <$of>::state(self, i)
            }
            fn is_up(&self, i: u32) -> bool {
                self.net.is_up(i)
            }
            fn pass(&mut self, millis: u64) {
                self.net.run(Duration::from_millis(millis));
            }
            fn kill(&mut self, i: u32) {
                <$of>::kill(self, i);
            }
            fn restart(&mut self, i: u32, stored: Option<u64>) {
                <$of>::restart(self, i, stored);
            }
            fn part(&mut self, a: u32, b: u32) {
                <$of>::part(self, a, b);
            }
            fn heal(&mut self) {
                self.net.heal();
            }
            fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut State, &mut Context<'_, State>) -> R) -> R {
                <$of>::turn(self, i, f)
            }
        }
    };
}
world!(Cluster);
world!(Members);

struct Swarm<W> {
    cluster: W,
    rng: Rng,
    /// The furthest that each owner ever went.
    issued: BTreeMap<u32, Point>,
    /// What each holder last held of each node.
    views: BTreeMap<(u32, PeerId), Point>,
    /// Who was removed: its operator does not start it again by itself.
    removed: BTreeSet<u32>,
    written: u32,
}

/// One life by heartbeats; what broke, if something did.
pub fn by_heartbeats(seed: u64) -> Result<(), String> {
    let all: Vec<u32> = (1..=NODES).collect();
    let born = |i: u32| Some(BORN + u64::from(i));
    life(Cluster::over(Links { loss_ppm: 20_000, ..Links::default() }, NODES, seed, Config::phi(), &all, born), seed)
}

/// One life by membership, which here knows at once who is there.
pub fn by_membership(seed: u64) -> Result<(), String> {
    let mut members = Members::new(NODES, seed, 2);
    (1..=NODES).for_each(|i| members.restart(i, Some(BORN + u64::from(i))));
    life(members, seed)
}

fn life(cluster: impl World, seed: u64) -> Result<(), String> {
    let mut swarm = Swarm {
        cluster,
        rng: Rng::seeded(seed),
        issued: BTreeMap::new(),
        views: BTreeMap::new(),
        removed: BTreeSet::new(),
        written: 0,
    };
    swarm.note();
    for step in 0..STEPS {
        swarm.step();
        swarm.check().map_err(|broken| format!("seed {seed}, step {step}: {broken}"))?;
    }
    swarm.settle().map_err(|broken| format!("seed {seed}: {broken}"))
}

impl<W: World> Swarm<W> {
    fn some(&mut self) -> u32 {
        1 + self.rng.below(NODES)
    }

    fn running(&self, i: u32) -> bool {
        self.cluster.is_up(i) && self.cluster.state(i).is_running()
    }

    fn step(&mut self) {
        let (i, other) = (self.some(), self.some());
        match self.rng.below(12) {
            0..=3 if self.running(i) => self.write(i),
            4 => self.cluster.kill(i),
            5 | 6 => self.restart(i),
            7 if i != other => self.cluster.part(i, other),
            8 => self.cluster.heal(),
            9 if self.running(i) => self.leave(i),
            10 | 11 if self.running(i) => self.remove(i, other),
            _ => {}
        }
        self.note();
        let millis = u64::from(self.rng.below(12_000));
        for _ in 0..=millis / 1000 {
            self.cluster.pass(1000.min(millis));
            self.note();
        }
    }

    fn write(&mut self, i: u32) {
        self.written += 1;
        let (value, shared) = (self.written.to_string(), self.rng.chance(400_000));
        let key = format!("k{}", self.rng.below(3));
        if shared {
            self.cluster.turn(i, |state, cx| state.set_in(cx, "bucket", &key, &value)).expect("within the bounds");
        } else {
            self.cluster.turn(i, |state, cx| state.set(cx, &key, &value)).expect("within the bounds");
        }
    }

    /// It says goodbye, and is gone.
    fn leave(&mut self, i: u32) {
        self.cluster.turn(i, |state, cx| state.shutdown(cx));
        self.note();
        self.cluster.pass(500);
        self.cluster.kill(i);
    }

    /// With its disk or without.
    fn restart(&mut self, i: u32) {
        let disk = self.rng.chance(600_000);
        let stored = self.issued.get(&i).map(|issued| issued.0).filter(|_| disk);
        self.note();
        self.cluster.restart(i, stored);
        self.views.retain(|(holder, _), _| *holder != i);
    }

    fn remove(&mut self, i: u32, other: u32) {
        let held = self.cluster.state(i).endpoint(id(other)).map(|endpoint| endpoint.heart_beat.generation);
        if self.cluster.turn(i, |state, cx| state.assassinate(cx, id(other))).is_ok() {
            self.removed.insert(other);
            self.views.insert((i, id(other)), (held.unwrap_or_default(), HeartBeat::REMOVED));
        }
    }

    /// What owners have issued by now.
    fn note(&mut self) {
        for i in 1..=NODES {
            let own = point(self.cluster.state(i), id(i));
            let issued = self.issued.entry(i).or_default();
            *issued = (*issued).max(own.unwrap_or_default());
        }
    }

    fn check(&mut self) -> Result<(), String> {
        for i in (1..=NODES).filter(|i| self.cluster.is_up(*i)) {
            for (node, endpoint) in self.cluster.state(i).nodes() {
                let held = (endpoint.heart_beat.generation, endpoint.max_version());
                let issued = self.issued.get(&(node.0 as u32)).copied().unwrap_or_default();
                let forged = if endpoint.status == Status::Removed { held.0 > issued.0 } else { held > issued };
                if forged {
                    return Err(format!("{i} holds {node:?} at {held:?}, which went to {issued:?} only"));
                }
                let before = self.views.insert((i, node), held).unwrap_or_default();
                if before > held {
                    return Err(format!("{i} held {node:?} at {before:?} and went back to {held:?}"));
                }
                if before.1 == HeartBeat::REMOVED && self.cluster.state(i).is_alive(node) && held.0 == before.0 {
                    return Err(format!("{i} takes {node:?} for alive, which was removed"));
                }
            }
        }
        Ok(())
    }

    /// All faults end; whoever was killed starts again unless it was removed.
    fn settle(&mut self) -> Result<(), String> {
        self.cluster.heal();
        for i in 1..=NODES {
            if !self.cluster.is_up(i) && !self.removed.contains(&i) {
                self.restart(i);
            }
        }
        for _ in 0..BOUND.as_secs() {
            self.cluster.pass(1000);
            self.note();
        }
        self.check()?;
        let running: Vec<u32> = (1..=NODES).filter(|i| self.running(*i)).collect();
        let Some(first) = running.first().copied() else { return Ok(()) };
        let seen: Vec<Vec<u32>> =
            running.iter().map(|i| (1..=NODES).filter(|of| self.cluster.state(*i).is_alive(id(*of))).collect()).collect();
        if let Some(other) = seen.iter().find(|seen| **seen != running) {
            return Err(format!("{running:?} run, and somebody takes {other:?} for alive"));
        }
        for i in &running {
            let (mine, theirs) = (knowledge(self.cluster.state(first)), knowledge(self.cluster.state(*i)));
            if mine != theirs {
                return Err(format!("{first} and {i} know different things:\n{mine:?}\n{theirs:?}"));
            }
        }
        Ok(())
    }
}

fn point(state: &State, node: PeerId) -> Option<Point> {
    state.endpoint(node).map(|endpoint| (endpoint.heart_beat.generation, endpoint.max_version()))
}

/// All but heartbeats.
fn knowledge(state: &State) -> Vec<Known> {
    let values = |endpoint: &bruit_state::Endpoint| {
        endpoint.values().map(|(key, value)| (key.clone(), format!("{:?}", value))).collect::<Vec<_>>()
    };
    let known = state.nodes().map(|(node, e)| (node, e.heart_beat.generation, e.status, values(e)));
    let shown = state.shared().map(|key| {
        let shown = state.get_in(&key.namespace, &key.name).expect("a shared key has a value");
        (shown.writer, 0, Status::Running, vec![(key.clone(), shown.value.value.to_string())])
    });
    known.chain(shown).collect()
}
