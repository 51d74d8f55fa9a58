use crate::check::Check;
use crate::config::Config;
use crate::converse::Talks;
use crate::counters::Counters;
use crate::cover::Cover;
use crate::id::{EventId, Stamp};
use crate::keep::Keep;
use crate::message::{Message, Trace};
use crate::spread::{Spread, Way};
use crate::store::{Arrival, How, Store};
use crate::user_event::{Delivered, UserEvent};
use bruit_kit::{Lamport, Seen};
use bruit_proto::{
    Change, Context, Duration, Lost, Origin, Outlet, PeerId, Protocol, Receipt, Room, StreamId, StreamNews, Tags, Time, Wire,
    mix, mutant,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Nothing new came for a while: did all of it reach the ring neighbours?
    Check,
    /// Conversations in which all is said are closed.
    Finish,
    /// Events that were held back are said, joined or not.
    Release,
    /// What was delivered is written to the disk.
    Keep,
    /// It is said who has an event that is waited for.
    Cover,
}

/// What it tells its composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An event for this node's user.
    Delivered(Delivered),
    /// This node does not tell this event any more, unless somebody turns out to lack it: of susceptible, infective and
    /// removed (Bailey 1975), it is removed now.
    Quiet(EventId),
    /// More is known of who has an event that this node waits for: see [`Events::covered`].
    Covered(EventId),
    /// A peer that was asked how an event came to it has answered: see [`Events::trace`].
    Traced {
        /// Who.
        peer: PeerId,
        /// Which event.
        id: EventId,
        /// How; nothing if it does not keep the event.
        trace: Option<Trace>,
    },
}

/// Room for the digest and its frame, left beside piggybacked events.
const DIGEST_ROOM: usize = 16;

/// User events.
#[derive(Debug)]
pub struct Events<S: Spread = Way> {
    pub(crate) me: PeerId,
    pub(crate) config: Config,
    name: Arc<str>,
    tags: Tags,
    /// Events that somebody waits for, oldest first.
    pub(crate) covers: Vec<Cover>,
    pub(crate) store: Store,
    pub(crate) spread: S,
    /// Events that this node still tells.
    pub(crate) infective: BTreeSet<Stamp>,
    pub(crate) counters: Counters,
    pub(crate) clock: Lamport,
    pub(crate) serial: u32,
    /// Since when this node has peers, or since its start: older events are not for it.
    since: Time,
    had_peers: bool,
    /// When something was news last.
    pub(crate) news: Option<Time>,
    /// Contacts in a row whose digest differed while nothing was news, and since when digests have differed.
    pub(crate) differing: u32,
    pub(crate) differing_since: Option<Time>,
    pub(crate) check: Check,
    /// Whether the clock is the cluster's.
    pub(crate) joined: bool,
    pub(crate) held: Vec<UserEvent>,
    pub(crate) talks: Talks,
    pub(crate) kept: Option<Box<Keep>>,
}

impl<S: Spread + Default> Events<S> {
    /// One node; `session` is the random number of this process start.
    ///
    /// # Panics
    /// If `config` is out of its bounds: [`Config::check`] it first.
    pub fn new(me: PeerId, session: u64, config: Config) -> Self {
        Events::with(me, session, config, S::default())
    }
}

impl<S: Spread> Events<S> {
    /// As [`new`](Events::new), with a way of spreading that has settings of its own.
    ///
    /// # Panics
    /// If `config` is out of its bounds.
    pub fn with(me: PeerId, session: u64, config: Config, spread: S) -> Self {
        config.check().expect("a checked configuration");
        Events {
            me,
            name: Arc::default(),
            tags: Tags::default(),
            covers: Vec::new(),
            store: Store::new(config.window, config.window_bytes),
            spread,
            infective: BTreeSet::new(),
            counters: Counters::default(),
            clock: Lamport::default(),
            serial: (mix(session) >> 32) as u32,
            since: Time::ZERO,
            had_peers: false,
            news: None,
            differing: 0,
            differing_since: None,
            check: Check::default(),
            joined: false,
            held: Vec::new(),
            talks: Talks::new(config.every),
            kept: None,
            config,
        }
    }

    /// This node's own name, for filters.
    pub fn set_name(&mut self, name: &str) {
        self.name = name.into();
    }

    /// This node's own tags, for filters.
    pub fn set_tags(&mut self, tags: Tags) {
        self.tags = tags;
    }

    /// Whether an event is for this node.
    fn is_meant(&self, event: &UserEvent) -> bool {
        event.filter.matches(&self.name, &self.tags)
    }

    /// What is kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whether this node has nothing left to say: no copies to send, no conversation.
    pub fn is_quiet(&self) -> bool {
        self.spread.is_quiet() && self.held.is_empty() && self.talks.is_quiet()
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        Counters { evicted: self.store.evicted(), backlog_dropped: self.spread.dropped(), ..self.counters }
    }

