//! Endpoint state beside a protocol that does nothing but make packets: what `swim` is to it in a node.

use super::{disk, secs};
use bruit_proto::harness::{Beat, Harness, Links, Pulse};
use bruit_proto::{
    Change, Composition, Context, Duration, Lost, Origin, Outlet, Part, PeerId, Protocol, Receipt, Rng, Room, StreamId,
    StreamNews, Wiring,
};
use bruit_state::{Config, Counters, Event, State};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Beat(Pulse),
    State(bruit_state::Message),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Beat,
    State(bruit_state::Timer),
}

pub enum InBeat {}
pub enum InState {}

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

impl Part for InState {
    type Whole = Node;
    type Of = State;
    type Said = Event;
    const LANE: u8 = 1;
    fn message(message: bruit_state::Message) -> Message {
        Message::State(message)
    }
    fn back(message: Message) -> Option<bruit_state::Message> {
        if let Message::State(message) = message { Some(message) } else { None }
    }
    fn timer(timer: bruit_state::Timer) -> Timer {
        Timer::State(timer)
    }
    fn said(event: Event) -> Event {
        event
    }
}

/// A beat and endpoint state.
pub struct Node {
    pub beat: Beat,
    pub state: State,
    dice: (Rng, Rng),
    wiring: Wiring<Event>,
}

impl Node {
    pub fn new(me: PeerId, seed: u64, config: Arc<Config>, stored: Option<u64>) -> Node {
        Node {
            beat: Beat::default(),
            state: State::new(me, config).keep(&disk(stored)),
            dice: (Rng::named(seed, me, "beat"), Rng::named(seed, me, "state")),
            wiring: Wiring::default(),
        }
    }

