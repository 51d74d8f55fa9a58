//! Slow members and whom they accuse: Dadgar, Phillips, Currey 2017, Lifeguard, section V.

use super::{Paper, Verdict};
use crate::members::solo;
use crate::runner::each;
use crate::solo::Stalls;
use bruit_proto::{Change, PeerId, Time};
use bruit_swim::{Config, Event, Profile};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Add;
use std::rc::Rc;
use std::time::Duration;

const MEMBERS: u32 = 128;
/// Nobody is slow before this.
const CALM: Duration = Duration::from_secs(5);
/// How long some are.
const SLOW: Duration = Duration::from_secs(120);

/// One cell of the grid: so many members block for so long, again and again, and run in between.
#[derive(Clone, Copy, Debug)]
struct Slowness {
    members: u32,
    block: Duration,
    open: Duration,
}

/// How much is run.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    members: &'static [u32],
    /// Milliseconds that they block, and in between.
    blocks: &'static [u64],
    opens: &'static [u64],
    /// Crashes of each detector.
    pub(super) crashes: u64,
    /// By how much more than the paper's the bounds allow.
    slack: f64,
}

impl Size {
    /// The grid where it tells detectors apart: none of them errs in blocks shorter than its suspicions.
    pub const FULL: Size =
        Size { members: &[1, 4, 8, 16, 32], blocks: &[16_384, 32_768], opens: &[1, 256], crashes: 40, slack: 0.0 };
    /// One cell of it.
    pub const QUICK: Size = Size { members: &[8], blocks: &[16_384], opens: &[256], crashes: 8, slack: 0.25 };

    fn grid(&self) -> Vec<Slowness> {
        let mut grid = Vec::new();
        for members in self.members.iter().copied() {
            for block in self.blocks.iter().copied().map(Duration::from_millis) {
                let opens = self.opens.iter().copied().map(Duration::from_millis);
                grid.extend(opens.map(|open| Slowness { members, block, open }));
            }
        }
        grid
    }

    /// How many runs so many detectors take on the grid.
    pub(super) fn cells(&self, detectors: u64) -> u64 {
        detectors * (self.members.len() * self.blocks.len() * self.opens.len()) as u64
    }

    /// How many runs the paper takes.
    pub fn runs(&self) -> u64 {
        self.cells(VARIANTS.len() as u64) + 2 * self.crashes
    }
}

/// A failure detector, and whether its process tells it of pauses, as our nodes do.
#[derive(Clone, Debug)]
pub(super) struct Detector {
    pub(super) config: Config,
    pub(super) notices: bool,
}

/// What a failure detector made of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Healthy members held for dead, by anybody.
    pub(super) false_positives: u64,
    /// By healthy members.
    pub(super) by_healthy: u64,
    /// Packets sent.
    pub(super) packets: u64,
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            false_positives: self.false_positives + other.false_positives,
            by_healthy: self.by_healthy + other.by_healthy,
            packets: self.packets + other.packets,
        }
    }
}

impl Tally {
    pub(super) fn note(&self, name: &str) -> String {
        let Tally { false_positives, by_healthy, packets } = self;
        format!("{name}: {false_positives} false positives, {by_healthy} of them by healthy members, {packets} packets")
    }
}

/// Which parts of Lifeguard there are.
struct Variant {
    name: &'static str,
    probe: bool,
    suspicion: bool,
    buddy: bool,
}

const VARIANTS: [Variant; 5] = [
    Variant { name: "SWIM", probe: false, suspicion: false, buddy: false },
    Variant { name: "LHA-Probe", probe: true, suspicion: false, buddy: false },
    Variant { name: "LHA-Suspicion", probe: false, suspicion: true, buddy: false },
    Variant { name: "Buddy System", probe: false, suspicion: false, buddy: true },
    Variant { name: "Lifeguard", probe: true, suspicion: true, buddy: true },
];

impl Variant {
    /// With the paper's settings: alpha 5, beta 6, three confirmations.
    fn detector(&self) -> Detector {
        let config = Config {
            suspicion_tenths: 50,
            health_limit: if self.probe { 8 } else { 1 },
            suspicion_max: if self.suspicion { 6 } else { 1 },
            buddy: self.buddy,
            ..Config::memberlist(Profile::Lan)
        };
        Detector { config, notices: false }
    }
}

/// All of Lifeguard, as published.
pub(super) fn lifeguard() -> Detector {
    VARIANTS[4].detector()
}

/// Members that are slow for a while.
fn cell(detector: &Detector, of: Slowness, seed: u64) -> Tally {
    let mut solo = solo(MEMBERS, seed, detector.config.clone());
    let healthy: BTreeSet<PeerId> = solo.protocols().skip(of.members as usize).map(|swim| swim.me().id()).collect();
    let (nodes, from, noticed) = (of.members, Time::ZERO + CALM, detector.notices);
    solo.stall(Stalls { nodes, from, block: of.block, open: of.open, noticed });
    solo.weigh();
    let tally = Rc::new(RefCell::new(Tally::default()));
    let ear = tally.clone();
    solo.listen(move |_, by, event| {
        if let Event::Peer { peer, change: Change::Down } = event
            && healthy.contains(&peer)
        {
            let mut tally = ear.borrow_mut();
            tally.false_positives += 1;
            tally.by_healthy += u64::from(by >= nodes);
        }
    });
    solo.run(CALM + SLOW);
    let packets = solo.weight().packets;
    Tally { packets, ..*tally.borrow() }
}

