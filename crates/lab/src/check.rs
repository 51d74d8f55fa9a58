//! Runs cases and watches what must hold of them: `bruit lab check`.

mod events;
mod history;
pub mod marks;
mod members;
mod run;
mod timely;
mod verdict;
mod violation;

use crate::case::Case;
use crate::{runner, shrink, swarm};
pub(crate) use run::{PACKETS_PER_S, Run};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

pub use verdict::Verdict;
pub use violation::{Invariant, Violation};

/// What to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many cases.
    pub seeds: u64,
    /// The first one's seed; the others follow.
    pub first_seed: u64,
    /// Cases to run side by side.
    pub threads: usize,
    /// Cases to try while a failure is made small.
    pub effort: u32,
}

/// A case that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What the seed drew.
    pub seed: u64,
    /// What did not hold, in the small case.
    pub violation: Violation,
    /// The small case: its [`text`](Case::text) is the file to replay.
    pub case: Case,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Cases that were run.
    pub cases: u64,
    /// Virtual time that they took together.
    pub virtual_time: Duration,
    /// Those that failed, made small.
    pub failures: Vec<Failure>,
    /// How long after the end of faults all views were equal: the middle case and the last.
    pub agreed_after: (Duration, Duration),
    /// In how many cases each of the [`marks`] was hit.
    pub marks: BTreeMap<&'static str, u64>,
}

impl Report {
    /// The marks that a run of this length should have hit and did not.
    pub fn missed(&self) -> Vec<&'static str> {
        let missed = self.marks.iter().filter(|_| self.cases >= marks::LONG).filter(|mark| *mark.1 == 0);
        missed.map(|mark| *mark.0).collect()
    }
}

/// Lives through a case. A panic in it is a violation like any other.
pub fn verify(case: &Case) -> Verdict {
    plant(&case.mutant);
    let lived = catch_unwind(AssertUnwindSafe(|| Run::new(case).live_to_the_end()));
    plant("");
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let what = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        Verdict::panicked(what)
    })
}

#[cfg(feature = "mutants")]
fn plant(name: &str) {
    let known = crate::mutants::ALL.iter().find(|m| m.name == name);
    bruit_proto::plant(known.map_or("", |m| m.name));
}

#[cfg(not(feature = "mutants"))]
fn plant(_: &str) {}

/// Runs a swarm of cases; `progress` hears of each as it ends.
pub fn run(options: &Options, mut progress: impl FnMut(u64, &Verdict)) -> Report {
    let seeds = options.first_seed..options.first_seed.saturating_add(options.seeds);
    let verdicts = runner::each(
        seeds,
        options.threads,
        |seed| verify(&swarm::draw(seed)),
        |seed, verdict| {
            progress(seed, verdict);
            true
        },
    );
    let mut agreed: Vec<Duration> = verdicts.iter().filter_map(|v| v.1.agreed_after).collect();
    agreed.sort_unstable();
    let failed: Vec<_> = verdicts.iter().filter_map(|(seed, v)| Some((*seed, v.violation.clone()?))).collect();
    let small = |seed: u64, violation| {
        let (case, violation) = shrink::smallest(swarm::draw(seed), violation, options.effort);
        Failure { seed, violation, case }
    };
    let hits = |mark| verdicts.iter().filter(|(_, verdict)| verdict.marks.contains(mark)).count() as u64;
    Report {
        cases: verdicts.len() as u64,
        virtual_time: verdicts.iter().map(|v| v.1.passed).sum(),
        failures: failed.into_iter().map(|(seed, violation)| small(seed, violation)).collect(),
        agreed_after: (middle(&agreed), agreed.last().copied().unwrap_or_default()),
        marks: marks::names().map(|mark| (mark, hits(mark))).collect(),
    }
}

