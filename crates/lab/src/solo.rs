//! One protocol alone, up to millions of nodes: its own messages, no codec, no book, no streams.
//!
//! The same state machine on the same wheel as a [`World`](crate::World) of whole nodes, which it is not: a dial is
//! refused at once, nothing is lost unless told to, and a packet holds as many messages as there are. Packets wait in a slab whose
//! lists are used again, so nothing is allocated per event once it runs.

mod alarms;
mod desk;
mod index;
mod scale;

use crate::cycles::Overlay;
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
    up: bool,
}

/// Hears every message that reaches a node: from which, to which, what.
type Tap<M> = Box<dyn FnMut(u32, u32, &M)>;

/// For protocols that bring their own table of peers.
#[derive(Clone, Copy, Debug)]
pub struct Own(u32);

impl Overlay for Own {
    type View<'a> = Nobody;

    fn len(&self) -> u32 {
        self.0
    }
    fn view(&self, _: u32) -> Nobody {
        Nobody
    }
}

/// N nodes that run one protocol.
pub struct Solo<P: Protocol, O = Own> {
    overlay: O,
    /// The shortest way of a packet, and how much longer one may be, in microseconds.
    delay: (u64, u32),
    loss_ppm: u32,
    hosts: Vec<Host<P>>,
    index: Index,
    wheel: Wheel<u32>,
    alarms: Alarms,
    packets: Vec<Vec<P::Message>>,
    free: Vec<u32>,
    desk: Desk<P>,
    scale: Option<Scale<P::Message>>,
    tap: Option<Tap<P::Message>>,
    now: u64,
    events: u64,
}

impl<P: Protocol> Solo<P> {
    /// `nodes` with their ids, all started at time zero.
    pub fn new(seed: u64, nodes: Vec<(PeerId, P)>) -> Self {
        Solo::with(seed, Own(nodes.len() as u32), nodes)
    }
}

impl<P: Protocol, O: Overlay> Solo<P, O> {
    /// A node for each place of `overlay`, with the id that it has there, all started at time zero.
    pub fn among(seed: u64, overlay: O, mut make: impl FnMut(PeerId) -> P) -> Self {
        let ids = (1..=u64::from(overlay.len())).map(PeerId);
        let nodes = ids.map(|id| (id, make(id))).collect();
        Solo::with(seed, overlay, nodes)
    }

    fn with(seed: u64, overlay: O, nodes: Vec<(PeerId, P)>) -> Self {
        let index = Index::new(nodes.iter().map(|n| n.0));
        let host = |(id, protocol)| Host { protocol, rng: Rng::named(seed, id, "root"), timers: Timers::default(), up: true };
        let hosts: Vec<Host<P>> = nodes.into_iter().map(host).collect();
        let alarms = Alarms::new(hosts.len(), FLOOR);
        let (wheel, packets, free, desk) = (Wheel::new(FLOOR), Vec::new(), Vec::new(), Desk::default());
        let (delay, loss_ppm, scale, tap) = ((FLOOR, SPREAD), 0, None, None);
        let mut solo =
            Solo { overlay, delay, loss_ppm, hosts, index, wheel, alarms, packets, free, desk, scale, tap, now: 0, events: 0 };
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

    /// How long a packet takes from now on, from the shortest to the longest time; the shortest is at least half a millisecond.
    ///
    /// # Panics
    /// If it is less: what happens in a bucket would follow from what else does.
    pub fn delay(&mut self, from: Duration, to: Duration) {
        assert!(from.as_micros() as u64 >= FLOOR, "{from:?} is less than a bucket");
        self.delay = (from.as_micros() as u64, to.saturating_sub(from).as_micros() as u32);
    }

    /// Loses so many packets in a million from now on.
    pub fn lose(&mut self, ppm: u32) {
        self.loss_ppm = ppm;
    }

    /// Switches a node off, or on again: it hears and does nothing, and keeps what it knows.
    pub fn set_up(&mut self, i: u32, up: bool) {
        self.hosts[i as usize].up = up;
        let next = self.hosts[i as usize].timers.next().filter(|_| up);
        self.alarms.set(i, next.map_or(u64::MAX, |(at, _)| at.0.max(self.now)));
    }

    /// Whether a node is on.
    pub fn is_up(&self, i: u32) -> bool {
        self.hosts[i as usize].up
    }

    /// Virtual time so far.
    pub fn now(&self) -> Time {
        Time(self.now)
    }

    /// Whom each may talk to.
    pub fn overlay(&mut self) -> &mut O {
        &mut self.overlay
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
        let mut messages = std::mem::take(&mut self.packets[slot as usize]);
        if self.hosts[to as usize].up {
            self.ring(to, at);
        } else {
            messages.clear();
        }
        self.now = at;
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
        if self.hosts[to as usize].up {
            self.set_alarm(to);
        }
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
        let (desk, view) = (&mut self.desk, self.overlay.view(i));
        desk.begin(now, std::mem::take(timers));
        let result = f(protocol, &mut Context::new(now, wall, rng, &view, desk));
        while let Some(refused) = desk.refused() {
            protocol.on_stream(&mut Context::new(now, wall, rng, &view, desk), refused, StreamNews::Closed(Why::Refused));
        }
        while let Some((to, mut messages)) = desk.said() {
            let (node, peer) = to.resolve(&self.index);
            let mut sink = FillSink(&mut *desk);
            let mut cx = Context::new(now, wall, rng, &view, &mut sink);
            protocol.fill(&mut cx, Outlet::Packet(peer), &mut Room::new(&mut Packet(&mut messages)));
            if let Some(scale) = &mut self.scale {
                scale.weigh(&messages);
            }
            let lost = self.loss_ppm > 0 && rng.chance(self.loss_ppm);
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
            let at = self.now + self.delay.0 + u64::from(rng.below(self.delay.1));
            self.wheel.push(Entry { at, to, from: i, count: desk.next_count(), item: slot });
        }
        self.hosts[i as usize].timers = desk.end();
        result
    }
}
