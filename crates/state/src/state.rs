use crate::config::{Config, Detector};
use crate::counters::Counters;
use crate::delta::{Delta, bound};
use crate::endpoint::{Endpoint, Status};
use crate::event::{Disagreement, Event, Shown};
use crate::heart_beat::HeartBeat;
use crate::keep::Keep;
use crate::message::Message;
use crate::notation::Exchange;
use crate::pulse::Doubt;
use crate::rebuild::Rebuild;
use crate::schema::{Guard, Schema};
use crate::shadow::Shadow;
use crate::spread::{Relay, Spread};
use crate::table::Table;
use crate::value::{Key, Value};
use bruit_kit::Hlc;
use bruit_proto::{
    Change, Context, Duration, Lost, Origin, Outlet, PeerId, Peers, Protocol, Receipt, Room, Sorted, Time, Wire, mutant,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The heart beats, peers are picked, suspicions are looked at.
    Round,
    /// Nobody has said yet who this node was.
    Shadow,
    /// Whoever was silent for too long is dropped.
    Sweep,
    /// Some of a namespace that is being rebuilt is asked for.
    Rebuild,
    /// What the disk lost is written again.
    Keep,
}

/// How far this node is in its own life.
#[derive(Debug)]
pub(crate) enum Phase {
    /// It asks who it was.
    Shadow(Shadow),
    /// It takes part.
    Running,
    /// It has said goodbye, or was removed.
    Stopped,
}

/// How often a node without rounds looks for who was silent for too long: a minute, of three days.
const SWEEP: Duration = Duration::from_secs(60);
/// Room for the sum, left beside piggybacked changes.
const SUM_ROOM: usize = 8;

/// Endpoint state.
#[derive(Debug)]
pub struct State<S: Spread = Relay> {
    pub(crate) me: PeerId,
    pub(crate) config: Arc<Config>,
    pub(crate) table: Table,
    /// The last version given out; it never falls, whatever the generation.
    pub(crate) clock: u64,
    /// The greatest generation that this node is known to have had.
    pub(crate) stored: Option<u64>,
    pub(crate) kept: Option<Box<Keep>>,
    pub(crate) stamps: Hlc,
    pub(crate) guard: Guard,
    /// How changes travel ahead of the exchange.
    pub(crate) spread: S,
    pub(crate) seeds: Vec<PeerId>,
    pub(crate) phase: Phase,
    /// Who is alive by phi, by id.
    pub(crate) live: Vec<PeerId>,
    /// Who was dropped, in which generation, and until when it is not heard of: no more than there may be nodes.
    pub(crate) quarantine: BTreeMap<PeerId, (u64, Time)>,
    /// Which live peer of a round is next.
    pub(crate) part: u32,
    /// Before this nobody is convicted.
    pub(crate) guarded: Time,
    /// When something was news last, and before when no exchange is begun because of a sum.
    pub(crate) news: Option<Time>,
    pub(crate) next: Time,
    sweeping: bool,
    pub(crate) rebuild: Option<Rebuild>,
    pub(crate) open: Option<Exchange>,
    pub(crate) trace: Option<Exchange>,
    pub(crate) disagreements: VecDeque<Disagreement>,
    /// What phi said when membership suspected somebody, the latest of each.
    pub(crate) doubts: VecDeque<Doubt>,
    pub(crate) counters: Counters,
}

impl<S: Spread + Default> State<S> {
    /// One node.
    ///
    /// # Panics
    /// If `config` is out of its bounds: [`Config::check`] it first.
    pub fn new(me: PeerId, config: Arc<Config>) -> Self {
        State::with(me, config, S::default())
    }
}

impl<S: Spread> State<S> {
    /// As [`new`](State::new), with a way of spreading that has settings of its own.
    ///
    /// # Panics
    /// If `config` is out of its bounds.
    pub fn with(me: PeerId, config: Arc<Config>, spread: S) -> Self {
        config.check().expect("a checked configuration");
        State {
            me,
            table: Table::new(config.nodes),
            clock: 0,
            stored: None,
            kept: None,
            stamps: Hlc::default(),
            guard: Guard::new(config.schemas.clone()),
            spread,
            seeds: Vec::new(),
            phase: Phase::Running,
            live: Vec::new(),
            quarantine: BTreeMap::new(),
            part: 0,
            guarded: Time::ZERO,
            news: None,
            next: Time::ZERO,
            sweeping: false,
            rebuild: None,
            open: None,
            trace: None,
            disagreements: VecDeque::new(),
            doubts: VecDeque::new(),
            counters: Counters::default(),
            config,
        }
    }

    /// Whom to ask for the way into the cluster, before the start; heeded with phi alone.
    pub fn set_seeds(&mut self, seeds: &[PeerId]) {
        self.seeds = seeds.iter().copied().filter(|seed| *seed != self.me).collect();
        self.seeds.sort();
        self.seeds.dedup();
    }

    /// Other schemas hold from now on, for what is set and for what arrives; what is held stays, until its namespace is
    /// [`reset`](State::reset) or its owner says something else.
    pub fn set_schemas(&mut self, schemas: BTreeMap<Key, Schema>) {
        self.guard.replace(schemas);
    }

