//! SWIM membership and failure detection with Lifeguard, as a state machine without I/O.
//!
//! * Das, Gupta, Motivala: *SWIM*, DSN 2002. Probing in random round-robin order, indirect probes, suspicion,
//!   incarnations, piggybacked dissemination.
//! * Dadgar, Phillips, Currey: *Lifeguard*, 2017. Local health, suspicion that shrinks with each confirmation, the
//!   buddy system.
//!
//! What is ours, where the papers leave holes that production falls into:
//!
//! * **Digest and delta.** Every ping and ack carries four bytes of digest of the sender's live view. Equal views cost
//!   nothing more; a mismatch that lasts starts a delta sync, in which only what differs travels (`sync`).
//! * **Accusers count.** A helper's nack accuses, accusers travel with the suspicion, and just before it ends the
//!   accused gets a last call (`suspicion`).
//! * **Whoever is wrong about its own life is told.** An accused answers its accuser directly; one that is dead or
//!   left to me and speaks is told so.
//! * **Partitions heal by themselves**, whatever their length: some dead member is contacted every two periods, seeds
//!   every minute (`care`).
//! * **Admission.** A seed serves a bounded number of full syncs and sends the rest on (`admission`).
//!
//! * **A restart needs no seeds**: with a disk, those whom it knew are asked (`keep`).
//!
//! How the files divide it: `members` is the table, `member` the override order; `updates` merges what is said about
//! members; `probe` and `suspicion` find failures; `pings` are the user's own; `news` spreads; `sync`, `join` and
//! `admission` hold conversations; `leave` says goodbye; `busy` is what a quiet node has none of; `keep` remembers over
//! restarts; `care` looks after the dead, the seeds and the clock; `cases` keeps why who was suspected; `dialect` lists what
//! memberlist does otherwise.

mod admission;
mod busy;
mod care;
mod cases;
mod config;
mod counters;
mod dialect;
mod health;
mod join;
mod keep;
mod leave;
mod member;
mod members;
mod message;
mod news;
mod notation;
mod pings;
mod probe;
mod suspicion;
mod sync;
mod updates;
mod wire;

pub use cases::{Case, End, Ended, Step, Tried};
pub use config::{Config, Dialect, Order, Profile};
pub use counters::Counters;
pub use member::{Member, Status, beats};
pub use members::Base;
pub use message::{MAX_ACCUSERS, MAX_DEPTH, MAX_FINGERPRINTS, Message, Update};
pub use pings::MAX_PINGS;
pub use suspicion::suspicion_timeout;

use bruit_kit::Lazy;
use bruit_proto::{
    BadRecord, Change, Context, Duration, Lost, Origin, Outlet, PeerId, Peers, Protocol, Receipt, Record, Rng, Room, StreamId,
    StreamNews, Tags, Time, Why,
};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// The names of SWIM's timers. Their order is the order in which they run when due together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// News waits to be told.
    News,
    /// A direct ping was not answered: ask helpers.
    Indirect,
    /// A period begins.
    Probe,
    /// A member that was pinged for somebody did not answer.
    Relay,
    /// A suspicion comes to its last call or its end.
    Suspicion,
    /// A dial is slow, or a join is to be tried again.
    Join,
    /// Joiners wait to be served.
    Admission,
    /// A claimed name's holder has not answered.
    Claim,
    /// Freshly joined: compare with somebody again.
    Settle,
    /// A leave is to be said again, or has lasted long enough.
    Leave,
    /// A member that the user pinged has not answered.
    Ping,
}

/// What SWIM tells its composer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A member came, went or changed; [`Peers`] already shows it.
    Peer {
        /// Who.
        peer: PeerId,
        /// What happened.
        change: Change,
    },
    /// A member is suspected, by this node or by word of others.
    Suspected {
        /// Who.
        peer: PeerId,
        /// Who says so first.
        by: PeerId,
    },
    /// A suspected member turned out to be alive.
    Refuted {
        /// Who.
        peer: PeerId,
    },
    /// A join reached the cluster: the first full sync is done.
    Joined {
        /// The contact through which.
        contact: PeerId,
    },
    /// A contact could not be reached or did not answer in time. It will be tried again while nobody else is known.
    JoinFailed {
        /// Which.
        contact: PeerId,
        /// Why.
        why: Why,
    },
    /// A member that was pinged by [`Swim::ping`] answered, after so long, or did not.
    Pinged {
        /// Who.
        peer: PeerId,
        /// Which ping.
        seq: u32,
        /// From the ping to the ack; `None` if a period passed without one.
        rtt: Option<Duration>,
    },
    /// Another process holds this node's name and wins: stop this one, or give it another name.
    NameTaken,
    /// This node's leave has reached the cluster, or its time is up: the process may end.
    Gone,
    /// Nobody has answered for several periods (`true`), or somebody does again.
    Isolated(bool),
}

