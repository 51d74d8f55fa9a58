//! One protocol alone, up to millions of nodes: its own messages, no codec, no book, no streams.
//!
//! The same state machine on the same wheel as a [`World`](crate::World) of whole nodes, which it is not: a dial is
//! refused at once, nothing is lost unless told so, and a packet holds as many messages as there are. Packets wait in a slab whose
//! lists are used again, so nothing is allocated per event once it runs.

mod alarms;
mod desk;
mod index;
mod scale;

use crate::wheel::{Entry, Wheel};
use alarms::Alarms;
use bruit_proto::{
    Context, FillSink, Nobody, Origin, Outlet, Path, PeerId, Protocol, Rng, Room, StreamNews, Time, Timers, Wall, Why, Wire,
};
use desk::{Desk, Packet};
use index::Index;
use scale::Scale;
use std::time::Duration;

pub use scale::Weight;

/// The shortest and the longest way of a packet, in microseconds; the shortest is a bucket of the wheel.
const FLOOR: u64 = 500;
const SPREAD: u32 = 1500;

/// A node: its protocol, its dice, what it waits for.
struct Host<P: Protocol> {
    protocol: P,
    rng: Rng,
    timers: Timers<P::Timer>,
}

/// Hears every message that reaches a node: from which, to which, what.
pub(crate) type Tap<M> = Box<dyn FnMut(u32, u32, &M)>;
/// Hears what nodes tell their users: when, which node, what.
type Ear<E> = Box<dyn FnMut(Time, u32, E)>;

/// N nodes that run one protocol.
pub struct Solo<P: Protocol> {
    hosts: Vec<Host<P>>,
    index: Index,
    wheel: Wheel<u32>,
    alarms: Alarms,
    packets: Vec<Vec<P::Message>>,
    free: Vec<u32>,
    desk: Desk<P>,
    scale: Option<Scale<P::Message>>,
    tap: Option<Tap<P::Message>>,
    ear: Option<Ear<P::Event>>,
    /// The dice of the links: packets lost in a million.
    dice: Rng,
    loss_ppm: u32,
    /// Nodes that crashed.
    down: Vec<u32>,
    now: u64,
    events: u64,
}

impl<P: Protocol> Solo<P> {
    /// `nodes` with their ids, all started at time zero.
    pub fn new(seed: u64, nodes: Vec<(PeerId, P)>) -> Self {
        let index = Index::new(nodes.iter().map(|n| n.0));
        let host = |(id, protocol)| Host { protocol, rng: Rng::named(seed, id, "root"), timers: Timers::default() };
        let hosts: Vec<Host<P>> = nodes.into_iter().map(host).collect();
        let alarms = Alarms::new(hosts.len(), FLOOR);
        let (wheel, packets, free, desk) = (Wheel::new(FLOOR), Vec::new(), Vec::new(), Desk::default());
        let (dice, loss_ppm, down) = (Rng::named(seed, PeerId::NONE, "links"), 0, Vec::new());
        let (scale, tap, ear, now, events) = (None, None, None, 0, 0);
        let mut solo =
            Solo { hosts, index, wheel, alarms, packets, free, desk, scale, tap, ear, dice, loss_ppm, down, now, events };
        for i in 0..solo.hosts.len() as u32 {
            solo.turn(i, |p, cx| p.on_start(cx));
            solo.set_alarm(i);
        }
        solo
    }

    /// Messages heard and wake-ups so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The protocols of all nodes.
    pub fn protocols(&self) -> impl Iterator<Item = &P> {
        self.hosts.iter().map(|host| &host.protocol)
    }

    /// The protocol of the `i`-th node.
    pub fn protocol(&self, i: u32) -> &P {
        &self.hosts[i as usize].protocol
    }

    /// Weighs what is sent from now on, by a protocol whose tags are none of Core's.
    pub fn weigh(&mut self)
    where
        P::Message: Wire,
    {
        self.scale = Some(Scale::new());
    }

    /// What was sent since [`weigh`](Solo::weigh).
    pub fn weight(&self) -> Weight {
        self.scale.as_ref().map(|scale| scale.weight).unwrap_or_default()
    }

    /// From now on `tap` hears every message that reaches a node: from which, to which, what.
    pub fn tap(&mut self, tap: impl FnMut(u32, u32, &P::Message) + 'static) {
        self.tap = Some(Box::new(tap));
    }

    /// From now on `ear` hears what nodes tell their users: when, which node, what.
    pub fn listen(&mut self, ear: impl FnMut(Time, u32, P::Event) + 'static) {
        self.ear = Some(Box::new(ear));
        self.desk.keep_told();
    }

    /// Loses so many packets in a million from now on.
    pub fn lose(&mut self, ppm: u32) {
        self.loss_ppm = ppm;
    }

