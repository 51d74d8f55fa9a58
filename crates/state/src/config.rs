use crate::delta::Delta;
use crate::delta::Order;
use crate::round::Round;
use crate::schema::Schema;
use crate::value::{Key, Value};
use bruit_kit::Arrivals;
use bruit_proto::Duration;
use std::collections::BTreeMap;
use std::fmt;

/// Who says who is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Detector {
    /// The membership protocol that this one is composed with: no heartbeats, no echoes, no seeds.
    #[default]
    Swim,
    /// Heartbeats and accrued suspicion, as Cassandra does it.
    Phi,
    /// Membership decides, heartbeats are watched, and where they disagree is kept.
    Both,
}

/// How gaps between heartbeats are taken to be distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Form {
    /// Exponentially, as in Cassandra.
    #[default]
    Exponential,
    /// Normally, as in Hayashibara's paper.
    Normal,
}

/// The settings of endpoint state. Nodes of one cluster may differ in any but `detector`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who says who is alive.
    pub detector: Detector,
    /// How long a round lasts; Cassandra's is a second.
    pub every: Duration,
    /// Whom a round talks to.
    pub round: Round,
    /// Whose news goes first when a packet does not hold all of it.
    pub order: Order,
    /// The most bytes of one message. 1,150 leaves 50 of a packet of 1,200 to its envelope and to the sum.
    pub packet: usize,
    /// The most values of one message beside that: any number. Papers that count a message in values are run again with it.
    #[doc(hidden)]
    pub values: usize,
    /// Whether a change also leaves at once, or by the exchange alone.
    pub spread: bool,
    /// The suspicion that convicts. 8 is Cassandra's: one mistake in 10^8 gaps, were they independent.
    pub threshold: f64,
    /// How phi is computed.
    pub form: Form,
    /// How many gaps between heartbeats are kept of each node, a twentieth more or less.
    pub window: usize,
    /// After this node stood still, nobody is convicted for so long. Cassandra's 5 s.
    pub guard: Duration,
    /// How often the shadow round asks again. Cassandra's 5 s.
    pub shadow_every: Duration,
    /// How long the shadow round lasts at most; then this node goes on alone. Cassandra's ring delay, 30 s.
    pub shadow_limit: Duration,
    /// How long a node that was dropped is not heard of. Cassandra's 60 s: twice what news of the drop may take.
    pub quarantine: Duration,
    /// How long after its last sign of life a node is dropped, and a removal with it. Cassandra's 'very long time' of
    /// three days: a weekend, and whoever was cut off longer begins again.
    pub expire: Duration,
    /// The longest value that may be set, at most [`Value::MAX`].
    pub value: usize,
    /// The most nodes that are kept, itself included, at most [`Config::MAX_NODES`].
    pub nodes: usize,
    /// What values keys may take.
    pub schemas: BTreeMap<Key, Schema>,
    /// Whether the last exchange is kept to look at.
    pub trace: bool,
}

/// The caller's mistake: a setting is out of its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BadConfig {
    /// `every` is below 10 ms.
    Every(Duration),
    /// `round.live` is none of 1, 2, 3.
    Live(u32),
    /// `packet` does not hold the largest value with its header, or is above 8 KiB.
    Packet(usize),
    /// `threshold` is not in 0.1 to 100.
    Threshold(f64),
    /// `window` is not in 1 to 10,000.
    Window(usize),
    /// `value` is above [`Value::MAX`].
    Value(usize),
    /// `nodes` is zero or above [`Config::MAX_NODES`].
    Nodes(usize),
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadConfig::Every(d) => write!(f, "state rounds of {d:?}; give at least 10 ms"),
            BadConfig::Live(n) => write!(f, "{n} live peers a round; give 1, 2 or 3"),
            BadConfig::Packet(n) => write!(f, "state messages of {n} bytes; give {} to 8192", Config::MIN_PACKET),
            BadConfig::Threshold(x) => write!(f, "a phi threshold of {x}; give 0.1 to 100"),
            BadConfig::Window(n) => write!(f, "a window of {n} heartbeats; give 1 to 10000"),
            BadConfig::Value(n) => write!(f, "state values of {n} bytes; allow at most {}", Value::MAX),
            BadConfig::Nodes(n) => write!(f, "state of {n} nodes; give 1 to {}", Config::MAX_NODES),
        }
    }
}

impl std::error::Error for BadConfig {}

impl Config {
    /// The most nodes: 10,000, whose digests fill 130 packets.
    pub const MAX_NODES: usize = 10_000;
    /// What the smallest packet must hold: the head of a message, 26 bytes, a delta's header and the largest value, 947.
    pub const MIN_PACKET: usize = 26 + Delta::HEADER + 947;

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`BadConfig`] names the setting that is out of them.
    pub fn check(&self) -> Result<(), BadConfig> {
        let bounds = [
            (self.every >= Duration::from_millis(10), BadConfig::Every(self.every)),
            ((1..=3).contains(&self.round.live), BadConfig::Live(self.round.live)),
            ((Config::MIN_PACKET..=8192).contains(&self.packet), BadConfig::Packet(self.packet)),
            ((0.1..=100.0).contains(&self.threshold), BadConfig::Threshold(self.threshold)),
            ((1..=10_000).contains(&self.window), BadConfig::Window(self.window)),
            (self.value <= Value::MAX, BadConfig::Value(self.value)),
            ((1..=Config::MAX_NODES).contains(&self.nodes), BadConfig::Nodes(self.nodes)),
        ];
        bounds.into_iter().find(|(fine, _)| !fine).map_or(Ok(()), |(_, bad)| Err(bad))
    }

    /// Heartbeats and phi, as in Cassandra.
    pub fn phi() -> Config {
        Config { detector: Detector::Phi, ..Config::default() }
    }

    /// Whether this node's heart beats.
    pub(crate) fn beats(&self) -> bool {
        self.detector != Detector::Swim
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            detector: Detector::default(),
            every: Duration::from_secs(1),
            round: Round::CASSANDRA,
            order: Order::default(),
            packet: 1_150,
            values: usize::MAX,
            spread: true,
            threshold: 8.0,
            form: Form::default(),
            window: Arrivals::WINDOW,
            guard: Duration::from_secs(5),
            shadow_every: Duration::from_secs(5),
            shadow_limit: Duration::from_secs(30),
            quarantine: Duration::from_secs(60),
            expire: Duration::from_secs(3 * 24 * 3600),
            value: 512,
            nodes: Config::MAX_NODES,
            schemas: BTreeMap::new(),
            trace: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_bounds_and_each_bound_is_checked() {
        assert_eq!(Config::default().check(), Ok(()));
        assert_eq!(Config { packet: 900, ..Config::default() }.check(), Err(BadConfig::Packet(900)));
        assert_eq!(Config { value: 801, ..Config::default() }.check(), Err(BadConfig::Value(801)));
        assert!(Config { threshold: f64::NAN, ..Config::default() }.check().is_err());
        assert_eq!(Config { nodes: 0, ..Config::default() }.check(), Err(BadConfig::Nodes(0)));
        let dozen = Round { live: 12, others: true };
        assert_eq!(Config { round: dozen, ..Config::default() }.check(), Err(BadConfig::Live(12)));
    }
}
