//! Two failure detectors and the same crash: `bruit lab compare`.
//!
//! One world of the nodes that the product runs, with both detectors at once: membership decides, the hearts in endpoint
//! state beat beside it, and phi is looked at. So both see the same crash, the same links and the same losses. What each
//! costs is told by a second world of the same seed, without endpoint state.

use crate::cluster::{cluster, id, join, with_state};
use crate::links::Links;
use crate::world::World;
use bruit_proto::{Change, Peers, Rng};
use bruit_stacks::{CoreConfig, Event, Full, FullEvent};
use bruit_state::{Config, Detector};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// A join or a detection that took longer has failed: phi 8 takes 18.42 mean gaps, of at most two rounds.
const PATIENCE: Duration = Duration::from_secs(120);
/// The hearts beat so long before anything counts, so that each node knows the others' habits.
const SETTLE: Duration = Duration::from_secs(30);
/// So long nothing happens: bytes are counted, and what is found dead is not.
const QUIET: Duration = Duration::from_secs(60);
/// How often phi is looked at: a node does each second.
const LOOK: Duration = Duration::from_millis(100);

/// What to compare on.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Nodes, at least 3.
    pub nodes: u32,
    /// How many of them crash at once; at least two are left.
    pub crash: u32,
    /// Packets lost, in parts per million.
    pub loss_ppm: u32,
    /// Seed of all dice.
    pub seed: u64,
}

/// What a detector made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// Seconds from the crash until a survivor held one of the crashed for dead.
    pub first_s: Option<f64>,
    /// Until each survivor held each of them for dead.
    pub all_s: Option<f64>,
    /// How often a node held a living one for dead.
    pub false_positives: u32,
    /// Bytes that a node sent in a second when nothing happened.
    pub bytes_per_node_s: f64,
}

/// Both, side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Compared {
    /// Membership's.
    pub swim: Row,
    /// Heartbeats' and phi's.
    pub phi: Row,
}

/// Who holds whom for dead by one detector, and since when.
struct Views {
    n: u32,
    dead: Vec<Option<Duration>>,
    false_positives: u32,
}

impl Views {
    fn new(n: u32) -> Views {
        Views { n, dead: vec![None; (n * n) as usize], false_positives: 0 }
    }

    /// `by` holds `of` for dead, or no more.
    fn see(&mut self, by: u32, of: u32, dead: bool, at: Duration, alive: bool) {
        let view = &mut self.dead[(by * self.n + of) as usize];
        self.false_positives += u32::from(alive && dead && view.is_none());
        *view = if dead { view.or(Some(at)) } else { None };
    }

    /// When survivors, up to `survivors`, found out about the others.
    fn found(&self, survivors: u32) -> impl Iterator<Item = Option<Duration>> {
        let pairs = (0..survivors).flat_map(move |by| (survivors..self.n).map(move |of| by * self.n + of));
        pairs.map(|i| self.dead[i as usize])
    }

    fn row(&self, survivors: u32, crash: Duration, bytes_per_node_s: f64) -> Row {
        let since = |at: Duration| at.saturating_sub(crash).as_secs_f64();
        let all: Option<Vec<f64>> = self.found(survivors).map(|at| at.map(since)).collect();
        Row {
            first_s: self.found(survivors).flatten().map(since).reduce(f64::min),
            all_s: all.and_then(|all| all.into_iter().reduce(f64::max)),
            false_positives: self.false_positives,
            bytes_per_node_s,
        }
    }
}

/// The hosts with the greatest numbers crash.
struct Watch {
    world: World<Full>,
    options: Options,
    threshold: f64,
    crashed: bool,
    swim: Views,
    phi: Views,
}

impl Watch {
    fn survivors(&self) -> u32 {
        self.options.nodes - self.options.crash
    }

    /// Lets time pass until all is found or the time is up.
    fn pass(&mut self, span: Duration) {
        let end = self.world.now() + span;
        while self.world.now() < end && !(self.crashed && self.all_found()) {
            self.world.run(LOOK);
            self.look();
        }
    }

    fn all_found(&self) -> bool {
        let survivors = self.survivors();
        self.swim.found(survivors).chain(self.phi.found(survivors)).all(|at| at.is_some())
    }

