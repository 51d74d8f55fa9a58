//! `bruit lab run rumor`: one experiment, its course and its figures.

use crate::cli::{Cli, Format, RunRumorOptions};
use crate::output;
use anyhow::Result;
use bruit_lab::experiment::{self, Experiment, Outcome, Round, Setup};
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
    replay: String,
}

/// `lab run rumor`.
pub(crate) fn run(options: &RunRumorOptions, format: Format) -> Result<ExitCode> {
    let (setup, experiment) = (options.setup(), options.world.experiment());
    let told = experiment::run(&setup, &experiment, |round| {
        if options.step {
            match format {
                Format::Json => output::json(round),
                Format::Text => println!("{}", line(round)),
            }
        }
    });
    let outcome = told.unwrap_or_else(|wrong| Cli::command().error(ErrorKind::ValueValidation, wrong).exit());
    let replay = replay(&setup, &experiment, options.step);
    match format {
        Format::Json => output::json(&Told { setup: setup.to_string(), seed: experiment.seed, outcome: &outcome, replay }),
        Format::Text => print(&outcome, &replay),
    }
    Ok(if outcome.over { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
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

fn print(outcome: &Outcome, replay: &str) {
    let Outcome { residue, traffic, messages, t50, t99, last, cycles, over } = outcome;
    let cycle = |cycle: &Option<u64>| cycle.map_or("never".to_owned(), |cycle| cycle.to_string());
    println!("residue {residue:.5}  traffic {traffic:.3}  messages {messages:.3} a node");
    println!("t50 {}  t99 {}  last {last}  of {cycles} cycles", cycle(t50), cycle(t99));
    if !over {
        println!("some node still passes it on at the horizon");
    }
    println!("{replay}");
}

/// The command that runs it again, on any machine.
fn replay(setup: &Setup, experiment: &Experiment, step: bool) -> String {
    let Experiment { nodes, seed, loss_ppm, crash, cut, horizon } = experiment;
    let mut words = vec![format!("bruit lab run {}", setup.name)];
    words.extend(setup.settings().map(|(key, value)| format!("--{key} {value}")));
    words.push(format!("--nodes {nodes} --loss {}%", f64::from(*loss_ppm) / 10_000.0));
    words.extend(crash.map(|crash| format!("--crash {crash}")));
    words.extend(cut.map(|cut| format!("--cut {cut}")));
    words.push(format!("--horizon {horizon} --seed {seed}"));
    words.extend(step.then(|| "--step".to_owned()));
    words.join(" ")
}
