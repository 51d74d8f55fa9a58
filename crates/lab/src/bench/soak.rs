use super::Options;
use super::trial::Bench;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a long quiet time brought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Soak {
    /// Nodes in the cluster.
    pub nodes: u32,
    /// Virtual hours that passed.
    pub hours: f64,
    /// Views in which a living node was dead, per hour.
    pub false_deaths: f64,
    /// Of these, the most in one hour.
    pub worst_hour: u32,
    /// Bytes sent by a node in a second.
    pub bytes_per_node_s: f64,
    /// Datagrams likewise.
    pub packets_per_node_s: f64,
}

/// Forms a cluster and lets it be; `progress` hears of each minute that passed.
pub fn soak(options: &Options, span: Duration, mut progress: impl FnMut(Duration)) -> Soak {
    let mut bench = Bench::new(options, options.seed);
    bench.form();
    let (start, before) = (bench.world.now(), bench.world.total_traffic());
    let step = Duration::from_secs(1);
    let mut by_hour: Vec<u32> = Vec::new();
    while bench.world.now() < start + span {
        let seen = bench.false_deaths;
        bench.pass(step);
        let passed = bench.world.now() - start;
        let hour = (passed.as_secs() / 3_600) as usize;
        by_hour.resize(by_hour.len().max(hour + 1), 0);
        by_hour[hour] += bench.false_deaths - seen;
        if passed.as_secs().is_multiple_of(60) {
            progress(passed);
        }
    }
    let cost = bench.world.total_traffic() - before;
    let seconds = (bench.world.now() - start).as_secs_f64();
    let node_seconds = seconds * f64::from(options.nodes);
    Soak {
        nodes: options.nodes,
        hours: seconds / 3_600.0,
        false_deaths: f64::from(by_hour.iter().sum::<u32>()) * 3_600.0 / seconds,
        worst_hour: by_hour.into_iter().max().unwrap_or(0),
        bytes_per_node_s: cost.bytes() as f64 / node_seconds,
        packets_per_node_s: cost.packets as f64 / node_seconds,
    }
}
