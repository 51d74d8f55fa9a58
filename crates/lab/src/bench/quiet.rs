//! How fast the lab is: quiet SWIM nodes that share one view, and nothing else.

use crate::solo::Solo;
use bruit_proto::{PeerId, Record, Tags};
use bruit_swim::{Base, Config, Profile, Swim};
use serde::Serialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// What a quiet cluster cost.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Quiet {
    /// Nodes.
    pub nodes: u32,
    /// Virtual seconds that were run.
    pub virtual_s: f64,
    /// Messages heard and wake-ups.
    pub events: u64,
    /// Members suspected, over all views; zero unless something is wrong.
    pub suspicions: u64,
}

/// A quiet cluster, made but not run.
pub struct Cluster(Solo<Swim>);

impl Cluster {
    /// `n` nodes that know each other.
    pub fn new(n: u32, seed: u64) -> Cluster {
        let record = |i: u32| {
            let at = SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + i), 7946));
            Arc::new(
                Record::new(&format!("n{i}"), u64::from(i), vec![at], Tags::default()).expect("a short name and one address"),
            )
        };
        let records: Vec<Arc<Record>> = (0..n).map(record).collect();
        let base = Arc::new(Base::new(records.iter().cloned()));
        let config = Arc::new(Config::of(Profile::Lan));
        let node = |r: Arc<Record>| -> (PeerId, Swim) { (r.id(), Swim::with_base(config.clone(), base.clone(), r)) };
        Cluster(Solo::new(seed, records.into_iter().map(node).collect()))
    }

    /// Lets virtual time pass and reports.
    pub fn run(&mut self, nodes: u32, span: Duration) -> Quiet {
        let before = self.0.events();
        self.0.run(span);
        let suspicions = (0..nodes).map(|i| self.0.protocol(i).counters().suspicions).sum();
        Quiet { nodes, virtual_s: span.as_secs_f64(), events: self.0.events() - before, suspicions }
    }
}
