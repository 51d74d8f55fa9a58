//! How fast the lab is: one rumor, pushed, by the crate `rumor` and by a loop written by hand for the same work.
//!
//! Feedback, a counter of 4, a cycle each 200 ms; latencies of a millisecond and log-normal with a median of 20 ms above it,
//! one packet in a hundred lost.

mod by_hand;

use crate::cycles::Complete;
use crate::epidemic::One;
use crate::links::{Delay, Links};
use crate::solo::Solo;
use bruit_kit::Set;
use bruit_rumor::{Config, Rumor, Stop};
use std::sync::Arc;
use std::time::Duration;

pub use by_hand::ByHand;

/// The counter at which a node loses interest.
const K: u32 = 4;
/// A cycle.
const EVERY: Duration = Duration::from_millis(200);

fn links() -> Links {
    let delay = Delay::LogNormal { sigma_permille: 500 };
    Links { floor_us: 1_000, spread_us: 20_000, delay, loss_ppm: 10_000, ..Links::default() }
}

/// A run that can be watched: by the crate, or by hand.
pub trait Run {
    /// Lets virtual time pass.
    fn run(&mut self, span: Duration);

    /// Messages heard and wake-ups so far.
    fn events(&self) -> u64;

    /// Nodes that know it.
    fn known(&self) -> u64;

    /// Lets a second pass; whether anything happened in it.
    fn goes_on(&mut self) -> bool {
        let before = self.events();
        self.run(Duration::from_secs(1));
        self.events() > before
    }
}

/// Nodes of the crate `rumor`, the first of which has begun one.
pub struct ByCrate(Solo<Rumor<One>, Complete>);

impl ByCrate {
    /// So many nodes.
    pub fn new(nodes: u32, seed: u64) -> ByCrate {
        let config = Arc::new(Config { every: EVERY, stop: Stop::Counter { feedback: true, k: K }, ..Config::default() });
        let node = |_| Rumor::new(Arc::clone(&config), One::default()).expect("settings in their bounds");
        let mut solo = Solo::over(seed, links(), Complete(nodes), 1, node);
        solo.command(0, |rumor, cx| rumor.start(cx, ()));
        ByCrate(solo)
    }
}

impl Run for ByCrate {
    fn run(&mut self, span: Duration) {
        self.0.run(span);
    }
    fn events(&self) -> u64 {
        self.0.events()
    }
    fn known(&self) -> u64 {
        self.0.protocols().filter(|rumor| rumor.set().has(())).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loop by hand does the same work: as many events, as many nodes reached, but for the dice.
    #[test]
    fn both_do_the_same_work() {
        let nodes = 20_000;
        let over = |run: &mut dyn Run| {
            while run.goes_on() {}
            (run.events() as f64 / f64::from(nodes), run.known() as f64 / f64::from(nodes))
        };
        let (by_crate, by_hand) = (over(&mut ByCrate::new(nodes, 1)), over(&mut ByHand::new(nodes, 1)));
        assert!((by_crate.0 / by_hand.0 - 1.0).abs() < 0.02, "{by_crate:?} {by_hand:?}");
        assert!((by_crate.1 - by_hand.1).abs() < 0.004 && by_crate.1 > 0.98, "{by_crate:?} {by_hand:?}");
    }
}
