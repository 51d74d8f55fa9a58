//! `bruit lab run rumor`: one experiment, its course and its figures.

use crate::cli::{Cli, Format, RunRumorOptions};
use crate::output;
use anyhow::Result;
use bruit_lab::experiment::{self, Experiment, Latency, Outcome, Round, Setup, timed};
use clap::CommandFactory;
use clap::error::ErrorKind;
use serde::Serialize;
use std::process::ExitCode;

/// How many characters all live nodes are.
const BAR: u64 = 40;

/// The figures as JSON.
#[derive(Serialize)]
struct Told<'a> {
    setup: String,
    seed: u64,
    #[serde(flatten)]
    outcome: &'a Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    replay: String,
}

/// A cycle as JSON.
#[derive(Serialize)]
struct Stepped<'a> {
    #[serde(flatten)]
    round: &'a Round,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
}

/// `lab run rumor`.
pub(crate) fn run(options: &RunRumorOptions, format: Format) -> Result<ExitCode> {
    let (setup, experiment, latency) = (options.setup(), options.world.experiment(), options.world.latency);
    let step = |round: &Round, hash: Option<u64>| match format {
        _ if !options.step => {}
        Format::Json => output::json(&Stepped { round, hash: hash.map(hex) }),
        Format::Text => println!("{}{}", line(round), hash.map_or(String::new(), |hash| format!(" hash {}", hex(hash)))),
    };
    let mut last = None;
    let told = match latency {
        None => experiment::run(&setup, &experiment, |round| step(round, None)),
        Some(latency) => timed::run(&setup, &experiment, latency, |course| {
            last = Some(course.hash);
            step(&course.round, last);
            true
        }),
    };
    let outcome = told.unwrap_or_else(|wrong| Cli::command().error(ErrorKind::ValueValidation, wrong).exit());
    let hash = last.map(hex);
    let step = if options.step { " --step" } else { "" };
    let replay = replay(&setup, &experiment, latency) + step;
    match format {
        Format::Json => output::json(&Told { setup: setup.to_string(), seed: experiment.seed, outcome: &outcome, hash, replay }),
        Format::Text => print(&outcome, hash, &replay),
    }
    Ok(if outcome.over { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

/// A hash as it is told everywhere.
fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// A cycle: its figures, and removed, infective and susceptible nodes as a bar.
fn line(round: &Round) -> String {
    let Round { cycle, susceptible, infective, removed, messages } = *round;
    let live = u64::from(round.live());
    let cells = |nodes: u32| (u64::from(nodes) * BAR / live) as usize;
    let (removed_to, know_to) = (cells(removed), cells(round.know()));
    let bar = ["=".repeat(removed_to), "#".repeat(know_to - removed_to), ".".repeat(BAR as usize - know_to)].concat();
    format!("cycle {cycle:>3} {bar} S {susceptible:>7} I {infective:>7} R {removed:>7} messages {messages:>8}")
}

fn print(outcome: &Outcome, hash: Option<String>, replay: &str) {
    let Outcome { residue, traffic, messages, t50, t99, last, cycles, over } = outcome;
    let cycle = |cycle: &Option<u64>| cycle.map_or("never".to_owned(), |cycle| cycle.to_string());
    println!("residue {residue:.5}  traffic {traffic:.3}  messages {messages:.3} a node");
    println!("t50 {}  t99 {}  last {last}  of {cycles} cycles", cycle(t50), cycle(t99));
    if !over {
        println!("some node still passes it on at the horizon");
    }
    if let Some(hash) = hash {
        println!("hash {hash}");
    }
    println!("{replay}");
}

/// The command that runs it again, on any machine.
pub(crate) fn replay(setup: &Setup, experiment: &Experiment, latency: Option<Latency>) -> String {
    let Experiment { nodes, seed, loss_ppm, crash, cut, horizon } = experiment;
    let mut words = vec![format!("bruit lab run {}", setup.name)];
    words.extend(setup.settings().map(|(key, value)| format!("--{key} {value}")));
    words.push(format!("--nodes {nodes} --loss {}%", f64::from(*loss_ppm) / 10_000.0));
    words.extend(crash.map(|crash| format!("--crash {crash}")));
    words.extend(cut.map(|cut| format!("--cut {cut}")));
    words.extend(latency.map(|latency| format!("--latency {latency}")));
    words.push(format!("--horizon {horizon} --seed {seed}"));
    words.join(" ")
}
