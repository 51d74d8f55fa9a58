use super::Claim;
use crate::crossover::{load, rules};
use crate::paper::Verdict;
use bruit_rumor::Exchange;

const SITES: u32 = 1000;
/// Cycles that count; a multiple of what lies between two updates.
const CYCLES: u32 = 200;

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
        let cost = |exchange, k, rate| load(&rules(exchange, k), SITES, rate, CYCLES, 1).messages;
        let both = |between: u32| {
            let rate = 1.0 / f64::from(between);
            [cost(Exchange::Push, 5, rate), cost(Exchange::Pull, 2, rate)]
        };
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
