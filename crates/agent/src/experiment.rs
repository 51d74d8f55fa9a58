//! `bruit lab run` and `bruit lab compare`: experiments with protocols, their course and their figures.

use crate::cli::{Format, RunOptions};
use crate::output;
use anyhow::Result;
use bruit_lab::experiment::{Experiment, Known, Outcome, Round, Setup, Share};
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

impl<'a> Told<'a> {
    fn new(setup: &Setup, experiment: &Experiment, outcome: &'a Outcome) -> Self {
        Told { setup: setup.to_string(), seed: experiment.seed, outcome, hash: None, replay: experiment.command(setup) }
    }
}

/// `lab run`.
pub(crate) fn run(options: &RunOptions, format: Format) -> Result<ExitCode> {
    let setup = options.setup.as_ref().expect("required where no form of its own is named");
    let experiment = options.world.experiment();
    let step = |round: &Round, hash: Option<u64>| {
        if options.step {
            show(round, hash, format);
        }
    };
    let (known, mut hash) = (read(setup, &experiment), None);
    let outcome = match known.is_timed(&experiment) {
        false => known.watch(&experiment, |round| step(round, None)),
        true => known.watch_timed(&experiment, |course| {
            hash = Some(course.hash);
            step(&course.round, hash);
            true
        }),
    };
    let mut told = Told { hash: hash.map(hex), ..Told::new(setup, &experiment, &outcome) };
    if options.step {
        told.replay.push_str(" --step");
    }
    match format {
        Format::Json => output::json(&told),
        Format::Text => {
            print(&outcome);
            told.hash.iter().for_each(|hash| println!("hash {hash}"));
            println!("{}", told.replay);
        }
    }
    Ok(code(outcome.over))
}

/// `lab compare` of protocols.
pub(crate) fn compare(setups: &[Setup], experiment: &Experiment, format: Format) -> Result<ExitCode> {
    let known: Vec<Known> = setups.iter().map(|setup| read(setup, experiment)).collect();
    let names: Vec<String> = setups.iter().map(Setup::to_string).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    if format == Format::Text {
        println!("{}", world(experiment));
        println!("{:width$}  residue  traffic messages  wasted   t50    t99   last cycles", "");
    }
    let mut over = true;
    for ((known, setup), name) in known.iter().zip(setups).zip(&names) {
        let outcome = known.watch(experiment, |_| {});
        over &= outcome.over;
        match format {
            Format::Json => output::json(&Told::new(setup, experiment, &outcome)),
            Format::Text => println!("{name:width$}  {}", columns(&outcome)),
        }
    }
    Ok(code(over))
}

/// A protocol with its settings; what is wrong with them ends the command.
fn read(setup: &Setup, experiment: &Experiment) -> Known {
    Known::new(setup, experiment).unwrap_or_else(|wrong| output::misused(&wrong))
}

fn code(over: bool) -> ExitCode {
    if over { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) }
}

/// Tells of a cycle, with the hash of a timed run so far.
pub(crate) fn show(round: &Round, hash: Option<u64>, format: Format) {
    match format {
        Format::Json => output::json(&Stepped { round, hash: hash.map(hex) }),
        Format::Text => println!("{}{}", line(round), hash.map_or(String::new(), |hash| format!(" hash {}", hex(hash)))),
    }
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

/// A moment in cycles, or none.
fn moment(cycles: Option<f64>) -> String {
    cycles.map_or("never".to_owned(), |cycles| if cycles.fract() == 0.0 { cycles.to_string() } else { format!("{cycles:.3}") })
}

/// An outcome's figures.
pub(crate) fn print(outcome: &Outcome) {
    let Outcome { residue, traffic, messages, wasted, found, t50, t99, last, cycles, over } = *outcome;
    println!("residue {residue:.5}  traffic {traffic:.3}  messages {messages:.3} a node");
    println!("t50 {}  t99 {}  last {}  of {cycles} cycles", moment(t50), moment(t99), moment(Some(last)));
    if wasted > 0.0 {
        println!("{wasted:.3} messages a node to nodes that were gone");
    }
    if found > 0.0 {
        println!("{found:.5} of the nodes served by anti-entropy");
    }
    if !over {
        println!("some node still passes it on at the horizon");
    }
}

fn columns(outcome: &Outcome) -> String {
    let Outcome { residue, traffic, messages, wasted, found, t50, t99, last, cycles, over } = *outcome;
    let ([t50, t99, last], open) = ([t50, t99, Some(last)].map(moment), if over { "" } else { ", and not over" });
    let found = if found > 0.0 { format!(", {found:.5} by anti-entropy") } else { String::new() };
    format!("{residue:>7.5} {traffic:>8.3} {messages:>8.3} {wasted:>7.3} {t50:>6} {t99:>6} {last:>6} {cycles:>6}{found}{open}")
}

/// What all live through.
fn world(experiment: &Experiment) -> String {
    let Experiment { nodes, seed, loss_ppm, crash, churn_ppm, cut, latency, .. } = experiment;
    let mut words = vec![format!("{nodes} nodes"), format!("{} of messages lost", Share(*loss_ppm))];
    words.extend(crash.map(|crash| format!("{crash} crash")));
    words.extend((*churn_ppm > 0).then(|| format!("{} leave and join in each cycle", Share(*churn_ppm))));
    words.extend(cut.map(|cut| format!("halves cut off in {cut}")));
    words.extend(latency.map(|latency| format!("latency {latency}")));
    words.push(format!("seed {seed}"));
    words.join(", ")
}
