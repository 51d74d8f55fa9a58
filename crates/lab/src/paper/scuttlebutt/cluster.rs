use crate::bench::state::{BORN, id, knows_all, node, until};
use crate::solo::Solo;
use bruit_proto::{PeerId, Rng};
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

/// Nodes that run the crate's [`State`], and when each value was written.
pub(super) struct Cluster {
    setup: Setup,
    solo: Solo<State>,
    dice: Rng,
    /// Of each owner and key its versions, each with the second at which it was written.
    written: Vec<Vec<(u64, f64)>>,
    second: u32,
}

impl Cluster {
    /// All know each other and the first value of each key. None if that did not come about.
    pub(super) fn joined(setup: Setup, order: Order, seed: u64) -> Option<Cluster> {
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
        let hosts = (0..n).map(|i| (id(i), node(id(i), &config, BORN))).collect();
        let written = vec![Vec::new(); (n * setup.keys) as usize];
        let mut cluster =
            Cluster { setup, solo: Solo::new(seed, hosts), dice: Rng::named(seed, PeerId::NONE, "writers"), written, second: 0 };
        until(&mut cluster.solo, LOOK, |solo| solo.protocols().all(|state| knows_all(state, n)))?;
        for key in 0..setup.keys {
            (0..n).for_each(|owner| cluster.write(owner, key, 0.0));
        }
        (0..PATIENCE).find(|_| {
            cluster.solo.run(SECOND);
            cluster.all_hold_all() && cluster.stale().count == 0.0
        })?;
        Some(cluster)
    }

    fn all_hold_all(&self) -> bool {
        let Setup { participants, keys, .. } = self.setup;
        let full = |state: &State| state.nodes().all(|(_, endpoint)| endpoint.values().len() == keys as usize);
        self.solo.protocols().all(|state| state.nodes().count() == participants as usize && full(state))
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

    /// Under a namespace of the owner's, so that values bear the stamps that the precise order goes by.
    fn write(&mut self, owner: u32, key: u32, at: f64) {
        let text = |of: u32| format!("{of:03}");
        let said = self.solo.command(owner, |state, cx| state.set_in(cx, &text(owner), &text(key), "x"));
        let version = said.expect("short names, and fewer of them than a node may have");
        self.written[(owner * self.setup.keys + key) as usize].push((version, at));
    }

    /// What is stale now.
    pub(super) fn stale(&self) -> Stale {
        let now = f64::from(self.second);
        let mut sum = Stale::default();
        for state in self.solo.protocols() {
            let mut longest = 0.0f64;
            // Nodes by id and values by key: the order of `written`.
            let held = state.nodes().flat_map(|(_, endpoint)| endpoint.values().map(|(_, value)| value.version));
            for (version, written) in held.zip(&self.written) {
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
