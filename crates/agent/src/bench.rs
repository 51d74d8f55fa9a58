//! `bruit bench`: figures that anyone can run again.

mod agent;
mod loopback;
mod sockets;
mod speed;
mod state;
mod state_sockets;
mod tally;

pub(crate) use agent::agent;
pub(crate) use speed::lab;
pub(crate) use state::state;

use crate::cli::{ClusterOptions, Format};
use crate::output::{self, progress};
use anyhow::Result;
use bruit_lab::bench::{self, Figures, Options, Spread};
use serde::Serialize;
use std::process::ExitCode;
use std::time::Duration;

/// `bench cluster`.
pub(crate) fn cluster(options: &ClusterOptions, format: Format) -> Result<ExitCode> {
    if let Some(span) = options.soak {
        return soak(options, span, format);
    }
    let figures = if options.in_lab { in_lab(options) } else { sockets::measure(options)? };
    match format {
        Format::Json => output::json(&figures),
        Format::Text => print(&figures),
    }
    Ok(ExitCode::SUCCESS)
}

fn lab_options(options: &ClusterOptions) -> Options {
    Options {
        nodes: options.nodes,
        trials: options.trials,
        seed: options.seed,
        loss_ppm: options.loss.0,
        udp_loss_ppm: options.udp_loss.0,
        sealed: options.sealed,
        threads: output::threads(),
        ..Options::default()
    }
}

fn in_lab(options: &ClusterOptions) -> Figures {
    let bar = progress(options.trials.into(), "trials");
    let figures = bench::measure(&lab_options(options), |_| bar.inc(1));
    bar.finish_and_clear();
    figures
}

fn soak(options: &ClusterOptions, span: Duration, format: Format) -> Result<ExitCode> {
    let bar = progress(span.as_secs() / 60, "virtual minutes");
    let soak = bench::soak(&lab_options(options), span, |passed| bar.set_position(passed.as_secs() / 60));
    bar.finish_and_clear();
    match format {
        Format::Json => output::json(&soak),
        Format::Text => {
            println!("nodes              {:>12}", soak.nodes);
            println!("virtual hours      {:>12.1}", soak.hours);
            println!("false deaths/hour  {:>12.2}  (worst hour {})", soak.false_deaths, soak.worst_hour);
            println!("bytes/node/s       {:>12.1}", soak.bytes_per_node_s);
            println!("packets/node/s     {:>12.2}", soak.packets_per_node_s);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(figures: &Figures) {
    println!("{} nodes, {} trials {:>24} {:>12} {:>12}", figures.nodes, figures.trials, "min", "median", "max");
    print_spreads(figures);
}

/// Every spread of some figures, a line each.
fn print_spreads(figures: &impl Serialize) {
    let value = serde_json::to_value(figures).expect("plain data is JSON");
    for (name, spread) in value.as_object().into_iter().flatten() {
        let Ok(Spread { min, median, max }) = serde_json::from_value(spread.clone()) else { continue };
        let cell = |x: Option<f64>| x.map_or("never".into(), |x| format!("{x:.1}"));
        println!("{name:<26} {:>12} {:>12} {:>12}", cell(min), cell(median), cell(max));
    }
}
