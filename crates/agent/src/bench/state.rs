//! `bruit bench state`: what endpoint state costs, and how soon all know a value.

use super::print_spreads;
use crate::cli::{Format, StateDetector, StateOptions};
use crate::output::{self, progress};
use anyhow::Result;
use bruit_lab::bench::state::{Options, measure};
use std::process::ExitCode;

/// Above this only the default setting is measured unless told otherwise: time grows with the square of the nodes.
const MANY: u32 = 1_000;

/// `bench state`.
pub(crate) fn state(options: &StateOptions, format: Format) -> Result<ExitCode> {
    let StateDetector::Phi = options.detector;
    let StateOptions { nodes, trials, seed, .. } = *options;
    let alone = match &options.alone[..] {
        [] if nodes <= MANY => vec![1, 2, 3],
        given => given.to_vec(),
    };
    let options = Options { nodes, trials, seed, threads: output::threads(), alone };
    let bar = progress(u64::from(trials) * (1 + options.alone.len() as u64), "trials");
    let figures = measure(&options, || bar.inc(1));
    bar.finish_and_clear();
    match format {
        Format::Json => output::json(&figures),
        Format::Text => {
            for setting in &figures.settings {
                let how = if setting.spread { "changes leave at once" } else { "exchange alone" };
                println!("{nodes} nodes, {} live peers a round, {how}: min, median, max of {trials}", setting.live);
                print_spreads(setting);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