/// What each of these makes of the grid, under the same seeds; `done` hears of each cell.
pub(super) fn sweep(detectors: &[Detector], size: &Size, threads: usize, done: &mut dyn FnMut()) -> Vec<Tally> {
    let grid = size.grid();
    let cells = grid.len();
    let run = |i: u64| cell(&detectors[i as usize / cells], grid[i as usize % cells], 1 + i % cells as u64);
    let tallies = each(0..size.cells(detectors.len() as u64), threads, run, |_, _| {
        done();
        true
    });
    let sum = |tallies: &[(u64, Tally)]| tallies.iter().fold(Tally::default(), |sum, (_, tally)| sum + *tally);
    tallies.chunks(cells).map(sum).collect()
}

/// Seconds from a crash until a first member holds it for dead, and until all do.
fn crash(config: &Config, seed: u64) -> [f64; 2] {
    let mut solo = solo(MEMBERS, seed, config.clone());
    solo.run(CALM + Duration::from_millis(37 * seed % 1000));
    let (crash, dead) = (solo.now(), Rc::new(Cell::new((None, 0_u32, Time::ZERO))));
    let ear = dead.clone();
    solo.listen(move |at, _, event| {
        if matches!(event, Event::Peer { change: Change::Down, .. }) {
            let (first, count, _) = ear.get();
            ear.set((first.or(Some(at)), count + 1, at));
        }
    });
    solo.set_up((seed % u64::from(MEMBERS)) as u32, false);
    for _ in 0..SLOW.as_secs() {
        solo.run(Duration::from_secs(1));
        if let (Some(first), count, last) = dead.get()
            && count == MEMBERS - 1
        {
            return [first, last].map(|at: Time| at.since(crash).as_secs_f64());
        }
    }
    [f64::INFINITY; 2]
}

/// Medians over crashes: until the first member knows, and until all do.
pub(super) fn crashes(config: &Config, runs: u64, threads: usize, done: &mut dyn FnMut()) -> [f64; 2] {
    let run = |seed| crash(config, seed);
    let runs = each(0..runs, threads, run, |_, _| {
        done();
        true
    });
    [0, 1].map(|which| {
        let mut times: Vec<f64> = runs.iter().map(|(_, times)| times[which]).collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

/// Each variant on the grid, then crashes among healthy members; `done` hears of each run.
pub fn paper(size: &Size, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Dadgar, Phillips, Currey 2017, Lifeguard: 128 members, some slow for 120 s, alpha 5, beta 6";
    let mut paper = Paper { source, ..Paper::default() };
    let detectors = VARIANTS.each_ref().map(Variant::detector);
    let tallies = sweep(&detectors, size, threads, done);
    let share = |part: u64, of: u64| part as f64 / of as f64;
    let mut row = |claim: &str, seen, low, high| paper.verdicts.push(Verdict::range(claim, seen, low, high));
    let swim = tallies[0];
    let slack = size.slack;
    row(
        "SWIM: of its false positives by healthy members, published 0.0039",
        share(swim.by_healthy, swim.false_positives),
        0.0,
        0.02,
    );
    let of_swim = |i: usize| share(tallies[i].false_positives, swim.false_positives);
    row("LHA-Probe: of SWIM's false positives, published 0.677", of_swim(1), (0.2 - slack).max(0.0), 0.75 + slack);
    row("LHA-Suspicion: of SWIM's false positives, published 0.030", of_swim(2), 0.0, 0.05);
    row("Buddy System: of SWIM's false positives, published 0.941", of_swim(3), 0.85 - slack, 1.05 + slack);
    row("Lifeguard: of SWIM's false positives, published 0.015", of_swim(4), 0.0, 0.02);
    let packets = share(tallies[4].packets, swim.packets);
    row("Lifeguard: of SWIM's packets, published 1.106", packets, 1.05 - slack, 1.2 + slack);
    for which in [0, 4] {
        let name = VARIANTS[which].name;
        let [first, all] = crashes(&detectors[which].config, size.crashes, threads, done);
        row(&format!("{name}: s from a crash until one member knows, median"), first, 12.25 - 0.4, 12.25 + 0.4);
        row(&format!("{name}: and until all do, more"), all - first, 0.0, 0.6);
    }
    paper.notes = VARIANTS.iter().zip(&tallies).map(|(variant, tally)| tally.note(variant.name)).collect();
    paper.notes.push(NOTE.into());
    paper
}

const NOTE: &str = "the paper's blocks are not known to the millisecond; in ours, which are longer than the longest period of 8 s, a \
                    probe that a block catches is late whatever its member's health, so that LHA-Probe spares less; \
                    confirmations are gossiped on in all variants, so that Lifeguard adds fewer packets";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_errs_how_often_by_variant() {
        let one = paper(&Size::QUICK, 2, &mut || ());
        assert!(one.holds(), "{one:#?}");
    }

    #[test]
    fn threads_change_nothing() {
        let size = Size { members: &[2, 3], blocks: &[12_288], opens: &[1], ..Size::QUICK };
        let run = |threads| sweep(&[lifeguard()], &size, threads, &mut || ());
        assert_eq!(run(1), run(2));
    }
}
