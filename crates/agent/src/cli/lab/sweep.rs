use super::WorldOptions;
use bruit_lab::experiment::Setup;
use bruit_lab::sweep::{Axis, Shard};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct SweepOptions {
    /// Protocols with their settings, as rumor:exchange=pull or tree; see `lab run`.
    #[arg(required = true)]
    pub(crate) setup: Vec<Setup>,
    /// A setting of the protocols or an option of the world, and its values: k=1..5, both ends included, or loss=0,5,10; of
    /// several the product is run.
    #[arg(long, value_name = "KEY=VALUES")]
    pub(crate) vary: Vec<Axis>,
    /// Runs of each cell; their seeds follow the first, and are the same in each cell.
    #[arg(long, default_value_t = 10)]
    pub(crate) runs: u64,
    /// The world, where it does not vary.
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    /// Write to this file, .csv or .jsonl; what is in there already is not run again. To standard output unless given, as CSV,
    /// or as JSON lines with -o json.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Run only one share of so many, the first is 0: `lab report` merges them.
    #[arg(long, value_name = "I/N", default_value = "0/1")]
    pub(crate) shard: Shard,
    /// How many runs at once; as many as there are cores unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct ReportOptions {
    /// The files of all shards of one sweep.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Draw it into this file, as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Draw it in characters, too.
    #[arg(long)]
    pub(crate) plot: bool,
    /// Draw it over this setting; over the one with the most values unless given.
    #[arg(long, value_name = "KEY")]
    pub(crate) x: Option<String>,
}
