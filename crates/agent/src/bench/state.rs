//! `bruit bench state`: what endpoint state costs, and how soon all know a value.

use super::{print_spreads, state_sockets};
use crate::cli::{Format, StateDetector, StateOptions};
use crate::output::{self, progress};
use anyhow::Result;
use bruit_lab::bench::beside;
use bruit_lab::bench::state::{self as lab, Figures, Options, Setting};
use serde::Serialize;
use std::process::ExitCode;

/// Above this only the default setting is measured unless told otherwise: time grows with the square of the nodes.
const MANY: u32 = 1_000;
/// The nodes that the bounds on bytes and times are for.
const MEASURED: u32 = 64;
/// No packet is larger, whatever the number of nodes.
const PACKET: f64 = 1_200.0;

/// A figure that has a bound, and what was seen of it.
#[derive(Debug, Serialize)]
struct Bound {
    figure: String,
    /// Nothing if it never came.
    seen: Option<f64>,
    at_most: f64,
    kept: bool,
}

/// Figures, and whether they keep their bounds.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    figures: Figures,
    bounds: Vec<Bound>,
}

/// `bench state`; exits 1 if a bound is missed.
pub(crate) fn state(options: &StateOptions, format: Format) -> Result<ExitCode> {
    let alone = match (&options.alone[..], options.detector) {
        // Without heartbeats there are no rounds whose peers could be counted.
        ([], StateDetector::Swim) => vec![1],
        ([], StateDetector::Phi) if options.nodes <= MANY => vec![1, 2, 3],
        (given, _) => given.to_vec(),
    };
    let figures = if options.in_lab { in_lab(options, alone) } else { state_sockets::measure(options, &alone)? };
    let bounds = figures.settings.iter().flat_map(|setting| bounds(figures.nodes, options.detector, setting)).collect();
    let report = Report { figures, bounds };
    match format {
        Format::Json => output::json(&report),
        Format::Text => print(&report),
    }
    Ok(if report.bounds.iter().all(|bound| bound.kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn in_lab(options: &StateOptions, alone: Vec<u32>) -> Figures {
    let StateOptions { nodes, trials, seed, detector, .. } = *options;
    let steps = match detector {
        StateDetector::Phi => lab::STEPS * (1 + alone.len() as u64),
        StateDetector::Swim => beside::STEPS + 1 + alone.len() as u64,
    };
    let bar = progress(steps * u64::from(trials), "steps");
    let step = |step| {
        bar.set_message(step);
        bar.inc(1);
    };
    let options = Options { nodes, trials, seed, threads: output::threads(), alone };
    let figures = match detector {
        StateDetector::Phi => lab::measure(&options, &step),
        StateDetector::Swim => beside::measure(&options, &step),
    };
    bar.finish_and_clear();
    figures
}

fn how(setting: &Setting) -> String {
    if setting.spread { "changes leave at once".into() } else { format!("exchange alone, {} live peers a round", setting.live) }
}

/// What is promised of a setting.
fn bounds(nodes: u32, detector: StateDetector, setting: &Setting) -> Vec<Bound> {
    let bound = |what: &str, seen: Option<f64>, at_most: f64| Bound {
        figure: format!("{what}, {}", how(setting)),
        seen,
        at_most,
        kept: seen.is_some_and(|seen| seen <= at_most),
    };
    let mut bounds = vec![bound("largest packet in bytes", setting.largest_packet.max, PACKET)];
    if nodes != MEASURED {
        return bounds;
    }
    match (detector, setting.idle_added_bytes_per_node_s) {
        (StateDetector::Swim, Some(added)) if setting.spread => {
            bounds.push(bound("idle bytes/node/s on top of SWIM", added.median, 20.0));
        }
        (StateDetector::Phi, _) if setting.spread => {
            bounds.push(bound("idle bytes/node/s", setting.idle_bytes_per_node_s.median, 2_000.0));
        }
        _ => {}
    }
    let median = match (setting.spread, detector, setting.live) {
        (true, ..) => Some(100.0),
        (false, StateDetector::Phi, live) => [4_500.0, 2_500.0, 1_600.0].get(live as usize - 1).copied(),
        (false, StateDetector::Swim, _) => None,
    };
    bounds.extend(median.map(|median| bound("value known to all, ms, median", setting.set_all_ms.median, median)));
    bounds
}

fn print(report: &Report) {
    let Figures { nodes, trials, settings } = &report.figures;
    for setting in settings {
        println!("{nodes} nodes, {}: min, median, max of {trials}", how(setting));
        print_spreads(setting);
    }
    for Bound { figure, seen, at_most, kept } in &report.bounds {
        let seen = seen.map_or("never".into(), |seen| format!("{seen:.1}"));
        println!("{} {figure}: {seen}, at most {at_most}", if *kept { "ok    " } else { "MISSED" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_lab::bench::Spread;

    fn of(value: f64) -> Spread {
        Spread::of([value])
    }

    /// How many bounds of a setting are missed.
    fn check(nodes: u32, detector: StateDetector, setting: &Setting, missed: usize) {
        let bounds = bounds(nodes, detector, setting);
        assert_eq!(bounds.iter().filter(|bound| !bound.kept).count(), missed, "{bounds:?}");
    }

    #[test]
    fn a_figure_beyond_its_bound_or_that_never_came_is_missed() {
        let fine = Setting {
            live: 1,
            spread: true,
            idle_bytes_per_node_s: of(1_900.0),
            set_all_ms: of(90.0),
            largest_packet: of(1_200.0),
            ..Setting::default()
        };
        check(64, StateDetector::Phi, &fine, 0);
        check(64, StateDetector::Phi, &Setting { set_all_ms: of(f64::INFINITY), ..fine.clone() }, 1);
        check(64, StateDetector::Phi, &Setting { idle_bytes_per_node_s: of(2_001.0), ..fine.clone() }, 1);
        check(64, StateDetector::Phi, &Setting { spread: false, live: 2, set_all_ms: of(2_600.0), ..fine.clone() }, 1);
        let added = Setting { idle_added_bytes_per_node_s: Some(of(21.0)), ..fine.clone() };
        check(64, StateDetector::Swim, &added, 1);
        check(5_000, StateDetector::Phi, &Setting { set_all_ms: of(900.0), ..fine.clone() }, 0);
        check(5_000, StateDetector::Phi, &Setting { largest_packet: of(1_201.0), ..fine }, 1);
    }
}
