//! Multicast along a spanning tree: see [`Tree`].

mod ack;
mod config;
mod join;
mod message;
mod nak;
mod shape;
mod stream;

use crate::config::{Build, Repair, Root, Scope};
use crate::counters::Counters;
use bruit_kit::{Invalid, Set};
use bruit_proto::{Change, Context, Origin, PeerId, Peers, Protocol};
use join::Joined;
use nak::Naks;
use shape::{Edges, Ring};
use std::collections::VecDeque;
use std::sync::Arc;
use stream::Stream;

pub use config::Config;
pub use message::Message;
pub use stream::{Key, Report};

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The next burst.
    Pace,
    /// Acknowledgements.
    Beat,
    /// The next request, repair or session message.
    Delay,
    /// Nobody has taken it as a child yet.
    Join,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<Item> {
    /// This item is news here.
    News {
        /// Which.
        item: Item,
        /// Who handed it over; nobody that is known by an id, if none.
        via: Option<PeerId>,
        /// The how manieth hop of it this was, from 1; 255 for more, or where that is not known.
        hop: u8,
    },
}

/// Sends to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Send {
    to: PeerId,
    key: Key,
    seq: u64,
    /// Sent again, to be passed on so many hops more.
    again: Option<u8>,
}

/// How many hops anything goes, whatever the tables of those on its way.
const MAX_HOPS: u8 = 64;
/// How far ahead of what is known the number of an item may be.
const JUMP: u64 = 1 << 20;

/// Multicast of the items of `S` along a spanning tree.
#[derive(Debug)]
pub struct Tree<S: Set> {
    config: Arc<Config>,
    me: PeerId,
    set: S,
    /// Of its own stream; zero before it first publishes.
    life: u32,
    /// In order of age.
    streams: Vec<Stream<S::Id>>,
    outbox: VecDeque<Send>,
    pacing: bool,
    beating: bool,
    naks: Naks,
    joined: Joined,
    counters: Counters,
}

type Cx<'a, 'b, S> = &'a mut Context<'b, Tree<S>>;

impl<S: Set> Tree<S> {
    /// The node `me`, with what it has.
    ///
    /// # Errors
    /// If `config` is out of its bounds.
    pub fn new(me: PeerId, config: Arc<Config>, set: S) -> Result<Self, Invalid> {
        config.check()?;
        let (naks, joined, counters) = (Naks::default(), Joined::default(), Counters::default());
        let (streams, outbox) = (Vec::new(), VecDeque::new());
        Ok(Tree { config, me, set, life: 0, streams, outbox, pacing: false, beating: false, naks, joined, counters })
    }

    /// Takes an item and begins to pass it on; its number in this node's stream.
    pub fn publish(&mut self, cx: &mut Context<'_, Self>, item: S::Item) -> u64 {
        if self.life == 0 {
            self.life = cx.rng.bits() as u32 | 1;
        }
        let key = Key { origin: self.me, life: self.life };
        let id = S::id(&item);
        self.set.insert(item);
        let i = self.open(key);
        let stream = &mut self.streams[i];
        let seq = stream.highest() + 1;
        stream.advance(seq, self.config.window);
        stream.put(seq, id);
        (stream.hop, stream.dirty) = (0, true);
        self.pass_on(cx, key, seq, None);
        self.begin_sessions(cx);
        self.beat_soon(cx);
        seq
    }

    /// What it has.
    pub fn set(&self) -> &S {
        &self.set
    }

    /// What it has, for whoever owns more of it than the tree does. What comes in this way is passed on to nobody.
    pub fn set_mut(&mut self) -> &mut S {
        &mut self.set
    }

