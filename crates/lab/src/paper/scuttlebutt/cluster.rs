use super::precise::Precise;
use crate::bench::state::{BORN, id, knows_all, node, until};
use crate::solo::Solo;
use bruit_proto::{Context, PeerId, Protocol, Rng};
use bruit_state::{Config, Order, Round, State};
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// How often it is looked whether all know each other.
const LOOK: Duration = Duration::from_millis(100);
/// Seconds until all hold the first value of each key at most.
const PATIENCE: usize = 600;

/// How large the experiment is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) participants: u32,
    pub(super) keys: u32,
    /// Values of one message.
    pub(super) values: usize,
    /// From when to when the rate is doubled, in seconds.
    pub(super) overload: (u32, u32),
    /// When updates end.
    pub(super) end: u32,
}

impl Setup {
    /// Of figure 2.
    pub(super) const PUBLISHED: Setup = Setup { participants: 128, keys: 64, values: 100, overload: (25, 75), end: 120 };

    /// Updates of each participant in a second.
    fn rate(self, second: u32) -> u32 {
        match second {
            s if s >= self.end => 0,
            s if s >= self.overload.0 && s < self.overload.1 => 2,
            _ => 1,
        }
    }
}

/// What is stale at one moment, averaged over participants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stale {
    /// Seconds since the value that is held longest beyond its time was overwritten.
    pub(super) longest: f64,
    /// Values that are held and were overwritten.
    pub(super) count: f64,
}

/// Who takes part.
pub(super) trait Participant: Protocol + Sized {
    /// Its own key number `key` has a new value; the version of that.
    fn write(&mut self, cx: &mut Context<'_, Self>, owner: u32, key: u32) -> u64;

    /// The versions held of the values of all owners, by owner, then key.
    fn held(&self) -> impl Iterator<Item = u64>;
}

impl Participant for State {
    /// Under a namespace of the owner's, so that values bear the stamps that the precise order goes by.
    fn write(&mut self, cx: &mut Context<'_, Self>, owner: u32, key: u32) -> u64 {
        let text = |of: u32| format!("{of:03}");
        self.set_in(cx, &text(owner), &text(key), "x").expect("short names, and fewer of them than a node may have")
    }

    fn held(&self) -> impl Iterator<Item = u64> {
        self.nodes().flat_map(|(_, endpoint)| endpoint.values().map(|(_, value)| value.version))
    }
}

impl Participant for Precise {
    fn write(&mut self, cx: &mut Context<'_, Self>, _: u32, key: u32) -> u64 {
        Precise::write(self, cx, key)
    }

    fn held(&self) -> impl Iterator<Item = u64> {
        self.versions()
    }
}

/// Nodes, and when each value was written.
pub(super) struct Cluster<P: Protocol> {
    setup: Setup,
    solo: Solo<P>,
    dice: Rng,
    /// Of each owner and key its versions, each with the second at which it was written.
    written: Vec<Vec<(u64, f64)>>,
    second: u32,
}

impl Cluster<State> {
    /// Nodes that run the crate's [`State`], and all know each other and the first value of each key. None if that did not
    /// come about.
    pub(super) fn of_state(setup: Setup, order: Order, seed: u64) -> Option<Self> {
        // One random live peer a second and nothing ahead of the exchange. Nobody is convicted of silence.
        let config = Arc::new(Config {
            order,
            values: setup.values,
            packet: 8_192,
            spread: false,
            round: Round::DYNAMO,
            threshold: 100.0,
            trace: false,
            ..Config::phi()
        });
        let n = setup.participants;
        let hosts = (0..n).map(|i| node(id(i), &config, BORN)).collect();
        let mut solo = Solo::new(seed, hosts);
        until(&mut solo, LOOK, |solo| solo.protocols().all(|state| knows_all(state, n)))?;
        Cluster::settled(setup, solo, seed)
    }
}

impl Cluster<Precise> {
    /// The same with nodes that reconcile precisely, the newest first.
    pub(super) fn precise(setup: Setup, seed: u64) -> Option<Self> {
        let node = |i| Precise::new(i, setup.participants, setup.keys, setup.values);
        let hosts = (0..setup.participants).map(node).collect();
        Cluster::settled(setup, Solo::new(seed, hosts), seed)
    }
}

impl<P: Participant> Cluster<P> {
    fn settled(setup: Setup, solo: Solo<P>, seed: u64) -> Option<Self> {
        let written = vec![Vec::new(); (setup.participants * setup.keys) as usize];
        let mut cluster = Cluster { setup, solo, dice: Rng::named(seed, PeerId::NONE, "writers"), written, second: 0 };
        for key in 0..setup.keys {
            (0..setup.participants).for_each(|owner| cluster.write(owner, key, 0.0));
        }
        (0..PATIENCE).find(|_| {
            cluster.solo.run(SECOND);
            cluster.all_hold_all() && cluster.stale().count == 0.0
        })?;
        Some(cluster)
    }

    fn all_hold_all(&self) -> bool {
        self.solo.protocols().all(|node| node.held().filter(|version| *version > 0).count() == self.written.len())
    }

    /// Everybody writes, at random moments.
    pub(super) fn second(&mut self) {
        let writes = self.setup.rate(self.second) * self.setup.participants;
        let micros = SECOND.as_micros() as u32;
        let mut moments: Vec<(u32, u32)> = (0..writes).map(|i| (self.dice.below(micros), i % self.setup.participants)).collect();
        moments.sort_unstable();
        let mut passed = 0;
        for (moment, owner) in moments {
            // Whole buckets pass.
            let until = moment / 500 * 500;
            self.solo.run(Duration::from_micros((until - passed).into()));
            passed = until;
            let key = self.dice.below(self.setup.keys);
            self.write(owner, key, f64::from(self.second) + f64::from(moment) / 1e6);
        }
        self.solo.run(Duration::from_micros((micros - passed).into()));
        self.second += 1;
    }

    fn write(&mut self, owner: u32, key: u32, at: f64) {
        let version = self.solo.command(owner, |node, cx| node.write(cx, owner, key));
        self.written[(owner * self.setup.keys + key) as usize].push((version, at));
    }

    /// What is stale now.
    pub(super) fn stale(&self) -> Stale {
        let now = f64::from(self.second);
        let mut sum = Stale::default();
        for node in self.solo.protocols() {
            let mut longest = 0.0f64;
            for (version, written) in node.held().zip(&self.written) {
                let next = written.iter().rev().take_while(|(other, _)| *other > version).last();
                if let Some((_, overwritten)) = next {
                    sum.count += 1.0;
                    longest = longest.max(now - overwritten);
                }
            }
            sum.longest += longest;
        }
        let n = f64::from(self.setup.participants);
        Stale { longest: sum.longest / n, count: sum.count / n }
    }
}
