//! How news spreads that rides on pings and acks alone: Das, Gupta, Motivala 2002, section 4.1 and figure 3b.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::epidemic::until_all_know;
use crate::members::{published, solo};
use crate::runner::each;
use bruit_proto::{Protocol, Tags};
use bruit_rumor::{self as rumor, Exchange, Stop};
use bruit_swim::{Config, Swim};
use std::time::Duration;

/// Groups of each kind: what varies by 0.7 is sure to 0.2 with four standard errors.
pub const RUNS: u64 = 200;
const PERIOD: Duration = Duration::from_secs(1);
/// Periods after which news that is not with all never will be: its copies are counted.
const PATIENCE: u32 = 60;

/// After how many periods half of the members and all knew, and how many never did.
#[derive(Clone, Copy, Debug)]
struct Course {
    half: f64,
    last: f64,
    missed: f64,
}

/// One member's tags change, all periods beginning at one moment or not.
fn course(n: u32, retransmit: u32, in_step: bool, seed: u64) -> Course {
    let mut solo = solo(n, seed, Config { retransmit, ..published() });
    if in_step {
        // Whoever stood still begins a period anew.
        (0..n).for_each(|i| solo.command(i, |swim, cx| swim.on_pause(cx, Duration::ZERO)));
    } else {
        solo.run(2 * PERIOD);
    }
    solo.run(PERIOD / 2);
    let origin = (seed % u64::from(n)) as u32;
    let tags: Tags = [("v", "2")].into_iter().collect();
    solo.command(origin, |swim, cx| swim.set_tags(cx, tags)).expect("a small tag");
    let id = solo.protocol(origin).me().id();
    let news = solo.protocol(origin).me().incarnation;
    let knows = |swim: &Swim| swim.member(id).is_some_and(|member| member.incarnation == news);
    let (mut half, mut last, mut known, mut step) = (None, 0, 1, 0);
    // In step nothing happens between two periods.
    let (span, steps) = if in_step { (PERIOD, 1) } else { (PERIOD / 20, 20) };
    while known < n && step < PATIENCE * steps {
        solo.run(span);
        step += 1;
        let now = solo.protocols().filter(|swim| knows(swim)).count() as u32;
        if now > known {
            last = step;
        }
        known = now;
        if 2 * known >= n {
            half = half.or(Some(step));
        }
    }
    let periods = |step: u32| f64::from(step) / f64::from(steps);
    Course { half: half.map_or(f64::INFINITY, periods), last: periods(last), missed: f64::from(n - known) }
}

/// Groups of members that are run, by the claims that they are for.
struct Group {
    name: &'static str,
    n: u32,
    retransmit: u32,
    in_step: bool,
}

const GROUPS: [Group; 4] = [
    Group { name: "56 members, out of step", n: 56, retransmit: 4, in_step: false },
    Group { name: "128 members, in step", n: 128, retransmit: 4, in_step: true },
    Group { name: "128 members, in step, 6 tellings", n: 128, retransmit: 2, in_step: true },
    Group { name: "1,000 members, in step", n: 1000, retransmit: 4, in_step: true },
];

/// By n: periods until all know, if what comes in a period is passed on from the next one on.
const STRICT: [(u32, f64); 2] = [(128, 6.9), (1000, 9.2)];

/// How many runs that takes.
pub fn runs(runs: u64) -> u64 {
    (GROUPS.len() + STRICT.len()) as u64 * runs
}

/// `runs` groups of each kind; `done` hears of each.
pub fn paper(runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Das, Gupta, Motivala 2002, SWIM: news that rides on pings and acks";
    let mut paper = Paper { source, ..Paper::default() };
    for (n, published) in STRICT {
        // Whom a period pings is told, and tells: push and pull in one contact, of which nobody tires.
        let stop = Stop::Counter { feedback: true, k: 1000 };
        let config = rumor::Config { exchange: Exchange::PushPull, stop, ..rumor::Config::default() };
        let mut last = Mean::default();
        for (_, course) in each(
            0..runs,
            threads,
            |seed| until_all_know(&config, n, seed),
            |_, _| {
                done();
                true
            },
        ) {
            last.add(course.expect("settings in their bounds").last);
        }
        let claim = format!("push and pull in strict rounds, {n} nodes: rounds until all know");
        let slack = 0.2 + 4.0 * last.error();
        paper.verdicts.push(Verdict::range(claim, last.mean(), published - slack, published + slack));
    }
    for Group { name, n, retransmit, in_step } in GROUPS {
        let [mut half, mut last, mut missed] = [Mean::default(); 3];
        for (_, course) in each(
            0..runs,
            threads,
            |seed| course(n, retransmit, in_step, seed),
            |_, _| {
                done();
                true
            },
        ) {
            half.add(course.half);
            last.add(course.last);
            missed.add(course.missed);
        }
        let mut row = |claim: &str, seen, low, high| {
            paper.verdicts.push(Verdict::range(format!("{name}: {claim}"), seen, low, high));
        };
        let tellings = bruit_kit::transmit_limit(retransmit, n);
        let lambda = f64::from(tellings) / libm::log(n.into());
        let few = libm::pow(n.into(), 2.0 - 2.0 * lambda) + 4.0 * missed.error();
        row(&format!("members missed, n^-(2l-2) for l={lambda:.2}"), missed.mean(), 0.0, few);
        if !in_step {
            row("periods until half of them know, figure 3b", half.mean(), 1.0, 3.0);
        }
        if let Some((_, strict)) = STRICT.iter().find(|(of, _)| in_step && retransmit == 4 && *of == n) {
            row("periods until all know, no more than strict rounds", last.mean(), 0.8 * strict, strict + 0.2);
        }
    }
    paper.notes.push(NOTE.into());
    paper
}

const NOTE: &str = "in step, an ack carries what came with the pings of the same period, and goes round faster \
                    than strict rounds do, by an eighth or so; out of step, as in the published measurement, news is relayed in the middle of a period";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_reaches_all_in_the_periods_of_the_paper() {
        let paper = paper(25, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }

    #[test]
    fn too_few_tellings_miss_somebody() {
        let missed: f64 = (0..10).map(|seed| course(128, 1, true, seed).missed).sum();
        assert!(missed > 10.0, "{missed}");
    }
}
