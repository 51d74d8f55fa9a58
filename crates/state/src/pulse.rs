use crate::config::Detector;
use crate::spread::Spread;
use crate::state::State;
use bruit_proto::{Duration, PeerId, Time};

/// How the heart of another node is heard from here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// How suspicious its silence is: the probability that it is no crash is 10^-phi, were gaps distributed as assumed.
    pub phi: f64,
    /// The mean gap between its heartbeats.
    pub mean: Duration,
    /// How many gaps that is the mean of.
    pub samples: usize,
    /// How long ago the last heartbeat came.
    pub silence: Duration,
    /// Whether it is alive by phi: where phi decides, it has also answered an echo.
    pub alive: bool,
}

/// What phi said when membership began to suspect a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// Of whom.
    pub node: PeerId,
    /// When.
    pub at: Time,
    /// The suspicion then.
    pub phi: f64,
}

/// Nodes whose last doubt is remembered, as many as membership remembers suspicions: 64, of 24 bytes.
const MAX_DOUBTS: usize = 64;

impl<S: Spread> State<S> {
    /// How its heart is heard; nothing if it never was, or is this node's own.
    pub fn pulse(&self, node: PeerId, now: Time) -> Option<Pulse> {
        let entry = self.table.get(node)?;
        let arrivals = entry.arrivals.as_ref()?;
        let phi = self.phi(node, now)?;
        let decided = self.config.detector == Detector::Phi;
        let alive = if decided { entry.alive } else { phi <= self.config.threshold };
        Some(Pulse { phi, mean: arrivals.mean(), samples: arrivals.len(), silence: arrivals.silence(now), alive })
    }

    /// What phi said when membership suspected this node last; nothing if its heart was not heard then.
    pub fn phi_when_suspected(&self, node: PeerId) -> Option<Doubt> {
        self.doubts.iter().find(|doubt| doubt.node == node).copied()
    }

    /// Membership suspects it.
    pub(crate) fn doubt(&mut self, node: PeerId, now: Time) {
        self.doubts.retain(|doubt| doubt.node != node);
        let Some(phi) = self.phi(node, now) else { return };
        if self.doubts.len() == MAX_DOUBTS {
            self.doubts.pop_front();
        }
        self.doubts.push_back(Doubt { node, at: now, phi });
    }
}
