//! The log that a well-known visualization of gossip replays: ten nodes, of which five fail at once.

use super::{Paper, Verdict};
use crate::cluster::{cluster, id, join, name};
use crate::links::Links;
use crate::runner::each;
use bruit_proto::Change;
use bruit_stacks::{CoreConfig, Event, FullEvent};
use std::time::Duration;

/// Runs of the same ten nodes, each with dice of its own; the first is drawn.
pub const RUNS: u64 = 200;
const NODES: u32 = 10;
/// The last five fail.
const SURVIVORS: u32 = 5;
const FAIL: Duration = Duration::from_secs(100);
const END: Duration = Duration::from_secs(140);
/// In the published log, in seconds: from the first suspicion to the last, and removal.
const SUSPECTED: [f64; 2] = [113.0, 117.0];
const REMOVED: [f64; 2] = [133.0, 137.0];
/// Columns of the time line in a second.
const COLUMNS: f64 = 2.0;

/// What the nodes of one run said: when a survivor suspected a failed one and held it for dead, in seconds.
#[derive(Clone, Debug)]
struct Log {
    suspected: [[Option<f64>; SURVIVORS as usize]; SURVIVORS as usize],
    removed: [[Option<f64>; SURVIVORS as usize]; SURVIVORS as usize],
    /// Living nodes that somebody held for dead, the failed ones before they failed among them.
    wrong: u32,
}

fn run(seed: u64) -> Log {
    let mut world = cluster(NODES, seed, Links::default(), CoreConfig::default(), None);
    for i in 0..NODES {
        world.start(i);
        if i > 0 {
            join(&mut world, i, &[0]);
        }
        world.run(Duration::from_millis(250));
    }
    world.run(FAIL.saturating_sub(world.now()));
    (SURVIVORS..NODES).for_each(|i| world.unplug(i));
    world.run(END - FAIL);
    let mut log = Log { suspected: Default::default(), removed: Default::default(), wrong: 0 };
    for told in world.told() {
        let FullEvent::Core(event) = told.event else { continue };
        let (peer, dead) = match event {
            Event::Suspected { peer, .. } => (peer, false),
            Event::Member { peer, change: Change::Down } => (peer, true),
            _ => continue,
        };
        let of = (0..NODES).find(|i| id(*i) == peer).expect("a node of this world");
        if of < SURVIVORS || told.at < FAIL {
            log.wrong += u32::from(dead);
        } else if told.node < SURVIVORS {
            let of_whom = if dead { &mut log.removed } else { &mut log.suspected };
            of_whom[(of - SURVIVORS) as usize][told.node as usize].get_or_insert(told.at.as_secs_f64());
        }
    }
    log
}

impl Log {
    fn removals(&self) -> usize {
        self.removed.iter().flatten().flatten().count()
    }

    /// A line for each failed node: `.` unsuspected, `?` somebody suspects it, then how many hold it for dead.
    fn draw(&self) -> Vec<String> {
        let columns = ((END - FAIL).as_secs_f64() * COLUMNS) as usize;
        let axis: String = (0..columns / 10).map(|i| format!("{:<10}", 100 + 10 * i / COLUMNS as usize)).collect();
        let mut lines = vec![format!("{:<10}{}", "s", axis.trim_end())];
        for (of, (suspected, removed)) in self.suspected.iter().zip(&self.removed).enumerate() {
            let until = |at: &[Option<f64>], end: f64| at.iter().flatten().filter(|at| **at < end).count();
            let column = |i: usize| {
                let end = FAIL.as_secs_f64() + (i + 1) as f64 / COLUMNS;
                match (until(suspected, end), until(removed, end)) {
                    (0, 0) => '.',
                    (_, 0) => '?',
                    (_, n) => char::from_digit(n as u32, 10).unwrap_or('+'),
                }
            };
            lines.push(format!("{:<10}{}", name(SURVIVORS + of as u32), (0..columns).map(column).collect::<String>()));
        }
        let there = |i: usize| match FAIL.as_secs_f64() + (i + 1) as f64 / COLUMNS {
            at if at <= SUSPECTED[0] => '.',
            at if at <= REMOVED[1] => '?',
            _ => '5',
        };
        lines.push(format!("{:<10}{}", "published", (0..columns).map(there).collect::<String>()));
        lines
    }
}

/// So many runs; `done` hears of each.
pub fn paper(runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let logs = each(0..runs, threads, run, |_, _| {
        done();
        true
    });
    let all = || logs.iter().map(|(_, log)| log);
    let times = |of: fn(&Log) -> &[[Option<f64>; SURVIVORS as usize]; SURVIVORS as usize]| {
        let mut times: Vec<f64> = all().flat_map(|log| of(log).iter().flatten().flatten().copied()).collect();
        times.sort_by(f64::total_cmp);
        [times.first(), times.last()].map(|at| at.map_or(f64::INFINITY, |at| at - FAIL.as_secs_f64()))
    };
    let (fail, pairs) = (FAIL.as_secs_f64(), f64::from(SURVIVORS * SURVIVORS));
    let ([first, _], [_, last]) = (times(|log| &log.suspected), times(|log| &log.removed));
    let least = all().map(Log::removals).min().unwrap_or(0);
    let wrong: u32 = all().map(|log| log.wrong).sum();
    Paper {
        source: "gossip visualization by R. Moelker: its log of ten nodes, five of which fail at t = 100 s",
        verdicts: vec![
            Verdict::range("removals of a run, the fewest of all runs", least as f64, pairs, pairs),
            Verdict::range("removals of living nodes in all runs", wrong.into(), 0.0, 0.0),
            Verdict::range("s until the first suspicion, published 13", first, 0.0, SUSPECTED[0] - fail),
            Verdict::range("s until the last removal, published 37", last, 0.0, REMOVED[1] - fail),
        ],
        drawing: logs.first().map(|(_, log)| log.draw()).unwrap_or_default(),
        notes: vec![
            ". nobody suspects it, ? somebody does, then how many of five hold it for dead. There a node is suspected 13 to 17 s \
             after it failed and removed after 33 to 37; the log is of another program, whose heartbeats are gossip"
                .into(),
        ],
        ..Paper::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_of_ten_fail_and_nobody_else_is_removed() {
        let paper = paper(4, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
        let picture = &paper.drawing;
        assert!(picture.len() == 7 && picture[1..6].iter().all(|line| line.contains('?') && line.ends_with('5')), "{picture:#?}");
    }

    #[test]
    fn a_run_without_failures_has_no_removals_to_draw() {
        let log = Log { suspected: Default::default(), removed: Default::default(), wrong: 0 };
        assert_eq!(log.removals(), 0);
        assert!(log.draw()[1].ends_with(&".".repeat(80)));
    }
}
