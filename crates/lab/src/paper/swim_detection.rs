//! How soon SWIM meets a crash, and what that costs: Das, Gupta, Motivala 2002, sections 3.1 and 4.3.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::members::{published, solo};
use crate::runner::each;
use bruit_proto::Rng;
use bruit_swim::{Config, Event, Message, Profile};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// Members whose probes are watched.
const MEMBERS: u32 = 1000;
/// Periods that are watched, the last of them for those who wait long: of all crashes e^-20 wait for longer.
const PERIODS: u32 = 80;
const TAIL: u32 = 20;
/// Steps of a period: how exactly the time of a probe is known. A crash is looked at every so many steps, whatever the
/// phase of a period is then.
const STEPS: u32 = 200;
const STRIDE: usize = 37;
/// Members of the group in which laps are watched, and of those in which one crashes.
const FEW: u32 = 40;
const GROUP: u32 = 128;
const PERIOD: Duration = Duration::from_secs(1);
/// Crashes in groups of either order.
pub const RUNS: u64 = 400;

/// What the pings of a quiet group looked like.
struct Watch {
    /// By member, when it was pinged: in steps.
    pinged: Vec<Vec<u32>>,
    /// Messages that a member sent in a period.
    load: f64,
}

/// How long crashes wait for the first ping, in periods, each a mean over members.
struct Waits {
    /// Whole periods, the one with the ping included.
    whole: Mean,
    time: Mean,
    longest: f64,
}

fn watch(n: u32, config: Config, seed: u64) -> Watch {
    let mut solo = solo(n, seed, config);
    solo.run(2 * PERIOD);
    let heard = Rc::new(RefCell::new((0_u64, Vec::new())));
    let ear = heard.clone();
    solo.tap(move |_, to, message| {
        let (messages, pings) = &mut *ear.borrow_mut();
        *messages += 1;
        if matches!(message, Message::Ping { .. }) {
            pings.push(to);
        }
    });
    let mut pinged = vec![Vec::new(); n as usize];
    for step in 0..PERIODS * STEPS {
        solo.run(PERIOD / STEPS);
        heard.borrow_mut().1.drain(..).for_each(|to| pinged[to as usize].push(step));
    }
    let messages = heard.borrow().0;
    Watch { pinged, load: messages as f64 / f64::from(n * PERIODS) }
}

impl Watch {
    /// Nobody knows of a crash before its first ping, so what a quiet group does is what it would meet.
    fn waits(&self) -> Waits {
        let mut waits = Waits { whole: Mean::default(), time: Mean::default(), longest: 0.0 };
        for pings in &self.pinged {
            let (mut whole, mut time) = (Mean::default(), Mean::default());
            for crash in (0..(PERIODS - TAIL) * STEPS).step_by(STRIDE) {
                let Some(first) = pings.get(pings.partition_point(|ping| *ping < crash)) else { continue };
                // In the middle of its step.
                let wait = (f64::from(first - crash) + 0.5) / f64::from(STEPS);
                whole.add(libm::ceil(wait));
                time.add(wait);
                waits.longest = waits.longest.max(wait);
            }
            waits.whole.add(whole.mean());
            waits.time.add(time.mean());
        }
        waits
    }
}

/// Periods between two pings of one member to one other, at most.
fn longest_gap(config: Config, seed: u64, periods: u32) -> u32 {
    let mut solo = solo(FEW, seed, config);
    solo.run(2 * PERIOD);
    let heard = Rc::new(RefCell::new(Vec::new()));
    let ear = heard.clone();
    solo.tap(move |from, to, message| {
        if matches!(message, Message::Ping { .. }) {
            ear.borrow_mut().push((from, to));
        }
    });
    let mut last = vec![None; (FEW * FEW) as usize];
    let mut longest = 0;
    for period in 0..periods {
        solo.run(PERIOD);
        for (from, to) in heard.borrow_mut().drain(..) {
            let before = last[(from * FEW + to) as usize].replace(period);
            longest = longest.max(before.map_or(0, |before| period - before));
        }
    }
    longest
}

