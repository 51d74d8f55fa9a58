use bruit_kit::Invalid;
use std::time::Duration;

/// Which way rumors go when two nodes are in contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// Who has a hot rumor contacts a peer and tells it. Costs nothing when there is none.
    Push,
    /// Every node asks a peer for its hot rumors, each cycle.
    Pull,
    /// Both.
    PushPull,
    /// Push while few know it, pull once many do, each where it is efficient: who hears a rumor within its first `hops` tells
    /// it `copies` peers at once, in its next cycle and never again; every node asks a peer each cycle. With minimization, so
    /// that only who lacks a rumor is told. Nearly the n - 1 tellings that there must be.
    PushThenPull {
        /// Peers told at once.
        copies: u32,
        /// For so many hops.
        hops: u8,
    },
}

impl Exchange {
    pub(crate) fn pushes(self) -> bool {
        matches!(self, Exchange::Push | Exchange::PushPull)
    }
    pub(crate) fn pulls(self) -> bool {
        self != Exchange::Push
    }
}

/// When a node loses interest in a rumor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// After `k` cycles with contacts that count against it.
    Counter {
        /// Only contacts count where the other side knew it already; else each does.
        feedback: bool,
        /// How many.
        k: u32,
    },
    /// With probability 1 / `k` at each contact that counts.
    Coin {
        /// Only contacts count where the other side knew it already; else each does.
        feedback: bool,
        /// One over the probability.
        k: u32,
    },
    /// When every peer is known to have it: whoever told it, and whoever confirmed it. For tables of few peers, such as a
    /// partial view; of more than [`Config::LINKS`] the rest is not waited for.
    Linked,
}

impl Stop {
    /// Whether the other side has to say what it knew.
    pub(crate) fn listens(self) -> bool {
        match self {
            Stop::Counter { feedback, .. } | Stop::Coin { feedback, .. } => feedback,
            Stop::Linked => true,
        }
    }
}

/// The rules of one epidemic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The length of a cycle.
    pub every: Duration,
    /// Which way rumors go.
    pub exchange: Exchange,
    /// When a node loses interest.
    pub stop: Stop,
    /// Whether a useful contact makes the counter begin again, as in the paper's tables.
    pub reset: bool,
    /// How many peers a node contacts in a cycle, its fan-out. The paper's sites contact one.
    pub contacts: u32,
    /// How many contacts a node takes in a cycle; all if none.
    pub connections: Option<u32>,
    /// How many other peers a node tries in a cycle after one that took no more.
    pub hunt: u32,
    /// Whether names and counters are compared before data goes.
    pub minimize: bool,
    /// The most rumors that are hot at once; of more, the oldest are dropped and counted.
    pub capacity: usize,
}

impl Default for Config {
    /// Push with feedback and a counter of 3, a cycle each 200 ms: the paper's table 1, where one node in a hundred is missed
    /// and anti-entropy behind it serves the rest.
    fn default() -> Self {
        Config {
            every: Duration::from_millis(200),
            exchange: Exchange::Push,
            stop: Stop::Counter { feedback: true, k: 3 },
            reset: true,
            contacts: 1,
            connections: None,
            hunt: 0,
            minimize: false,
            capacity: 1024,
        }
    }
}

impl Config {
    /// The most peers that [`Stop::Linked`] waits for: eight times the usual partial view of 30.
    pub const LINKS: usize = 256;

    /// # Errors
    /// The first setting that is out of its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        let bound = Invalid::unless;
        let k = match self.stop {
            Stop::Counter { k, .. } | Stop::Coin { k, .. } => k,
            Stop::Linked => 1,
        };
        bound((1..=1000).contains(&k), "k must be from 1 to 1000")?;
        bound(!self.every.is_zero(), "a cycle must take some time")?;
        bound((1..=64).contains(&self.contacts), "a node contacts from 1 to 64 peers in a cycle")?;
        bound(self.connections != Some(0), "a node must take at least one contact")?;
        bound(self.hunt <= 64, "at most 64 peers are tried in a cycle")?;
        bound(!self.minimize || matches!(self.stop, Stop::Counter { feedback: true, .. }), "minimization compares counters")?;
        if let Exchange::PushThenPull { copies, hops } = self.exchange {
            bound((1..=64).contains(&copies) && hops < u8::MAX, "from 1 to 64 copies, for at most 254 hops")?;
            bound(self.minimize, "push, then pull needs minimization")?;
        }
        bound((1..=1 << 20).contains(&self.capacity), "from 1 to 1,048,576 rumors may be hot")
    }
}
