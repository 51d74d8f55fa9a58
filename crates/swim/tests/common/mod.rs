//! A cluster of SWIM nodes in a few verbs. Sites are numbers; ids are hashes of names, so the harness is told the
//! names.

#![allow(dead_code)]

use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, PeerId, Record, Restored, Tags};
use bruit_swim::{Config, Profile, Status, Swim};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) struct Cluster {
    pub(crate) h: Harness<Swim>,
    names: Vec<String>,
    config: Arc<Config>,
    lives: u64,
}

impl Cluster {
    pub(crate) fn new(n: u32, seed: u64) -> Cluster {
        Cluster::lossy(n, seed, 0)
    }

    pub(crate) fn lossy(n: u32, seed: u64, loss_ppm: u32) -> Cluster {
        let names: Vec<String> = (1..=n).map(|i| format!("n{i}")).collect();
        Cluster::build(names, seed, Links { loss_ppm, ..Links::default() }, Config::of(Profile::Lan))
    }

    pub(crate) fn of(n: u32, seed: u64, config: Config) -> Cluster {
        Cluster::build((1..=n).map(|i| format!("n{i}")).collect(), seed, Links::default(), config)
    }

    fn build(names: Vec<String>, seed: u64, links: Links, config: Config) -> Cluster {
        let config = Arc::new(config);
        let ids = names.iter().map(|n| PeerId::named(n)).collect();
        let mut site = 0;
        let make = |_| {
            site += 1;
            Swim::new(config.clone(), record(&names, site, 1))
        };
        let h = Harness::with_ids(ids, seed, links, make);
        Cluster { h, names, config, lives: 1 }
    }

    pub(crate) fn joined(n: u32, seed: u64) -> Cluster {
        let mut c = Cluster::new(n, seed);
        c.join_all();
        c.until(secs(10), Cluster::agree).expect("all join");
        for i in 1..=n {
            c.h.events(i);
        }
        c
    }

    pub(crate) fn join_all(&mut self) {
        (2..=self.names.len() as u32).for_each(|i| self.join(i));
    }

    /// Through site 1.
    pub(crate) fn join(&mut self, i: u32) {
        self.h.turn(i, |s, cx| s.join(cx, &[PeerId::contact(1)]));
    }

    /// A node that keeps what it knows, at its start or after an earlier process: with what its disk holds.
    pub(crate) fn restart_from_disk(&mut self, i: u32) {
        self.restart_with(i, self.h.disk(i).clone());
    }

    pub(crate) fn restart_with(&mut self, i: u32, disk: BTreeMap<Vec<u8>, Vec<u8>>) {
        self.lives += 1;
        let restored = Restored::new(disk);
        let swim = Swim::new(self.config.clone(), record(&self.names, u64::from(i), self.lives)).keep(&restored);
        self.h.restart(i, swim);
    }

    pub(crate) fn restart(&mut self, i: u32) {
        self.lives += 1;
        let swim = Swim::new(self.config.clone(), record(&self.names, u64::from(i), self.lives));
        self.h.restart(i, swim);
    }

    pub(crate) fn id(&self, i: u32) -> PeerId {
        PeerId::named(&self.names[i as usize - 1])
    }

    pub(crate) fn sees(&self, who: u32, whom: u32) -> Option<Status> {
        self.h.site(who).member(self.id(whom)).map(|m| m.status)
    }

    fn up(&self) -> impl Iterator<Item = u32> {
        (1..=self.names.len() as u32).filter(|i| self.h.is_up(*i))
    }

    /// Everyone else who is up believes this of it.
    pub(crate) fn all_see(&self, whom: u32, status: Status) -> bool {
        self.up().filter(|i| *i != whom && !self.h.site(*i).is_leaving()).all(|i| self.sees(i, whom) == Some(status))
    }

    /// Everyone who is up knows everyone, and all views are equal.
    pub(crate) fn agree(&self) -> bool {
        let n = self.up().count();
        let live = |i: u32| self.h.site(i).members().filter(|m| m.is_live()).count();
        let first = self.up().next().map(|i| self.h.site(i).digest());
        self.up().all(|i| live(i) == n && Some(self.h.site(i).digest()) == first)
    }

    pub(crate) fn until(&mut self, span: Duration, done: impl Fn(&Cluster) -> bool) -> Option<Duration> {
        let start = self.h.now();
        let end = start + span;
        while self.h.now() < end {
            if done(self) {
                return Some(self.h.now().since(start));
            }
            self.h.run(Duration::from_millis(5));
        }
        done(self).then_some(span)
    }
}

fn record(names: &[String], site: u64, life: u64) -> Arc<Record> {
    let at = format!("10.0.0.{site}:7946").parse().unwrap();
    let session = site * 1000 + life;
    Arc::new(Record::new(&names[site as usize - 1], session, vec![at], Tags::default()).unwrap())
}
