//! `bruit lab run` and `bruit lab compare`: protocols at work in the lab, a screen each.

use crate::cli::{CompareOptions, Compared, Detector, DetectorOptions, Format, RunStateOptions};
use crate::experiment;
use crate::output;
use anyhow::{Context, Result};
use bruit_lab::compare::{self, Row};
use bruit_lab::rounds::{self, Seen};
use serde::Serialize;
use std::process::ExitCode;

/// Picks of more nodes do not fit a screen.
const SHOWN: u32 = 16;

/// `lab run state`.
pub(crate) fn state(options: &RunStateOptions, format: Format) -> Result<ExitCode> {
    let RunStateOptions { peers, nodes, seed } = *options;
    let seen = rounds::run(rounds::Options { nodes, peers, seed }).context("the nodes never knew each other")?;
    if format == Format::Text {
        println!("{nodes} nodes, {peers} random peers a round; node 0 says something");
    }
    for round in &seen {
        match format {
            Format::Json => output::json(round),
            Format::Text => println!("round {:>2}: {:>4} of {nodes} know it; {}", round.round, round.know, picks(round, nodes)),
        }
    }
    let all = seen.last().is_some_and(|last| last.know == nodes);
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

/// Who talked to whom, or how many were talked to.
fn picks(seen: &Seen, nodes: u32) -> String {
    if nodes <= SHOWN {
        let pairs: Vec<String> = seen.picks.iter().map(|(from, to)| format!("{from}>{to}")).collect();
        return pairs.join(" ");
    }
    let mut times = vec![0; nodes as usize];
    seen.picks.iter().for_each(|(_, to)| times[*to as usize] += 1);
    let picked = times.iter().filter(|times| **times > 0).count();
    format!("{picked} were picked, one {} times", times.iter().max().copied().unwrap_or(0))
}

/// One detector as JSON.
#[derive(Serialize)]
struct Told {
    detector: &'static str,
    #[serde(flatten)]
    row: Row,
}

/// `lab compare`.
pub(crate) fn compare(options: &CompareOptions, format: Format) -> Result<ExitCode> {
    match options.compared().unwrap_or_else(|wrong| output::misused(&wrong)) {
        Compared::Detectors(options) => detectors(&options, format),
        Compared::Setups(setups, experiment) => experiment::compare(&setups, &experiment, format),
    }
}

fn detectors(options: &DetectorOptions, format: Format) -> Result<ExitCode> {
    let DetectorOptions { crash, nodes, loss, seed, .. } = *options;
    anyhow::ensure!(crash + 2 <= nodes, "{crash} of {nodes} nodes crash: leave at least two");
    let compared = compare::run(compare::Options { nodes, crash, loss_ppm: loss.0, seed });
    let compared = compared.context("the nodes never knew each other")?;
    if format == Format::Text {
        println!("{nodes} nodes, {} % of packets lost, {crash} crash", f64::from(loss.0) / 10_000.0);
        println!("{:<8} {:>9} {:>9} {:>15} {:>12}", "", "first s", "all s", "false positives", "B/node/s");
    }
    for detector in &options.detectors {
        let (detector, row) = match detector {
            Detector::Swim => ("swim", compared.swim),
            Detector::Phi => ("phi", compared.phi),
        };
        match format {
            Format::Json => output::json(&Told { detector, row }),
            Format::Text => {
                let time = |s: Option<f64>| s.map_or("never".into(), |s| format!("{s:.1}"));
                let Row { first_s, all_s, false_positives, bytes_per_node_s } = row;
                let (first, all) = (time(first_s), time(all_s));
                println!("{detector:<8} {first:>9} {all:>9} {false_positives:>15} {bytes_per_node_s:>12.0}");
            }
        }
    }
    let found = compared.swim.all_s.and(compared.phi.all_s).is_some();
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}