    /// What waits to be passed on to a neighbour, in its order; an item for each send of it.
    pub fn sending(&self) -> impl Iterator<Item = S::Id> {
        self.outbox.iter().filter_map(|send| self.streams[self.find(send.key)?].get(send.seq))
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Who passes on to it what `origin` publishes, by this node's table of peers.
    pub fn parent(&self, peers: &dyn Peers, origin: PeerId) -> Option<PeerId> {
        self.edges(peers, origin).up
    }

    /// To whom it passes on what `origin` publishes, by this node's table of peers.
    pub fn children(&self, peers: &dyn Peers, origin: PeerId) -> Vec<PeerId> {
        self.edges(peers, origin).down
    }

    /// Whether nothing waits to be sent, asked for or acknowledged.
    pub fn is_quiet(&self) -> bool {
        self.outbox.is_empty() && !self.beating && self.naks.is_empty() && self.streams.iter().all(|s| s.session.is_none())
    }

    /// What it holds: places of windows, children, sends, requests.
    pub fn holds(&self) -> usize {
        self.streams.iter().map(Stream::holds).sum::<usize>() + self.outbox.len() + self.naks.len() + self.joined.children.len()
    }

    fn edges(&self, peers: &dyn Peers, origin: PeerId) -> Edges {
        let root = match self.config.build {
            Build::Computed(Root::Origin) => origin,
            Build::Computed(Root::Given(root)) => root,
            Build::Joined(_) => return Edges { up: self.joined.parent(), down: self.joined.children.clone() },
        };
        Ring { peers, me: self.me, root, fan_out: self.config.fan_out }.edges()
    }

    /// All neighbours in a tree, but for one.
    fn neighbours(&self, cx: Cx<'_, '_, S>, origin: PeerId, but: Option<PeerId>) -> Vec<PeerId> {
        let Edges { up, down } = self.edges(cx.peers, origin);
        up.into_iter().chain(down).filter(|peer| Some(*peer) != but).collect()
    }

    /// Whether all origins have one tree, in which items go up as well as down.
    fn is_shared(&self) -> bool {
        self.config.build != Build::Computed(Root::Origin)
    }

    fn own(&self) -> Key {
        Key { origin: self.me, life: self.life }
    }

    fn find(&self, key: Key) -> Option<usize> {
        self.streams.iter().position(|stream| stream.key == key)
    }

    /// A stream, made if it is new; where it is.
    fn open(&mut self, key: Key) -> usize {
        if let Some(i) = self.find(key) {
            return i;
        }
        if self.streams.len() == self.config.streams {
            let own = self.own();
            // One of a single stream is its own only if it publishes: then the other is not kept.
            let oldest = self.streams.iter().position(|stream| stream.key != own).unwrap_or(0);
            let gone = self.streams.remove(oldest).key;
            self.naks.forget(gone);
            self.outbox.retain(|send| send.key != gone);
        }
        self.streams.push(Stream::new(key));
        self.streams.len() - 1
    }

    /// The stream that a message is about, known to go so far now; whether that was news. None if it cannot be.
    fn learn(&mut self, cx: Cx<'_, '_, S>, from: Origin, key: Key, highest: u64) -> Option<(usize, bool)> {
        let known = self.find(key).map_or(0, |i| self.streams[i].highest());
        if key == self.own() && highest > known {
            cx.reject(from, "a number of mine that I did not give");
            return None;
        }
        if known > 0 && highest > known.saturating_add(JUMP) {
            cx.reject(from, "a number too far ahead");
            return None;
        }
        let i = self.open(key);
        self.counters.dropped += self.streams[i].advance(highest.max(known), self.config.window);
        Some((i, highest > known))
    }

    fn on_item(&mut self, cx: Cx<'_, '_, S>, from: Origin, (key, seq, hop): (Key, u64, u8), item: S::Item, again: Option<u8>) {
        let Some((i, _)) = self.learn(cx, from, key, seq) else { return };
        let stream = &mut self.streams[i];
        let news = !stream.has(seq);
        stream.dirty = true;
        if let Some(side) = stream.sides.iter_mut().find(|side| Some(side.peer) == from.peer && side.next == seq) {
            side.next += 1;
        }
        if again.is_none() && key.origin != self.me {
            stream.hop = hop;
        }
        if news {
            stream.put(seq, S::id(&item));
            if self.set.insert(item.clone()) {
                cx.notify(Event::News { item, via: from.peer, hop });
            }
        }
        self.answered(cx, key, seq, again.is_some());
        match again.filter(|left| *left > 0) {
            Some(left) => {
                let to = self.neighbours(cx, key.origin, from.peer);
                to.into_iter().for_each(|to| self.enqueue(Send { to, key, seq, again: Some(left - 1) }));
                self.burst(cx);
            }
            // A repair for the whole group was heard by all that it concerns.
            None if news && !(again.is_some() && self.repairs_group()) => self.pass_on(cx, key, seq, from.peer),
            None => {}
        }
        self.ask_for_gaps(cx, i);
        self.beat_soon(cx);
    }

    fn repairs_group(&self) -> bool {
        matches!(self.config.repair, Repair::Nak { scope: Scope::Group, .. })
    }

    /// Sends an item on, to children and in a shared tree to the parent, but not to where it came from.
    fn pass_on(&mut self, cx: Cx<'_, '_, S>, key: Key, seq: u64, via: Option<PeerId>) {
        let Edges { up, down } = self.edges(cx.peers, key.origin);
        let up = up.filter(|_| self.is_shared());
        for to in up.into_iter().chain(down).filter(|to| Some(*to) != via) {
            self.enqueue(Send { to, key, seq, again: None });
        }
        self.burst(cx);
    }

    fn enqueue(&mut self, send: Send) {
        if self.outbox.len() < self.config.queue {
            self.outbox.push_back(send);
        } else {
            self.counters.dropped += 1;
        }
    }

    fn burst(&mut self, cx: Cx<'_, '_, S>) {
        if self.pacing || self.outbox.is_empty() {
            return;
        }
        for _ in 0..self.config.pace.burst {
            let Some(send) = self.outbox.pop_front() else { break };
            self.send(cx, send);
        }
        self.pacing = true;
        cx.set(Timer::Pace, self.config.pace.every);
    }

    fn send(&mut self, cx: Cx<'_, '_, S>, Send { to, key, seq, again }: Send) {
        let stream = self.find(key).map(|i| &self.streams[i]);
        let item = stream.and_then(|stream| Some((stream.hop.saturating_add(1), self.set.get(stream.get(seq)?)?)));
        let Some((hop, item)) = item else {
            self.counters.dropped += 1;
            return;
        };
        let message = match again {
            Some(left) => Message::Repair(key, seq, hop, item, left),
            None => Message::Data(key, seq, hop, item),
        };
        *if again.is_some() { &mut self.counters.repairs } else { &mut self.counters.data } += 1;
        cx.send(to, message);
    }

    /// Says something that is no item.
    fn say(&mut self, cx: Cx<'_, '_, S>, to: PeerId, message: Message<S::Item>) {
        self.counters.control += 1;
        cx.send(to, message);
    }
}

impl<S: Set> Protocol for Tree<S> {
    type Message = Message<S::Item>;
    type Timer = Timer;
    type Event = Event<S::Item>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.join(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Self::Message) {
        self.counters.heard += u64::from(!matches!(message, Message::Data(..) | Message::Repair(..)));
        match message {
            Message::Data(key, seq, hop, item) => {
                self.part_from_strangers(cx, from);
                self.on_item(cx, from, (key, seq, hop), item, None);
            }
            Message::Repair(key, seq, hop, item, left) => {
                let left = left.min(self.reach().saturating_sub(1));
                self.on_item(cx, from, (key, seq, hop), item, Some(left));
            }
            Message::Session(key, highest, round, hop) => self.on_session(cx, from, (key, highest, round), hop),
            Message::Report(key, report, answers) => self.on_report(cx, from, key, &report, answers),
            Message::Nak(key, seq, hops, left) => self.on_nak(cx, from, (key, seq), hops, left),
            Message::Join => self.on_join(cx, from),
            Message::Welcome(path) => self.on_welcome(cx, from, path),
            Message::Full(other) => self.on_full(cx, from, other),
            Message::Part => self.on_part(cx, from),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Pace => {
                self.pacing = false;
                self.burst(cx);
            }
            Timer::Beat => self.on_beat(cx),
            Timer::Delay => self.on_delay(cx),
            Timer::Join => self.join(cx),
        }
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        if matches!(change, Change::Changed | Change::Suspected) {
            return;
        }
        // What it acknowledged, it may have in another life.
        self.streams.iter_mut().for_each(|stream| stream.sides.retain(|side| side.peer != peer));
        if change != Change::Up {
            self.outbox.retain(|send| send.to != peer);
            self.lose(cx, peer);
            self.speak_for(cx, peer);
        } else if self.joined.parent().is_none() {
            self.join(cx);
        }
        self.begin_sessions(cx);
        self.beat_soon(cx);
    }
}
