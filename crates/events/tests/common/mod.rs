//! Events beside a protocol that does nothing but make packets: what `swim` is to them in a node.

#![allow(dead_code, unreachable_pub)]

pub mod story;

use bruit_events::{Config, Counters, Covered, Delivered, Event, EventId, Events, Filter};
use bruit_proto::harness::{Beat, Harness, Links, Pulse};
use bruit_proto::{
    Change, Composition, Context, Duration, Lost, Origin, Outlet, Part, PeerId, Peers, Protocol, Receipt, Restored, Rng, Room,
    StreamId, StreamNews, Upto, Wiring,
};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Beat(Pulse),
    Events(bruit_events::Message),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Beat,
    Events(bruit_events::Timer),
}

pub enum InBeat {}
pub enum InEvents {}

impl Part for InBeat {
    type Whole = Node;
    type Of = Beat;
    type Said = Event;
    const LANE: u8 = 0;
    fn message(message: Pulse) -> Message {
        Message::Beat(message)
    }
    fn back(message: Message) -> Option<Pulse> {
        if let Message::Beat(message) = message { Some(message) } else { None }
    }
    fn timer((): ()) -> Timer {
        Timer::Beat
    }
    fn said((): ()) -> Event {
        unreachable!("a beat says nothing")
    }
}

impl Part for InEvents {
    type Whole = Node;
    type Of = Events;
    type Said = Event;
    const LANE: u8 = 1;
    fn message(message: bruit_events::Message) -> Message {
        Message::Events(message)
    }
    fn back(message: Message) -> Option<bruit_events::Message> {
        if let Message::Events(message) = message { Some(message) } else { None }
    }
    fn timer(timer: bruit_events::Timer) -> Timer {
        Timer::Events(timer)
    }
    fn said(event: Event) -> Event {
        event
    }
}

/// A beat and events.
pub struct Node {
    pub beat: Beat,
    pub events: Events,
    /// Knows only so many nodes, those with the least ids; all of them, unless said.
    pub knows: Option<u32>,
    me: PeerId,
    dice: (Rng, Rng),
    wiring: Wiring<Event>,
}

impl Node {
    pub fn new(me: PeerId, seed: u64, session: u64, config: Config) -> Node {
        let mut events = Events::new(me, session, config);
        events.set_name(&format!("n{}", me.0));
        Node {
            beat: Beat::default(),
            events,
            knows: None,
            me,
            dice: (Rng::named(seed, me, "beat"), Rng::named(seed, me, "events")),
            wiring: Wiring::default(),
        }
    }

    fn in_beat<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Beat, &mut Context<'_, Beat>) -> R) -> R {
        let peers = cx.peers;
        cx.lend::<InBeat, _>(&mut self.wiring, &mut self.dice.0, peers, |cx| f(&mut self.beat, cx))
    }

    pub fn in_events<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Events, &mut Context<'_, Events>) -> R) -> R {
        let some = self.knows.map(|n| Upto { n, me: self.me });
        let peers = some.as_ref().map_or(cx.peers, |some| some as &dyn Peers);
        let result = cx.lend::<InEvents, _>(&mut self.wiring, &mut self.dice.1, peers, |cx| f(&mut self.events, cx));
        while let Some(event) = self.wiring.next_said() {
            cx.notify(event);
        }
        result
    }
}

impl Protocol for Node {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.in_beat(cx, |beat, cx| beat.on_start(cx));
        self.in_events(cx, |events, cx| events.on_start(cx));
    }
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Beat(message) => {
                self.wiring.claim(from.path, InBeat::LANE);
                self.in_beat(cx, |beat, cx| beat.on_message(cx, from, message));
            }
            Message::Events(message) => {
                self.wiring.claim(from.path, InEvents::LANE);
                self.in_events(cx, |events, cx| events.on_message(cx, from, message));
            }
        }
    }
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Beat => self.in_beat(cx, |beat, cx| beat.on_timer(cx, ())),
            Timer::Events(timer) => self.in_events(cx, |events, cx| events.on_timer(cx, timer)),
        }
    }
    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.in_beat(cx, |beat, cx| beat.on_peer(cx, peer, change));
        self.in_events(cx, |events, cx| events.on_peer(cx, peer, change));
    }
    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match self.wiring.stream(stream, what) {
            Some(InBeat::LANE) => self.in_beat(cx, |beat, cx| beat.on_stream(cx, stream, what)),
            Some(_) => self.in_events(cx, |events, cx| events.on_stream(cx, stream, what)),
            None => {}
        }
    }
    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        match self.wiring.receipt(receipt) {
            Some(InBeat::LANE) => self.in_beat(cx, |beat, cx| beat.on_stored(cx, receipt, outcome)),
            Some(_) => self.in_events(cx, |events, cx| events.on_stored(cx, receipt, outcome)),
            None => {}
        }
    }
    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.in_beat(cx, |beat, cx| beat.on_pause(cx, lost));
        self.in_events(cx, |events, cx| events.on_pause(cx, lost));
    }
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        let lane = if let Outlet::Stream(stream) = to { self.wiring.owner(stream) } else { None };
        if lane != Some(InBeat::LANE) {
            room.lend::<InEvents, _>(|room| self.in_events(cx, |events, cx| events.fill(cx, to, room)));
        }
        if lane != Some(InEvents::LANE) {
            room.lend::<InBeat, _>(|room| self.in_beat(cx, |beat, cx| beat.fill(cx, to, room)));
        }
    }
}

