//! `bruit lab sweep`, `bruit lab report` and the replay of one run: sweeps in files.

mod report;
pub(crate) mod table;

use crate::cli::{Format, ReplayOptions, SweepOptions};
use crate::experiment::{print, show};
use crate::lab::BAD_FILE;
use crate::output::{self, progress, threads};
use anyhow::{Context, Result, bail, ensure};
use bruit_lab::experiment::{Known, Outcome};
use bruit_lab::sweep::{Cell, Row, Sweep};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write, stdout};
use std::path::Path;
use std::process::ExitCode;
use table::Kind;

pub(crate) use report::report;

/// How a row begins as JSON.
const ROW: &[u8] = b"{\"sweep\":\"";

/// `lab sweep`.
pub(crate) fn run(options: &SweepOptions, format: Format) -> Result<ExitCode> {
    let sweep = Sweep::new(&options.setup, &options.world.experiment(), &options.vary, options.runs);
    let sweep = sweep.unwrap_or_else(|wrong| output::misused(&wrong));
    let runs = sweep.share(options.shard);
    let threads = options.threads.map_or_else(threads, usize::from);
    let Some(path) = &options.to else {
        let kind = if format == Format::Json { Kind::JsonLines } else { Kind::Csv };
        let mut out = stdout().lock();
        return match out.write_all(&kind.head()?).map_err(Into::into).and_then(|()| write(&sweep, &runs, threads, kind, &mut out))
        {
            Err(error) if is_gone(&error) => Ok(ExitCode::SUCCESS),
            done => done.map(|()| ExitCode::SUCCESS),
        };
    };
    match open(path, &sweep, &runs) {
        Ok((kind, mut file, done)) => write(&sweep, &runs[done..], threads, kind, &mut file)
            .with_context(|| format!("cannot write {}", path.display()))
            .map(|()| ExitCode::SUCCESS),
        Err(error) => Ok(bad_file(&error)),
    }
}

/// Whether nobody reads any more.
fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Says what is wrong with a file.
fn bad_file(error: &anyhow::Error) -> ExitCode {
    eprintln!("bruit: {error:#}");
    ExitCode::from(BAD_FILE)
}

/// A sweep's file, ready for the rows that it has not: what it is, and how many of `runs` are there. A new one is begun.
fn open(path: &Path, sweep: &Sweep, runs: &[u64]) -> Result<(Kind, File, usize)> {
    let name = path.display();
    let kind = Kind::of(path).with_context(|| format!("{name}: give a file .csv or .jsonl"))?;
    let there = path.exists();
    let (rows, whole) = if there { kind.read(path)? } else { (Vec::new(), 0) };
    ensure!(whole > 0 || !there || is_beginning(path, kind)?, "{name} is no sweep");
    for (k, row) in rows.iter().enumerate() {
        ensure!(row.sweep == sweep.name(), "{name} is of another sweep: it has\n  {}", row.replay);
        match runs.get(k) {
            Some(run) if *run == row.run => {}
            Some(run) => bail!("{name} is of another shard: it has run {} where {run} should be", row.run),
            None => bail!("{name} is of another shard: it has run {}, which is not of this one", row.run),
        }
    }
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    if whole == 0 {
        file.write_all(&kind.head()?)?;
    }
    Ok((kind, file, rows.len()))
}

/// Whether what there is of a file without a whole line is how a sweep's begins.
fn is_beginning(path: &Path, kind: Kind) -> Result<bool> {
    let text = std::fs::read(path)?;
    Ok(match kind {
        Kind::Csv => kind.head()?.starts_with(&text),
        Kind::JsonLines => text.starts_with(ROW) || ROW.starts_with(&text),
    })
}

/// Runs, and writes a row at a time.
fn write(sweep: &Sweep, runs: &[u64], threads: usize, kind: Kind, out: &mut impl Write) -> Result<()> {
    let bar = progress(runs.len() as u64, "runs");
    let mut result = Ok(());
    sweep.run(runs, threads, |row| {
        result = kind.line(&row).and_then(|line| Ok(out.write_all(&line)?));
        bar.inc(1);
        result.is_ok()
    });
    bar.finish_and_clear();
    result
}

/// `lab replay` of a sweep's run: its course, its figures, and whether they are those in the file.
pub(crate) fn replay(options: &ReplayOptions, format: Format) -> Result<ExitCode> {
    let (row, Cell { setup, experiment }) = match find(options) {
        Ok(found) => found,
        Err(error) => return Ok(bad_file(&error)),
    };
    let known = Known::new(&setup, &experiment).unwrap_or_else(|wrong| output::misused(&wrong));
    let outcome = known.watch(&experiment, |round| show(round, None, format));
    let same = is_same(&outcome, &row.outcome());
    match format {
        Format::Json => output::json(&json!({ "run": row.run, "outcome": outcome, "same": same, "replay": row.replay })),
        Format::Text => {
            print(&outcome);
            println!("{}", if same { "as in the file" } else { "other figures than in the file" });
            println!("{}", row.replay);
        }
    }
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

/// The run that is meant.
fn find(options: &ReplayOptions) -> Result<(Row, Cell)> {
    let name = options.file.display();
    let kind = Kind::of(&options.file).with_context(|| format!("{name} is no sweep"))?;
    let (mut rows, _) = kind.read(&options.file)?;
    let at = match options.run {
        Some(run) => rows.iter().position(|row| row.run == run).with_context(|| format!("{name} has no run {run}"))?,
        None => {
            ensure!(rows.len() == 1, "{name} has {} runs: say which by --run", rows.len());
            0
        }
    };
    let row = rows.swap_remove(at);
    let cell = row.cell().map_err(|wrong| anyhow::anyhow!("{name}, run {}: {wrong}", row.run))?;
    Ok((row, cell))
}

/// Up to what readers of JSON may get wrong in a number's last digit.
fn is_same(one: &Outcome, other: &Outcome) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs();
    let Outcome { residue, traffic, messages, .. } = *other;
    near(one.residue, residue)
        && near(one.traffic, traffic)
        && near(one.messages, messages)
        && *one == Outcome { residue: one.residue, traffic: one.traffic, messages: one.messages, ..*other }
}
