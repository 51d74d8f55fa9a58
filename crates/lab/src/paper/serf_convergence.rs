//! Rounds until a broadcast has reached everybody: the formula that Serf's convergence page drew, beside runs of SWIM's news.

use super::{Paper, Verdict};
use crate::links::Links;
use crate::members::solo;
use crate::plot::{Axis, Curve, Look, Plot};
use crate::runner::each;
use bruit_proto::Tags;
use bruit_swim::{Config, Profile, Swim};
use std::time::Duration;

/// Peers that each member tells in a round: memberlist's `GossipNodes`.
const FANOUT: f64 = 3.0;
/// The share of members from which the page called a broadcast converged.
const CONVERGED: f64 = 0.9999;
/// Rounds after which a run is given up: news is not told any more by then.
const PATIENCE: u32 = 60;
/// A round: as long as a packet takes, so that what comes in one is told in the next.
const ROUND: Duration = Duration::from_micros(500);
/// Runs of each group.
pub const RUNS: u64 = 20;
/// Sizes of groups.
pub const SIZES: [u32; 4] = [30, 100, 1_000, 10_000];
/// Packets lost in them, in parts per million.
const LOSSES: [u32; 2] = [0, 250_000];

/// Members that know after so many rounds, by the page: `n / (1 + (n + 1) e^(-contact n r))` with
/// `contact = f / n (1 - loss) / 2`.
fn page(n: f64, loss: f64, round: f64) -> f64 {
    n / (1.0 + (n + 1.0) * libm::exp(-FANOUT * (1.0 - loss) / 2.0 * round))
}

/// The first round in which enough know, by the page.
fn page_rounds(n: u32, loss: f64) -> u32 {
    let enough = |round: &u32| page(n.into(), loss, f64::from(*round)) >= CONVERGED * f64::from(n);
    (0..PATIENCE).find(enough).unwrap_or(PATIENCE)
}

/// The same where each who knows tells `FANOUT` others in each round: whoever does not is missed by each of them alone.
fn expected_rounds(n: u32, loss: f64) -> u32 {
    let n = f64::from(n);
    let missed = 1.0 - FANOUT * (1.0 - loss) / (n - 1.0);
    let (mut knows, mut round) = (1.0, 0);
    while knows < CONVERGED * n && n - knows >= 0.5 {
        knows += (n - knows) * (1.0 - libm::pow(missed, knows));
        round += 1;
    }
    round
}

/// Rounds of memberlist's rules until enough know that one member's tags changed; `PATIENCE` if they never do.
fn rounds(n: u32, loss_ppm: u32, seed: u64) -> u32 {
    let mut solo = solo(n, seed, Config { gossip_every: ROUND, ..Config::memberlist(Profile::Lan) });
    solo.set_links(Links { spread_us: 0, loss_ppm, ..Links::default() });
    let origin = (seed % u64::from(n)) as u32;
    let tags: Tags = [("v", "2")].into_iter().collect();
    solo.command(origin, |swim, cx| swim.set_tags(cx, tags)).expect("a small tag");
    let (id, news) = (solo.protocol(origin).me().id(), solo.protocol(origin).me().incarnation);
    let knows = |swim: &&Swim| swim.member(id).is_some_and(|member| member.incarnation == news);
    // What is said at the beginning of the first bucket is heard in the second.
    solo.run(ROUND);
    for round in 1..PATIENCE {
        solo.run(ROUND);
        if solo.protocols().filter(knows).count() as f64 >= CONVERGED * f64::from(n) {
            return round;
        }
    }
    PATIENCE
}

/// How many runs these sizes take.
#[must_use]
pub fn runs(sizes: &[u32], runs: u64) -> u64 {
    (LOSSES.len() * sizes.len()) as u64 * runs
}

/// `runs` broadcasts in groups of each size, without loss and with; `done` hears of each.
pub fn paper(sizes: &[u32], runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source =
        "Serf's convergence page: rounds until 99.99 % of members know, 3 told in each, and memberlist's rules in strict rounds";
    let mut paper = Paper { source, notes: vec![NOTE.into()], ..Paper::default() };
    let mut curves = Vec::new();
    for (hue, loss_ppm) in LOSSES.into_iter().enumerate() {
        let (loss, mut points) = (f64::from(loss_ppm) / 1e6, Vec::new());
        for n in sizes.iter().copied() {
            let mut all: Vec<u32> = Vec::new();
            for (_, round) in each(
                0..runs,
                threads,
                |seed| rounds(n, loss_ppm, seed),
                |_, _| {
                    done();
                    true
                },
            ) {
                all.push(round);
            }
            all.sort_unstable();
            let (seen, group) = (f64::from(all[all.len() / 2]), format!("{n} members, {:.0} % lost", 100.0 * loss));
            let (page, expected) = (f64::from(page_rounds(n, loss)), f64::from(expected_rounds(n, loss)));
            let claim = format!("{group}: rounds, median; by the recurrence {expected}");
            paper.verdicts.push(Verdict::range(claim, seen, expected - 1.0, expected + 1.0));
            let claim = format!("{group}: of the rounds of Serf's formula, {page}, no more than all");
            paper.verdicts.push(Verdict::range(claim, seen / page, 0.0, 1.0));
            points.push((f64::from(n), seen));
        }
        let of = |name: &str| format!("{name}, {:.0} % lost", 100.0 * loss);
        let ends = [points[0].0, points[points.len() - 1].0];
        curves.push(Curve::new(of("run"), Look::Seen, hue, points));
        curves.push(Curve::theory(of("Serf's formula"), hue, ends, |n| page_rounds(n as u32, loss).into()));
    }
    let (x, y) = (Axis::log10("members"), Axis::linear("rounds until 99.99 % know, median"));
    paper.plots.push(Plot { title: "A broadcast of memberlist's".into(), x, y, curves });
    paper
}

const NOTE: &str = "the formula halves what is told, also at the end: there it lets those who lack the news shrink by e^-1.5 in a \
                    round, and three copies a member leave e^-3 of them";

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page showed, and what a simulation apart from ours took.
    #[test]
    fn the_figures_of_the_page_and_of_another_simulation() {
        let groups = [(30, 0.0, 9, 4), (10_000, 0.0, 13, 11), (10_000, 0.25, 17, 13)];
        for (n, loss, shown, simulated) in groups {
            assert_eq!(page_rounds(n, loss), shown, "{n} {loss}");
            assert!(expected_rounds(n, loss).abs_diff(simulated) <= 1, "{n} {loss}: {}", expected_rounds(n, loss));
        }
    }

    #[test]
    fn serfs_formula_is_pessimistic() {
        let one = paper(&SIZES[..3], 5, 1, &mut || ());
        assert!(one.holds(), "{one:#?}");
        assert_eq!(one, paper(&SIZES[..3], 5, 2, &mut || ()));
    }
}