/// The caller's mistake; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No member of this name is known.
    Unknown(String),
    /// This node has left or is leaving.
    Leaving,
    /// Too many of these are under way.
    Busy,
    /// The record is out of its bounds.
    Record(BadRecord),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Unknown(name) => write!(f, "no member is called {name:?}; list the members to see who is known"),
            Refused::Leaving => f.write_str("this node has left or is leaving; start it again to change it"),
            Refused::Busy => write!(f, "{MAX_PINGS} pings are under way; wait for some of them"),
            Refused::Record(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

/// One node's SWIM.
pub struct Swim {
    config: Arc<Config>,
    members: members::Members,
    probe: probe::Probe,
    health: health::Health,
    busy: Lazy<busy::Busy>,
    care: care::Care,
    /// One a second fills it in 136 years.
    probes: u32,
}

impl Swim {
    /// One node; `record` is its own. `config` is shared by all nodes of a process.
    pub fn new(config: Arc<Config>, record: Arc<Record>) -> Swim {
        Swim::with_base(config, Arc::default(), record)
    }

    /// As [`new`](Swim::new), in a view that it shares with others and takes as true.
    pub fn with_base(config: Arc<Config>, base: Arc<Base>, record: Arc<Record>) -> Swim {
        Swim {
            members: members::Members::new(base, record),
            probe: probe::Probe::default(),
            health: health::Health::new(config.health_limit),
            busy: Lazy::default(),
            care: care::Care::default(),
            probes: 0,
            config,
        }
    }

    /// Everyone known, self first; pruned members are not.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|m| !m.pruned)
    }

    /// One of them.
    pub fn member(&self, peer: PeerId) -> Option<&Member> {
        self.members.get(peer).filter(|m| !m.pruned)
    }

    /// Self.
    pub fn me(&self) -> &Member {
        self.members.me()
    }

    /// Digest of the live view: equal views have equal digests.
    pub fn digest(&self) -> u32 {
        self.members.digest()
    }

    /// Local health (Lifeguard section IV-A): 0 is healthy, `health_limit - 1` the worst.
    pub fn health(&self) -> u8 {
        self.health.score()
    }

    /// Whom this node probes now and has not heard from yet.
    pub fn probing(&self) -> Option<PeerId> {
        self.probe.target()
    }

    /// Whether nobody has answered for several periods.
    pub fn is_isolated(&self) -> bool {
        self.busy.trouble.isolated
    }

    /// Whether a leave was begun.
    pub fn is_leaving(&self) -> bool {
        self.busy.leave.is_some()
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        Counters { probes: self.probes.into(), ..self.busy.counters }
    }

    /// Who accuses this member now, the initiator first; empty unless it is suspect.
    pub fn accusers(&self, peer: PeerId) -> &[PeerId] {
        self.busy.suspicions.accusers(peer)
    }

    /// Replaces this node's tags. Changes that come faster than news is told are told as one.
    ///
    /// # Errors
    /// [`Refused::Record`] if they are too long together, [`Refused::Leaving`] after a leave.
    pub fn set_tags(&mut self, cx: &mut Context<'_, Self>, tags: Tags) -> Result<(), Refused> {
        let record = self.me().record.with_tags(tags).map_err(Refused::Record)?;
        self.announce(cx, record)
    }

    /// Replaces the addresses that this node advertises.
    ///
    /// # Errors
    /// As [`set_tags`](Swim::set_tags).
    pub fn set_addresses(&mut self, cx: &mut Context<'_, Self>, addresses: Vec<SocketAddr>) -> Result<(), Refused> {
        let me = &self.me().record;
        let record = Record::new(me.name(), me.session(), addresses, me.tags().clone()).map_err(Refused::Record)?;
        self.announce(cx, record)
    }

    fn announce(&mut self, cx: &mut Context<'_, Self>, record: Record) -> Result<(), Refused> {
        if self.is_leaving() {
            return Err(Refused::Leaving);
        }
        if record.digest() != self.me().record.digest() {
            let me = self.me().id();
            self.members.update(me, |m| {
                m.record = Arc::new(record);
                m.incarnation = m.incarnation.saturating_add(1);
            });
            self.tell_of_me(cx);
        }
        Ok(())
    }

    fn id(&self) -> PeerId {
        self.members.me().id()
    }

    fn native(&self) -> bool {
        self.config.dialect == Dialect::Native
    }
}

