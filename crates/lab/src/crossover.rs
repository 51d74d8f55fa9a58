//! Push or pull, by how much news there is (Demers et al. 1987, section 1.4): push is silent when there is none, pull asks
//! in each cycle; where there is much each question is answered, and pull leaves fewer out for as many tellings.

use crate::cycles::{CYCLE, Complete, Cycles};
use bruit_proto::Rng;
use bruit_rumor::{Config, Exchange, Rumor, Stop};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rules by which push leaves as few out as pull does by its own: residues of some 5 in 10,000.
pub const PUSH: Config = rules(Exchange::Push, 6);
/// See [`PUSH`]: table 3 of 1987.
pub const PULL: Config = rules(Exchange::Pull, 2);

/// Pushing or pulling with feedback and a counter of `k`.
pub const fn rules(exchange: Exchange, k: u32) -> Config {
    Config {
        every: CYCLE,
        exchange,
        stop: Stop::Counter { feedback: true, k },
        reset: true,
        contacts: 1,
        connections: None,
        hunt: 0,
        minimize: false,
        capacity: 1 << 16,
    }
}

/// What a rate of updates costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Messages that a node hears in a cycle, of any kind.
    pub messages: f64,
    /// The share of nodes that an update never reached, on average.
    pub residue: f64,
}

/// `n` nodes; in each of `span` cycles so many updates begin as `rate` says, on average, anywhere; then some more cycles until
/// all are over.
///
/// # Panics
/// If `config` is out of its bounds.
pub fn load(config: &Config, n: u32, rate: f64, span: u32, seed: u64) -> Load {
    let config = Arc::new(config.clone());
    let node = |_| Rumor::new(Arc::clone(&config), BTreeSet::new()).expect("settings in their bounds");
    let mut cycles = Cycles::new(seed, Complete(n), node);
    let mut dice = Rng::seeded(seed);
    let mut begun = 0;
    for cycle in 1..=span {
        // A whole number that a fraction's rounding made less is meant.
        let due = (rate * f64::from(cycle) + 1e-9) as u32;
        for update in begun..due {
            let origin = dice.below(n);
            cycles.command(origin, |rumor, cx| rumor.start(cx, update));
        }
        begun = due;
        cycles.step();
    }
    let asked = cycles.heard();
    // What is still hot belongs to these cycles; what is asked for after them does not.
    let mut after = 0u32;
    while cycles.protocols().any(|rumor| !rumor.is_quiet()) {
        cycles.step();
        after += 1;
    }
    let questions = if config.exchange == Exchange::Pull { u64::from(n) * u64::from(after) } else { 0 };
    let known: usize = cycles.protocols().map(|rumor| rumor.set().len()).sum();
    let messages = asked + (cycles.heard() - asked).saturating_sub(questions);
    Load {
        messages: messages as f64 / f64::from(n) / f64::from(span),
        residue: if begun == 0 { 0.0 } else { 1.0 - known as f64 / f64::from(n) / f64::from(begun) },
    }
}

/// Cycles in which updates begin where they are looked for.
const SPAN: u32 = 60;

/// Updates a cycle, among all `n` nodes, from which on pull takes fewer messages than push; none below 16.
pub fn rate(n: u32, seed: u64) -> Option<f64> {
    let push_costs_more = |rate: f64| load(&PUSH, n, rate, SPAN, seed).messages > load(&PULL, n, rate, SPAN, seed).messages;
    let high = std::iter::successors(Some(1.0 / 16.0), |rate| Some(2.0 * rate)).take(9).find(|rate| push_costs_more(*rate))?;
    let (mut low, mut high) = (high / 2.0, high);
    for _ in 0..5 {
        let middle = (low + high) / 2.0;
        if push_costs_more(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_is_cheaper_when_little_happens_and_pull_when_much_does() {
        let [quiet_push, quiet_pull] = [&PUSH, &PULL].map(|rules| load(rules, 100, 0.0, SPAN, 1));
        assert_eq!(quiet_push.messages, 0.0);
        assert_eq!(quiet_pull.messages, 1.0, "a question each");
        let [busy_push, busy_pull] = [&PUSH, &PULL].map(|rules| load(rules, 100, 4.0, SPAN, 1));
        assert!(busy_push.messages > 1.1 * busy_pull.messages, "{busy_push:?} {busy_pull:?}");
        assert!(busy_push.residue < 2e-3 && busy_pull.residue < 2e-3, "as few are left out: {busy_push:?} {busy_pull:?}");
        let rate = rate(100, 1).expect("they cross");
        assert!((0.05..2.0).contains(&rate), "{rate}");
    }
}
