//! The command line.

mod lab;

use crate::settings::events::Way;
use bruit_lab::experiment::Share;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use lab::{
    ArticleOptions, CheckOptions, CompareOptions, Compared, Detector, DetectorOptions, Lab, LabRun, PaperOptions, ReplayOptions,
    ReportOptions, RunOptions, RunStateOptions, ServeOptions, SweepOptions,
};

/// A gossip system: membership, failure detection and events, on real sockets and in a deterministic world.
#[derive(Debug, Parser)]
#[command(name = "bruit", version, max_term_width = 100, after_help = EXITS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How to print results.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
    /// Which agent to talk to: its name, its socket's path, or host:port of its --http. The only one that runs unless
    /// given; also BRUIT_AGENT.
    #[arg(long, global = true, value_name = "NAME|PATH|HOST:PORT")]
    pub(crate) agent: Option<String>,
}

const EXITS: &str = "Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 no agent reached, 4 denied, 5 partial, 6 not found, 7 conflict, \
                     8 timeout, 78 a file or a setting that cannot be used.";

/// What `-o` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For programs: one value.
    Json,
    /// For programs: one object a line, also of a list.
    Jsonl,
}

impl Output {
    /// For commands that print a line for each thing anyway.
    pub(crate) fn lines(self) -> Format {
        if self == Output::Text { Format::Text } else { Format::Json }
    }
}

/// How a command prints that prints lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a node as a process of its own, until it is told to leave.
    Agent(Box<AgentOptions>),
    #[command(flatten)]
    Client(Client),
    /// Check or show the settings that an agent would run with.
    #[command(subcommand)]
    Config(Config),
    /// Make the cluster's keys, or name those that there are.
    #[command(subcommand)]
    Keys(Keys),
    /// A real cluster in one process: a live table on a terminal, a story elsewhere.
    Demo(DemoOptions),
    /// Measure what a cluster costs and how fast it is.
    #[command(subcommand)]
    Bench(Bench),
    /// Print captured packets: what each says, message by message.
    Decode(DecodeOptions),
    /// Run nodes in the deterministic world.
    #[command(subcommand)]
    Lab(Lab),
    /// Print the version.
    Version,
    /// Print a completion script.
    Completion {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command into a folder.
    Man {
        /// The folder.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

/// Commands to a running agent.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// List the members that the agent knows.
    Members {
        /// Only this one.
        name: Option<String>,
        /// Only those of this status: alive, suspect, dead or left.
        #[arg(long, conflicts_with = "name")]
        status: Option<String>,
    },
    /// Join a cluster through nodes of it.
    Join {
        /// `host:port` of each.
        #[arg(required = true)]
        addresses: Vec<String>,
    },
    /// Say goodbye to the cluster and end the agent.
    Leave,
    /// Declare a failed member to have left.
    ForceLeave {
        /// Its name.
        name: String,
        /// Forget it, too.
        #[arg(long)]
        prune: bool,
    },
    /// Show the agent's tags, or change them.
    Tags {
        /// Set a tag: `key=value`.
        #[arg(long, value_name = "K=V")]
        set: Vec<String>,
        /// Remove a tag.
        #[arg(long, value_name = "K")]
        delete: Vec<String>,
    },
    /// Show who the agent is.
    Info,
    /// Say something to all members, or to a group; or look at what was said. Exits 5 if it was waited in vain.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Event {
        #[command(subcommand)]
        of: Option<EventOf>,
        #[command(flatten)]
        say: Say,
    },
    /// What each node says of itself, and what all share: say it, read it, follow it.
    #[command(subcommand)]
    State(StateOf),
    /// Say why a member is believed to be what it is: who suspected it and who confirmed, what the agent's own probe tried,
    /// phi and the agent's own health then, how it ended.
    Why {
        /// Its name.
        node: String,
    },
    /// Print what happens, until interrupted.
    Monitor,
    /// Whether the agent is well; exits 1 if not.
    Health,
    /// Ping a member directly; exits 8 if it is silent.
    Ping {
        /// Its name.
        name: String,
    },
    /// Ping every live member directly and name the silent ones; exits 5 if there are any.
    Reachability,
    /// Show the ids of the keys that the agent uses.
    #[command(skip)]
    Keys,
    /// Read the settings again, as SIGHUP does: nothing is changed unless all are good.
    Reload,
    /// Show what operators asked for: joins, leaves and force-leaves, with who and when, the same on all agents.
    History,
    /// Show what the agent logs, or change it until the setting changes or the agent is restarted.
    Log {
        /// error, warn, info, debug, trace or off.
        filter: Option<String>,
    },
}

