//! `bruit lab`: nodes in the deterministic world, checked and replayed.

use crate::cli::{CheckOptions, Format, ReplayOptions};
use crate::output::{self, progress};
use crate::sweep::{self, table};
use anyhow::{Context, Result};
use bruit_lab::case::Case;
use bruit_lab::check::{self, Failure, Report};
use bruit_lab::replay;
use serde_json::json;
use std::io::{ErrorKind, Write, stdout};
use std::path::Path;
use std::process::ExitCode;

/// A file that cannot be used (EX_CONFIG of sysexits.h).
pub(crate) const BAD_FILE: u8 = 78;
/// Cases to try while one that failed is made small.
const EFFORT: u32 = 300;

/// `lab check`.
pub(crate) fn check(options: &CheckOptions, format: Format) -> Result<ExitCode> {
    if options.mutants {
        return mutants(options, format);
    }
    let bar = progress(options.seeds.into(), "cases");
    let setup =
        check::Options { seeds: options.seeds.into(), first_seed: options.seed, threads: output::threads(), effort: EFFORT };
    if format == Format::Text {
        println!("{} cases from seed {}", options.seeds, options.seed);
    }
    let report = check::run(&setup, |seed, verdict| {
        bar.inc(1);
        if let Some(violation) = &verdict.violation {
            bar.suspend(|| eprintln!("seed {seed}: {violation}"));
        }
    });
    bar.finish_and_clear();
    tell(options, &report, format)?;
    Ok(if report.failures.is_empty() && report.missed().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(options: &CheckOptions, report: &Report, format: Format) -> Result<()> {
    let (middle, last) = report.agreed_after;
    let hours = report.virtual_time.as_secs_f64() / 3600.0;
    let mut failures = Vec::new();
    for Failure { seed, violation, case } in &report.failures {
        let file = write(case, &format!("bruit-case-{seed}.json"))?;
        if format == Format::Text {
            println!("seed {seed}, made small to {} acts: {violation}\n  bruit lab replay {file}", case.script.len());
        }
        failures.push(json!({ "seed": seed, "violation": violation.to_string(), "file": file }));
    }
    match format {
        Format::Json => output::json(&json!({
            "cases": report.cases,
            "first_seed": options.seed,
            "virtual_hours": hours,
            "agreed_after_ms": { "median": middle.as_millis() as u64, "max": last.as_millis() as u64 },
            "failures": failures,
            "marks": report.marks,
        })),
        Format::Text => println!(
            "{} cases, {hours:.1} virtual hours, {} failed; after the faults all agreed within {:.1} s, half of them within {:.1} s",
            report.cases,
            failures.len(),
            last.as_secs_f64(),
            middle.as_secs_f64(),
        ),
    }
    if format == Format::Text {
        report.missed().iter().for_each(|mark| println!("in no case: {mark}"));
    }
    Ok(())
}

/// Writes a case into the current folder; the file's name.
fn write(case: &Case, file: &str) -> Result<String> {
    std::fs::write(file, case.text()).with_context(|| format!("cannot write {file}"))?;
    Ok(file.into())
}

#[cfg(feature = "mutants")]
fn mutants(options: &CheckOptions, format: Format) -> Result<ExitCode> {
    use bruit_lab::check::Options;
    use bruit_lab::mutants::{ALL, Outcome, run};

    /// Each mutant must be caught within so many cases.
    const CASES: u64 = 500;

    let bar = progress(ALL.len() as u64, "mutants");
    let setup = Options { seeds: CASES, first_seed: options.seed, threads: output::threads(), effort: EFFORT };
    // A mutant may well panic; that it does is printed as what caught it.
    std::panic::set_hook(Box::new(|_| {}));
    let show = |Outcome { mutant, cases, caught }: &Outcome| {
        let violation = caught.as_ref().map(|(_, violation)| violation.to_string());
        match format {
            Format::Json => output::json(&json!({ "mutant": mutant.name, "cases": cases, "caught": violation })),
            Format::Text => {
                let fate = violation.unwrap_or_else(|| "SURVIVES".into());
                println!("{:<50} {cases:>4} cases  {fate}", mutant.name);
            }
        }
    };
    let outcomes = run(&setup, |outcome| {
        bar.inc(1);
        bar.suspend(|| show(outcome));
    });
    bar.finish_and_clear();
    let survivors: Vec<&str> = outcomes.iter().filter(|o| o.caught.is_none()).map(|o| o.mutant.name).collect();
    anyhow::ensure!(survivors.is_empty(), "{} mutants survive: {}", survivors.len(), survivors.join(", "));
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "mutants"))]
fn mutants(_: &CheckOptions, _: Format) -> Result<ExitCode> {
    anyhow::bail!("this build holds no mutants: build with `--features mutants`")
}

/// `lab replay`.
pub(crate) fn replay(options: &ReplayOptions, format: Format) -> Result<ExitCode> {
    if table::Kind::of(&options.file).is_some() {
        return sweep::replay(options, format);
    }
    let case = match read(&options.file) {
        Ok(case) => case,
        Err(error) => {
            eprintln!("bruit: {error:#}");
            return Ok(ExitCode::from(BAD_FILE));
        }
    };
    let mut story: Box<dyn Write> = if format == Format::Json { Box::new(std::io::sink()) } else { Box::new(stdout().lock()) };
    let told = replay::Options { packets: options.packets, ..replay::Options::default() };
    let violation = match replay::run(&case, told, &mut *story) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        result => result?,
    };
    if format == Format::Json {
        output::json(&json!({ "seed": case.seed, "violation": violation.as_ref().map(ToString::to_string) }));
    }
    Ok(if violation.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> Result<Case> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Case::parse(&text).map_err(|why| anyhow::anyhow!("{} is no case: {why}", file.display()))
}
