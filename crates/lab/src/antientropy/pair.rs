//! Two nodes that reconcile once: bytes, messages, round trips.

use crate::antientropy::{Name, Nothing, item};
use crate::cycles::{Complete, Cycles};
use bruit_antientropy::{AntiEntropy, Config, Database, Keep};
use bruit_kit::{Ledger, Order, Set, Span};
use bruit_proto::{Duration, PeerId, Rng};
use std::sync::Arc;

/// Longer than any run: nobody begins of itself.
const NEVER: Duration = Duration::from_secs(1 << 40);
/// Cycles until they reconcile, in which their clocks run.
const CYCLES: u64 = 100;
/// What the clocks of both show then, in milliseconds; what is answered is answered a cycle later.
const NOW: u64 = 1000 * CYCLES;
/// Stamps lie in front of this millisecond, but for those of what is young.
const OLD: u64 = NOW / 2;
/// Stamps of what is young begin here: also a cycle later it is as young as [`WITHIN`] says.
const YOUNG: u64 = OLD + 10_000;

/// Where in time that which differs was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// Anywhere among all items.
    Any,
    /// After all of them.
    Young,
}

/// What to reconcile.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Items that both hold.
    pub items: u64,
    /// Items that one of them lacks, in turn.
    pub differ: u64,
    /// When these were written.
    pub age: Age,
    /// Seed of where they lie.
    pub seed: u64,
}

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Bytes of all messages, without envelopes.
    pub bytes: u64,
    /// Messages.
    pub messages: u64,
    /// From the first word to the last.
    pub round_trips: f64,
    /// Whether both hold the same then.
    pub equal: bool,
    /// Of the items that both held, how many were written after the first that differs.
    pub newer: u64,
}

/// How old what is young may be: for [`Compare::Recent`](bruit_antientropy::Compare::Recent).
pub const WITHIN: Duration = Duration::from_millis(NOW - OLD);

/// What both hold, to be copied: with keys of `8 + MORE` bytes.
pub fn common<const MORE: usize>(items: u64) -> Database<Name<MORE>, Nothing> {
    let mut held = Database::new(PeerId(1), Keep::default());
    (0..items).for_each(|i| assert!(held.insert(item(i, stamp(items, i)))));
    held
}

/// Stamps of common items are even, and spread over the time before what is young.
fn stamp(items: u64, i: u64) -> u64 {
    let step = (OLD << 16) / items / 2;
    2 * step * i + 2
}

/// Reconciles two copies of `common` that differ as `setup` says, once, begun by the first. What differs lies among the keys
/// above the common ones, at odd stamps.
///
/// # Panics
/// If `config` is out of its bounds.
pub fn reconcile<const MORE: usize>(config: &Config, common: &Database<Name<MORE>, Nothing>, setup: Setup) -> Cost {
    let mut dice = Rng::seeded(setup.seed);
    let mut sides = [common.clone(), common.clone()];
    let mut first = u64::MAX;
    for k in 0..setup.differ {
        let at = match setup.age {
            Age::Any => stamp(setup.items, u64::from(dice.below(setup.items as u32))) + 1,
            Age::Young => (YOUNG << 16) + 2 * k + 1,
        };
        first = first.min(at);
        assert!(sides[(k % 2) as usize].insert(item(setup.items + k, at)), "a name of its own");
    }
    let newer = common.versions(Order::Time, Span::ALL).rev().take_while(|version| version.at.0 > first).count() as u64;
    let config = Arc::new(Config { every: NEVER, ..config.clone() });
    let mut sides = sides.into_iter();
    let make = |_| AntiEntropy::new(Arc::clone(&config), sides.next().expect("two of them")).expect("settings in their bounds");
    let mut cycles = Cycles::new(setup.seed, Complete(2), make);
    (0..CYCLES).for_each(|_| cycles.step());
    cycles.weigh();
    cycles.command(0, |node, cx| node.begin(cx, PeerId(2)));
    cycles.step();
    let sums: Vec<_> = cycles.protocols().map(|node| node.ledger().sum(Order::Place, Span::ALL)).collect();
    Cost {
        bytes: cycles.tally().bytes,
        messages: cycles.tally().heard,
        round_trips: cycles.waves() as f64 / 2.0,
        equal: sums[0] == sums[1] && sums[0].count == setup.items + setup.differ,
        newer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_antientropy::Compare;

    #[test]
    fn every_method_finds_what_differs_and_pays_for_its_way() {
        let common = common::<0>(4_000);
        let cost = |compare, differ, age| {
            let setup = Setup { items: 4_000, differ, age, seed: 3 };
            let cost = reconcile(&Config { compare, ..Config::default() }, &common, setup);
            assert!(cost.equal, "{compare:?}, {setup:?}: {cost:?}");
            cost
        };
        let recent = Compare::Recent { within: WITHIN };
        for compare in [Compare::Full, recent, Compare::PeelBack, Compare::Merkle] {
            for age in [Age::Any, Age::Young] {
                let (few, many) = (cost(compare, 2, age), cost(compare, 200, age));
                assert!(few.bytes < many.bytes, "{compare:?}: {few:?} {many:?}");
            }
        }
        let full = cost(Compare::Full, 2, Age::Any).bytes;
        assert!(cost(recent, 2, Age::Young).bytes < full / 100 && cost(recent, 2, Age::Any).bytes > full);
        assert!(cost(Compare::PeelBack, 2, Age::Young).bytes < full / 20);
        assert!(cost(Compare::Merkle, 2, Age::Any).bytes < full / 50);
        // More than a burst lists.
        let many = 10_000;
        let bytes = cost(recent, many, Age::Young).bytes;
        assert!(bytes > 64 << 10 && bytes < 60 * many, "what is old is not listed: {bytes}");
        let none = cost(Compare::Merkle, 0, Age::Any);
        assert_eq!((none.bytes, none.round_trips), (10, 0.5), "a checksum");
    }
}
