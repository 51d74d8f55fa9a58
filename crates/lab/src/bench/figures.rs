use serde::{Deserialize, Serialize};

/// What one trial measured. `bruit bench cluster` fills it from real sockets or from the lab.
///
/// Bytes are UDP and TCP payload as sent. A time that never came is infinite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// From the first dial until all know all, in milliseconds.
    pub join_all_ms: f64,
    /// Bytes sent meanwhile.
    pub join_bytes: f64,
    /// What no join can do without: each node learns the record of each other.
    pub join_bytes_floor: f64,
    /// The seed's part of the join's bytes, in percent.
    pub seed_share: f64,
    /// Bytes sent by a node in a second when nothing happens.
    pub idle_bytes_per_node_s: f64,
    /// Datagrams likewise.
    pub idle_packets_per_node_s: f64,
    /// From an event until its last delivery, in milliseconds.
    pub event_all_ms: f64,
    /// Bytes that it cost until silence, those of an idle cluster not counted.
    pub event_bytes: f64,
    /// Nodes that it never reached.
    pub event_missed: f64,
    /// From a waited-for event until its sender knows that all have it, in milliseconds.
    pub covered_all_ms: f64,
    /// Packets that say so, as the sender hears them.
    pub covered_packets: f64,
    /// From a crash until the last survivor knows of it, in milliseconds.
    pub crash_all_ms: f64,
    /// Views in which a living node was dead.
    pub false_deaths: f64,
    /// Bytes of streams until a node that missed the changes of ten others knows them.
    pub delta_bytes: f64,
    /// Processor time of an idle node in a second, in microseconds. Real sockets alone.
    pub cpu_us_per_node_s: Option<f64>,
    /// Memory of all nodes, in MiB. Real sockets alone.
    pub rss_mib: Option<f64>,
}

/// The spread of one figure over all trials. A value that never came is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: Option<f64>,
    /// The middle one; of an even number the lower.
    pub median: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
}

impl Spread {
    /// The spread of these values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |i: usize| values.get(i).copied().filter(|x| x.is_finite()).map(|x| (x * 10.0).round() / 10.0);
        let last = values.len().saturating_sub(1);
        Spread { min: at(0), median: at(last / 2), max: at(last) }
    }
}

/// The figures of `bruit bench cluster`. What each means is said at [`Trial`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the trial says what each figure means")]
pub struct Figures {
    /// Nodes in the cluster.
    pub nodes: u32,
    /// Trials that were run.
    pub trials: u32,
    pub join_all_ms: Spread,
    pub join_bytes: Spread,
    pub join_bytes_floor: Spread,
    pub seed_share: Spread,
    pub idle_bytes_per_node_s: Spread,
    pub idle_packets_per_node_s: Spread,
    pub event_all_ms: Spread,
    pub event_bytes: Spread,
    pub event_missed: Spread,
    pub covered_all_ms: Spread,
    pub covered_packets: Spread,
    pub crash_all_ms: Spread,
    pub false_deaths: Spread,
    pub delta_bytes: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us_per_node_s: Option<Spread>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_mib: Option<Spread>,
}

impl Figures {
    /// Of all trials.
    pub fn of(nodes: u32, trials: &[Trial]) -> Figures {
        let spread = |f: fn(&Trial) -> f64| Spread::of(trials.iter().map(f));
        let some = |f: fn(&Trial) -> Option<f64>| {
            let values: Vec<f64> = trials.iter().filter_map(f).collect();
            (!values.is_empty()).then(|| Spread::of(values))
        };
        Figures {
            nodes,
            trials: trials.len() as u32,
            join_all_ms: spread(|t| t.join_all_ms),
            join_bytes: spread(|t| t.join_bytes),
            join_bytes_floor: spread(|t| t.join_bytes_floor),
            seed_share: spread(|t| t.seed_share),
            idle_bytes_per_node_s: spread(|t| t.idle_bytes_per_node_s),
            idle_packets_per_node_s: spread(|t| t.idle_packets_per_node_s),
            event_all_ms: spread(|t| t.event_all_ms),
            event_bytes: spread(|t| t.event_bytes),
            event_missed: spread(|t| t.event_missed),
            covered_all_ms: spread(|t| t.covered_all_ms),
            covered_packets: spread(|t| t.covered_packets),
            crash_all_ms: spread(|t| t.crash_all_ms),
            false_deaths: spread(|t| t.false_deaths),
            delta_bytes: spread(|t| t.delta_bytes),
            cpu_us_per_node_s: some(|t| t.cpu_us_per_node_s),
            rss_mib: some(|t| t.rss_mib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_never_came_is_the_greatest_and_none() {
        let spread = Spread::of([3.0, f64::INFINITY, 1.0]);
        assert_eq!(spread, Spread { min: Some(1.0), median: Some(3.0), max: None });
        assert_eq!(Spread::of([]), Spread::default());
    }

    #[test]
    fn figures_come_back_from_json() {
        let figures = Figures::of(3, &[Trial::default()]);
        let text = serde_json::to_string(&figures).unwrap();
        assert!(!text.contains("cpu"), "{text}");
        assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
    }
}
