//! One protocol alone, up to millions of nodes: its own messages, no codec, no book, no streams.
//!
//! The same state machine on the same wheel as a [`World`](crate::World) of whole nodes, which it is not: a dial is
//! refused at once, nothing is lost, and a packet holds as many messages as there are. One wake-up is live per node;
//! packets wait in a slab whose lists are used again, so nothing is allocated per event once it runs.

mod desk;
mod index;

use crate::wheel::{Entry, Wheel};
use bruit_proto::{
    Context, FillSink, Nobody, Origin, Outlet, Path, PeerId, Protocol, Rng, Room, StreamNews, Time, Timers, Wall, Why,
};
use desk::{Desk, Packet};
use index::Index;
use std::time::Duration;

/// The shortest and the longest way of a packet, in microseconds; the shortest is a bucket of the wheel.
const FLOOR: u64 = 500;
const SPREAD: u32 = 1500;
/// What an entry of the wheel carries when it is no packet.
const WAKE: u32 = u32::MAX;

/// A node: its protocol and when it is to wake.
struct Host<P: Protocol> {
    protocol: P,
    rng: Rng,
    timers: Timers<P::Timer>,
    /// The time of the one wake-up that counts; others that are on the wheel are stale.
    wake: u64,
}

/// N nodes that run one protocol.
pub struct Solo<P: Protocol> {
    hosts: Vec<Host<P>>,
    index: Index,
    wheel: Wheel<u32>,
    packets: Vec<Vec<P::Message>>,
    free: Vec<u32>,
    desk: Desk<P>,
    now: u64,
    events: u64,
}

impl<P: Protocol> Solo<P> {
    /// `nodes` with their ids, all started at time zero.
    pub fn new(seed: u64, nodes: Vec<(PeerId, P)>) -> Self {
        let index = Index::new(nodes.iter().map(|n| n.0));
        let host =
            |(id, protocol)| Host { protocol, rng: Rng::named(seed, id, "root"), timers: Timers::default(), wake: u64::MAX };
        let mut solo = Solo {
            hosts: nodes.into_iter().map(host).collect(),
            index,
            wheel: Wheel::new(FLOOR),
            packets: Vec::new(),
            free: Vec::new(),
            desk: Desk::default(),
            now: 0,
            events: 0,
        };
        for i in 0..solo.hosts.len() as u32 {
            solo.turn(i, |p, cx| p.on_start(cx));
            solo.go_on(i, FLOOR);
        }
        solo
    }

    /// Messages heard and wake-ups so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The protocol of node `i`.
    pub fn protocol(&self, i: u32) -> &P {
        &self.hosts[i as usize].protocol
    }

    /// Lets virtual time pass; whole buckets of half a millisecond.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span.as_micros() as u64 / FLOOR * FLOOR;
        let mut bucket = Vec::new();
        while let Some(start) = self.wheel.take(end, &mut bucket) {
            for entry in bucket.drain(..) {
                self.now = entry.at;
                match entry.item {
                    WAKE => self.wake(entry.to, entry.at, start + FLOOR),
                    packet => self.deliver(entry.to, entry.from, packet, start + FLOOR),
                }
            }
        }
        self.now = end;
    }

    fn wake(&mut self, i: u32, at: u64, edge: u64) {
        let host = &mut self.hosts[i as usize];
        if host.wake != at {
            return;
        }
        host.wake = u64::MAX;
        self.events += 1;
        self.go_on(i, edge);
    }

    fn deliver(&mut self, to: u32, from: u32, packet: u32, edge: u64) {
        let mut messages = std::mem::take(&mut self.packets[packet as usize]);
        let origin = Origin { peer: Some(self.index.id(from)), path: Path::new(u64::from(from), None) };
        for message in messages.drain(..) {
            self.events += 1;
            self.turn(to, |p, cx| p.on_message(cx, origin, message));
        }
        self.go_on(to, edge);
        self.packets[packet as usize] = messages;
        self.free.push(packet);
    }

    /// Runs what is due before the bucket ends, sends what was said, and sees to it that the node wakes again.
    fn go_on(&mut self, i: u32, edge: u64) {
        loop {
            let host = &mut self.hosts[i as usize];
            match host.timers.next() {
                Some((at, _)) if at.0 < edge => {
                    self.now = self.now.max(at.0);
                    let timer = host.timers.take_due(Time(self.now)).expect("it was just seen");
                    self.turn(i, |p, cx| p.on_timer(cx, timer));
                }
                Some((at, _)) if at.0 < host.wake => {
                    host.wake = at.0;
                    let count = self.desk.next_count();
                    return self.wheel.push(Entry { at: at.0, to: i, from: i, count, item: WAKE });
                }
                _ => return,
            }
        }
    }

    fn turn(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>)) {
        let now = Time(self.now);
        let wall = Wall(self.now / 1000);
        let Host { protocol, rng, timers, .. } = &mut self.hosts[i as usize];
        let desk = &mut self.desk;
        desk.begin(now, std::mem::take(timers));
        f(protocol, &mut Context::new(now, wall, rng, &Nobody, desk));
        while let Some(refused) = desk.refused() {
            protocol.on_stream(&mut Context::new(now, wall, rng, &Nobody, desk), refused, StreamNews::Closed(Why::Refused));
        }
        while let Some((to, mut messages)) = desk.said() {
            let (node, peer) = to.resolve(&self.index);
            let mut sink = FillSink(&mut *desk);
            let mut cx = Context::new(now, wall, rng, &Nobody, &mut sink);
            protocol.fill(&mut cx, Outlet::Packet(peer), &mut Room::new(&mut Packet(&mut messages)));
            let Some(to) = node else { continue };
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
    }
}
