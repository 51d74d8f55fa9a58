//! The lines of a run: a head, one for each cycle from 0, an end. Numbers in long lists lie flat, four for each entry.

use super::asked::Wanted;
use bruit_lab::experiment::Outcome;
use bruit_lab::experiment::timed::Course;
use serde::Serialize;

/// Where a number is missing: nobody's message, or a packet that never arrives.
const NONE: i64 = -1;

/// What is run.
#[derive(Serialize)]
struct Head {
    nodes: u32,
    /// The same on the command line.
    command: String,
}

/// What happened in a cycle. Times are in microseconds.
#[derive(Serialize)]
struct Cycle {
    cycle: u64,
    /// When, which node, what it is now as in the hash, whose message did it or -1; by time. The hash is not told: who reads
    /// these finds it.
    changes: Vec<i64>,
    /// Each of so many packets is told.
    one_in: u64,
    /// When sent, when it arrives or -1, from which node, to which; by time.
    packets: Vec<i64>,
}

/// How it ended.
#[derive(Serialize)]
struct End<'a> {
    outcome: &'a Outcome,
}

pub(super) fn head(wanted: &Wanted) -> String {
    let command = wanted.experiment.command(&wanted.setup);
    line(&Head { nodes: wanted.experiment.places(), command })
}

pub(super) fn cycle(course: &Course) -> String {
    let node = |node: Option<u32>| node.map_or(NONE, i64::from);
    let time = |us: u64| i64::try_from(us).unwrap_or(i64::MAX);
    let changes = course.changes.iter().flat_map(|c| [time(c.at_us), c.node.into(), c.now.into(), node(c.from)]);
    let packets =
        course.packets.iter().flat_map(|p| [time(p.sent_us), p.arrives_us.map_or(NONE, time), p.from.into(), p.to.into()]);
    line(&Cycle { cycle: course.round.cycle, changes: changes.collect(), one_in: course.one_in, packets: packets.collect() })
}

pub(super) fn end(outcome: &Outcome) -> String {
    line(&End { outcome })
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data is JSON") + "\n"
}
