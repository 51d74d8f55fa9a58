//! What endpoint state costs with heartbeats, and how fast it is: `bruit bench state --virtual`.
//!
//! The protocol alone ([`Solo`]), each node with a generation of its own within a day. Versions are those of young nodes,
//! two bytes; after two days they have three.

use super::Spread;
use crate::runner;
use crate::solo::Solo;
use bruit_proto::{PeerId, Restored, Rng};
use bruit_state::{Config, Round, State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A join or a value that took longer has failed.
const PATIENCE: Duration = Duration::from_secs(300);
/// A cluster is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(10);
/// How often views are looked at, in a join and while a value spreads.
const LOOK: Duration = Duration::from_millis(100);
const LOOK_CLOSELY: Duration = Duration::from_millis(5);
/// The first generation, in seconds, and how far others are above it.
pub(crate) const BORN: u64 = 1_900_000_000;
const DAY: u32 = 24 * 3600;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Nodes in the cluster, at least 2.
    pub nodes: u32,
    /// How often to measure; each trial has dice of its own.
    pub trials: u32,
    /// The first trial's seed.
    pub seed: u64,
    /// Trials to run side by side.
    pub threads: usize,
    /// Live peers of a round, by the exchange alone: a cluster is measured for each of these, beside the default one.
    pub alone: Vec<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Options { nodes: 64, trials: 1, seed: 1, threads: 1, alone: vec![1, 2, 3] }
    }
}

/// What one cluster did.
#[derive(Clone, Copy, Debug)]
struct Trial {
    join_all_ms: f64,
    idle_bytes_per_node_s: f64,
    idle_packets_per_node_s: f64,
    set_all_ms: f64,
    largest_packet: f64,
}

/// The figures of one setting, over all trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Live peers of a round.
    pub live: u32,
    /// Whether a change also leaves at once.
    pub spread: bool,
    /// From the start until all hold all for alive, in milliseconds.
    pub join_all_ms: Spread,
    /// Bytes sent by a node in a second when nothing happens.
    pub idle_bytes_per_node_s: Spread,
    /// Datagrams likewise.
    pub idle_packets_per_node_s: Spread,
    /// Of these bytes, what state adds to membership, events and history. Real sockets alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_added_bytes_per_node_s: Option<Spread>,
    /// From a value being set until all know it, in milliseconds.
    pub set_all_ms: Spread,
    /// The largest datagram since the start, in bytes.
    pub largest_packet: Spread,
}

/// The figures of `bruit bench state`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Nodes in the cluster.
    pub nodes: u32,
    /// Trials that were run.
    pub trials: u32,
    /// The default setting first.
    pub settings: Vec<Setting>,
}

/// Steps of a trial: what `progress` hears of.
pub const STEPS: u64 = 4;