impl Composition for Node {
    const PARTS: u8 = 2;
    fn reached(&mut self) -> u32 {
        self.wiring.take_reached()
    }
    fn drained(&self) -> bool {
        self.wiring.is_drained()
    }
}

/// `n` nodes whose packets are lost with probability `loss` in a hundred.
pub struct Cluster {
    pub net: Harness<Node>,
    pub n: u32,
    seed: u64,
    config: Config,
}

impl Cluster {
    pub fn new(n: u32, seed: u64, loss: u32) -> Cluster {
        Cluster::with(n, seed, loss, Config::default())
    }

    pub fn with(n: u32, seed: u64, loss: u32, config: Config) -> Cluster {
        let links = Links { loss_ppm: loss * 10_000, ..Links::default() };
        let net = Harness::new(n, seed, links, |me| Node::new(me, seed, me.0, config.clone()));
        Cluster { net, n, seed, config }
    }

    /// Passes time in seconds.
    pub fn run(&mut self, seconds: u64) {
        self.net.run(Duration::from_secs(seconds));
    }

    pub fn say(&mut self, i: u32, name: &str) {
        self.say_to(i, name, Filter::all());
    }

    pub fn say_to(&mut self, i: u32, name: &str, filter: Filter) {
        self.net
            .turn(i, |node, cx| node.in_events(cx, |events, cx| events.event(cx, name, &[7; 64], filter)))
            .expect("within the bounds");
    }

    /// As `say_to`, and who has it is reported.
    pub fn say_covered(&mut self, i: u32, filter: Filter) -> EventId {
        self.net
            .turn(i, |node, cx| node.in_events(cx, |events, cx| events.event_covered(cx, "x", &[7; 64], filter)))
            .expect("within the bounds")
    }

    /// How many have it, as its origin knows.
    pub fn covered(&self, id: EventId) -> usize {
        match self.events(id.origin.0 as u32).covered(id) {
            Some(Covered::Named(ids)) => ids.len(),
            Some(Covered::Counted(count)) => count as usize,
            None => 0,
        }
    }

    /// Until the origin knows that so many have it; how long it took.
    pub fn until_covered(&mut self, id: EventId, count: usize, span: Duration) -> Option<Duration> {
        let known = |net: &Harness<Node>| match net.site(id.origin.0 as u32).events.covered(id) {
            Some(Covered::Named(ids)) => ids.len() == count,
            Some(Covered::Counted(n)) => n as usize == count,
            None => false,
        };
        self.net.run_until(span, known)
    }

    /// Everything to and from node `i` is dropped.
    pub fn isolate(&mut self, i: u32) {
        for other in (1..=self.n).filter(|other| *other != i) {
            self.net.cut(i, other);
            self.net.cut(other, i);
        }
    }

    pub fn restart(&mut self, i: u32, session: u64) {
        let node = Node::new(PeerId(u64::from(i)), self.seed ^ session, session, self.config.clone());
        self.net.restart(i, node);
    }

    /// The next process at node `i`, which keeps what it delivers, with what its disk holds.
    pub fn restart_from_disk(&mut self, i: u32, session: u64) {
        self.restart_with(i, session, self.net.disk(i).clone());
    }

    pub fn restart_with(&mut self, i: u32, session: u64, disk: BTreeMap<Vec<u8>, Vec<u8>>) {
        let restored = Restored::new(disk).part::<InEvents>();
        let mut node = Node::new(PeerId(u64::from(i)), self.seed ^ session, session, self.config.clone());
        node.events = node.events.keep(&restored);
        self.net.restart(i, node);
    }

    /// Names delivered at node `i` since the last call.
    pub fn delivered(&mut self, i: u32) -> Vec<String> {
        self.deliveries(i).into_iter().map(|d| d.name.to_string()).collect()
    }

    pub fn deliveries(&mut self, i: u32) -> Vec<Delivered> {
        let delivered = |event| if let Event::Delivered(d) = event { Some(d) } else { None };
        self.net.events(i).into_iter().filter_map(delivered).collect()
    }

    pub fn events(&self, i: u32) -> &Events {
        &self.net.site(i).events
    }

    /// Every node's counters added up by `of`.
    pub fn sum(&self, of: impl Fn(Counters) -> u64) -> u64 {
        (1..=self.n).map(|i| of(self.events(i).counters())).sum()
    }

    /// Until every node holds `count` events; how long it took.
    pub fn until_all_hold(&mut self, count: usize, span: Duration) -> Option<Duration> {
        let n = self.n;
        self.net.run_until(span, |net| (1..=n).all(|i| net.site(i).events.store().len() == count))
    }

    pub fn all_equal(&self) -> bool {
        (1..=self.n).all(|i| self.events(i).store().digest() == self.events(1).store().digest())
    }
}
