use super::Claim;
use crate::multicast::{Outcome, Planting, tree};
use crate::paper::Verdict;
use bruit_multicast::Repair;

/// Children of a node.
const FAN_OUT: u32 = 4;
/// Packets lost where some are, in a million.
const LOSS: u32 = 50_000;

fn planted(n: u32, repair: Repair, loss_ppm: u32, fails: bool) -> (Outcome, u64, u64) {
    tree(n, Planting { fan_out: FAN_OUT, repair, loss_ppm, fails, told: fails }, 1)
}

pub(super) const LATENCY: Claim = Claim {
    name: "tree-latency",
    about: "tree multicast",
    claim: "latency is logarithmic: latency / log2 n is the same, whatever n",
    command: "bruit lab paper multicast",
    measure: |effort| {
        let sizes = [10, 100, 1000, 10_000, 100_000];
        let each = |n: &u32| planted(*n, Repair::None, 0, false).0.last.as_secs_f64() * 1e3 / libm::log2(f64::from(*n));
        let seen: Vec<f64> = sizes[..effort.either(3, 5)].iter().map(each).collect();
        let (least, most) = seen.iter().fold((f64::INFINITY, 0.0f64), |(least, most), x| (least.min(*x), most.max(*x)));
        let claim = format!("milliseconds to all over log2 n, n from 10 to {}: greatest over least", sizes[seen.len() - 1]);
        // A whole hop more or less of a few.
        vec![
            Verdict::range(claim, most / least, 1.0, 1.5),
            // Each of its levels takes a millisecond, and no tree of this fan-out has fewer than log4 of 3n/4.
            Verdict::range("the greatest, in ms", most, 1.0 / libm::log2(f64::from(FAN_OUT)), 1.0),
        ]
    },
};

pub(super) const CUT: Claim = Claim {
    name: "tree-cut",
    about: "tree multicast",
    claim: "a failed inner node cuts off its subtree until ACK or NAK repairs it",
    command: "bruit lab paper multicast",
    measure: |effort| {
        let n = effort.either(300, 10_000);
        let verdicts = |(repair, name): (Repair, &str)| {
            let (outcome, below, before) = planted(n, repair, 0, true);
            let exactly = |claim: &str, seen: u64, due: u64| {
                Verdict::range(format!("{n} nodes, {name}: {claim}"), seen as f64, due as f64, due as f64)
            };
            let in_the_end = if repair == Repair::None { below } else { 0 };
            [
                exactly("cut off, of as many as are below it", before, below.max(1)),
                exactly("without in the end", outcome.without, in_the_end),
            ]
        };
        [(Repair::None, "no repair"), (Repair::ACK, "ACK"), (Repair::NAK, "NAK")].into_iter().flat_map(verdicts).collect()
    },
};

pub(super) const CONTROL: Claim = Claim {
    name: "tree-control",
    about: "tree multicast",
    claim: "repair costs control messages: an acknowledgement of each node, or as many session messages as find the last loss",
    command: "bruit lab paper multicast",
    measure: |effort| {
        let n = effort.either(300, 10_000);
        let Repair::Nak { sessions, .. } = Repair::NAK else { return Vec::new() };
        let control = |repair| planted(n, repair, LOSS, false).0;
        let (ack, nak) = (control(Repair::ACK), control(Repair::NAK));
        let row = |claim: &str, seen, low, high| Verdict::range(format!("{n} nodes, 5 % lost, {claim}"), seen, low, high);
        // A question and an answer more for each of the one in ten whose item or acknowledgement was lost, some of them twice.
        vec![
            row("ACK: control messages a node", ack.control, 0.9, 1.5),
            // All of a node's but those that were lost above it, at most a request and its copies for each item that was lost.
            row("NAK: control messages a node", nak.control, f64::from(sessions) / 2.0, f64::from(sessions + FAN_OUT)),
            row("ACK: without", ack.without as f64, 0.0, 0.0),
            row("NAK: without", nak.without as f64, 0.0, 0.0),
        ]
    },
};
