use super::rumor::{USEFUL, courses, mean, push};
use super::{Claim, Effort};
use crate::cycles::Complete;
use crate::epidemic::Epidemic;
use crate::paper::Verdict;
use crate::runner::each;
use bruit_kit::Set;
use bruit_rumor::{Config, Exchange, Stop};

/// Table 3 of Demers et al. 1987, pull with k=3: the share of sites that are missed. Push and pull has all its contacts, and
/// pushes besides.
const MISSED: f64 = 4.0e-6;

/// Push and pull, names before data.
fn both() -> Config {
    let stop = Stop::Counter { feedback: true, k: 3 };
    Config { exchange: Exchange::PushPull, stop, minimize: true, ..Config::default() }
}

/// One rumor among `n`; as soon as `crashes` says so of the cluster, `node` is switched off for good. How many others it never
/// reached.
fn unreached(n: u32, seed: u64, node: u32, crashes: impl Fn(&mut Epidemic) -> bool) -> u32 {
    let mut epidemic = Epidemic::new(&both(), Complete(n), seed).expect("settings in their bounds");
    let mut up = true;
    loop {
        let others = epidemic.cycles().protocols().enumerate().filter(|(i, _)| *i != node as usize).map(|(_, rumor)| rumor);
        let (hot, missed) = others
            .fold((0, 0), |(hot, missed), rumor| (hot + u32::from(!rumor.is_quiet()), missed + u32::from(!rumor.set().has(()))));
        // What the dead would have passed on is nobody's.
        if hot == 0 && (!up || epidemic.is_over()) {
            return missed;
        }
        epidemic.step();
        if up && crashes(&mut epidemic) {
            epidemic.cycles().set_up(node, false);
            up = false;
        }
    }
}

fn share(claim: impl Into<String>, missed: impl Iterator<Item = u32>, of: f64) -> Verdict {
    Verdict::range(claim, f64::from(missed.sum::<u32>()) / of, 0.0, MISSED)
}

pub(super) const ORIGIN: Claim = Claim {
    name: "gossip-origin",
    about: "gossip multicast",
    claim: "it survives the crash of its origin right after that told k others",
    command: "bruit lab article gossip-origin",
    measure: |effort| {
        const N: u32 = 1000;
        let runs = effort.either(10, 300);
        let verdict = |k: u64| {
            // The seed says who the origin is.
            let run = |seed: u64| unreached(N, seed, (seed % u64::from(N)) as u32, |epidemic| epidemic.known() > k);
            let missed = each(0..runs, effort.threads, run, |_, _| true).into_iter().map(|(_, missed)| missed);
            share(format!("k={k}: share of the living that never hear of it"), missed, runs as f64 * f64::from(N - 1))
        };
        [1, 3, 10].map(verdict).to_vec()
    },
};

pub(super) const INNER: Claim = Claim {
    name: "gossip-inner",
    about: "gossip multicast",
    claim: "it survives the crash of any node that would have passed it on",
    command: "bruit lab article gossip-inner",
    measure: |effort| {
        let n = effort.either(200, 1000);
        // Of a seed that n divides node 0 is the origin; each other one crashes when it has just heard, and has told nobody.
        let run = |node: u64| {
            let heard =
                |epidemic: &mut Epidemic| epidemic.cycles().protocols().nth(node as usize).is_some_and(|r| r.set().has(()));
            unreached(n, node * u64::from(n), node as u32, heard)
        };
        let missed = each(1..u64::from(n), effort.threads, run, |_, _| true).into_iter().map(|(_, missed)| missed);
        let of = f64::from(n - 1) * f64::from(n - 2);
        vec![share(format!("each of {n} nodes in turn: share of the living that never hear of it"), missed, of)]
    },
};

/// With feedback and a counter of k, a site makes exactly k pushes that are of no use. The useful ones are one for each site
/// but the first at least, and e/(e-1) for each at most.
pub(super) const LOAD: Claim = Claim {
    name: "gossip-load",
    about: "gossip multicast",
    claim: "the load of a node does not grow with their number",
    command: "bruit lab article gossip-load",
    measure: |effort: Effort| {
        const K: f64 = 3.0;
        let sizes = [10, 100, 1000, 10_000, 100_000];
        let verdict = |n: &u32| {
            let runs = (effort.either(20_000, 400_000) / u64::from(*n)).clamp(2, 2000);
            let courses = courses(&push(3, true), *n, runs, effort.threads);
            let reached = 1.0 - mean(&courses, |course| course.residue).mean();
            let seen = mean(&courses, |course| course.traffic);
            let slack = 4.0 * seen.error();
            let [low, high] = [(K + 1.0) * reached - 1.0 / f64::from(*n) - slack, (K + USEFUL) * reached + slack];
            Verdict::range(format!("{n} nodes: tellings of a node"), seen.mean(), low, high)
        };
        sizes[..effort.either(4, 5)].iter().map(verdict).collect()
    },
};