    /// What a node says under one of its own keys.
    pub fn get(&self, node: PeerId, key: &str) -> Option<&Value> {
        self.table.get(node)?.endpoint.get(&Key::own(key))
    }

    /// The latest value of a shared key.
    pub fn get_in(&self, namespace: &str, key: &str) -> Option<Shown<'_>> {
        let (writer, value) = self.table.shown(&Key::shared(namespace, key))?;
        Some(Shown { writer, value })
    }

    /// All shared keys.
    pub fn shared(&self) -> impl Iterator<Item = &Key> {
        self.table.shared()
    }

    /// All nodes that were ever heard of and not dropped, this one included, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (PeerId, &Endpoint)> {
        self.table.iter().map(|(node, entry)| (node, &entry.endpoint))
    }

    /// All that is known of one.
    pub fn endpoint(&self, node: PeerId) -> Option<&Endpoint> {
        self.table.get(node).map(|entry| &entry.endpoint)
    }

    /// Whether a node is alive, by whoever decides that.
    pub fn is_alive(&self, node: PeerId) -> bool {
        self.table.get(node).is_some_and(|entry| entry.alive)
    }

    /// Whether this node takes part: it has found out who it was, and has not left.
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running)
    }

    /// The last exchange that this node began.
    pub fn trace(&self) -> Option<&Exchange> {
        self.trace.as_ref()
    }

    /// Where membership and phi were of two minds, the latest last: 256 of them.
    pub fn disagreements(&self) -> impl Iterator<Item = &Disagreement> {
        self.disagreements.iter()
    }

    /// Who said what that broke its schema, and how often.
    pub fn refusals(&self) -> impl Iterator<Item = (PeerId, &Key, u64)> {
        self.guard.refused()
    }

    /// The sum over all that is known: equal knowledge is an equal sum.
    pub fn sum(&self) -> u64 {
        self.table.sum()
    }

    /// Whether no change waits to be sent.
    pub fn is_quiet(&self) -> bool {
        self.spread.is_quiet()
    }

    /// How many pieces are held: nodes, numbers and refusals, quarantines.
    pub fn held(&self) -> usize {
        self.table.len() + self.guard.len() + self.quarantine.len()
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        Counters { full: self.table.full, unnamed: self.guard.beyond(), backlog_dropped: self.spread.dropped(), ..self.counters }
    }

    /// How many there are to tell.
    pub(crate) fn peers(&self, cx: &Context<'_, Self>) -> u32 {
        if self.config.detector == Detector::Phi { self.live.len() as u32 } else { cx.peers.len() }
    }

    /// This node's own endpoint.
    pub(crate) fn own(&self) -> &Endpoint {
        &self.table.get(self.me).expect("a node knows itself from its start").endpoint
    }

    /// The next version, for a heartbeat or a value.
    pub(crate) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(crate) fn beat(&mut self) {
        let version = self.tick();
        self.table.change(self.me, |own| own.heart_beat.version = version);
    }

    /// A life begins, above all that are known of.
    pub(crate) fn begin(&mut self, cx: &mut Context<'_, Self>, seen: Option<u64>) {
        self.phase = Phase::Running;
        let generation = HeartBeat::begin(self.stored, seen, cx.wall.0 / 1000);
        self.live_in(cx, generation);
        self.restore_shared(cx);
        if self.config.beats() {
            let first = cx.rng.between(Duration::ZERO, self.config.every);
            cx.set(Timer::Round, first);
        }
    }

    /// This node's life is this one from now on. Its values keep their versions, for the counter never falls.
    pub(crate) fn live_in(&mut self, cx: &mut Context<'_, Self>, generation: u64) {
        self.stored = Some(generation);
        self.table.change(self.me, |own| own.heart_beat.generation = generation);
        self.keep_generation(cx);
        self.beat();
        self.spread.forget(self.me);
        self.tell(cx, self.me, 0, None);
    }

    /// Tells some peers at once what `node` said above a version; others in the spare room of packets.
    pub(crate) fn tell(&mut self, cx: &mut Context<'_, Self>, node: PeerId, above: u64, from: Option<PeerId>) {
        if !self.config.spread {
            return;
        }
        let (live, mut out) = (Sorted(&self.live), Vec::new());
        let peers: &dyn Peers = if self.config.detector == Detector::Phi { &live } else { cx.peers };
        let above = self.spread.news((node, above), from, self.me, peers, cx.rng, &mut out);
        let Some(delta) = self.table.delta(node, above, cx.now) else { return };
        let (deltas, _) = bound(vec![delta], 0, self.config.packet - 1, &self.config, cx.rng);
        for delta in deltas {
            for peer in &out {
                self.counters.relayed += 1;
                cx.send(*peer, Message::News(delta.clone()));
            }
        }
    }

    /// Whoever was silent for too long will be dropped.
    pub(crate) fn sweep_later(&mut self, cx: &mut Context<'_, Self>) {
        if !self.config.beats() && !std::mem::replace(&mut self.sweeping, true) {
            cx.set(Timer::Sweep, SWEEP);
        }
    }

    pub(crate) fn sweep(&mut self, cx: &mut Context<'_, Self>) {
        let (now, expire) = (cx.now, self.config.expire);
        self.quarantine.retain(|_, (_, until)| now < *until);
        let (mut gone, mut left) = (Vec::new(), false);
        for (node, entry) in self.silent() {
            left = true;
            if entry.quiet.age(now) >= expire {
                gone.push(node);
            }
        }
        for node in gone {
            self.drop_node(cx, node);
        }
        if !self.config.beats() && (left || !self.quarantine.is_empty()) {
            self.sweep_later(cx);
        }
    }

    /// Forgets a node, and does not hear of it until everybody has.
    fn drop_node(&mut self, cx: &mut Context<'_, Self>, node: PeerId) {
        let Some(entry) = self.table.remove(node) else { return };
        self.guard.forget(node);
        self.spread.forget(node);
        if self.quarantine.len() < self.config.nodes {
            let until = cx.now + self.config.quarantine;
            self.quarantine.insert(node, (entry.endpoint.heart_beat.generation, until));
        }
        if entry.endpoint.status != Status::Removed {
            cx.notify(Event::Removed(node));
        }
    }

    fn fill_packet(&mut self, cx: &mut Context<'_, Self>, to: PeerId, room: &mut Room<'_, Message>) {
        let peers = self.peers(cx);
        if self.config.detector != Detector::Phi && !cx.peers.contains(to) {
            return;
        }
        let State { spread, table, counters, config, .. } = self;
        spread.fill(to, peers, &mut |node, above| {
            let Some(delta) = table.delta(node, above, cx.now) else { return true };
            let left = room.left().saturating_sub(SUM_ROOM + 1).min(config.packet - 1);
            let (deltas, _) = bound(vec![delta], 0, left, config, cx.rng);
            let fits = deltas.into_iter().next().is_some_and(|delta: Delta| {
                let message = Message::News(delta);
                message.size() + SUM_ROOM <= room.left() && room.offer(message).is_ok()
            });
            counters.piggybacked += u64::from(fits);
            fits
        });
        // Last: whoever lacks the changes before it has them when it compares. Heartbeats make every sum another.
        if !config.beats() && !mutant("no sum is said") {
            let _ = room.offer(Message::Sum(table.sum() & crate::wire::SUM_MASK));
        }
    }

    pub(crate) fn on_word(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Sum(sum) => self.on_sum(cx, from, sum),
            Message::Sums(sums) => self.on_sums(cx, from, &sums),
            Message::Syn(syn) => self.on_syn(cx, from, &syn),
            Message::Ack(ack) => self.on_ack(cx, from, ack),
            Message::Ack2(ack2) => self.on_ack2(cx, from, ack2),
            Message::News(delta) => self.on_news(cx, from, &delta),
            Message::Echo(generation) => self.on_echo(cx, from, generation),
            Message::Echoed(generation) => self.on_echoed(cx, from, generation),
        }
    }
}