/// Measures all settings; `progress` hears of each [step](STEPS) of a trial as it begins, from whatever thread runs it.
pub fn measure(options: &Options, progress: &(dyn Fn(&'static str) + Sync)) -> Figures {
    let default = Config::phi();
    let alone = |live: &u32| Config { spread: false, round: Round { live: *live, ..Round::CASSANDRA }, ..Config::phi() };
    let configs = [default].into_iter().chain(options.alone.iter().map(alone));
    let settings = configs.map(|config| setting(options, config, progress)).collect();
    Figures { nodes: options.nodes, trials: options.trials, settings }
}

fn setting(options: &Options, config: Config, progress: &(dyn Fn(&'static str) + Sync)) -> Setting {
    let (live, spread) = (config.round.live, config.spread);
    let config = Arc::new(Config { trace: false, ..config });
    let seeds = options.seed..options.seed + u64::from(options.trials);
    let run = |seed| trial(options.nodes, seed, &config, progress);
    let trials = runner::each(seeds, options.threads, run, |_, _| true);
    let of = |f: fn(&Trial) -> f64| Spread::of(trials.iter().map(|(_, trial)| f(trial)));
    Setting {
        live,
        spread,
        join_all_ms: of(|t| t.join_all_ms),
        idle_bytes_per_node_s: of(|t| t.idle_bytes_per_node_s),
        idle_packets_per_node_s: of(|t| t.idle_packets_per_node_s),
        idle_added_bytes_per_node_s: None,
        set_all_ms: of(|t| t.set_all_ms),
        largest_packet: of(|t| t.largest_packet),
    }
}

fn trial(nodes: u32, seed: u64, config: &Arc<Config>, progress: &(dyn Fn(&'static str) + Sync)) -> Trial {
    progress("join");
    let mut dice = Rng::seeded(seed);
    let hosts = (0..nodes).map(|i| node(id(i), config, BORN + u64::from(dice.below(DAY)))).collect();
    let mut solo = Solo::new(seed, hosts);
    solo.weigh();
    let joined = until(&mut solo, LOOK, |solo| solo.protocols().all(|state| knows_all(state, nodes)));
    progress("settle");
    solo.run(SETTLE);
    progress("idle");
    let before = solo.weight();
    solo.run(IDLE);
    let (after, node_seconds) = (solo.weight(), f64::from(nodes) * IDLE.as_secs_f64());
    progress("value");
    // At any moment of a round.
    solo.run(dice.between(Duration::ZERO, config.every));
    let writer = dice.below(nodes);
    solo.command(writer, |state, cx| state.set(cx, "bench", "1")).expect("a short value");
    let set = until(&mut solo, LOOK_CLOSELY, |solo| solo.protocols().all(|state| state.get(id(writer), "bench").is_some()));
    let milliseconds = |took: Option<Duration>| took.map_or(f64::INFINITY, |took| took.as_secs_f64() * 1_000.0);
    Trial {
        join_all_ms: milliseconds(joined),
        idle_bytes_per_node_s: (after.bytes - before.bytes) as f64 / node_seconds,
        idle_packets_per_node_s: (after.packets - before.packets) as f64 / node_seconds,
        set_all_ms: milliseconds(set),
        largest_packet: solo.weight().largest as f64,
    }
}

pub(crate) fn id(i: u32) -> PeerId {
    PeerId(u64::from(i) + 1)
}

/// A node whose disk holds the generation before this one; node 0 is everybody's seed.
pub(crate) fn node(me: PeerId, config: &Arc<Config>, generation: u64) -> State {
    let row = (b"generation".to_vec(), (generation - 1).to_be_bytes().to_vec());
    let mut state = State::new(me, config.clone()).keep(&Restored::new([row].into_iter().collect()));
    state.set_seeds(&[id(0)]);
    state
}

pub(crate) fn knows_all(state: &State, nodes: u32) -> bool {
    state.is_running() && state.nodes().count() == nodes as usize && (0..nodes).all(|i| state.is_alive(id(i)))
}

/// How long it took until something held, looked at so often.
pub(crate) fn until(solo: &mut Solo<State>, look: Duration, holds: impl Fn(&Solo<State>) -> bool) -> Option<Duration> {
    let mut passed = Duration::ZERO;
    while !holds(solo) {
        if passed >= PATIENCE {
            return None;
        }
        solo.run(look);
        passed += look;
    }
    Some(passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds that the figures of 64 nodes must keep, by three trials of each setting.
    #[test]
    fn sixty_four_nodes_cost_little_and_agree_soon() {
        let figures = measure(&Options { trials: 3, ..Options::default() }, &|_| {});
        let bounds = [(1, true, 150.0), (1, false, 6_000.0), (2, false, 3_500.0), (3, false, 2_500.0)];
        for (setting, (live, spread, bound)) in figures.settings.iter().zip(bounds) {
            assert_eq!((setting.live, setting.spread), (live, spread));
            assert!(setting.set_all_ms.median.is_some_and(|ms| ms > 0.0 && ms <= bound), "{setting:?}");
            assert!(setting.largest_packet.max.is_some_and(|bytes| bytes > 500.0 && bytes <= 1_200.0), "{setting:?}");
            let idle = setting.idle_bytes_per_node_s.max.expect("it is finite");
            assert!(idle > 100.0 && idle <= 2_000.0 * f64::from(live), "{setting:?}");
        }
    }
}