fn middle(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Act, Entry};
    use crate::replay;

    #[test]
    fn a_case_lives_the_same_life_each_time() {
        for seed in 0..4 {
            let case = swarm::draw(seed);
            let lives = [verify(&case), verify(&Case::parse(&case.text()).unwrap())];
            assert_eq!(lives[0].violation, None, "seed {seed}");
            assert_eq!(lives[0].trace, lives[1].trace, "seed {seed}");
        }
    }

    /// The last of twelve is a seed of none, and at first slower than what it is sent.
    fn with_a_slow_processor(service_us: u64) -> Case {
        let start = (0..12).map(|node| Entry { at_ms: u64::from(node), act: Act::Start { node, wipe: false, moved: false } });
        let slow = Entry { at_ms: 20_000, act: Act::Slow { node: 11, service_us, queue: 64, ms: 60_000 } };
        let events = (0..400).map(|i| Entry { at_ms: 20_000 + 50 * i, act: Act::Event { node: (i % 11) as u32, bytes: 64 } });
        let script = start.chain([slow]).chain(events).collect();
        let (links, carry) = (crate::links::Links::default(), crate::case::Carry::Backlog);
        let drawn = swarm::draw(1);
        Case { nodes: 12, seeds: vec![0], links, carry, segments: 0, calm_ms: 90_000, end_ms: 200_000, script, ..drawn }
    }

    #[test]
    fn a_case_with_a_slow_processor_is_replayed_from_its_file_alike() {
        let case = with_a_slow_processor(100_000);
        let lives = [verify(&case), verify(&Case::parse(&case.text()).unwrap())];
        assert_eq!(lives[0].violation, None);
        assert_eq!(lives[0].trace, lives[1].trace);
        assert_ne!(lives[0].trace, verify(&with_a_slow_processor(90_000)).trace);
        let mut story = Vec::new();
        assert_eq!(replay::run(&case, replay::Options::default(), &mut story).unwrap(), None);
        let told = String::from_utf8(story).unwrap();
        assert!(told.contains("20.000000 11 takes 100ms for each event, for 60s"), "{told}");
    }

    #[test]
    fn the_mark_of_a_slow_processor_is_hit_by_one_that_falls_behind_alone() {
        let mark = |service| verify(&with_a_slow_processor(service)).marks.contains("host: too slow for what it was sent");
        assert_eq!([100_000, 5_000].map(mark), [true, false]);
    }

    /// What its socket kept says that the dead one lives, long after everybody has forgotten its death.
    #[test]
    fn who_wakes_slowly_brings_nobody_back() {
        let start = (0..6).map(|node| Entry { at_ms: u64::from(node), act: Act::Start { node, wipe: false, moved: false } });
        let faults = [
            Entry { at_ms: 20_000, act: Act::Pause { node: 3, ms: 100_000 } },
            Entry { at_ms: 40_000, act: Act::Kill { node: 5, unplug: false } },
            Entry { at_ms: 110_000, act: Act::Slow { node: 3, service_us: 215_000, queue: 256, ms: 50_000 } },
        ];
        let script: Vec<Entry> = start.chain(faults).collect();
        let case = |seed| {
            let (drawn, links, carry) = (swarm::draw(1), crate::links::Links::default(), crate::case::Carry::Backlog);
            let (seeds, script) = (vec![0, 1, 2], script.clone());
            Case { seed, nodes: 6, seeds, links, carry, tombstone_s: 60, calm_ms: 170_000, end_ms: 300_000, script, ..drawn }
        };
        let violations: Vec<_> = (0..20).filter_map(|seed| verify(&case(seed)).violation).collect();
        assert_eq!(violations, []);
    }

    #[test]
    fn a_replay_ends_as_the_case_does() {
        let mut story = Vec::new();
        let violation = replay::run(&swarm::draw(3), replay::Options::default(), &mut story).unwrap();
        let story = String::from_utf8(story).unwrap();
        assert_eq!(violation, None);
        assert!(story.ends_with("every invariant held\n") && story.contains("change: Up"), "{story}");
    }
}
