//! Centralized multicast, multicast along a tree and gossip on the same work, from 10 to 100,000 nodes; and SRM's star.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::multicast::{Mailing, Outcome, Planting, flood, gossip, mail, requests, tree};
use crate::runner::each;
use bruit_multicast::Repair;

/// Children of a node.
const FAN_OUT: u32 = 4;
/// Packets lost where some are, in a million.
const LOSS: u32 = 50_000;
/// Nodes that a claim about loss is about at least, over all its runs.
const NODES: u32 = 1000;
/// Items at once, and the queue that they meet.
const FLOOD: (u8, usize) = (40, 16);

/// How much to run.
#[derive(Clone, Debug)]
pub struct Runs {
    sizes: &'static [u32],
    /// Members of a star, SRM's C2, runs.
    stars: &'static [(u32, u32, u64)],
}

impl Runs {
    /// Up to 1,000 nodes.
    pub fn quick() -> Runs {
        Runs { sizes: &[10, 100, 1000], stars: &[(10, 4, 100), (100, 10, 40), (100, 50, 40)] }
    }

    /// Up to 100,000 nodes.
    pub fn full() -> Runs {
        Runs { sizes: &[10, 100, 1000, 10_000, 100_000], stars: &[(10, 4, 1000), (100, 10, 200), (100, 50, 200), (1000, 32, 20)] }
    }

    /// How many runs that is; one of many seeds counts once.
    pub fn count(&self) -> u64 {
        (self.sizes.len() * WORKS.len()) as u64 + self.stars.iter().map(|star| star.2).sum::<u64>()
    }
}

/// What came of a work: how the item went, what should have been missed, and what was before anybody repaired.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    outcome: Outcome,
    missed: u64,
    before: u64,
}

struct Work {
    run: fn(u32) -> Seen,
    judge: fn(u32, &Seen, &mut Rows),
}

/// The rows of one size.
struct Rows<'a> {
    n: u32,
    verdicts: &'a mut Vec<Verdict>,
}

impl Rows<'_> {
    fn range(&mut self, claim: &str, seen: f64, low: f64, high: f64) {
        self.verdicts.push(Verdict::range(format!("n={:<6} {claim}", self.n), seen, low, high));
    }

    fn exactly(&mut self, claim: &str, seen: u64, due: u64) {
        self.range(claim, seen as f64, due as f64, due as f64);
    }
}

const WORKS: [Work; 14] = [
    Work {
        run: |n| mailed(n, Mailing::Whole),
        judge: |n, seen, rows| {
            rows.exactly("centralized: sends of the root", seen.outcome.origin, u64::from(n) - 1);
            // Eight in a millisecond, and one on the way; it is looked 200 times.
            let due = f64::from((n - 1).div_ceil(8)) / 1e3;
            rows.range("centralized: time to all, s", seen.outcome.last.as_secs_f64(), due * 0.994 - 1e-3, due);
        },
    },
    Work {
        run: |n| mailed(n, Mailing::Crash),
        judge: |_, seen, rows| {
            let due = seen.missed.max(1);
            rows.exactly("centralized: without for ever, root crashed in its loop", seen.outcome.without, due);
        },
    },
    Work {
        run: |n| mailed(n, Mailing::Known(900_000)),
        judge: |_, seen, rows| rows.exactly("centralized: never served, root knows 90 %", seen.outcome.without, seen.missed),
    },
    Work {
        run: |n| mailed(n, Mailing::Away(100_000)),
        judge: |_, seen, rows| rows.exactly("centralized: without, who were away", seen.outcome.without, seen.missed),
    },
    Work {
        run: |n| {
            let (missed, before) = flood(n, FLOOD.0, FLOOD.1, 1);
            Seen { missed, before, ..Seen::default() }
        },
        judge: |_, seen, rows| {
            let due = u64::from(FLOOD.0) - FLOOD.1 as u64;
            rows.exactly("centralized: items that came to nobody, of 40 for a queue of 16", seen.before, due);
            rows.exactly("centralized: items that the full queue dropped", seen.missed, due);
        },
    },
    Work {
        run: |n| mailed(n, Mailing::Acked),
        judge: |n, seen, rows| {
            rows.exactly("centralized: acknowledgements that the root hears", seen.outcome.heard, u64::from(n) - 1);
        },
    },
    Work {
        run: |n| planted(n, Repair::None, 0, false),
        judge: |n, seen, rows| {
            rows.range("tree: most items sent by a node", seen.outcome.most as f64, 1.0, f64::from(FAN_OUT));
            rows.exactly("tree: without, nothing fails", seen.outcome.without, 0);
            let per = seen.outcome.last.as_secs_f64() * 1e3 / libm::log2(f64::from(n));
            rows.range("tree: time to all over log2 n, ms", per, 0.5, 0.8);
        },
    },
    Work { run: |n| planted(n, Repair::None, 0, true), judge: |_, seen, rows| cut_off(seen, seen.missed, "no repair", rows) },
    Work { run: |n| planted(n, Repair::ACK, 0, true), judge: |_, seen, rows| cut_off(seen, 0, "ACK", rows) },
    Work { run: |n| planted(n, Repair::NAK, 0, true), judge: |_, seen, rows| cut_off(seen, 0, "NAK", rows) },
    Work {
        run: |n| planted(n, Repair::None, LOSS, false),
        judge: |_, seen, rows| {
            rows.range("tree: without, 5 % lost, no repair", seen.outcome.without as f64, 1.0, f64::INFINITY);
        },
    },
    Work {
        run: |n| planted(n, Repair::ACK, LOSS, false),
        judge: |_, seen, rows| {
            rows.exactly("tree: without, 5 % lost, ACK", seen.outcome.without, 0);
            rows.range("tree: control messages a node, ACK", seen.outcome.control, 0.9, 1.6);
        },
    },
    Work {
        run: |n| planted(n, Repair::NAK, LOSS, false),
        judge: |n, seen, rows| {
            rows.exactly("tree: without, 5 % lost, NAK", seen.outcome.without, 0);
            // Eight session messages, each of which gets down as many hops as it is not lost: at most 0.8 log2 n.
            let least = 8.0 * libm::pow(0.95, 0.8 * libm::log2(f64::from(n)));
            rows.range("tree: control messages a node, NAK", seen.outcome.control, least, 10.0);
        },
    },
    Work {
        run: |n| of_many(n, |seed| Seen { outcome: gossip(n, LOSS, 100_000, seed), ..Seen::default() }),
        judge: |_, seen, rows| {
            rows.exactly("gossip: without, 5 % lost, root and a tenth crashed", seen.outcome.without, 0);
            rows.range("gossip: items sent a node", seen.outcome.items, 0.8, 2.0);
            rows.range("gossip: most items sent by a node", seen.outcome.most as f64, 1.0, 24.0);
            let per = seen.outcome.control / seen.outcome.last.as_secs_f64();
            rows.range("gossip: other messages a node and cycle", per, 0.2, 3.0);
        },
    },
];

