//! One item among many nodes by anti-entropy: it reaches all, and the asking goes on.

use crate::antientropy::{holders, item, nodes};
use bruit_antientropy::{Config, Invalid};
use bruit_kit::Set;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Nodes.
    pub nodes: u32,
    /// Items that all hold from the start.
    pub items: u64,
    /// Messages lost, in a million.
    pub loss_ppm: u32,
    /// How many cycles to look on after all hold it.
    pub after: u32,
    /// Seed of all dice.
    pub seed: u64,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// The share of nodes that never got it.
    pub residue: f64,
    /// Cycles until the last one did.
    pub last: u64,
    /// Bytes that a node said until then, on average.
    pub bytes: f64,
    /// Messages that a node hears in each cycle after that, on average.
    pub idle_messages: f64,
    /// Bytes that a node says in each cycle after that, on average.
    pub idle_bytes: f64,
}

/// Cycles until what has not reached all never will: a hundred times the logarithm of any number of nodes here.
const PATIENCE: u64 = 2_000;

/// One node, that of the seed, writes an item; cycles until all hold it, and some more.
///
/// # Errors
/// If `config` is out of its bounds.
pub fn run(config: &Config, setup: Setup) -> Result<Course, Invalid> {
    let mut cycles = nodes(config, setup.nodes, setup.items, setup.seed)?;
    cycles.weigh();
    cycles.lose(setup.loss_ppm);
    let origin = (setup.seed % u64::from(setup.nodes)) as u32;
    let (new, n) = (setup.items, f64::from(setup.nodes));
    cycles.command(origin, |node, _| node.ledger_mut().insert(item(new, new + 1)));
    while holders(&cycles, new) < setup.nodes && cycles.cycle() < PATIENCE {
        cycles.step();
    }
    let (last, spread) = (cycles.cycle(), cycles.tally());
    (0..setup.after).for_each(|_| cycles.step());
    let idle = f64::from(setup.after.max(1)) * n;
    Ok(Course {
        residue: 1.0 - f64::from(holders(&cycles, new)) / n,
        last,
        bytes: spread.bytes as f64 / n,
        idle_messages: (cycles.tally().heard - spread.heard) as f64 / idle,
        idle_bytes: (cycles.tally().bytes - spread.bytes) as f64 / idle,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_antientropy::{Compare, Exchange};
    use bruit_proto::Duration;

    const SETUP: Setup = Setup { nodes: 64, items: 20, loss_ppm: 0, after: 5, seed: 3 };

    #[test]
    fn the_residue_is_zero_whatever_the_rules_and_the_loss() {
        let recent = Compare::Recent { within: Duration::from_secs(60) };
        for compare in [Compare::Full, recent, Compare::PeelBack, Compare::Merkle] {
            for exchange in [Exchange::Push, Exchange::Pull, Exchange::PushPull] {
                let config = Config { compare, exchange, ..Config::default() };
                for loss_ppm in [0, 200_000] {
                    let course = run(&config, Setup { loss_ppm, ..SETUP }).expect("settings in their bounds");
                    assert_eq!(course.residue, 0.0, "{compare:?} {exchange:?}: {course:?}");
                    assert!((3..60).contains(&course.last), "{compare:?} {exchange:?}: {course:?}");
                }
            }
        }
    }

    #[test]
    fn it_never_ends() {
        let course = run(&Config::default(), SETUP).expect("settings in their bounds");
        // Each node sends its checksum of ten bytes, and nobody has anything to say to it.
        assert_eq!((course.idle_messages, course.idle_bytes), (1.0, 10.0));
    }
}
