use super::{Claim, Effort};
use crate::cycles::Complete;
use crate::epidemic::{Course, Epidemic, course};
use crate::paper::{Mean, Verdict};
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Rumor, Stop};

const SITES: u32 = 1000;
/// A pusher makes one contact a cycle. Of a share i of pushers, i s are useful and s (1 - e^-i) sites are new, for those
/// whom two tell in one cycle are useful to both: at most e/(e-1) times as many, as i is at most 1.
pub(super) const USEFUL: f64 = std::f64::consts::E / (std::f64::consts::E - 1.0);

/// Push, and stop after `k` contacts that were of no use, or after `k` contacts.
pub(super) fn push(k: u32, feedback: bool) -> Config {
    Config { exchange: Exchange::Push, stop: Stop::Counter { feedback, k }, reset: false, ..Config::default() }
}

/// A figure over many courses.
pub(super) fn mean(courses: &[Course], of: fn(&Course) -> f64) -> Mean {
    let mut mean = Mean::default();
    courses.iter().for_each(|course| mean.add(of(course)));
    mean
}

/// So many runs of one rumor.
pub(super) fn courses(config: &Config, n: u32, runs: u64, threads: usize) -> Vec<Course> {
    let run = |seed| course(config, n, seed).expect("settings in their bounds");
    each(0..runs, threads, run, |_, _| true).into_iter().map(|(_, course)| course).collect()
}

/// The share of sites that `m` (1 - s) pushes a site miss: the root of s = e^(-m (1 - s)) below 1.
pub(super) fn missed(m: f64) -> f64 {
    (0..200).fold(0.0, |s, _| libm::exp(-m * (1.0 - s)))
}

pub(super) const BOUNDED: Claim = Claim {
    name: "rumor-bounded",
    about: "rumor",
    claim: "messages are bounded: who stops after k contacts tells no more than k others",
    command: "bruit lab article rumor-bounded",
    measure: |Effort { threads, .. }| {
        let told = |k: u32| {
            let run = |seed| {
                let mut epidemic = Epidemic::new(&push(k, false), Complete(SITES), seed).expect("settings in their bounds");
                while !epidemic.is_over() {
                    epidemic.step();
                }
                epidemic.cycles().protocols().map(|rumor| rumor.counters().told).max().unwrap_or(0)
            };
            each(0..10, threads, run, |_, _| true).into_iter().map(|(_, told)| told).max().unwrap_or(0)
        };
        let verdict = |k| Verdict::range(format!("k={k}: tellings of one site at most"), told(k) as f64, 1.0, f64::from(k));
        [2, 4, 8].map(verdict).to_vec()
    },
};

/// Section 1.4: di/ds of pushing with feedback gives s = e^(-(k+1)(1-s)): of a rumor that reached all but s, 1 - s pushes a
/// site were useful and k (1 - s) were not. In cycles up to e/(e-1) (1 - s) are useful, whence the least.
pub(super) const RESIDUE: Claim = Claim {
    name: "rumor-residue",
    about: "rumor",
    claim: "some are missed, fewer the longer sites go on: s = e^(-(k+1)(1-s)) at most (Demers et al. 1987, 1.4)",
    command: "bruit lab paper demers-1 --set reset=false",
    measure: |effort| {
        let verdict = |k: u32| {
            let seen = mean(&courses(&push(k, true), SITES, effort.either(60, 1000), effort.threads), |course| course.residue);
            let (k_, slack) = (f64::from(k), 4.0 * seen.error());
            let [low, high] = [missed(k_ + USEFUL) - slack, missed(k_ + 1.0) + slack];
            Verdict::range(format!("k={k}: share of sites that never hear of it"), seen.mean(), low.max(0.0), high)
        };
        (1..=4).map(verdict).collect()
    },
};

pub(super) const ENDS: Claim = Claim {
    name: "rumor-ends",
    about: "rumor",
    claim: "a rumor ends: once nobody passes it on there is no traffic at all",
    command: "bruit lab article rumor-ends",
    measure: |_| {
        let mut epidemic = Epidemic::new(&push(3, true), Complete(SITES), 1).expect("settings in their bounds");
        while !epidemic.is_over() {
            epidemic.step();
        }
        let cycles = epidemic.cycles();
        let before = cycles.heard();
        (0..100).for_each(|_| cycles.step());
        let hot = cycles.protocols().filter(|rumor| !Rumor::is_quiet(rumor)).count();
        vec![
            // Each site but one was told, and answered.
            Verdict::range(
                "messages a site until it is over",
                before as f64 / f64::from(SITES),
                2.0 * (1.0 - missed(4.0)),
                f64::INFINITY,
            ),
            Verdict::range("messages of all in the next 100 cycles", (cycles.heard() - before) as f64, 0.0, 0.0),
            Verdict::range("sites that still pass it on", hot as f64, 0.0, 0.0),
        ]
    },
};
