//! `bruit lab`.

use super::{Ppm, percent, seed};
use bruit_lab::article::CLAIMS;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Lab {
    /// Run a swarm of faults over whole nodes and check what must always hold.
    Check(CheckOptions),
    /// Run one case again, from its file.
    Replay(ReplayOptions),
    /// Watch one protocol at work, round by round.
    #[command(subcommand)]
    Run(LabRun),
    /// Show the same crash to two failure detectors, in the same world: how soon, how often in vain, at what cost.
    Compare(CompareOptions),
    /// Measure what texts say of gossip, claim by claim; exits 1 if one does not hold.
    Article(ArticleOptions),
    /// Run what was published again, and hold it against what was printed; exits 1 if a figure is missed.
    Paper(PaperOptions),
}

/// What to watch.
#[derive(Debug, Subcommand)]
pub(crate) enum LabRun {
    /// Endpoint state by the exchange alone, as Dynamo has it: in each second's round each node talks to random peers, until
    /// all know a value; exits 1 if that takes more than a minute.
    State(RunStateOptions),
}

#[derive(Args, Debug)]
pub(crate) struct RunStateOptions {
    /// Live peers that a node talks to in a round.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3))]
    pub(crate) peers: u32,
    /// How many nodes.
    #[arg(short, long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) nodes: u32,
    /// Seed of all dice.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detector {
    /// Pings, requests to ping, suspicion: the members' own.
    Swim,
    /// Heartbeats in endpoint state, and the suspicion that their absence accrues.
    Phi,
}

#[derive(Args, Debug)]
pub(crate) struct CompareOptions {
    /// Which, in this order.
    #[arg(required = true, num_args = 1..=2, value_enum)]
    pub(crate) detectors: Vec<Detector>,
    /// How many nodes crash, all at once.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) crash: u32,
    /// How many nodes.
    #[arg(short, long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(3..=1000))]
    pub(crate) nodes: u32,
    /// Packets lost, in percent: datagrams are gone, streams wait.
    #[arg(long, default_value = "0", value_parser = percent)]
    pub(crate) loss: Ppm,
    /// Seed of all dice.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Args, Debug)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = true)]
pub(crate) struct PaperOptions {
    /// List them.
    #[arg(long)]
    pub(crate) list: bool,
    /// Draw it into this file, as SVG.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Draw it in characters, too.
    #[arg(long, global = true)]
    pub(crate) plot: bool,
    #[command(subcommand)]
    pub(crate) which: Option<crate::paper::Papers>,
}

#[derive(Args, Debug)]
pub(crate) struct ArticleOptions {
    /// Which claims; all, if none is named.
    #[arg(value_name = "ROW", value_parser = PossibleValuesParser::new(CLAIMS.iter().map(|claim| claim.name)))]
    pub(crate) rows: Vec<String>,
    /// Fewer runs and smaller clusters: some seconds instead of some minutes.
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckOptions {
    /// How many cases, each with a seed of its own.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: u32,
    /// The first case's seed, or `random`, which is printed.
    #[arg(long, default_value = "1", value_parser = seed)]
    pub(crate) seed: u64,
    /// Plant one fault after another and see that each is caught. Needs the build feature `mutants`.
    #[arg(long)]
    pub(crate) mutants: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayOptions {
    /// The case's file, as `lab check` wrote it.
    pub(crate) file: PathBuf,
    /// Tell of each packet that is heard, too.
    #[arg(long)]
    pub(crate) packets: bool,
}