    fn look(&mut self) {
        let (n, crashed, survivors) = (self.options.nodes, self.crashed, self.survivors());
        let alive = |of: u32| !crashed || of < survivors;
        for told in self.world.told() {
            let FullEvent::Core(Event::Member { peer, change }) = told.event else { continue };
            let of = (0..n).find(|i| id(*i) == peer).expect("a node of this world");
            match change {
                Change::Down => self.swim.see(told.node, of, true, told.at, alive(of)),
                Change::Up => self.swim.see(told.node, of, false, told.at, alive(of)),
                Change::Left | Change::Changed | Change::Suspected => {}
            }
        }
        let at = self.world.now();
        for by in (0..n).filter(|by| alive(*by)) {
            let threshold = self.threshold;
            let convicts: Vec<bool> = self.world.entry(by, |node, now| {
                let phi = |of| node.protocol().state().and_then(|state| state.phi(id(of), now.mono));
                (0..n).map(|of| phi(of).is_some_and(|phi| phi > threshold)).collect()
            });
            for (of, dead) in (0..n).zip(convicts).filter(|(of, _)| *of != by) {
                self.phi.see(by, of, dead, at, alive(of));
            }
        }
    }
}

/// Starts all, joins them, and waits until each knows all and their habits.
fn form(world: &mut World<Full>, seed: u64) -> Option<()> {
    let (n, mut dice) = (world.len(), Rng::seeded(seed));
    for i in 0..n {
        world.start(i);
        world.run(dice.between(Duration::ZERO, Duration::from_secs(2) / n));
    }
    (1..n).for_each(|i| join(world, i, &[0]));
    world.run_until(PATIENCE, |w| (0..n).all(|i| w.protocol(i).swim().len() == n - 1))?;
    world.run(SETTLE);
    world.told();
    Some(())
}

/// Bytes that a node of a world sends in a second, from `before` on.
fn rate(world: &World<Full>, before: u64) -> f64 {
    (world.total_traffic().bytes() - before) as f64 / f64::from(world.len()) / QUIET.as_secs_f64()
}

/// Both detectors on one crash. None if the nodes never knew each other.
///
/// # Panics
/// If fewer than two nodes would be left.
pub fn run(options: Options) -> Option<Compared> {
    let Options { nodes, crash, loss_ppm, seed } = options;
    assert!(crash + 2 <= nodes, "at least two nodes survive");
    let links = Links { loss_ppm, ..Links::default() };
    let mut bare = cluster(nodes, seed, links.clone(), CoreConfig::default(), None);
    form(&mut bare, seed)?;
    let before = bare.total_traffic().bytes();
    bare.run(QUIET);
    let bare = rate(&bare, before);
    let config = Config { detector: Detector::Both, trace: false, ..Config::phi() };
    let threshold = config.threshold;
    let mut world = with_state(nodes, seed, links, CoreConfig::default(), Arc::new(config));
    form(&mut world, seed)?;
    let before = world.total_traffic().bytes();
    let (swim, phi) = (Views::new(nodes), Views::new(nodes));
    let mut watch = Watch { world, options, threshold, crashed: false, swim, phi };
    watch.pass(QUIET);
    let both = rate(&watch.world, before);
    let crash = watch.world.now();
    (watch.survivors()..nodes).for_each(|i| watch.world.kill(i));
    watch.crashed = true;
    watch.pass(PATIENCE);
    let row = |views: &Views, bytes| views.row(watch.survivors(), crash, bytes);
    Some(Compared { swim: row(&watch.swim, bare), phi: row(&watch.phi, both - bare) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lifeguard's suspicion of so few nodes takes seconds; phi 8 takes 18.42 mean gaps of about a second.
    #[test]
    fn both_detectors_see_the_crash_and_nobody_else_dies() {
        let compared = run(Options { nodes: 8, crash: 2, loss_ppm: 20_000, seed: 5 }).expect("they know each other");
        let Compared { swim, phi } = compared;
        for Row { first_s, all_s, false_positives, bytes_per_node_s } in [swim, phi] {
            let (first, all) = first_s.zip(all_s).expect("both are found by all");
            assert!(0.0 < first && first <= all && all < 60.0, "{compared:?}");
            assert!(false_positives == 0 && bytes_per_node_s > 10.0, "{compared:?}");
        }
        assert!(swim.all_s < phi.first_s && phi.first_s > Some(15.0), "{compared:?}");
    }
}
