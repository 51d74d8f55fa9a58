use super::{bad_file, table::Kind};
use crate::cli::{Format, ReportOptions};
use crate::output;
use crate::paper::typed;
use anyhow::{Context, Result, anyhow};
use bruit_lab::plot::figure;
use bruit_lab::sweep::picture;
use bruit_lab::sweep::report::{Figure, Summary, report as summaries};
use std::process::ExitCode;

/// `lab report`.
pub(crate) fn report(options: &ReportOptions, format: Format) -> Result<ExitCode> {
    let cells = match read(options) {
        Ok(cells) => cells,
        Err(error) => return Ok(bad_file(&error)),
    };
    match format {
        Format::Json => cells.iter().for_each(output::json),
        Format::Text => table(&cells).iter().for_each(|line| println!("{line}")),
    }
    if options.plot || options.svg.is_some() {
        let picture = picture(&cells, options.x.as_deref(), &typed()).map_err(|wrong| anyhow!(wrong))?;
        if options.plot && format == Format::Text {
            println!();
            picture.text().iter().for_each(|line| println!("{line}"));
        }
        if let Some(file) = &options.svg {
            std::fs::write(file, picture.svg()).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(options: &ReportOptions) -> Result<Vec<Summary>> {
    let mut rows = Vec::new();
    for file in &options.files {
        let kind = Kind::of(file).with_context(|| format!("{}: give files .csv or .jsonl", file.display()))?;
        rows.extend(kind.read(file)?.0);
    }
    summaries(rows).map_err(|wrong| anyhow!(wrong))
}

/// Columns: what makes the cell, then means and their errors.
fn table(cells: &[Summary]) -> Vec<String> {
    let mut lines =
        vec![["set-up", "nodes", "loss", "churn", "crash", "cut", "latency", "horizon", "runs"].map(String::from).to_vec()];
    lines[0].extend(cells.iter().take(1).flat_map(Summary::figures).map(|(name, _)| name.to_owned()));
    let none = || "none".to_owned();
    let one_horizon = cells.windows(2).all(|pair| pair[0].horizon == pair[1].horizon);
    for cell in cells {
        let Summary { setup, nodes, loss, churn, horizon, runs, .. } = cell;
        let mut line = vec![setup.clone(), nodes.to_string(), format!("{loss}%")];
        line.push(if *churn == 0.0 { none() } else { format!("{churn}%") });
        line.extend(cell.faults());
        line.push(if one_horizon { none() } else { horizon.to_string() });
        line.push(runs_of(*runs, cell.unfinished));
        line.extend(cell.figures().map(|(name, of)| match of.mean {
            // Few worlds have these.
            Some(0.0) if ["wasted", "found"].contains(&name) => none(),
            _ => said(of, *runs),
        }));
        lines.push(line);
    }
    // A column that says none throughout says nothing.
    let columns = 0..lines[0].len();
    let shown: Vec<usize> = columns.filter(|at| lines[1..].iter().any(|line| line[*at] != "none")).collect();
    let width = |at: &usize| lines.iter().map(|line| line[*at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = shown.iter().map(width).collect();
    let padded = |line: &Vec<String>| {
        let cells = shown.iter().zip(&widths).map(|(at, width)| format!("{:<width$}", line[*at]));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(padded).collect()
}

fn runs_of(runs: u64, unfinished: u64) -> String {
    if unfinished == 0 { runs.to_string() } else { format!("{runs}, {unfinished} not over") }
}

/// A mean, its standard error, and how many runs have it if not all do.
fn said(of: Figure, runs: u64) -> String {
    let Some(mean) = of.mean else { return "never".to_owned() };
    // Of an error two digits count.
    let short = |error: f64| format!("{error:.1e}").parse().map_or_else(|_| String::new(), figure);
    let error = of.error.map_or(String::new(), |error| format!(" ±{}", short(error)));
    let some = if of.runs == runs { String::new() } else { format!(" ({} of {runs})", of.runs) };
    format!("{}{error}{some}", figure(mean))
}
