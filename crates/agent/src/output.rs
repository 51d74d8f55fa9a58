//! What is printed, and how.

use crate::cli::Format;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::IsTerminal;

/// A result as one line of JSON.
pub(crate) fn json(value: &impl Serialize) {
    println!("{}", serde_json::to_string(value).expect("plain data is JSON"));
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
