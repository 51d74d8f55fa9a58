use super::Claim;
use crate::cycles::{CYCLE, Complete, Cycles};
use crate::paper::Verdict;
use bruit_kit::Set;
use bruit_proto::{PeerId, Rng};
use bruit_rumor::{Config, Exchange, Rumor, Stop};
use std::collections::BTreeSet;
use std::sync::Arc;

const SITES: u32 = 1000;
/// Cycles until as many rumors end as begin, and cycles that count; the latter a multiple of what lies between two updates.
const WARM: u32 = 40;
const COUNTED: u32 = 200;

/// Updates by number.
#[derive(Clone, Debug, Default)]
struct Updates(BTreeSet<u32>);

impl Set for Updates {
    type Id = u32;
    type Item = u32;

    fn id(item: &u32) -> u32 {
        *item
    }
    fn has(&self, id: u32) -> bool {
        self.0.contains(&id)
    }
    fn get(&self, id: u32) -> Option<u32> {
        self.0.get(&id).copied()
    }
    fn insert(&mut self, item: u32) -> bool {
        self.0.insert(item)
    }
}

/// Messages a site and cycle, with an update somewhere each so many cycles.
fn cost(exchange: Exchange, k: u32, between: u32) -> f64 {
    let config = Arc::new(Config { every: CYCLE, exchange, stop: Stop::Counter { feedback: true, k }, ..Config::default() });
    let node = |_| Rumor::new(Arc::clone(&config), Updates::default()).expect("settings in their bounds");
    let mut cycles = Cycles::new(1, Complete(SITES), node);
    let mut dice = Rng::named(1, PeerId::NONE, "updates");
    let mut before = 0;
    for cycle in 0..WARM + COUNTED {
        if cycle == WARM {
            before = cycles.heard();
        }
        if cycle % between == 0 {
            cycles.command(dice.below(SITES), |rumor, cx| rumor.start(cx, cycle));
        }
        cycles.step();
    }
    (cycles.heard() - before) as f64 / f64::from(SITES * COUNTED)
}

/// Section 1.4: without updates push is silent and each site still pulls; with many a pull nearly always finds some. Push
/// with k=5 and pull with k=2 miss about as few (tables 1 and 3: .0012, .00058), at 6.7 and 4.5 tellings a site and update.
/// Each telling is answered, and pull asks once a site and cycle: r updates a cycle cost 2 x 6.7 r and 1 + 2 x 4.5 r.
const TABLES: [f64; 2] = [6.7, 4.5];
/// Half the worth of the last printed digit.
const ROUNDED: f64 = 0.05;

pub(super) const CROSSOVER: Claim = Claim {
    name: "push-or-pull",
    about: "push and pull",
    claim: "push needs fewer messages with few updates, pull with many (Demers et al. 1987, 1.4)",
    command: "bruit lab article push-or-pull",
    measure: |_| {
        let both = |between| [cost(Exchange::Push, 5, between), cost(Exchange::Pull, 2, between)];
        let [rare, some, many] = [20, 8, 1].map(both);
        let [push, pull] = TABLES;
        let crossover = |more: f64| 1.0 / (2.0 * (push - pull + more));
        // Costs are linear in the rate, so the difference of two rates says where it is none.
        let [low, high] = [1.0 / 20.0, 1.0 / 8.0];
        let [below, above] = [rare, some].map(|[push, pull]| push - pull);
        let seen = low - below * (high - low) / (above - below);
        let ratio = |[push, pull]: [f64; 2]| push / pull;
        vec![
            Verdict::range("an update each 20 cycles: messages of push over those of pull", ratio(rare), 0.0, 1.0),
            Verdict::range("an update each cycle: messages of push over those of pull", ratio(many), 1.0, f64::INFINITY),
            Verdict::range(
                "as many of both at so many updates a cycle, bound by tables 1 and 3",
                seen,
                crossover(2.0 * ROUNDED),
                crossover(-2.0 * ROUNDED),
            ),
        ]
    },
};