impl<S: Spread> Protocol for State<S> {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(own) = self.table.entry(self.me, cx.now) {
            own.alive = true;
        }
        if self.config.detector == Detector::Phi && !self.seeds.is_empty() {
            self.begin_shadow(cx);
        } else {
            self.begin(cx, None);
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        let stranger = || from.peer.is_none_or(|peer| !cx.peers.contains(peer));
        if from.path.stream().is_some() {
            cx.reject(from, "state speaks by datagram");
        } else if from.peer == Some(self.me) {
            cx.reject(from, "state of one who calls itself as I do");
        } else if self.config.detector != Detector::Phi && stranger() {
            cx.reject(from, "state of a stranger");
        } else {
            match self.phase {
                Phase::Shadow(_) => self.in_shadow(cx, from, message),
                Phase::Running => self.on_word(cx, from, message),
                Phase::Stopped => {}
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Round => self.round(cx),
            Timer::Shadow => self.ask_again(cx),
            Timer::Keep => self.flush(cx),
            Timer::Rebuild => self.rebuild(cx),
            Timer::Sweep => {
                self.sweeping = false;
                self.sweep(cx);
            }
        }
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        if peer == self.me {
            return;
        }
        match (self.config.detector, change) {
            (_, Change::Changed) | (Detector::Phi, Change::Down) => {}
            (_, Change::Suspected) => self.doubt(peer, cx.now),
            (Detector::Phi, Change::Up) => self.found(cx, peer),
            (Detector::Swim | Detector::Both, Change::Up) => self.up(cx, peer),
            (_, Change::Left) | (Detector::Swim | Detector::Both, Change::Down) => self.down(cx, peer),
        }
    }

    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        self.stored(cx, receipt, outcome);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.guarded = cx.now + self.config.guard;
        self.table.iter_mut().filter_map(|(_, entry)| entry.arrivals.as_mut()).for_each(|arrivals| arrivals.pause(lost));
    }

    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        if let Outlet::Packet(to) = to
            && self.is_running()
        {
            self.fill_packet(cx, to, room);
        }
    }
}
