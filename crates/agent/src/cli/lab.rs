//! `bruit lab`.

mod compare;
mod multicast;
mod sweep;

use super::{Ppm, percent, seed};
use bruit_lab::article::CLAIMS;
use bruit_lab::experiment::{Churn, Crash, Experiment, Halves, Latency, Setup};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use std::path::PathBuf;

pub(crate) use compare::{CompareOptions, Compared, Detector, DetectorOptions};
pub(crate) use multicast::RunMulticastOptions;
pub(crate) use sweep::{ReportOptions, SweepOptions};

#[derive(Debug, Subcommand)]
pub(crate) enum Lab {
    /// Run a swarm of faults over whole nodes and check what must always hold.
    Check(CheckOptions),
    /// Run one case again, or one run of a sweep, from its file.
    Replay(ReplayOptions),
    /// Watch one protocol at work, round by round: one item among nodes, in synchronous cycles, until nobody passes it on; who
    /// never got it, how often it was told, how long it took. Exits 1 if that is not over at the horizon.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Run {
        #[command(subcommand)]
        of: Option<LabRun>,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Show the same faults to several protocols, or the same crash to two failure detectors: how soon, how often in vain, at
    /// what cost.
    Compare(CompareOptions),
    /// Run protocols over lists of settings, so many runs of each, on all cores: a line for each run, as CSV or as JSON lines.
    Sweep(SweepOptions),
    /// Merge a sweep's files: the mean and the standard error of each cell, as a table or drawn.
    Report(ReportOptions),
    /// Measure what texts say of gossip, claim by claim; exits 1 if one does not hold.
    Article(ArticleOptions),
    /// Run what was published again, and hold it against what was printed; exits 1 if a figure is missed.
    Paper(PaperOptions),
    /// Serve a page that runs one protocol among thousands of nodes, or two beside each other, and shows every step.
    Serve(ServeOptions),
}

#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    /// Where; what is served changes nothing, and runs as much as the machine has room for.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) http: String,
}

/// What to watch.
#[derive(Debug, Subcommand)]
pub(crate) enum LabRun {
    /// Endpoint state by the exchange alone, as Dynamo has it: in each second's round each node talks to random peers, until
    /// all know a value; exits 1 if that takes more than a minute.
    State(RunStateOptions),
    /// One rumor among nodes that all see each other, in synchronous cycles or with latency, until nobody passes it on: who
    /// never heard it, how often it was told, how long it took.
    Rumor(Box<RunRumorOptions>),
    /// One item from one node to all others, by direct mail, along a tree or by gossip: who never got it, how often it was
    /// sent, how long it took.
    Multicast(RunMulticastOptions),
}

/// A protocol with its settings, and its world.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    /// A protocol and its settings, as antientropy:exchange=pull. Alone: rumor (see `lab run rumor --help`), antientropy
    /// (exchange, compare, within), mail (known, burst, sync-every) or tree (fan-out, burst, repair; every; session, sessions).
    /// In whole nodes that know each other, at most 2,000 and always in timed events: a change of tags by membership (gossip), an
    /// event by events (spread), a value by endpoint-state (spread, live).
    #[arg(required = true)]
    pub(crate) setup: Option<Setup>,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    /// Print who is susceptible, infective and removed, cycle by cycle.
    #[arg(long)]
    pub(crate) step: bool,
}

/// The rules of the epidemic; those that are not given are the product's defaults.
#[derive(Args, Debug)]
pub(crate) struct RunRumorOptions {
    /// push, pull, push-pull or push-then-pull.
    #[arg(long)]
    exchange: Option<String>,
    /// Of push-then-pull: peers told at once.
    #[arg(long)]
    copies: Option<String>,
    /// Of push-then-pull: for so many hops.
    #[arg(long)]
    hops: Option<String>,
    /// When a node loses interest: counter, coin or linked.
    #[arg(long)]
    stop: Option<String>,
    /// The counter, or one over the coin's probability.
    #[arg(long)]
    k: Option<String>,
    /// Instead of all these: how likely a node may be missed. The rules follow from it, the nodes and the loss.
    #[arg(long, value_name = "PROBABILITY", conflicts_with_all = ["exchange", "stop", "k", "feedback", "reset", "contacts", "connections", "hunt", "minimize"])]
    miss: Option<String>,
    /// Cycles from one contact of a node to its next; one unless given.
    #[arg(long, value_name = "CYCLES")]
    rumor_every: Option<String>,
    /// Cycles from one anti-entropy exchange of a node to its next, behind the rumor: it ends when all know it. None unless
    /// given.
    #[arg(long, value_name = "CYCLES")]
    sync_every: Option<String>,
    /// With --sync-every: whether what anti-entropy finds becomes a rumor again; true unless given.
    #[arg(long, value_name = "true|false")]
    redistribute: Option<String>,
    /// Whether only contacts count where the other side knew it already.
    #[arg(long, value_name = "true|false")]
    feedback: Option<String>,
    /// Whether a useful contact makes the counter begin again.
    #[arg(long, value_name = "true|false")]
    reset: Option<String>,
    /// How many peers a node contacts in a cycle; one unless given.
    #[arg(long)]
    contacts: Option<String>,
    /// How many contacts a node takes in a cycle; all unless given.
    #[arg(long)]
    connections: Option<String>,
    /// How many other peers a node tries after one that took no more.
    #[arg(long)]
    hunt: Option<String>,
    /// Whether names and counters are compared before data goes.
    #[arg(long, value_name = "true|false")]
    minimize: Option<String>,
    #[command(flatten)]
    world: WorldOptions,
    /// Print who is susceptible, infective and removed, cycle by cycle.
    #[arg(long)]
    step: bool,
}

