//! Nodes come and go, and who knows of it late talks to those that are gone: anti-entropy in each cycle for ever, a rumor for
//! as long as it is hot.

use crate::antientropy::{item, nodes};
use crate::cycles::{CYCLE, Complete, Cycles, Overlay, Tally};
use crate::epidemic::One;
use bruit_antientropy::Config;
use bruit_kit::Set;
use bruit_proto::{Protocol, Rng};
use bruit_rumor::{self as rumor, Rumor};
use std::sync::Arc;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Nodes, gone ones included: all are in everybody's table.
    pub nodes: u32,
    /// Items that all hold from the start.
    pub items: u64,
    /// Nodes that are gone, in a million.
    pub gone_ppm: u32,
    /// The share of nodes, in a million, that go in each cycle, and of the gone that come back in their stead.
    pub churn_ppm: u32,
    /// For how many cycles to look.
    pub cycles: u32,
    /// Seed of all dice.
    pub seed: u64,
}

/// What stale knowledge cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waste {
    /// Messages to nodes that were gone, per node and cycle.
    pub messages: f64,
    /// Their bytes, per node and cycle.
    pub bytes: f64,
    /// Of all bytes that were said the share that went to nodes that were gone.
    pub share: f64,
    /// Nodes that are there at the end and do not have the item, as a share of those that are there.
    pub residue: f64,
}

/// One item by anti-entropy.
///
/// # Panics
/// If `config` is out of its bounds.
pub fn antientropy(config: &Config, setup: Setup) -> Waste {
    let mut cycles = nodes(config, setup.nodes, setup.items, setup.seed).expect("settings in their bounds");
    cycles.weigh();
    let new = setup.items;
    cycles.command(0, |node, _| node.ledger_mut().insert(item(new, new + 1)));
    let there = churn(&mut cycles, setup);
    let has = cycles.protocols().map(|node| node.ledger().len() as u64 == new + 1);
    waste(setup, &there, has, cycles.tally())
}

/// The same as a rumor; the items that all hold are none of its business.
///
/// # Panics
/// If `config` is out of its bounds.
pub fn rumor(config: &rumor::Config, setup: Setup) -> Waste {
    let config = Arc::new(rumor::Config { every: CYCLE, ..config.clone() });
    let node = |_| Rumor::new(Arc::clone(&config), One::default()).expect("settings in their bounds");
    let mut cycles = Cycles::new(setup.seed, Complete(setup.nodes), node);
    // One is known by whether it is: a byte for the tag, and for a telling its hop.
    cycles.weigh_by(|message| match message {
        rumor::Message::Tell(..) => NAMED + 1,
        rumor::Message::Ask | rumor::Message::Call | rumor::Message::Accept | rumor::Message::Busy => 1,
        _ => NAMED,
    });
    cycles.command(0, |node, cx| node.start(cx, ()));
    let there = churn(&mut cycles, setup);
    let has = cycles.protocols().map(|node| node.set().has(()));
    waste(setup, &there, has, cycles.tally())
}

/// A tag and a version of 17 bytes, as anti-entropy names it.
const NAMED: usize = 18;

/// Cycles in which nodes go and come; who is there at the end.
fn churn<P: Protocol, O: Overlay>(cycles: &mut Cycles<P, O>, setup: Setup) -> Vec<bool> {
    let mut dice = Rng::seeded(setup.seed);
    // The first node, which begins, stays.
    let mut there: Vec<bool> = (0..setup.nodes).map(|i| i == 0 || !dice.chance(setup.gone_ppm)).collect();
    (0..setup.nodes).for_each(|i| cycles.set_up(i, there[i as usize]));
    for _ in 0..setup.cycles {
        cycles.step();
        for i in (1..setup.nodes).filter(|_| dice.chance(setup.churn_ppm)).collect::<Vec<_>>() {
            let back = (1..setup.nodes).find(|other| !there[*other as usize] && *other != i);
            if let Some(back) = back.filter(|_| there[i as usize]) {
                (there[i as usize], there[back as usize]) = (false, true);
                cycles.set_up(i, false);
                cycles.set_up(back, true);
            }
        }
    }
    there
}

fn waste(setup: Setup, there: &[bool], has: impl Iterator<Item = bool>, tally: Tally) -> Waste {
    let per = f64::from(setup.nodes) * f64::from(setup.cycles);
    let lacking = there.iter().zip(has).filter(|(there, has)| **there && !has).count();
    let live = there.iter().filter(|there| **there).count();
    Waste {
        messages: tally.wasted as f64 / per,
        bytes: tally.wasted_bytes as f64 / per,
        share: tally.wasted_bytes as f64 / tally.bytes.max(1) as f64,
        residue: lacking as f64 / live as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_antientropy::Compare;

    const SETUP: Setup = Setup { nodes: 100, items: 200, gone_ppm: 200_000, churn_ppm: 10_000, cycles: 60, seed: 5 };

    #[test]
    fn stale_knowledge_costs_anti_entropy_more_than_a_rumor() {
        let push = rumor(&rumor::Config::default(), SETUP);
        for compare in [Compare::Full, Compare::Merkle] {
            let seen = antientropy(&Config { compare, ..Config::default() }, SETUP);
            assert!(seen.bytes > 2.0 * push.bytes, "{compare:?}: {seen:?} {push:?}");
            assert!((0.08..0.4).contains(&seen.share), "a fifth are gone: {seen:?}");
        }
        // For ten times as long: the rumor's is what it was, anti-entropy's goes on.
        let long = Setup { cycles: 600, ..SETUP };
        let (push_long, seen) = (rumor(&rumor::Config::default(), long), antientropy(&Config::default(), long));
        assert!(push_long.bytes < 0.2 * push.bytes, "{push_long:?} {push:?}");
        assert!(seen.messages > 0.1, "{seen:?}");
        assert!(seen.residue < 0.05 && push_long.residue > seen.residue, "who came back is served by anti-entropy alone");
    }

    #[test]
    fn nothing_is_wasted_if_all_are_there() {
        let all = Setup { gone_ppm: 0, churn_ppm: 0, ..SETUP };
        let (seen, push) = (antientropy(&Config::default(), all), rumor(&rumor::Config::default(), all));
        assert_eq!((seen.messages, seen.share, seen.residue, push.messages), (0.0, 0.0, 0.0, 0.0));
    }
}
