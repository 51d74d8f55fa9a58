//! Endpoint state in the harness: alone with heartbeats, or beside a protocol that does nothing but make packets.

#![allow(dead_code, unreachable_pub)]

pub mod beside;
#[path = "../../../events/tests/common/story.rs"]
pub mod story;
pub mod swarm;

use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Context, Duration, PeerId, Restored};
use bruit_state::{Config, Counters, Event, State};
use std::sync::Arc;

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// `n` nodes whose hearts beat; node 1 is everybody's seed unless said otherwise.
pub struct Cluster {
    pub net: Harness<State>,
    pub n: u32,
    config: Arc<Config>,
    seeds: Vec<PeerId>,
}

impl Cluster {
    pub fn new(n: u32, seed: u64) -> Cluster {
        Cluster::with(n, seed, Config::phi())
    }

    pub fn with(n: u32, seed: u64, config: Config) -> Cluster {
        Cluster::born(n, seed, config, |_| None)
    }

    /// Each node with the generation that its disk holds.
    pub fn born(n: u32, seed: u64, config: Config, stored: impl Fn(u32) -> Option<u64>) -> Cluster {
        Cluster::over(Links::default(), n, seed, config, &[1], stored)
    }

    /// Over these links, with these seeds.
    pub fn over(links: Links, n: u32, seed: u64, config: Config, seeds: &[u32], stored: impl Fn(u32) -> Option<u64>) -> Cluster {
        let config = Arc::new(config);
        let seeds: Vec<PeerId> = seeds.iter().map(|i| id(*i)).collect();
        let net = Harness::new(n, seed, links, |me| node(me, &config, &seeds, stored(me.0 as u32)));
        Cluster { net, n, config, seeds }
    }

    /// All know all, and hold them for alive.
    pub fn joined(n: u32, seed: u64) -> Cluster {
        let mut cluster = Cluster::new(n, seed);
        cluster.until(secs(60), Cluster::all_alive).expect("all join");
        cluster
    }

    pub fn run(&mut self, seconds: u64) {
        self.net.run(secs(seconds));
    }

    pub fn until(&mut self, span: Duration, done: impl Fn(&Self) -> bool) -> Option<Duration> {
        let start = self.net.now();
        while !done(self) {
            if self.net.now().since(start) >= span {
                return None;
            }
            self.net.run(Duration::from_millis(100));
        }
        Some(self.net.now().since(start))
    }

    pub fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut State, &mut Context<'_, State>) -> R) -> R {
        self.net.turn(i, f)
    }

    pub fn set(&mut self, i: u32, key: &str, value: &str) {
        self.turn(i, |state, cx| state.set(cx, key, value)).expect("within the bounds");
    }

    pub fn set_in(&mut self, i: u32, namespace: &str, key: &str, value: &str) {
        self.turn(i, |state, cx| state.set_in(cx, namespace, key, value)).expect("within the bounds");
    }

    pub fn kill(&mut self, i: u32) {
        self.net.kill(i);
    }

    pub fn restart(&mut self, i: u32, stored: Option<u64>) {
        let fresh = node(id(i), &self.config, &self.seeds, stored);
        self.net.restart(i, fresh);
    }

    /// Nothing passes between these two.
    pub fn part(&mut self, a: u32, b: u32) {
        self.net.cut(a, b);
        self.net.cut(b, a);
    }

    pub fn isolate(&mut self, i: u32) {
        (1..=self.n).filter(|other| *other != i).for_each(|other| self.part(i, other));
    }

    pub fn state(&self, i: u32) -> &State {
        self.net.site(i)
    }

    /// Who runs, by number.
    pub fn up(&self) -> Vec<u32> {
        (1..=self.n).filter(|i| self.net.is_up(*i)).collect()
    }

    pub fn sees(&self, i: u32, of: u32) -> bool {
        self.state(i).is_alive(id(of))
    }

    pub fn value(&self, i: u32, of: u32, key: &str) -> Option<String> {
        self.state(i).get(id(of), key).map(|value| value.value.to_string())
    }

    pub fn generation(&self, i: u32, of: u32) -> Option<u64> {
        self.state(i).endpoint(id(of)).map(|endpoint| endpoint.heart_beat.generation)
    }

    /// All that run hold all that run for alive.
    pub fn all_alive(&self) -> bool {
        let up = self.up();
        up.iter().all(|i| self.state(*i).is_running() && up.iter().all(|of| self.sees(*i, *of)))
    }

    pub fn all_dead(&self, of: u32) -> bool {
        self.up().into_iter().filter(|i| *i != of && self.state(*i).is_running()).all(|i| !self.sees(i, of))
    }

    pub fn all_have(&self, of: u32, key: &str, value: &str) -> bool {
        self.up().into_iter().all(|i| self.value(i, of, key).as_deref() == Some(value))
    }

    /// Events at node `i` since the last call.
    pub fn events(&mut self, i: u32) -> Vec<Event> {
        self.net.events(i)
    }

    pub fn forget_events(&mut self) {
        (1..=self.n).for_each(|i| drop(self.net.events(i)));
    }

    pub fn sum(&self, of: impl Fn(Counters) -> u64) -> u64 {
        (1..=self.n).map(|i| of(self.state(i).counters())).sum()
    }
}

pub fn id(i: u32) -> PeerId {
    PeerId(i.into())
}

/// A disk that holds this generation, or nothing.
pub fn disk(stored: Option<u64>) -> Restored {
    let row = |generation: u64| (b"generation".to_vec(), generation.to_be_bytes().to_vec());
    Restored::new(stored.map(row).into_iter().collect())
}

fn node(me: PeerId, config: &Arc<Config>, seeds: &[PeerId], stored: Option<u64>) -> State {
    let mut state = State::new(me, config.clone()).keep(&disk(stored));
    state.set_seeds(seeds);
    state
}
