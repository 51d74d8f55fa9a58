use bruit_lab::paper::demers::Rules;
use clap::{Args, Command, FromArgMatches, Subcommand};

/// One paper, or all.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Papers {
    /// All of them: a line each, and what is missed.
    All {
        /// Each as its own `--quick` has it.
        #[arg(long)]
        quick: bool,
    },
    #[command(flatten)]
    One(Which),
}

/// A paper as `--list` and `all` have it.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) about: String,
    /// With its defaults.
    pub(crate) which: Which,
}

impl Which {
    /// Every paper that there is, in order; where one can be quick, as asked.
    pub(crate) fn every(quick: bool) -> Vec<Entry> {
        let papers = Which::augment_subcommands(Command::new("paper"));
        let entry = |paper: &Command| {
            let (name, about) = (paper.get_name(), paper.get_about().map(ToString::to_string).unwrap_or_default());
            let quick = quick && paper.get_arguments().any(|option| option.get_id() == "quick");
            let words = ["paper", name].into_iter().chain(quick.then_some("--quick"));
            let which = Which::from_arg_matches(&papers.clone().get_matches_from(words)).expect("a paper needs no option");
            Entry { name: name.into(), about, which }
        };
        papers.get_subcommands().map(entry).collect()
    }

    /// As it is in the list.
    pub(crate) fn entry(&self) -> Entry {
        let same = |entry: &Entry| std::mem::discriminant(&entry.which) == std::mem::discriminant(self);
        Which::every(false).into_iter().find(same).expect("each paper is listed")
    }
}

/// Whose figures. A paper is a variant here and an arm of `paper` in the module above.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Which {
    /// The exchange that Cassandra's architecture wiki walks through.
    CassandraWiki,
    /// Whom a round of Cassandra's talks to: a live peer, an unreachable one, a seed.
    CassandraRound {
        /// How many rounds of each cluster.
        #[arg(long, default_value_t = bruit_lab::paper::cassandra_round::ROUNDS, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
    /// Accrual failure detection: how long a silence lasts until it convicts, mistakes beside detection time.
    Phi,
    /// Scuttlebutt under overload: how stale values grow, by whose news goes first.
    Scuttlebutt(Quick),
    /// Rumor mongering, table 1 of 1987: push, feedback, counter.
    #[command(name = "demers-1")]
    Demers1(Demers),
    /// Rumor mongering, table 2 of 1987: push, blind, coin.
    #[command(name = "demers-2")]
    Demers2(Demers),
    /// Rumor mongering, table 3 of 1987: pull, feedback, counter.
    #[command(name = "demers-3")]
    Demers3(Demers),
    /// Anti-entropy: how fast the last few are found, by push, pull and both, beside the recurrences of 1987.
    DemersAntientropy(Quick),
    /// Two nodes that differ in 1, 100, 10,000 of a million items: bytes and round trips of each method of anti-entropy.
    Reconcile(Quick),
    /// Rounds until all know a rumor, by push, pull and both, beside the formulas.
    Rounds(Quick),
    /// Direct mail, trees with ACK and NAK repair, and gossip, from 10 to 100,000 nodes: load, time, and what failures cut off.
    Multicast(Quick),
    /// Partners chosen by distance: how traffic per link grows on a line, and what routers between subnets carry.
    DemersSpatial(Quick),
    /// The lecture's y = (n+1) - n^-(cb-2) after c ln n rounds of b pushes, and half of all lost.
    PushesUiuc(Quick),
    /// SWIM: how soon a crash is met, at what load.
    SwimDetection(Quick),
    /// SWIM: how often a probe convicts a healthy member because packets were lost.
    SwimFalsePositives(Quick),
    /// What SWIM sends over the least that any failure detector must.
    #[command(name = "gupta-2001")]
    Gupta2001(Quick),
    /// SWIM: how news spreads that rides on pings and acks.
    SwimInfection(Quick),
    /// Lifeguard: whom slow members accuse, by its parts, and how soon a crash is known.
    Lifeguard(Quick),
    /// Serf's convergence formula, beside runs of the broadcast that it is about.
    SerfConvergence(Quick),
    /// The log of a well-known visualization: ten nodes, of which five fail; ours as a time line.
    #[command(name = "mp1")]
    Mp1(Quick),
    /// Rumor mongering better than its tables of 1987.
    BeatDemers(Quick),
    /// Failure detection better than Lifeguard's, on the same slow members.
    BeatLifeguard(Quick),
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Quick {
    /// A smaller run, with bounds as much wider as its error.
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Quick {
    /// What a full run takes, or a quick one.
    pub(crate) fn or<T>(self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Demers {
    /// A twentieth of the runs, with bounds as much wider as their error.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Other rules, which give other figures: `reset=false`, `connections=1`, `hunt=1`.
    #[arg(long = "set", value_name = "RULE=VALUE", value_parser = Rule::parse)]
    set: Vec<Rule>,
}

/// One rule that is not the paper's.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Reset(bool),
    Connections(u32),
    Hunt(u32),
}

impl Rule {
    fn parse(text: &str) -> Result<Rule, String> {
        let (rule, value) = text.split_once('=').ok_or("a rule reads as reset=false")?;
        let number = |least: u32| {
            let fits = |n: &u32| (least..=64).contains(n);
            value.parse().ok().filter(fits).ok_or_else(|| format!("{rule} is a number from {least} to 64"))
        };
        match rule {
            "reset" => value.parse().map(Rule::Reset).map_err(|_| String::from("reset is true or false")),
            "connections" => number(1).map(Rule::Connections),
            "hunt" => number(0).map(Rule::Hunt),
            _ => Err(format!("there is no rule {rule}: reset, connections or hunt")),
        }
    }
}

impl Demers {
    /// The paper's rules, but for what was set.
    pub(crate) fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        for rule in &self.set {
            match *rule {
                Rule::Reset(reset) => rules.reset = Some(reset),
                Rule::Connections(most) => rules.connections = Some(most),
                Rule::Hunt(peers) => rules.hunt = Some(peers),
            }
        }
        rules
    }
}
