//! `bruit lab paper`: what was published, run again.

mod which;

use crate::cli::{Format, PaperOptions};
use crate::output::{self, progress, threads};
use anyhow::{Context, Result};
use bruit_lab::paper::{
    Bound, Paper, Seen, Verdict, beat_demers, beat_lifeguard, cassandra_round, cassandra_wiki, demers, demers_antientropy,
    demers_spatial, gupta_2001, lifeguard, mp1, multicast, phi, pushes_uiuc, reconcile, rounds, scuttlebutt, serf_convergence,
    swim_detection, swim_false_positives, swim_infection,
};
use serde::Serialize;
use serde_json::json;
use std::process::ExitCode;

pub(crate) use which::Papers;
use which::{Entry, Which};

/// A paper as JSON.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    paper: &'a Paper,
    ok: bool,
}

/// `lab paper`.
pub(crate) fn run(options: &PaperOptions, format: Format) -> Result<ExitCode> {
    let ok = match &options.which {
        None => {
            list(format);
            true
        }
        Some(Papers::All { quick }) => all(&Which::every(*quick), options, format)?,
        Some(Papers::One(which)) => one(which, options, format)?,
    };
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

fn one(which: &Which, options: &PaperOptions, format: Format) -> Result<bool> {
    let (paper, entry) = (paper(which), which.entry());
    let ok = paper.holds();
    let picture = paper.picture(&entry.about, &typed());
    match format {
        Format::Json => output::json(&Told { paper: &paper, ok }),
        Format::Text => {
            print(&paper);
            if options.plot {
                println!();
                picture.text().iter().for_each(|line| println!("{line}"));
            }
        }
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, picture.svg()).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(ok)
}

/// The command as it was typed, but for where its picture goes.
pub(crate) fn typed() -> String {
    let words = std::env::args().skip(1);
    let mut kept = vec![String::from("bruit")];
    let mut to_file = false;
    for word in words {
        if !std::mem::replace(&mut to_file, word == "--svg") && !word.starts_with("--svg") {
            kept.push(word);
        }
    }
    kept.join(" ")
}

/// Each of these, a line each with what is missed; whether nothing is.
fn all(papers: &[Entry], options: &PaperOptions, format: Format) -> Result<bool> {
    anyhow::ensure!(options.svg.is_none() && !options.plot, "one paper at a time is drawn");
    let bar = progress(papers.len() as u64, "papers");
    let mut ok = true;
    for Entry { name, which, .. } in papers {
        bar.set_message(name.clone());
        let paper = paper(which);
        ok &= paper.holds();
        bar.inc(1);
        bar.suspend(|| match format {
            Format::Json => output::json(&summary(name, &paper)),
            Format::Text => summary_lines(name, &paper).iter().for_each(|line| println!("{line}")),
        });
    }
    bar.finish_and_clear();
    Ok(ok)
}

/// A paper in `all`, as JSON.
fn summary(name: &str, paper: &Paper) -> serde_json::Value {
    let missed: Vec<&Verdict> = paper.verdicts.iter().filter(|verdict| !verdict.ok).collect();
    json!({ "paper": name, "ok": paper.holds(), "claims": paper.verdicts.len(), "missed": missed })
}

fn summary_lines(name: &str, paper: &Paper) -> Vec<String> {
    let missed: Vec<&Verdict> = paper.verdicts.iter().filter(|verdict| !verdict.ok).collect();
    let (all, ok) = (paper.verdicts.len(), if paper.holds() { "ok" } else { "MISSED" });
    let mut lines = vec![format!("{name:<20} {:>3} of {all:>3}  {ok:<6}  {}", all - missed.len(), paper.source)];
    let width = missed.iter().map(|verdict| verdict.claim.chars().count()).max().unwrap_or(0);
    lines.extend(missed.iter().map(|verdict| format!("  {}", line(verdict, width))));
    lines
}

fn paper(which: &Which) -> Paper {
    match which {
        Which::CassandraWiki => cassandra_wiki::paper(),
        Which::CassandraRound { rounds } => cassandra_round::paper(*rounds),
        Which::Phi => phi::paper(),
        Which::Scuttlebutt(quick) => {
            let (each, within) = quick.or((scuttlebutt::RUNS, scuttlebutt::WITHIN), (1, 0.25));
            with_bar(scuttlebutt::runs(each), |done| scuttlebutt::paper(each, within, threads(), done))
        }
        Which::Demers1(options) => table(demers::Table::One, options),
        Which::Demers2(options) => table(demers::Table::Two, options),
        Which::Demers3(options) => table(demers::Table::Three, options),
        Which::DemersAntientropy(quick) => {
            let count = quick.or(demers_antientropy::RUNS, demers_antientropy::RUNS / 10);
            with_bar(demers_antientropy::runs(count), |done| demers_antientropy::paper(count, threads(), done))
        }
        Which::Reconcile(quick) => {
            let size = quick.or(reconcile::Size::FULL, reconcile::Size::QUICK);
            with_bar(reconcile::RUNS, |done| reconcile::paper(size, threads(), done))
        }
        Which::Rounds(quick) => {
            let (sizes, runs) = quick.or((&[10, 12, 14, 16, 18, 20][..], rounds::RUNS), (&[10, 12, 14], 12));
            with_bar(rounds::runs(sizes, runs), |done| rounds::paper(sizes, runs, threads(), done))
        }
        Which::Multicast(quick) => {
            let runs = quick.or(multicast::Runs::full(), multicast::Runs::quick());
            with_bar(runs.count(), |done| multicast::paper(&runs, threads(), done))
        }
        Which::DemersSpatial(quick) => {
            let sites = quick.or(demers_spatial::SITES, demers_spatial::SITES / 4);
            with_bar(demers_spatial::runs(), |done| demers_spatial::paper(sites, threads(), done))
        }
        Which::PushesUiuc(quick) => {
            let runs = quick.or(pushes_uiuc::RUNS, 40);
            with_bar(pushes_uiuc::runs(runs), |done| pushes_uiuc::paper(runs, threads(), done))
        }
        Which::SwimDetection(quick) => {
            let runs = quick.or(swim_detection::RUNS, 40);
            with_bar(2 * runs, |done| swim_detection::paper(runs, threads(), done))
        }
        Which::SwimFalsePositives(quick) => {
            let within = quick.or(swim_false_positives::WITHIN, 0.1);
            with_bar(swim_false_positives::runs(within), |done| swim_false_positives::paper(within, threads(), done))
        }
        Which::Gupta2001(quick) => {
            let (sizes, probes) = quick.or((&gupta_2001::SIZES[..], gupta_2001::PROBES), (&gupta_2001::SIZES[..2], 60_000));
            with_bar(gupta_2001::runs(sizes), |done| gupta_2001::paper(sizes, probes, threads(), done))
        }
        Which::SwimInfection(quick) => {
            let runs = quick.or(swim_infection::RUNS, 25);
            with_bar(swim_infection::runs(runs), |done| swim_infection::paper(runs, threads(), done))
        }
        Which::Lifeguard(quick) => {
            let size = quick.or(lifeguard::Size::FULL, lifeguard::Size::QUICK);
            with_bar(size.runs(), |done| lifeguard::paper(&size, threads(), done))
        }
        Which::SerfConvergence(quick) => {
            let (sizes, runs) =
                quick.or((&serf_convergence::SIZES[..], serf_convergence::RUNS), (&serf_convergence::SIZES[..3], 5));
            with_bar(serf_convergence::runs(sizes, runs), |done| serf_convergence::paper(sizes, runs, threads(), done))
        }
        Which::Mp1(quick) => {
            let runs = quick.or(mp1::RUNS, 20);
            with_bar(runs, |done| mp1::paper(runs, threads(), done))
        }
        Which::BeatDemers(quick) => {
            let runs = quick.or(beat_demers::RUNS, 100);
            with_bar(2 * runs, |done| beat_demers::paper(runs, threads(), done))
        }
        Which::BeatLifeguard(quick) => {
            let size = quick.or(lifeguard::Size::FULL, lifeguard::Size::QUICK);
            with_bar(beat_lifeguard::runs(&size), |done| beat_lifeguard::paper(&size, threads(), done))
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

fn list(format: Format) {
    for Entry { name, about, .. } in Which::every(false) {
        match format {
            Format::Json => output::json(&json!({ "paper": name, "about": about })),
            Format::Text => println!("{name:<20} {about}"),
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
    paper.drawing.iter().for_each(|line| println!("{line}"));
    paper.notes.iter().for_each(|note| println!("note: {note}"));
}

/// Figures in columns, words below their claim.
pub(crate) fn line(verdict: &Verdict, width: usize) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_those_of_the_list_and_quick_where_they_can_be() {
        let every = Which::every(true);
        assert!(every.iter().any(|entry| matches!(&entry.which, Which::Demers1(options) if options.quick)));
        assert!(every.iter().any(|entry| matches!(entry.which, Which::Rounds(quick) if quick.quick)));
        assert!(every.iter().all(|entry| entry.name == entry.which.entry().name && !entry.about.is_empty()));
    }

    #[test]
    fn a_paper_is_a_line_and_what_it_misses() {
        let holds = Verdict::range("a", 1.0, 0.0, 2.0);
        let missed = Verdict::range("b", 3.0, 0.0, 2.0);
        let mut paper = Paper { source: "of somebody", verdicts: vec![holds], ..Paper::default() };
        assert_eq!(summary_lines("it", &paper), ["it                     1 of   1  ok      of somebody"]);
        paper.verdicts.push(missed);
        let lines = summary_lines("it", &paper);
        assert!(
            lines.len() == 2 && lines[0].contains("1 of   2  MISSED") && lines[1].contains("b") && lines[1].contains("3.00000")
        );
        assert_eq!(summary("it", &paper)["missed"][0]["claim"], "b");
    }
}
