//! What endpoint state costs beside membership that decides, and how fast it is: `bruit bench state --virtual --detector swim`.
//!
//! Whole nodes, with state and without it.

use super::state::{Figures, Options as StateOptions, Setting};
use super::trial::{Bench, milliseconds};
use super::{Options, Spread};
use crate::cluster::id;
use crate::runner;
use bruit_state::{Config, Round};
use std::sync::Arc;
use std::time::Duration;

/// A value that took longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// A cluster is quiet so long after its join.
const SETTLE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
/// Values set in each cluster, one after another.
const VALUES: u32 = 9;

/// Steps of a trial beside one for each setting: the cluster without state.
pub const STEPS: u64 = 1;

/// What one cluster did.
#[derive(Default)]
struct Trial {
    join_ms: f64,
    bytes: f64,
    packets: f64,
    largest: f64,
    values_ms: Vec<f64>,
}

/// Measures the default setting and those of the exchange alone; `progress` hears of each [step](STEPS) of a trial as it begins.
pub fn measure(options: &StateOptions, progress: &(dyn Fn(&'static str) + Sync)) -> Figures {
    let run = |config: Option<Arc<Config>>, what: &'static str| {
        let bench = Options { nodes: options.nodes, state: config, ..Options::default() };
        let seeds = options.seed..options.seed + u64::from(options.trials);
        let trial = |seed| {
            progress(what);
            trial(&bench, seed)
        };
        runner::each(seeds, options.threads, trial, |_, _| true).into_iter().map(|trial| trial.1).collect::<Vec<_>>()
    };
    let without = run(None, "without");
    let default = Config { trace: false, ..Config::default() };
    let round = |live: &u32| Round { live: *live, ..default.round };
    let alone = options.alone.iter().map(|live| Config { spread: false, round: round(live), ..default.clone() });
    let settings = [default.clone()].into_iter().chain(alone).map(|config| {
        let (live, spread) = (config.round.live, config.spread);
        let seen = run(Some(Arc::new(config)), if spread { "with" } else { "exchange alone" });
        let of = |f: fn(&Trial) -> f64| Spread::of(seen.iter().map(f));
        let added = seen.iter().zip(&without).map(|(with, without)| with.bytes - without.bytes);
        Setting {
            live,
            spread,
            join_all_ms: of(|trial| trial.join_ms),
            idle_bytes_per_node_s: of(|trial| trial.bytes),
            idle_packets_per_node_s: of(|trial| trial.packets),
            idle_added_bytes_per_node_s: Some(Spread::of(added)),
            set_all_ms: Spread::of(seen.iter().flat_map(|trial| trial.values_ms.iter().copied())),
            largest_packet: of(|trial| trial.largest),
        }
    });
    Figures { nodes: options.nodes, trials: options.trials, settings: settings.collect() }
}

fn trial(options: &Options, seed: u64) -> Trial {
    let mut bench = Bench::new(options, seed);
    let joined = bench.form();
    bench.pass(SETTLE);
    let cost = bench.cost_of(IDLE);
    let node_seconds = f64::from(options.nodes) * IDLE.as_secs_f64();
    let values = if options.state.is_some() { VALUES } else { 0 };
    let values_ms = (0..values).map(|i| value(&mut bench, &i.to_string())).collect();
    Trial {
        join_ms: milliseconds(joined),
        bytes: cost.bytes() as f64 / node_seconds,
        packets: cost.packets as f64 / node_seconds,
        largest: bench.world.total_traffic().largest as f64,
        values_ms,
    }
}

/// How long until all know a value that is set at any moment of a round, in milliseconds.
fn value(bench: &mut Bench, value: &str) -> f64 {
    let wait = bench.dice.between(Duration::ZERO, Config::default().every);
    bench.pass(wait);
    let writer = bench.dice.below(bench.nodes);
    let set = bench.world.command(writer, |full, cx| full.in_also(cx, |state, cx| state.set(cx, "bench", value)));
    set.expect("it has state").expect("a short value");
    let knows = |bench: &Bench, i| {
        let state = bench.world.protocol(i).state();
        state.and_then(|state| state.get(id(writer), "bench")).is_some_and(|seen| &*seen.value == value)
    };
    milliseconds(bench.until(PATIENCE, |bench| (0..bench.nodes).all(|i| knows(bench, i))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds that the figures of 64 nodes must keep.
    #[test]
    fn state_beside_membership_adds_little_and_is_known_at_once() {
        let figures = measure(&StateOptions { alone: vec![1], ..StateOptions::default() }, &|_| {});
        let [with, alone] = &figures.settings[..] else { panic!("two settings") };
        let added = with.idle_added_bytes_per_node_s.as_ref().and_then(|added| added.median);
        assert!(added.is_some_and(|added| added > 0.0 && added <= 20.0), "{with:?}");
        assert!(with.set_all_ms.median.is_some_and(|ms| ms > 0.0 && ms <= 100.0), "{with:?}");
        assert!(alone.set_all_ms.median > with.set_all_ms.median, "{alone:?}");
        assert!(with.largest_packet.max.is_some_and(|bytes| bytes <= 1_200.0), "{with:?}");
    }
}