fn mailed(n: u32, what: Mailing) -> Seen {
    let (outcome, missed) = mail(n, what, 1);
    Seen { outcome, missed, before: 0 }
}

/// Where there is luck in it, over as many seeds as make a thousand nodes.
fn planted(n: u32, repair: Repair, loss_ppm: u32, fails: bool) -> Seen {
    let run = |seed| {
        let (outcome, missed, before) = tree(n, Planting { fan_out: FAN_OUT, repair, loss_ppm, fails, told: fails }, seed);
        Seen { outcome, missed, before }
    };
    if loss_ppm == 0 { run(1) } else { of_many(n, run) }
}

/// The sum of who is without, the greatest load, the means of the rest.
fn of_many(n: u32, run: impl Fn(u64) -> Seen) -> Seen {
    let seeds = u64::from((NODES / n).max(1));
    let mut all = run(1);
    for seed in 2..=seeds {
        let seen = run(seed).outcome;
        let sum = &mut all.outcome;
        (sum.without, sum.items, sum.control) = (sum.without + seen.without, sum.items + seen.items, sum.control + seen.control);
        (sum.most, sum.last) = (sum.most.max(seen.most), sum.last + seen.last);
    }
    all.outcome.last /= seeds as u32;
    all.outcome.items /= seeds as f64;
    all.outcome.control /= seeds as f64;
    all
}

fn cut_off(seen: &Seen, in_the_end: u64, repair: &str, rows: &mut Rows) {
    rows.exactly(&format!("tree: cut off by an inner node, {repair}"), seen.before, seen.missed.max(1));
    rows.exactly(&format!("tree: without after the tree is rebuilt, {repair}"), seen.outcome.without, in_the_end);
}

/// Runs it; `done` hears of each run.
pub fn paper(runs: &Runs, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source =
        "multicast by direct mail (Demers et al. 1987), along a tree (RMTP 1996, SRM 1997) and by gossip: one item to all";
    let mut paper = Paper { source, ..Paper::default() };
    let works = WORKS.len() as u64;
    let numbers = 0..runs.sizes.len() as u64 * works;
    let size = |number: u64| runs.sizes[(number / works) as usize];
    let run = |number: u64| (WORKS[(number % works) as usize].run)(size(number));
    let mut seen = each(numbers, threads, run, |_, _| {
        done();
        true
    });
    // A claim beside itself, size by size.
    seen.sort_by_key(|(number, _)| (number % works, number / works));
    for (number, seen) in &seen {
        let n = size(*number);
        (WORKS[(number % works) as usize].judge)(n, seen, &mut Rows { n, verdicts: &mut paper.verdicts });
    }
    for (members, c2, runs) in runs.stars.iter().copied() {
        star(&mut paper, (members, c2, runs), threads, done);
    }
    paper.notes.extend([
        format!("links of 1 ms, bursts of 8 items a millisecond, fan-out {FAN_OUT}; what a node lacks after a minute it lacks for ever"),
        String::from("NAK says up to eight session messages a node so that the last item's loss is found; ACK speaks while there is something to say"),
        String::from("gossip asks each cycle: its cycles grow as log n, its items do not; its price is the other messages"),
    ]);
    paper
}

/// Floyd et al. 1997: in a star of G members, a loss at the source is asked for 1 + (G - 2) / C2 times.
fn star(paper: &mut Paper, (members, c2, runs): (u32, u32, u64), threads: usize, done: &mut dyn FnMut()) {
    let [mut asked, mut answered, mut without] = [Mean::default(); 3];
    let run = |seed| requests(members, c2, seed);
    for (_, seen) in each(0..runs, threads, run, |_, _| {
        done();
        true
    }) {
        asked.add(seen.0 as f64);
        answered.add(seen.1 as f64);
        without.add(seen.2 as f64);
    }
    // The formula takes the first request for the start of the interval; it lies a part of 1/G within.
    let (due, slack) = (1.0 + f64::from(members - 2) / f64::from(c2), 4.0 * asked.error() + 1.0 / f64::from(c2));
    let mut row = |claim: &str, seen, low, high| {
        paper.verdicts.push(Verdict::range(format!("SRM star of {members}, C2={c2}: {claim}"), seen, low, high));
    };
    row("requests", asked.mean(), due - slack, due + slack);
    row("repairs", answered.mean(), 1.0, 1.0);
    row("members without", without.mean(), 0.0, 0.0);
}
