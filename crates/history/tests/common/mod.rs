//! Histories in a harness whose sites have disks.

#![allow(dead_code, unreachable_pub)]

#[path = "../../../events/tests/common/story.rs"]
pub mod story;

use bruit_history::{Config, Counters, Entry, EntryId, Event, History, Refused, What};
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, PeerId, Restored};
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct Cluster {
    pub net: Harness<History>,
    pub n: u32,
    config: Config,
    session: u64,
}

impl Cluster {
    /// `n` nodes whose packets are lost with probability `loss` in a hundred, and which keep `limit` entries.
    pub fn new(n: u32, seed: u64, loss: u32, limit: usize) -> Cluster {
        Cluster::with(n, seed, loss, Config { limit, ..Config::default() })
    }

    pub fn with(n: u32, seed: u64, loss: u32, config: Config) -> Cluster {
        let links = Links { loss_ppm: loss * 10_000, ..Links::default() };
        let net = Harness::new(n, seed, links, |me| History::new(me, me.0, config.clone(), &Restored::default()));
        Cluster { net, n, config, session: 1_000 }
    }

    /// As [`with`](Cluster::with), after the time in which a node refuses to add.
    pub fn settled(n: u32, seed: u64, loss: u32, limit: usize) -> Cluster {
        let mut cluster = Cluster::new(n, seed, loss, limit);
        cluster.run(5);
        cluster
    }

    /// Passes time in seconds.
    pub fn run(&mut self, seconds: u64) {
        self.net.run(Duration::from_secs(seconds));
    }

    pub fn try_append(&mut self, i: u32, what: What, node: &str) -> Result<EntryId, Refused> {
        self.net.turn(i, |history, cx| history.append(cx, what, node, "ops"))
    }

    pub fn append(&mut self, i: u32, node: &str) -> EntryId {
        self.try_append(i, What::Join, node).expect("within the bounds")
    }

    /// `count` entries at node `i`, as fast as its disk takes them.
    pub fn append_many(&mut self, i: u32, count: usize) {
        for k in 0..count {
            self.append(i, &format!("node-{k}"));
            if k % 32 == 31 {
                self.net.run(Duration::from_millis(2));
            }
        }
        self.net.run(Duration::from_millis(2));
    }

    /// Nothing passes between the first `k` nodes and the others.
    pub fn split(&mut self, k: u32) {
        for a in 1..=k {
            for b in k + 1..=self.n {
                self.net.cut(a, b);
                self.net.cut(b, a);
            }
        }
    }

    /// A new process at site `i`, with what its disk holds.
    pub fn restart(&mut self, i: u32) {
        self.restart_with(i, self.net.disk(i).clone());
    }

    pub fn restart_with(&mut self, i: u32, disk: BTreeMap<Vec<u8>, Vec<u8>>) {
        self.session += 1;
        let history = History::new(PeerId(u64::from(i)), self.session, self.config.clone(), &Restored::new(disk));
        self.net.restart(i, history);
    }

    pub fn entries(&self, i: u32) -> Vec<Arc<Entry>> {
        self.net.site(i).book().iter().cloned().collect()
    }

    pub fn ids(&self, i: u32) -> Vec<EntryId> {
        self.entries(i).iter().map(|entry| entry.id).collect()
    }

    /// Whether all have the same entries and the same checkpoint, and digests that say so.
    pub fn all_equal(&self) -> bool {
        let of = |i| {
            let book = self.net.site(i).book();
            (self.entries(i), book.checkpoint(), book.digest())
        };
        (2..=self.n).all(|i| of(i) == of(1))
    }

    /// Until all are equal; how long it took.
    pub fn until_equal(&mut self, span: Duration) -> Option<Duration> {
        let n = self.n;
        let digest = |net: &Harness<History>, i| net.site(i).book().digest();
        let took = self.net.run_until(span, |net| (2..=n).all(|i| digest(net, i) == digest(net, 1)))?;
        assert!(self.all_equal(), "equal digests of unequal histories");
        Some(took)
    }

    pub fn sum(&self, of: impl Fn(Counters) -> u64) -> u64 {
        (1..=self.n).map(|i| of(self.net.site(i).counters())).sum()
    }

    /// What node `i` told of its own entries since the last call: stored and lost.
    pub fn outcomes(&mut self, i: u32) -> (Vec<EntryId>, Vec<EntryId>) {
        let (mut stored, mut lost) = (Vec::new(), Vec::new());
        for event in self.net.events(i) {
            match event {
                Event::Stored(id) => stored.push(id),
                Event::Lost(id) => lost.push(id),
                Event::Shared(_) | Event::Learned(_) | Event::Unsaved(_) => {}
            }
        }
        (stored, lost)
    }
}