/// The table that other parts of a stack are lent: live members, self excluded.
impl Peers for Swim {
    fn len(&self) -> u32 {
        self.members.live_count()
    }
    fn get(&self, i: u32) -> PeerId {
        self.members.live_at(i)
    }
    fn contains(&self, peer: PeerId) -> bool {
        peer != self.id() && self.members.status(peer).is_some_and(Status::is_live)
    }
    fn next(&self, peer: PeerId) -> Option<PeerId> {
        self.members.next(peer)
    }
    fn previous(&self, peer: PeerId) -> Option<PeerId> {
        self.members.previous(peer)
    }
}

impl Protocol for Swim {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let (me, record) = (self.id(), self.me().record.clone());
        // One of a base is there since time zero, and differs in nothing if this is it.
        if self.me().since != cx.now {
            self.members.update(me, |m| m.since = cx.now);
        }
        cx.know(me, Some(&record));
        self.start_probing(cx);
        self.start_care(cx);
        self.rejoin(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        if let Some(peer) = from.peer {
            self.hear(cx, peer);
        }
        match message {
            Message::Ping { seq, digest } => self.on_ping(cx, from, seq, digest),
            Message::Ack { seq, digest } => self.on_ack(cx, from, seq, digest),
            Message::PingReq { seq, target } => self.on_ping_req(cx, from, seq, target),
            Message::Nack { seq } => self.on_nack(cx, from, seq),
            Message::Update(update) => self.on_update(cx, from, update),
            Message::Who => self.on_who(cx, from),
            Message::Check { seq, session } => self.on_check(cx, from, seq, session),
            Message::Here { seq } => self.on_here(cx, from, seq),
            Message::Join { incarnation, record } => self.on_join(cx, from, incarnation, record),
            Message::Above { incarnation } => self.on_above(cx, from, incarnation),
            Message::Taken => self.on_taken(cx, from),
            Message::Busy { ask } => self.on_busy(cx, from, ask),
            Message::Recent { asks, fingerprints } => self.on_recent(cx, from, asks, &fingerprints),
            Message::Want { fingerprints } => self.on_want(cx, from, &fingerprints),
            Message::Sent { digest, clock } => self.on_sent(cx, from, digest, clock),
            Message::Sums { depth, sums } => self.on_sums(cx, from, depth, &sums),
            Message::Buckets { depth, buckets, fingerprints } => self.on_buckets(cx, from, depth, &buckets, &fingerprints),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::News => self.tell(cx),
            Timer::Indirect => self.ask_helpers(cx),
            Timer::Probe => self.begin_period(cx),
            Timer::Relay => self.nack_relays(cx),
            Timer::Suspicion => self.end_suspicions(cx),
            Timer::Join => self.go_on_joining(cx),
            Timer::Admission => self.admit_waiting(cx),
            Timer::Claim => self.go_on_claims(cx),
            Timer::Settle => self.settle(cx),
            Timer::Leave => self.go_on_leaving(cx),
            Timer::Ping => self.end_pings(cx),
        }
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        self.probe_stream(cx, stream, what);
        self.join_stream(cx, stream, what);
        self.sync_stream(cx, stream, what);
        if what != StreamNews::Opened && self.busy.admission.knows(stream) {
            self.busy.admission.forget(stream);
        }
    }

    fn on_stored(&mut self, _: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        self.stored(receipt, outcome);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.wake(cx.now, lost);
        self.busy.suspicions.shift(lost);
        self.wait_for_suspicions(cx);
        self.restart_probing(cx);
        self.shift_pings(cx, lost);
        self.health.worse(1);
    }

    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        match to {
            Outlet::Packet(peer) => self.fill_packet(cx.now, peer, room),
            Outlet::Stream(stream) => self.fill_stream(stream, room),
        }
    }
}

/// Picks up to `k` live others with a context's dice; `skip` names whom not.
fn pick_live(members: &members::Members, rng: &mut Rng, k: u32, skip: impl Fn(PeerId) -> bool) -> Vec<PeerId> {
    let live = members.live_count();
    let mut out = Vec::new();
    for _ in 0..3 * k {
        if live == 0 || out.len() as u32 >= k {
            break;
        }
        let peer = members.live_at(rng.below(live));
        if !out.contains(&peer) && !skip(peer) {
            out.push(peer);
        }
    }
    out
}

/// The earlier of two moments that may not exist.
fn earlier(a: Option<Time>, b: Option<Time>) -> Option<Time> {
    [a, b].into_iter().flatten().min()
}