impl RunRumorOptions {
    /// The same with the rules as a set-up.
    pub(crate) fn into_run(self) -> RunOptions {
        RunOptions { setup: Some(self.setup()), world: self.world, step: self.step }
    }

    fn setup(&self) -> Setup {
        let mut setup = Setup::new("rumor");
        let given = [
            ("exchange", &self.exchange),
            ("copies", &self.copies),
            ("hops", &self.hops),
            ("stop", &self.stop),
            ("k", &self.k),
            ("miss", &self.miss),
            ("rumor-every", &self.rumor_every),
            ("sync-every", &self.sync_every),
            ("redistribute", &self.redistribute),
            ("feedback", &self.feedback),
            ("reset", &self.reset),
            ("contacts", &self.contacts),
            ("connections", &self.connections),
            ("hunt", &self.hunt),
            ("minimize", &self.minimize),
        ];
        for (key, value) in given.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?))) {
            setup.set(key, value).expect("each key is there once");
        }
        setup
    }
}

/// What the nodes live through.
#[derive(Args, Debug)]
pub(crate) struct WorldOptions {
    /// How many nodes.
    #[arg(short, long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    pub(crate) nodes: u32,
    /// Messages lost, in percent.
    #[arg(long, default_value = "0", value_parser = percent)]
    pub(crate) loss: Ppm,
    /// A share of the nodes crashes after a cycle: 20%@5. Or of mail and tree the node that sends the item first, after a
    /// share of its sends: root@50%.
    #[arg(long, value_name = "SHARE@CYCLE|root@SHARE")]
    pub(crate) crash: Option<Crash>,
    /// The percentage of nodes that leave in each cycle, from 0 to 10; as many join that know nothing. Who left is in all
    /// tables for ten cycles more. The run lasts to its horizon.
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub(crate) churn: Churn,
    /// Nothing passes between the halves from one cycle until before another: 3..8.
    #[arg(long, value_name = "FROM..TO")]
    pub(crate) cut: Option<Halves>,
    /// How long packets are under way, with cycles of a second: 50ms, 20ms..80ms, exponential:1ms+20ms (floor and mean above
    /// it), log-normal:1ms+20ms (floor and median), regions. Prints the hash of the run, too. Without it cycles are
    /// synchronous.
    #[arg(long)]
    pub(crate) latency: Option<Latency>,
    /// The most cycles.
    #[arg(long, default_value_t = Experiment::HORIZON)]
    pub(crate) horizon: u64,
    /// Seed of all dice, or `random`, which is printed.
    #[arg(long, default_value = "1", value_parser = seed)]
    pub(crate) seed: u64,
}

impl WorldOptions {
    /// As an experiment.
    pub(crate) fn experiment(&self) -> Experiment {
        let WorldOptions { nodes, loss, crash, churn: Churn(churn_ppm), cut, latency, horizon, seed } = *self;
        Experiment { nodes, seed, loss_ppm: loss.0, crash, churn_ppm, cut, latency, horizon }
    }
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
    /// The case's file, as `lab check` wrote it; or a sweep's, .csv or .jsonl.
    pub(crate) file: PathBuf,
    /// Tell of each packet that is heard, too.
    #[arg(long, conflicts_with = "run")]
    pub(crate) packets: bool,
    /// Of a sweep's file: the number of the run. Not needed where there is one alone.
    #[arg(long, value_name = "N")]
    pub(crate) run: Option<u64>,
}