    /// The virtual time.
    pub fn now(&self) -> Time {
        Time(self.now)
    }

    /// The `i`-th node crashes: it hears and does nothing any more.
    pub fn crash(&mut self, i: u32) {
        self.down.push(i);
        self.alarms.set(i, u64::MAX);
    }

    /// A command from outside to the `i`-th node, with its typed result.
    pub fn command<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        let result = self.turn(i, f);
        self.set_alarm(i);
        result
    }

    /// Lets virtual time pass; whole buckets of half a millisecond.
    ///
    /// In a bucket all packets come before the alarms: no node hears of another's within it, and a node's own timers
    /// run before a packet that comes after them.
    pub fn run(&mut self, span: Duration) {
        let first = self.now;
        let (mut bucket, mut due) = (Vec::new(), Vec::new());
        for start in (0..span.as_micros() as u64 / FLOOR).map(|k| first + k * FLOOR) {
            let edge = start + FLOOR;
            self.wheel.take(edge, &mut bucket);
            bucket.drain(..).for_each(|packet| self.deliver(packet));
            self.alarms.take(start, &mut due);
            due.drain(..).for_each(|node| self.wake(node, edge));
            self.now = edge;
        }
    }

    fn deliver(&mut self, packet: Entry<u32>) {
        let Entry { at, to, from, item: slot, .. } = packet;
        if self.down.contains(&to) {
            self.packets[slot as usize].clear();
            return self.free.push(slot);
        }
        self.ring(to, at);
        self.now = at;
        let mut messages = std::mem::take(&mut self.packets[slot as usize]);
        let origin = Origin { peer: Some(self.index.id(from)), path: Path::new(u64::from(from), None) };
        for message in messages.drain(..) {
            self.events += 1;
            if let Some(tap) = &mut self.tap {
                tap(from, to, &message);
            }
            self.turn(to, |p, cx| p.on_message(cx, origin, message));
        }
        self.packets[slot as usize] = messages;
        self.free.push(slot);
        self.set_alarm(to);
    }

    fn wake(&mut self, i: u32, edge: u64) {
        self.events += 1;
        self.ring(i, edge);
        self.set_alarm(i);
    }

    /// Runs the timers of a node that are due before a moment.
    fn ring(&mut self, i: u32, before: u64) {
        loop {
            let timers = &mut self.hosts[i as usize].timers;
            let Some((at, _)) = timers.next().filter(|next| next.0.0 < before) else { return };
            let timer = timers.take_due(at).expect("it was just seen");
            self.now = at.0;
            self.turn(i, |p, cx| p.on_timer(cx, timer));
        }
    }

    fn set_alarm(&mut self, i: u32) {
        let next = self.hosts[i as usize].timers.next();
        self.alarms.set(i, next.map_or(u64::MAX, |(at, _)| at.0));
    }

    fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        let now = Time(self.now);
        let wall = Wall(self.now / 1000);
        let Host { protocol, rng, timers, .. } = &mut self.hosts[i as usize];
        let desk = &mut self.desk;
        desk.begin(now, std::mem::take(timers));
        let result = f(protocol, &mut Context::new(now, wall, rng, &Nobody, desk));
        while let Some(refused) = desk.refused() {
            protocol.on_stream(&mut Context::new(now, wall, rng, &Nobody, desk), refused, StreamNews::Closed(Why::Refused));
        }
        while let Some((to, mut messages)) = desk.said() {
            let (node, peer) = to.resolve(&self.index);
            let mut sink = FillSink(&mut *desk);
            let mut cx = Context::new(now, wall, rng, &Nobody, &mut sink);
            protocol.fill(&mut cx, Outlet::Packet(peer), &mut Room::new(&mut Packet(&mut messages)));
            if let Some(scale) = &mut self.scale {
                scale.weigh(&messages);
            }
            let lost = self.loss_ppm > 0 && self.dice.chance(self.loss_ppm);
            let Some(to) = node.filter(|_| !lost) else {
                messages.clear();
                desk.give_back(messages);
                continue;
            };
            let slot = self.free.pop().unwrap_or_else(|| {
                self.packets.push(Vec::new());
                self.packets.len() as u32 - 1
            });
            std::mem::swap(&mut self.packets[slot as usize], &mut messages);
            desk.give_back(messages);
            let at = self.now + FLOOR + u64::from(rng.below(SPREAD));
            self.wheel.push(Entry { at, to, from: i, count: desk.next_count(), item: slot });
        }
        self.hosts[i as usize].timers = desk.end();
        if let Some(ear) = &mut self.ear {
            self.desk.told().for_each(|event| ear(now, i, event));
        }
        result
    }
}