    fn in_beat<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Beat, &mut Context<'_, Beat>) -> R) -> R {
        let peers = cx.peers;
        cx.lend::<InBeat, _>(&mut self.wiring, &mut self.dice.0, peers, |cx| f(&mut self.beat, cx))
    }

    pub fn in_state<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut State, &mut Context<'_, State>) -> R) -> R {
        let peers = cx.peers;
        let result = cx.lend::<InState, _>(&mut self.wiring, &mut self.dice.1, peers, |cx| f(&mut self.state, cx));
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
        self.in_state(cx, |state, cx| state.on_start(cx));
        // All are members from the start.
        for i in 0..cx.peers.len() {
            let peer = cx.peers.get(i);
            self.in_state(cx, |state, cx| state.on_peer(cx, peer, Change::Up));
        }
    }
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Beat(message) => {
                self.wiring.claim(from.path, InBeat::LANE);
                self.in_beat(cx, |beat, cx| beat.on_message(cx, from, message));
            }
            Message::State(message) => {
                self.wiring.claim(from.path, InState::LANE);
                self.in_state(cx, |state, cx| state.on_message(cx, from, message));
            }
        }
    }
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Beat => self.in_beat(cx, |beat, cx| beat.on_timer(cx, ())),
            Timer::State(timer) => self.in_state(cx, |state, cx| state.on_timer(cx, timer)),
        }
    }
    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.in_beat(cx, |beat, cx| beat.on_peer(cx, peer, change));
        self.in_state(cx, |state, cx| state.on_peer(cx, peer, change));
    }
    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match self.wiring.stream(stream, what) {
            Some(InBeat::LANE) => self.in_beat(cx, |beat, cx| beat.on_stream(cx, stream, what)),
            Some(_) => self.in_state(cx, |state, cx| state.on_stream(cx, stream, what)),
            None => {}
        }
    }
    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        match self.wiring.receipt(receipt) {
            Some(InBeat::LANE) => self.in_beat(cx, |beat, cx| beat.on_stored(cx, receipt, outcome)),
            Some(_) => self.in_state(cx, |state, cx| state.on_stored(cx, receipt, outcome)),
            None => {}
        }
    }
    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.in_beat(cx, |beat, cx| beat.on_pause(cx, lost));
        self.in_state(cx, |state, cx| state.on_pause(cx, lost));
    }
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        let lane = if let Outlet::Stream(stream) = to { self.wiring.owner(stream) } else { None };
        if lane != Some(InBeat::LANE) {
            room.lend::<InState, _>(|room| self.in_state(cx, |state, cx| state.fill(cx, to, room)));
        }
        if lane != Some(InState::LANE) {
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

/// `n` members, whose packets are lost with probability `loss` in a hundred.
pub struct Members {
    pub net: Harness<Node>,
    pub n: u32,
    seed: u64,
    config: Arc<Config>,
}

impl Members {
    pub fn new(n: u32, seed: u64, loss: u32) -> Members {
        Members::with(n, seed, loss, Config::default())
    }

    pub fn with(n: u32, seed: u64, loss: u32, config: Config) -> Members {
        let links = Links { loss_ppm: loss * 10_000, ..Links::default() };
        let config = Arc::new(config);
        let net = Harness::new(n, seed, links, |me| Node::new(me, seed, config.clone(), None));
        Members { net, n, seed, config }
    }

    pub fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut State, &mut Context<'_, State>) -> R) -> R {
        self.net.turn(i, |node, cx| node.in_state(cx, f))
    }

    pub fn set(&mut self, i: u32, key: &str, value: &str) {
        self.turn(i, |state, cx| state.set(cx, key, value)).expect("within the bounds");
    }

    pub fn set_in(&mut self, i: u32, namespace: &str, key: &str, value: &str) {
        self.turn(i, |state, cx| state.set_in(cx, namespace, key, value)).expect("within the bounds");
    }

    /// Membership of all says so of `of`.
    pub fn membership(&mut self, of: u32, change: Change) {
        let peer = PeerId(of.into());
        let others: Vec<u32> = (1..=self.n).filter(|i| *i != of && self.net.is_up(*i)).collect();
        others.into_iter().for_each(|i| self.net.turn(i, |node, cx| node.on_peer(cx, peer, change)));
    }

    pub fn kill(&mut self, i: u32) {
        self.net.kill(i);
        self.membership(i, Change::Down);
    }

    pub fn restart(&mut self, i: u32, stored: Option<u64>) {
        let node = Node::new(PeerId(i.into()), self.seed, self.config.clone(), stored);
        self.net.restart(i, node);
        self.membership(i, Change::Up);
    }

    pub fn part(&mut self, a: u32, b: u32) {
        self.net.cut(a, b);
        self.net.cut(b, a);
    }

    pub fn state(&self, i: u32) -> &State {
        &self.net.site(i).state
    }

    pub fn up(&self) -> Vec<u32> {
        (1..=self.n).filter(|i| self.net.is_up(*i)).collect()
    }

    pub fn value(&self, i: u32, of: u32, key: &str) -> Option<String> {
        self.state(i).get(PeerId(of.into()), key).map(|value| value.value.to_string())
    }

    pub fn all_have(&self, of: u32, key: &str, value: &str) -> bool {
        self.up().into_iter().all(|i| self.value(i, of, key).as_deref() == Some(value))
    }

    pub fn all_show(&self, namespace: &str, key: &str, value: &str) -> bool {
        self.up().into_iter().all(|i| self.state(i).get_in(namespace, key).is_some_and(|shown| &*shown.value.value == value))
    }

    pub fn all_equal(&self) -> bool {
        let up = self.up();
        up.iter().all(|i| self.state(*i).sum() == self.state(up[0]).sum())
    }

    pub fn until(&mut self, seconds: u64, done: impl Fn(&Self) -> bool) -> Option<Duration> {
        let start = self.net.now();
        while !done(self) {
            if self.net.now().since(start) >= secs(seconds) {
                return None;
            }
            self.net.run(Duration::from_millis(10));
        }
        Some(self.net.now().since(start))
    }

    pub fn run(&mut self, seconds: u64) {
        self.net.run(secs(seconds));
    }

    pub fn sum(&self, of: impl Fn(Counters) -> u64) -> u64 {
        (1..=self.n).map(|i| of(self.state(i).counters())).sum()
    }
}