    /// A copy of an event, from a peer or from this node's user.
    pub(crate) fn learn(&mut self, cx: &mut Context<'_, Self>, event: Arc<UserEvent>, arrival: Arrival, how: How) -> Seen {
        let seen = self.store.insert(event.clone(), arrival, cx.now);
        match seen {
            Seen::Old => self.counters.old += 1,
            Seen::Again => {
                self.counters.duplicates += 1;
                self.spread.again(event.stamp, arrival.via, cx.peers.len());
                self.settle(cx);
                if mutant("event delivered twice") {
                    self.deliver(cx, &event, arrival);
                }
            }
            Seen::New => {
                self.counters.news += 1;
                self.counters.overheard += u64::from(how == How::Group);
                self.news = Some(cx.now);
                self.differing = 0;
                let timely = self.config.replay || arrival.age <= cx.now.since(self.since);
                if timely && !self.was_delivered(&event.stamp) {
                    self.keep_delivered(cx, event.stamp);
                    self.deliver(cx, &event, arrival);
                }
                self.cover(cx, &event, arrival, timely && self.is_meant(&event));
                self.infective.insert(event.stamp);
                if timely && how != How::Repair && !mutant("event never relayed") {
                    self.relay(cx, event.stamp, how);
                }
                self.settle(cx);
            }
        }
        seen
    }

    fn deliver(&mut self, cx: &mut Context<'_, Self>, event: &UserEvent, arrival: Arrival) {
        if self.is_meant(event) {
            self.counters.delivered += 1;
            let UserEvent { stamp, name, payload, .. } = event;
            cx.notify(Event::Delivered(Delivered {
                id: stamp.id,
                origin: stamp.id.origin,
                ltime: stamp.ltime,
                name: name.clone(),
                payload: payload.clone(),
                via: arrival.via,
                hop: arrival.hop,
            }));
        }
    }

    /// News travels on in the turn that brings it; a while later the ring neighbours are asked whether it came. What was said
    /// to a group has come to the others as well: one neighbour is asked, which shows whom it missed.
    fn relay(&mut self, cx: &mut Context<'_, Self>, stamp: Stamp, how: How) {
        // Evicted at once: a window of others' is larger.
        let Some(held) = self.store.get(&stamp) else { return };
        if held.goes_to_group(how) {
            cx.send_group(held.message(cx.now));
        }
        let mut out = Vec::new();
        if how == How::Group {
            self.spread.overheard(stamp);
        } else {
            self.spread.news(stamp, held.arrival.via, self.me, cx.peers, cx.rng, &mut out);
        }
        for peer in &out {
            self.counters.relayed += 1;
            cx.send(*peer, held.message(cx.now));
        }
        self.count_told(stamp.id, &out);
        self.check = if how == How::Group && !self.check.is_open() { Check::onward() } else { Check::begin() };
        cx.set(Timer::Check, self.config.quiet);
    }

    fn fill_packet(&mut self, cx: &mut Context<'_, Self>, to: PeerId, room: &mut Room<'_, Message>) {
        if !cx.peers.contains(to) {
            return;
        }
        let (store, counters, now) = (&self.store, &mut self.counters, cx.now);
        self.spread.fill(to, cx.peers.len(), &mut |stamp| {
            let Some(held) = store.get(&stamp) else { return true };
            let message = held.message(now);
            let fits = room.left() >= message.size() + DIGEST_ROOM && room.offer(message).is_ok();
            counters.piggybacked += u64::from(fits);
            fits
        });
        // Last: whoever lacks the events before it has them when it compares.
        let _ = room.offer(Message::Digest(self.store.digest()));
        self.settle(cx);
    }

    fn on_datagram(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Event { age, hop, event } => {
                if self.clock.witness(event.stamp.ltime).is_err() {
                    self.counters.too_far += 1;
                    return cx.reject(from, "event from too far ahead");
                }
                let age = Duration::from_millis(age.into());
                let how = if from.path.is_group() { How::Group } else { How::Told };
                self.learn(cx, event, Arrival { age, via: from.peer, hop }, how);
                self.has_joined(cx);
            }
            Message::Digest(digest) => {
                if let Some(peer) = from.peer.filter(|peer| *peer != self.me && cx.peers.contains(*peer)) {
                    self.compare(cx, peer, digest);
                }
            }
            // The digest that is asked for is in every packet.
            Message::Check => match from.peer {
                Some(peer) if peer != self.me && cx.peers.contains(peer) => cx.send(peer, Message::Checked),
                _ => cx.reject(from, "check by a stranger"),
            },
            Message::Checked => {}
            Message::Report(report) => self.on_report(cx, from, report),
            Message::Answer { id, seq, answer } => self.on_answer(cx, from, id, seq, answer),
            Message::Trace(id) => self.on_trace(cx, from, id),
            Message::Traced { id, trace } => self.on_traced(cx, from, id, trace),
            _ => cx.reject(from, "part of a conversation by datagram"),
        }
    }
}

impl<S: Spread> Protocol for Events<S> {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.since = cx.now;
        self.had_peers = !cx.peers.is_empty();
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match from.path.stream() {
            None => self.on_datagram(cx, from, message),
            Some(stream) => self.on_word(cx, from, stream, message),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Check => self.ask_neighbours(cx),
            Timer::Finish => self.talks.finish(|stream| cx.close(stream)),
            Timer::Release => self.has_joined(cx),
            Timer::Keep => self.flush(cx),
            Timer::Cover => self.report(cx),
        }
    }

    /// The first peer that this node ever has makes it a member.
    fn on_peer(&mut self, cx: &mut Context<'_, Self>, _: PeerId, change: Change) {
        if change == Change::Up && !std::mem::replace(&mut self.had_peers, true) {
            self.since = cx.now;
        }
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match what {
            StreamNews::Opened => self.on_opened(cx, stream),
            StreamNews::Closed(why) => self.on_closed(cx, stream, why),
        }
    }

    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        self.stored(cx, receipt, outcome);
    }

    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        match to {
            Outlet::Packet(to) => self.fill_packet(cx, to, room),
            Outlet::Stream(stream) => self.fill_stream(cx, stream, room),
        }
    }
}