/// Periods from a crash until somebody suspects the member that crashed.
fn suspected_after(config: &Config, seed: u64) -> f64 {
    let mut solo = solo(GROUP, seed, config.clone());
    let phase = Rng::seeded(seed).between(Duration::ZERO, PERIOD);
    solo.run(2 * PERIOD + phase);
    let (crash, first) = (solo.now(), Rc::new(Cell::new(None)));
    let ear = first.clone();
    solo.listen(move |at, _, event| {
        if matches!(event, Event::Suspected { .. }) {
            ear.set(ear.get().or(Some(at)));
        }
    });
    solo.set_up((seed % u64::from(GROUP)) as u32, false);
    loop {
        solo.run(PERIOD / 10);
        if let Some(first) = first.get() {
            return first.since(crash).as_secs_f64() / PERIOD.as_secs_f64();
        }
    }
}

/// Watches quiet groups, then `runs` crashes by either order; `done` hears of each crash.
pub fn paper(runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Das, Gupta, Motivala 2002, SWIM: a crash is met after e/(e-1) periods, at a load that does not grow";
    let mut paper = Paper { source, ..Paper::default() };
    let mut row = |claim: String, seen, low, high| paper.verdicts.push(Verdict::range(claim, seen, low, high));
    let ours = Config::of(Profile::Lan);
    let e = libm::exp(1.0);
    let met = e / (e - 1.0);
    let groups = [("own orders", published(), 1.0), ("one order", ours.clone(), 7.0 / 12.0)];
    for (name, config, expected) in groups {
        let watch = watch(MEMBERS, config.clone(), 1);
        let waits = watch.waits();
        if name == "own orders" {
            row(format!("{name}: periods until a crash is pinged, e/(e-1)"), waits.whole.mean(), met - 0.02, met + 0.02);
        } else {
            row(format!("{name}: longest time until a crash is pinged, in periods"), waits.longest, 0.0, 2.0);
        }
        let claim = format!("{name}: time until a crash is pinged, in periods");
        row(claim, waits.time.mean(), expected - 0.02, expected + 0.02);
        row(format!("{name}: messages that a member sends in a period, of {MEMBERS}"), watch.load, 1.95, 2.05);
        let mut first = Mean::default();
        for (_, wait) in each(
            0..runs,
            threads,
            |seed| suspected_after(&config, seed),
            |_, _| {
                done();
                true
            },
        ) {
            first.add(wait);
        }
        // A probe that nothing answers is over with its period.
        let slack = 4.0 * first.error();
        let claim = format!("{name}: periods until a crash is suspected, of {GROUP} members");
        row(claim, first.mean(), 0.0, expected + 1.0 + slack);
    }
    let small = watch(10, published(), 1).load;
    row(String::from("own orders: messages that a member sends in a period, of 10"), small, 1.95, 2.05);
    let bound = f64::from(2 * (FEW - 1) - 1);
    let claim = format!("own orders: periods until a member pings the same again, of {FEW}, at most 2(N-1)-1");
    // Laps in orders of their own come close to it.
    row(claim, longest_gap(published(), 1, 6 * FEW).into(), 0.8 * bound, bound);
    paper.notes = NOTES.map(Into::into).to_vec();
    paper
}

const NOTES: [&str; 2] = [
    "own orders: SWIM as published, as far as settings go; one order: ours by default, where all nodes agree on whom a period \
     probes. Time is counted from a random moment; e/(e-1) counts whole periods, the one with the ping included",
    "by one order each member is pinged once in each period, but at the phase of whoever does: gaps of 1 + u - v periods make \
     7/12 of a period on average and two at most",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_orders_meet_a_crash_after_e_over_e_minus_1_periods() {
        let waits = watch(200, published(), 3).waits();
        assert!((waits.whole.mean() - 1.58).abs() < 0.05 && waits.longest > 4.0, "{}", waits.whole.mean());
        let shared = watch(200, Config::of(Profile::Lan), 3).waits();
        assert!((shared.time.mean() - 0.58).abs() < 0.05 && shared.longest <= 2.0, "{}", shared.time.mean());
    }

    #[test]
    fn the_same_member_is_pinged_again_within_two_laps() {
        let gap = longest_gap(published(), 2, 5 * FEW);
        assert!((FEW..=2 * (FEW - 1) - 1).contains(&gap), "{gap}");
    }

    #[test]
    fn a_crash_is_suspected() {
        let [own, shared] = [published(), Config::of(Profile::Lan)].map(|config| suspected_after(&config, 5));
        assert!(own > 1.0 && shared < 2.5, "{own} {shared}");
    }
}
