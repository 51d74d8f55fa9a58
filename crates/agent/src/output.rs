//! What is printed, and how.

use crate::cli::{Cli, Format};
use anyhow::{Context, Result};
use clap::CommandFactory;
use clap::error::ErrorKind;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

/// A result as one line of JSON.
pub(crate) fn json(value: &impl Serialize) {
    println!("{}", serde_json::to_string(value).expect("plain data is JSON"));
}

/// As a shell tells it of a process that SIGPIPE ended: 128 and the signal's number.
const READER_GONE: i32 = 141;

/// Whoever reads the output may have had enough, as `head` has: that ends the command, without a word.
pub(crate) fn end_with_reader() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let gone = panic
            .payload()
            .downcast_ref::<String>()
            .is_some_and(|said| said.starts_with("failed printing to stdout: Broken pipe"));
        if gone {
            std::process::exit(READER_GONE);
        }
        told(panic);
    }));
}

/// Says what is wrong with how the command was given, and ends it.
pub(crate) fn misused(wrong: &str) -> ! {
    Cli::command().error(ErrorKind::ValueValidation, wrong).exit()
}

/// How much may run side by side.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A bar on a terminal, nothing elsewhere.
pub(crate) fn progress(steps: u64, what: &'static str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}").expect("a valid template");
    ProgressBar::with_draw_target(Some(steps), target).with_style(style).with_prefix(what)
}

pub(crate) fn version(format: Format) {
    let version = env!("CARGO_PKG_VERSION");
    match format {
        Format::Text => println!("bruit {version}"),
        Format::Json => json(&serde_json::json!({ "name": "bruit", "version": version })),
    }
}

/// The manual page of `bruit`, or one file for each command.
pub(crate) fn manual(folder: Option<&Path>) -> Result<ExitCode> {
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            clap_mangen::generate_to(Cli::command(), folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        }
        None => clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?,
    }
    Ok(ExitCode::SUCCESS)
}
