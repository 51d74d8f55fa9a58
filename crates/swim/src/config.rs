use bruit_proto::Duration;

/// Which rules a node follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Ours.
    #[default]
    Native,
    /// memberlist's, wherever they differ.
    Memberlist,
}

/// For which network the defaults are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Profile {
    /// One data centre.
    #[default]
    Lan,
    /// Between data centres.
    Wan,
    /// One machine.
    Local,
}

/// By whose order members are probed, each once in a lap (SWIM section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// By one that all nodes agree on, from wall clock and ring: each member is probed once in every period, so that a
    /// crash is met within one period on average.
    #[default]
    Shared,
    /// By each node's own, as in the paper: of all members e^-1 are probed by nobody in a period, and a crash is met
    /// after e/(e-1) periods. It asks nothing of clocks.
    Own,
}

/// The settings of SWIM. Where no other source is named, value and formula are memberlist's (`DefaultLANConfig`,
/// `DefaultWANConfig`, `DefaultLocalConfig`).
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The rules.
    pub dialect: Dialect,
    /// Protocol period T' (SWIM section 3.1): one member is probed in each. 1 s; 5 s over a WAN.
    pub probe_every: Duration,
    /// How long a direct ping may take before helpers are asked: above the 99th percentile of the round trip.
    /// memberlist: 500 ms; ours 300 ms, as a nack costs 80 % of it again; 3 s over a WAN; 200 ms on one machine.
    pub probe_timeout: Duration,
    /// Helpers k of an indirect ping (SWIM section 3.1). 3; 1 on one machine.
    pub helpers: u32,
    /// By whose order members are probed. Shared; memberlist: each node's own.
    pub order: Order,
    /// Whether a ping to a suspect tells it of the suspicion (Lifeguard section IV-C, the buddy system). It does.
    pub buddy: bool,
    /// The grain of spreading: news waits no longer than this for company when news came just before. 200 ms; 500 ms
    /// over a WAN; 100 ms on one machine.
    pub gossip_every: Duration,
    /// Whether news has packets of its own. It does; else it rides on pings and acks alone, as in the paper (SWIM section
    /// 4.1) and with memberlist's `GossipInterval` of zero: it takes periods, and no packet more.
    pub gossip: bool,
    /// Random peers that get news at once, beside the two neighbours on the ring of ids. 2: see
    /// [`targets`](bruit_kit::targets).
    pub relay: u32,
    /// A piece of news rides in at most `retransmit * ceil(log10(n + 1))` packets. 4; 2 on one machine.
    pub retransmit: u32,
    /// Suspicion with k confirmations lasts this many periods, times max(1, log10 n).
    ///
    /// In tenths. memberlist: 40. Ours: 8: spreading to 128 nodes takes 0.4 s, so an accused needs a second or two to be
    /// heard, not eight; the last probe timeout of it is the last call.
    pub suspicion_tenths: u32,
    /// Suspicion without any confirmation lasts this many times longer (Lifeguard section IV-B, beta). 6.
    pub suspicion_max: u32,
    /// Local health stays below this (Lifeguard section IV-A, S; memberlist counts 0 to 7). 8.
    pub health_limit: u8,
    /// How long the dead and the left are remembered: long enough for every copy of old news to die. 24 h, as Serf's
    /// `TombstoneTimeout`.
    pub tombstone: Duration,
    /// How often one of the dead is contacted, so that a partition heals by itself. 2 periods.
    pub reconnect_every: Duration,
    /// How often seeds are asked for again by whoever owns their names. 60 s.
    pub seeds_every: Duration,
    /// A leaving node is gone after this, heard or not. 3 s.
    pub leave_within: Duration,
    /// Full syncs that are served at once; whoever else asks is sent on. 8: with eight readers a 1,000-member table of
    /// 28 kB leaves within a probe period at 2 Mbit/s.
    pub admit: u32,
}

impl Config {
    /// The defaults for a kind of network.
    pub fn of(profile: Profile) -> Config {
        let lan = Config {
            dialect: Dialect::Native,
            probe_every: Duration::from_secs(1),
            probe_timeout: Duration::from_millis(300),
            helpers: 3,
            order: Order::Shared,
            buddy: true,
            gossip_every: Duration::from_millis(200),
            gossip: true,
            relay: 2,
            retransmit: 4,
            suspicion_tenths: 8,
            suspicion_max: 6,
            health_limit: 8,
            tombstone: Duration::from_secs(24 * 3600),
            reconnect_every: Duration::from_secs(2),
            seeds_every: Duration::from_secs(60),
            leave_within: Duration::from_secs(3),
            admit: 8,
        };
        match profile {
            Profile::Lan => lan,
            Profile::Wan => Config {
                probe_every: Duration::from_secs(5),
                probe_timeout: Duration::from_secs(3),
                gossip_every: Duration::from_millis(500),
                reconnect_every: Duration::from_secs(10),
                leave_within: Duration::from_secs(6),
                ..lan
            },
            Profile::Local => Config {
                probe_timeout: Duration::from_millis(200),
                helpers: 1,
                gossip_every: Duration::from_millis(100),
                retransmit: 2,
                leave_within: Duration::from_secs(1),
                ..lan
            },
        }
    }

    /// The same in memberlist's rules: suspicion multiplier 4 (6 over a WAN, 3 on one machine), an order of probes of its
    /// own.
    pub fn memberlist(profile: Profile) -> Config {
        let suspicion_tenths = match profile {
            Profile::Lan => 40,
            Profile::Wan => 60,
            Profile::Local => 30,
        };
        let ours = Config::of(profile);
        let probe_timeout = if profile == Profile::Lan { Duration::from_millis(500) } else { ours.probe_timeout };
        Config { dialect: Dialect::Memberlist, order: Order::Own, suspicion_tenths, probe_timeout, ..ours }
    }
}