/// Something to say.
#[derive(Args, Debug)]
pub(crate) struct Say {
    /// What it is called.
    #[arg(required = true)]
    pub(crate) name: Option<String>,
    /// What to say; `-` reads it from standard input.
    pub(crate) payload: Option<String>,
    /// Only to members with this tag; of several, all must match. `*` stands for anything.
    #[arg(long = "tag", value_name = "K=GLOB")]
    pub(crate) tags: Vec<String>,
    /// Only to members with such names. `*` stands for anything, `?` for one character.
    #[arg(long, value_name = "GLOB")]
    pub(crate) node: Option<String>,
    /// Wait until so many of those addressed have it: all, a number, or as 90%.
    #[arg(long, value_name = "all|N|P%")]
    pub(crate) wait: Option<bruit::Share>,
    /// How long to wait at most.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, requires = "wait")]
    pub(crate) timeout: Duration,
}

/// What was said.
#[derive(Debug, Subcommand)]
pub(crate) enum EventOf {
    /// List the recent events, and how each stands at the agent: S known to be lacking, I told, with copies left, R told no more.
    Ls {
        /// Ask all members who got the event from whom, and draw that: of this one, or of the newest.
        #[arg(long, value_name = "ID", num_args = 0..=1)]
        tree: Option<Option<String>>,
    },
}

/// What to do with endpoint state. A key is the agent's own, or with a namespace the whole cluster's.
#[derive(Debug, Subcommand)]
pub(crate) enum StateOf {
    /// Say something under a key of the agent's own, or write a key that all share.
    Set {
        /// `load`, or `bucket/n_val` for all.
        #[arg(value_name = "[NS/]KEY")]
        key: String,
        /// What to say.
        value: String,
    },
    /// Print what is said under a key; exits 6 if nothing is.
    Get {
        /// `load`, or `bucket/n_val` of all.
        #[arg(value_name = "[NS/]KEY")]
        key: String,
        /// By which node. The agent's own unless given.
        #[arg(long, value_name = "NAME")]
        node: Option<String>,
    },
    /// List each node with what it says; of shared keys, those that it wrote last. An unreachable one is told as such.
    Ls {
        /// Only this one.
        node: Option<String>,
        /// List instead how suspicious each one's silence is, and what membership says of it; exits 7 where no heart beats.
        #[arg(long)]
        phi: bool,
    },
    /// Forget what others wrote in a namespace, and take it back from them at a limited rate; ends when it is back. What
    /// breaks its schema is not taken. Exits 6 if nobody has written in it, 8 if nothing comes any more.
    Reset {
        /// The namespace, as in `bucket` of `bucket/n_val`.
        #[arg(value_name = "NS")]
        namespace: String,
        /// From there it comes back: say so, for it is forgotten here first.
        #[arg(long, required = true)]
        from_peers: bool,
    },
    /// Print what changes, until interrupted.
    Watch,
    /// Show the last exchange that the agent began: SYN, ACK and ACK2, as node:generation:version.
    Trace,
}

/// What to do with keys. Their bytes are in files alone; what is shown are their ids.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a key: printed, or written to a new file that only its owner can read.
    Generate {
        /// The file, which must not exist.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// List the ids of a file's keys, or of those that the agent uses: the first seals, all open.
    Ls {
        /// The file. The agent is asked unless given.
        file: Option<PathBuf>,
    },
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Report every fault at once; exits 78 if there is one.
    Validate(Box<AgentOptions>),
    /// Print the settings as a file would say them.
    Show {
        /// Say where each comes from, too.
        #[arg(long)]
        origin: bool,
        #[command(flatten)]
        options: Box<AgentOptions>,
    },
}

