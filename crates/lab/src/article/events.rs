use super::Claim;
use crate::bench::{Options, measure};
use crate::paper::Verdict;

pub(super) const ALL: Claim = Claim {
    name: "events-reach-all",
    about: "events",
    claim: "an event reaches every node although a fifth of all packets is lost",
    command: "bruit bench cluster --virtual --nodes 64 --loss 20 --trials 50",
    measure: |effort| {
        let options = Options {
            nodes: effort.either(24, 64),
            trials: effort.either(2, 50),
            loss_ppm: 200_000,
            threads: effort.threads,
            ..Options::default()
        };
        let figures = measure(&options, |_| ());
        // A trial without its figure is one in which it never came.
        let missed = figures.event_missed.max.unwrap_or(f64::INFINITY);
        let never = f64::from(u8::from(figures.event_all_ms.max.is_none()));
        let Options { nodes, trials, .. } = options;
        vec![
            Verdict::range(format!("{trials} events, {nodes} nodes: nodes that one missed, at most"), missed, 0.0, 0.0),
            Verdict::range("events of which some node never heard within 30 s, or none", never, 0.0, 0.0),
        ]
    },
};
