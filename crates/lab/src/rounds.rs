//! How a value spreads by the exchange alone, round by round: `bruit lab run state`.
//!
//! Dynamo's round (DeCandia et al. 2007, section 4.8.1): each second each node reconciles with a random peer. The
//! protocol is [`State`]'s own, alone in a world ([`Solo`]).

use crate::bench::state::{BORN, id, knows_all, node, until};
use crate::solo::Solo;
use bruit_state::{Config, Message, Round, State};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether all have joined.
const LOOK: Duration = Duration::from_millis(100);
/// Rounds until a value that is not known to all never will be: log2 of 1,000 nodes are ten.
const PATIENCE: u32 = 60;

/// What to watch.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Nodes, at least 2.
    pub nodes: u32,
    /// Live peers that each talks to in a round: 1, 2 or 3.
    pub peers: u32,
    /// Seed of all dice.
    pub seed: u64,
}

/// One second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Which, from 1.
    pub round: u32,
    /// How many nodes know the value at its end.
    pub know: u32,
    /// Who talked to whom, in order.
    pub picks: Vec<(u32, u32)>,
}

/// Node 0 says something once all know each other; round by round until all know it. None if they never knew each other.
pub fn run(options: Options) -> Option<Vec<Seen>> {
    let round = Round { live: options.peers, ..Round::DYNAMO };
    let config = Arc::new(Config { round, spread: false, trace: false, ..Config::phi() });
    let hosts = (0..options.nodes).map(|i| node(id(i), &config, BORN)).collect();
    let mut solo = Solo::<State>::new(options.seed, hosts);
    until(&mut solo, LOOK, |solo| solo.protocols().all(|state| knows_all(state, options.nodes)))?;
    let picks = Rc::new(RefCell::new(Vec::new()));
    let heard = picks.clone();
    solo.tap(move |from, to, message| {
        // Digests of many nodes are several messages to one peer.
        if matches!(message, Message::Syn(_)) && heard.borrow().last() != Some(&(from, to)) {
            heard.borrow_mut().push((from, to));
        }
    });
    solo.command(0, |state, cx| state.set(cx, "said", "1")).ok()?;
    let mut seen: Vec<Seen> = Vec::new();
    while seen.len() < PATIENCE as usize && seen.last().is_none_or(|last| last.know < options.nodes) {
        solo.run(config.every);
        let know = solo.protocols().filter(|state| state.get(id(0), "said").is_some()).count();
        seen.push(Seen { round: seen.len() as u32 + 1, know: know as u32, picks: picks.take() });
    }
    Some(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_each_node_talks_to_one_other_and_all_know_in_the_end() {
        let options = Options { nodes: 12, peers: 1, seed: 3 };
        let seen = run(options).expect("they know each other");
        assert_eq!(seen, run(options).expect("again"), "the seed decides");
        assert_eq!(seen.last().map(|last| last.know), Some(12));
        assert!(seen.windows(2).all(|pair| pair[0].know <= pair[1].know));
        for Seen { picks, .. } in &seen {
            let mut who: Vec<u32> = picks.iter().map(|pick| pick.0).collect();
            who.sort_unstable();
            assert_eq!(who, (0..12).collect::<Vec<_>>(), "one peer each");
            assert!(picks.iter().all(|(from, to)| from != to));
        }
        // Push and pull of all informed nodes: at most three times as many.
        assert!(seen[0].know > 1 && seen.len() >= 3, "{seen:?}");
    }

    #[test]
    fn three_peers_a_round_are_three_picks_each() {
        let seen = run(Options { nodes: 12, peers: 3, seed: 3 }).expect("they know each other");
        assert!(seen.iter().all(|seen| seen.picks.len() == 36), "{seen:?}");
    }
}