/// Settings. Each is also a key of the file and a variable: `--log-format` is `log_format` and `BRUIT_LOG_FORMAT`,
/// `--state-detector` is `detector` in the table `[state]` and `BRUIT_STATE_DETECTOR`; the file has some more. Flags come
/// before variables before the file before defaults; tags are added up.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AgentOptions {
    /// A TOML file of settings; also BRUIT_CONFIG.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The node's name, unique in its cluster. The machine's name unless given.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// Where to listen, UDP and TCP. 127.0.0.1:7946 unless given, or the next port that is free.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) bind: Option<String>,
    /// What others reach this node by, if not by the bound address.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) advertise: Vec<String>,
    /// Join through this node, or through the nodes of a service (DNS SRV). Tried again while nobody else is known; names
    /// are looked up again each minute.
    #[arg(long, value_name = "HOST:PORT|_SERVICE._PROTO.NAME")]
    pub(crate) join: Vec<String>,
    /// Say events once to all on the link of the bound address, by this group of IP multicast; gossip is beneath it. The port
    /// is 7947 unless given. The same on all nodes of a link.
    #[arg(long, value_name = "GROUP[:PORT]")]
    pub(crate) multicast: Option<String>,
    /// A tag that all members see.
    #[arg(long, value_name = "K=V")]
    pub(crate) tag: Vec<String>,
    /// For which network: lan, wan or local.
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// The cluster's label: nodes of other labels are not heard.
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// The file of the cluster's keys: the first seals, all open. `bruit keys generate` makes one.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<String>,
    /// What is sealed: require, if there is a key, permissive on the way there, or off, which one must say to bind more
    /// than loopback without a key.
    #[arg(long)]
    pub(crate) encrypt: Option<String>,
    /// Where the agent keeps what must survive it: its incarnation, whom it knows, what it delivered, the history. Nothing
    /// is kept unless given.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<String>,
    /// Serve HTTP here, too: read-only unless it is loopback.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) http: Option<String>,
    /// What to log: error, warn, info, debug, trace or off.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
    /// How to log: text or json.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// SIGTERM's goodbye ends after this, heard or not.
    #[arg(long, value_name = "TIME")]
    pub(crate) leave_within: Option<String>,
    /// How events travel: backlog, rumor, mail or tree. The same on all nodes.
    #[arg(long, value_name = "WAY")]
    pub(crate) events_spread: Option<String>,
    /// Who says who is alive in endpoint state: swim, phi, or both, where swim decides and phi is watched. The same on all
    /// nodes.
    #[arg(long, value_name = "DETECTOR")]
    pub(crate) state_detector: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Join, idle, event and crash of a cluster, on loopback sockets or in the lab.
    Cluster(ClusterOptions),
    /// How fast the lab runs one protocol alone, and how much memory a node takes.
    Lab(LabOptions),
    /// Endpoint state: what it costs when idle, how soon all know a value.
    State(StateOptions),
    /// What an idle agent costs, and how fast one that knows many members answers.
    Agent(BenchAgentOptions),
}

#[derive(Args, Debug)]
pub(crate) struct DemoOptions {
    /// How many nodes.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(3..=256))]
    pub(crate) nodes: u16,
    /// Play the scenes, print a line for each and exit: 1 if one misses its bound.
    #[arg(long)]
    pub(crate) script: bool,
    /// No scenes: just nodes to play with.
    #[arg(long, conflicts_with = "script")]
    pub(crate) play: bool,
    /// Serve the page here, a free port of 127.0.0.1 unless given. Without a terminal there is no page unless this is given;
    /// then the demo stays up until it is interrupted.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "script")]
    pub(crate) http: Option<String>,
    /// How events travel.
    #[arg(long, value_enum, default_value = "backlog")]
    pub(crate) spread: Way,
    /// The first node's port; the others take the next ones. Free ports unless given.
    #[arg(long)]
    pub(crate) port: Option<u16>,
}

