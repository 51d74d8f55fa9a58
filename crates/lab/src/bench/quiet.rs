//! How fast the lab is: quiet SWIM nodes that share one view, and nothing else.

use crate::members;
use crate::solo::Solo;
use bruit_swim::{Config, Message, Profile, Swim};
use std::time::Duration;

/// A quiet cluster, made but not run.
pub struct Cluster(Solo<Swim>);

impl Cluster {
    /// `n` nodes that know each other.
    pub fn new(n: u32, seed: u64) -> Cluster {
        Cluster(members::solo(n, seed, Config::of(Profile::Lan)))
    }

    /// From now on `tap` hears every message that reaches a node: from which, to which, what.
    pub fn tap(&mut self, tap: impl FnMut(u32, u32, &Message) + 'static) {
        self.0.tap(tap);
    }

    /// Lets virtual time pass; messages heard and wake-ups meanwhile.
    pub fn run(&mut self, span: Duration) -> u64 {
        let before = self.0.events();
        self.0.run(span);
        self.0.events() - before
    }

    /// Members suspected so far, over all views; zero unless something is wrong.
    pub fn suspicions(&self) -> u64 {
        self.0.protocols().map(|swim| swim.counters().suspicions).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SWIM section 3.1, nothing being wrong: in each period a node wakes once, hears one ping and one ack. A probe that
    /// was answered wakes nobody when its time is up.
    #[test]
    fn a_period_is_three_events() {
        let (nodes, periods) = (300, 20);
        let mut cluster = Cluster::new(nodes, 1);
        cluster.run(Duration::from_secs(2));
        let events = cluster.run(Duration::from_secs(periods));
        // Of each node one message may be under way when the first second is over, or the last.
        assert!(events.abs_diff(3 * u64::from(nodes) * periods) < u64::from(nodes), "{events}");
        assert_eq!(cluster.suspicions(), 0);
    }
}
