use super::Claim;
use crate::multicast::{Mailing, flood, mail};
use crate::paper::Verdict;

/// A verdict on a number of nodes or messages that must be this one.
fn exactly(claim: String, seen: u64, due: u64) -> Verdict {
    Verdict::range(claim, seen as f64, due as f64, due as f64)
}

pub(super) const LOAD: Claim = Claim {
    name: "mail-load",
    about: "direct mail",
    claim: "load and latency at the sender are O(n)",
    command: "bruit lab paper multicast",
    measure: |effort| {
        let sizes = [10, 100, 1000, 10_000];
        let verdicts = |n: &u32| {
            let seen = mail(*n, Mailing::Whole, 1).0;
            // Eight leave in a millisecond, and one is on its way; it is looked each, or 200 times.
            let due = f64::from((n - 1).div_ceil(8)) / 1e3;
            [
                exactly(format!("{n} nodes: messages of the sender"), seen.origin, u64::from(*n) - 1),
                Verdict::range(format!("{n} nodes: seconds to all"), seen.last.as_secs_f64(), due * 0.994 - 1e-3, due),
            ]
        };
        sizes[..effort.either(3, 4)].iter().flat_map(verdicts).collect()
    },
};

pub(super) const KNOWN: Claim = Claim {
    name: "mail-known",
    about: "direct mail",
    claim: "the sender must know all: whom it does not know is never served",
    command: "bruit lab paper multicast",
    measure: |effort| {
        let n = effort.either(200, 10_000);
        let (seen, unknown) = mail(n, Mailing::Known(900_000), 1);
        vec![exactly(format!("{n} nodes, the sender knows 90 %: without for ever"), seen.without, unknown.max(1))]
    },
};

pub(super) const LOSES: Claim = Claim {
    name: "mail-loses",
    about: "direct mail",
    claim: "it loses what comes while a node is away or a queue is full (Demers et al. 1987, 1.2)",
    command: "bruit lab paper multicast",
    measure: |effort| {
        const ITEMS: u8 = 40;
        const QUEUE: usize = 16;
        let n = effort.either(200, 10_000);
        let (seen, away) = mail(n, Mailing::Away(100_000), 1);
        let (dropped, nobodys) = flood(n.min(1000), ITEMS, QUEUE, 1);
        let due = u64::from(ITEMS) - QUEUE as u64;
        vec![
            exactly(format!("{n} nodes, a tenth away: without for ever"), seen.without, away.max(1)),
            exactly(format!("{ITEMS} items at once, a queue of {QUEUE}: items dropped"), dropped, due),
            exactly(format!("{ITEMS} items at once, a queue of {QUEUE}: items that came to nobody"), nobodys, due),
        ]
    },
};

pub(super) const CRASH: Claim = Claim {
    name: "root-crash",
    about: "centralized multicast",
    claim: "a crash of the root in its send loop leaves some without, for ever",
    command: "bruit lab paper multicast",
    measure: |effort| {
        let n = effort.either(200, 10_000);
        let (seen, unserved) = mail(n, Mailing::Crash, 1);
        vec![exactly(format!("{n} nodes, the root crashes half way: without for ever"), seen.without, unserved.max(1))]
    },
};