#[derive(Args, Debug)]
pub(crate) struct DecodeOptions {
    /// A pcap or pcapng file, or lines of hex, a datagram each; `-` is standard input.
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// The file of the cluster's keys, to open what is sealed. Without it is shown what stands in the open.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The cluster's label.
    #[arg(long, default_value = "")]
    pub(crate) label: String,
    /// A receiver's session, in hexadecimal: what was sealed for it is opened. Sessions that send in the capture are known.
    #[arg(long, value_name = "HEX", value_parser = hex_u64)]
    pub(crate) session: Vec<u64>,
    /// A node's name: its id is shown by it. Names that are said in the capture are known.
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct BenchAgentOptions {
    /// How long the idle agent is watched.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) idle: Duration,
    /// How many members the busy agent knows.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(2..=4000))]
    pub(crate) members: u16,
    /// How long it is asked.
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) asked: Duration,
}

#[derive(Args, Debug)]
pub(crate) struct LabOptions {
    /// Which protocol; each in turn unless given.
    #[arg(long)]
    pub(crate) protocol: Option<LabProtocol>,
    /// How many nodes that know each other; a million for rumor and 100,000 for swim unless given.
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=10_000_000))]
    pub(crate) nodes: Option<u32>,
    /// How long swim runs, in virtual time; a rumor, until nobody passes it on.
    #[arg(long, default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) span: Duration,
    /// Seed of all dice.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LabProtocol {
    /// One rumor, pushed with feedback and a counter of 4, beside a loop written by hand for the same work.
    Rumor,
    /// Membership and failure detection; nothing happens to the members.
    Swim,
}

#[derive(Args, Debug)]
pub(crate) struct ClusterOptions {
    /// How many nodes.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(3..=100_000))]
    pub(crate) nodes: u32,
    /// Measure in the lab instead of on sockets.
    #[arg(long = "virtual")]
    pub(crate) in_lab: bool,
    /// Seal everything, as outside of loopback.
    #[arg(long)]
    pub(crate) sealed: bool,
    /// Packets lost, in percent: datagrams are gone, streams wait.
    #[arg(long, default_value = "0", value_parser = percent, requires = "in_lab")]
    pub(crate) loss: Ppm,
    /// Datagrams lost, in percent.
    #[arg(long, default_value = "0", value_parser = percent, requires = "in_lab")]
    pub(crate) udp_loss: Ppm,
    /// How often to measure.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: u32,
    /// The first trial's seed.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Count false deaths for so long instead, as in 10h.
    #[arg(long, value_parser = humantime::parse_duration, requires = "in_lab")]
    pub(crate) soak: Option<Duration>,
}

#[derive(Args, Debug)]
pub(crate) struct StateOptions {
    /// How many nodes.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) nodes: u32,
    /// Measure in the lab instead of on sockets: with phi the protocol alone, with SWIM whole nodes.
    #[arg(long = "virtual")]
    pub(crate) in_lab: bool,
    /// Who says who is alive. On sockets phi stands beside SWIM, which knows the addresses.
    #[arg(long, default_value = "phi")]
    pub(crate) detector: StateDetector,
    /// By the exchange alone, too, with so many live peers a round: each is measured on its own. 1,2,3 unless given; none
    /// above 1,000 nodes, where each takes minutes.
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=3))]
    pub(crate) alone: Vec<u32>,
    /// How often to measure.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: u32,
    /// The first trial's seed.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum StateDetector {
    /// Heartbeats and accrued suspicion.
    Phi,
    /// Membership.
    Swim,
}

/// Parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ppm(pub(crate) u32);

pub(crate) fn percent(text: &str) -> Result<Ppm, String> {
    text.parse().map(|Share(ppm)| Ppm(ppm))
}

fn hex_u64(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|_| "give up to sixteen hexadecimal digits".into())
}

fn seed(text: &str) -> Result<u64, String> {
    if text == "random" {
        // Short enough to type again.
        return getrandom::u32().map(u64::from).map_err(|e| e.to_string());
    }
    text.parse().map_err(|_| "give a number, or `random`".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn percentages_become_parts_per_million() {
        assert_eq!(percent("5"), Ok(Ppm(50_000)));
        assert_eq!(percent("0.5%"), Ok(Ppm(5_000)));
        assert!(percent("101").is_err() && percent("-1").is_err() && percent("x").is_err());
    }
}
