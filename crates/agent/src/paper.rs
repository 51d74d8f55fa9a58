//! `bruit lab paper`: what was published, run again.

mod which;

use crate::cli::{Cli, Format, PaperOptions};
use crate::output::{self, progress, threads};
use anyhow::Result;
use bruit_lab::paper::{
    Bound, Paper, Seen, Verdict, beat_demers, cassandra_round, cassandra_wiki, demers, demers_antientropy, multicast, phi,
    reconcile, rounds, scuttlebutt,
};
use clap::CommandFactory;
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

pub(crate) use which::Which;

/// A paper as JSON.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    ok: bool,
}

/// `lab paper`.
pub(crate) fn run(options: &PaperOptions, format: Format) -> Result<ExitCode> {
    let Some(which) = &options.which else {
        list(format);
        return Ok(ExitCode::SUCCESS);
    };
    let paper = paper(which);
    let ok = paper.holds();
    match format {
        Format::Json => output::json(&Told { paper: &paper, ok }),
        Format::Text => print(&paper),
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

fn paper(which: &Which) -> Paper {
    match which {
        Which::CassandraWiki => cassandra_wiki::paper(),
        Which::CassandraRound { rounds } => cassandra_round::paper(*rounds),
        Which::Phi => phi::paper(),
        Which::Scuttlebutt => scuttlebutt::paper(threads()),
        Which::Demers1(options) => table(demers::Table::One, options),
        Which::Demers2(options) => table(demers::Table::Two, options),
        Which::Demers3(options) => table(demers::Table::Three, options),
        Which::DemersAntientropy { quick } => {
            let count = if *quick { demers_antientropy::RUNS / 10 } else { demers_antientropy::RUNS };
            with_bar(demers_antientropy::runs(count), |done| demers_antientropy::paper(count, threads(), done))
        }
        Which::Reconcile { quick } => {
            let size = if *quick { reconcile::Size::QUICK } else { reconcile::Size::FULL };
            with_bar(reconcile::RUNS, |done| reconcile::paper(size, threads(), done))
        }
        Which::Rounds { quick } => {
            let (sizes, runs): (&[u32], u64) = if *quick { (&[10, 14], 12) } else { (&[10, 14, 20], rounds::RUNS) };
            with_bar(rounds::runs(sizes, runs), |done| rounds::paper(sizes, runs, threads(), done))
        }
        Which::Multicast { quick } => {
            let runs = if *quick { multicast::Runs::quick() } else { multicast::Runs::full() };
            with_bar(runs.count(), |done| multicast::paper(&runs, threads(), done))
        }
        Which::BeatDemers { quick } => {
            let runs = if *quick { 100 } else { beat_demers::RUNS };
            with_bar(2 * runs, |done| beat_demers::paper(runs, threads(), done))
        }
    }
}

fn table(table: demers::Table, options: &which::Demers) -> Paper {
    let share = if options.quick { 0.05 } else { 1.0 };
    with_bar(demers::runs(table, share), |done| demers::paper(table, options.rules(), share, threads(), done))
}

/// Shows how many of so many runs are done.
fn with_bar(runs: u64, paper: impl FnOnce(&mut dyn FnMut()) -> Paper) -> Paper {
    let bar = progress(runs, "runs");
    let paper = paper(&mut || bar.inc(1));
    bar.finish_and_clear();
    paper
}

/// What the command line says of each.
fn list(format: Format) {
    let cli = Cli::command();
    let papers = ["lab", "paper"].iter().fold(&cli, |at, name| at.find_subcommand(name).expect("a command of ours"));
    for paper in papers.get_subcommands() {
        let (name, about) = (paper.get_name(), paper.get_about().map(ToString::to_string).unwrap_or_default());
        match format {
            Format::Json => output::json(&json!({ "paper": name, "about": about })),
            Format::Text => println!("{name:<18} {about}"),
        }
    }
}

fn print(paper: &Paper) {
    println!("{}", paper.source);
    let width = paper.verdicts.iter().map(|verdict| verdict.claim.len()).max().unwrap_or(0);
    if paper.verdicts.iter().any(|verdict| matches!(verdict.seen, Seen::Figure(_))) {
        println!("{:<width$} {:>12} {:>23}", "claim", "seen", "bound");
    }
    paper.verdicts.iter().for_each(|verdict| println!("{}", line(verdict, width)));
    paper.notes.iter().for_each(|note| println!("note: {note}"));
}

/// Figures in columns, words below their claim.
fn line(verdict: &Verdict, width: usize) -> String {
    let Verdict { claim, seen, bound, ok } = verdict;
    let ok = if *ok { "ok" } else { "MISSED" };
    match (seen, bound) {
        (Seen::Figure(seen), Bound::Range([low, high])) => format!("{claim:<width$} {seen:>12.5} {low:>11.5}..{high:<10.5} {ok}"),
        (seen, bound) => {
            let words = |of: &Seen| if let Seen::Words(words) = of { words.clone() } else { String::new() };
            let Bound::Words(published) = bound else { return String::new() };
            format!("{claim}: {ok}\n  seen   {}\n  bound  {published}", words(seen))
        }
    }
}
