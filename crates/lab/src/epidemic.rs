//! One rumor among N nodes in synchronous cycles: what the literature's tables measure.

use crate::cycles::{CYCLE, Complete, Cycles, Overlay};
use bruit_kit::Set;
use bruit_rumor::{Config, Invalid, Rumor};
use std::sync::Arc;

/// Whether one rumor is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct One(bool);

impl Set for One {
    type Id = ();
    type Item = ();

    fn id((): &()) {}
    fn has(&self, (): ()) -> bool {
        self.0
    }
    fn get(&self, (): ()) -> Option<()> {
        self.0.then_some(())
    }
    fn insert(&mut self, (): ()) -> bool {
        !std::mem::replace(&mut self.0, true)
    }
}

/// How one rumor went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Course {
    /// Residue: the share of nodes that it never reached.
    pub residue: f64,
    /// Traffic: items told, useful or not, per node.
    pub traffic: f64,
    /// Cycles until it arrived, on average over the nodes it reached.
    pub average: f64,
    /// The same with every useful telling counted, also the second to one node in one cycle.
    pub average_told: f64,
    /// Cycles until it arrived last.
    pub last: f64,
    /// Messages of any kind per node.
    pub messages: f64,
}

/// One rumor on its way.
pub struct Epidemic<O: Overlay = Complete> {
    cycles: Cycles<Rumor<One>, O>,
    known: u64,
    hot: u64,
    news: u64,
    arrivals: u64,
    tellings: u64,
    last: u64,
}

impl<O: Overlay> Epidemic<O> {
    /// A rumor that one node has begun; which one, the seed says. Cycles are as long as the engine's, whatever `config` says.
    ///
    /// # Errors
    /// If `config` is out of its bounds.
    pub fn new(config: &Config, overlay: O, seed: u64) -> Result<Self, Invalid> {
        config.check()?;
        let config = Arc::new(Config { every: CYCLE, ..config.clone() });
        let origin = (seed % u64::from(overlay.len())) as u32;
        let node = |_| Rumor::new(Arc::clone(&config), One::default()).expect("checked settings");
        let mut cycles = Cycles::new(seed, overlay, node);
        if config.connections.is_some() {
            cycles.shuffle();
        }
        cycles.command(origin, |rumor, cx| rumor.start(cx, ()));
        Ok(Epidemic { cycles, known: 1, hot: 1, news: 0, arrivals: 0, tellings: 0, last: 0 })
    }

    /// The nodes.
    pub fn cycles(&mut self) -> &mut Cycles<Rumor<One>, O> {
        &mut self.cycles
    }

    /// How many know it.
    pub fn known(&self) -> u64 {
        self.known
    }

    /// Whether nobody passes it on any more.
    pub fn is_over(&self) -> bool {
        self.hot == 0
    }

    /// One cycle.
    pub fn step(&mut self) {
        self.cycles.step();
        let now = self.cycles.cycle();
        let (mut known, mut hot, mut news) = (0, 0, 0);
        for rumor in self.cycles.protocols() {
            known += u64::from(rumor.set().has(()));
            hot += u64::from(!rumor.is_quiet());
            news += rumor.counters().news;
        }
        self.arrivals += (known - self.known) * now;
        self.tellings += (news - self.news) * now;
        if known > self.known {
            self.last = now;
        }
        (self.known, self.hot, self.news) = (known, hot, news);
    }

    /// How it went so far.
    pub fn course(&self) -> Course {
        let n = self.cycles.protocols().count() as f64;
        let told: u64 = self.cycles.protocols().map(|rumor| rumor.counters().told).sum();
        let reached = (self.known - 1).max(1) as f64;
        Course {
            residue: 1.0 - self.known as f64 / n,
            traffic: told as f64 / n,
            average: self.arrivals as f64 / reached,
            average_told: self.tellings as f64 / reached,
            last: self.last as f64,
            messages: self.cycles.heard() as f64 / n,
        }
    }
}

/// Runs one rumor among `n` nodes that all see each other, until nobody passes it on.
///
/// # Errors
/// If `config` is out of its bounds.
pub fn course(config: &Config, n: u32, seed: u64) -> Result<Course, Invalid> {
    let mut epidemic = Epidemic::new(config, Complete(n), seed)?;
    while !epidemic.is_over() {
        epidemic.step();
    }
    Ok(epidemic.course())
}

/// As [`course`], until everybody knows it, whoever still passes it on; never, if somebody is missed.
///
/// # Errors
/// See there.
pub fn until_all_know(config: &Config, n: u32, seed: u64) -> Result<Course, Invalid> {
    let mut epidemic = Epidemic::new(config, Complete(n), seed)?;
    while epidemic.known() < u64::from(n) && !epidemic.is_over() {
        epidemic.step();
    }
    Ok(epidemic.course())
}
