use super::alarms::Alarms;
use super::desk::{Desk, Spare, To};
use super::scale::Scale;
use super::{Common, Stalls, Witness, desk};
use crate::cycles::Overlay;
use crate::fuse::Fuse;
use crate::links::Uplink;
use crate::wheel::{Entry, Wheel};
use bruit_kit::Few;
use bruit_proto::{Context, FillSink, Origin, Outlet, Path, Protocol, Rng, Room, StreamId, StreamNews, Time, Timers, Wall, Why};
use std::ops::Range;

/// Nodes that are looked at ahead of their turns: as many as a processor fetches from memory at once.
const GROUP: usize = 16;

/// What one turn said to one peer.
pub(super) type Packet<M> = Few<M>;

/// In which order the packets of one bucket are heard. Each node hears its own in order of time, whichever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Node by node.
    Nodes,
    /// Node by node from the last.
    NodesReversed,
    /// As they come.
    Time,
}

/// A node: its protocol, its dice, what it waits for, how many packets it has sent.
#[derive(Debug)]
pub(super) struct Host<P: Protocol> {
    pub(super) protocol: P,
    rng: Rng,
    timers: Timers<P::Timer>,
    count: u32,
    pub(super) up: bool,
}

impl<P: Protocol> Host<P> {
    pub(super) fn new(protocol: P, rng: Rng) -> Self {
        Host { protocol, rng, timers: Timers::default(), count: 0, up: true }
    }
}

/// Nodes that one thread runs, and what is to happen to them.
pub(super) struct Shard<P: Protocol> {
    /// The number of its first node.
    pub(super) first: u32,
    /// Nodes of every shard but the last.
    size: u32,
    pub(super) hosts: Vec<Host<P>>,
    /// Empty where links remember nothing.
    uplinks: Vec<Uplink>,
    /// Until when nodes stand at what they send. Empty where nobody stalls.
    stands: Vec<u64>,
    wheel: Wheel<Packet<P::Message>>,
    alarms: Alarms,
    said: Vec<(To, Packet<P::Message>)>,
    dials: Vec<StreamId>,
    ids: u64,
    bucket: Vec<Entry<Packet<P::Message>>>,
    due: Vec<u32>,
    /// For the other shards.
    out: Vec<Vec<Entry<Packet<P::Message>>>>,
    /// What nodes told their users, if that is kept: when, which node, what.
    pub(super) told: Option<Vec<(Time, u32, P::Event)>>,
    pub(super) scale: Option<Scale<P::Message>>,
    /// Of one of its nodes.
    pub(super) fuse: Option<Fuse<P::Message>>,
    pub(super) events: u64,
}

impl<P: Protocol> Shard<P> {
    pub(super) fn new<O: Overlay>(first: u32, size: u32, hosts: Vec<Host<P>>, common: &Common<O>) -> Self {
        let shards = common.overlay.len().div_ceil(size);
        let mut shard = Shard {
            first,
            size,
            uplinks: Vec::new(),
            stands: Vec::new(),
            wheel: Wheel::new(common.width),
            alarms: Alarms::new(hosts.len(), common.width),
            hosts,
            said: Vec::new(),
            dials: Vec::new(),
            ids: 0,
            bucket: Vec::new(),
            due: Vec::new(),
            out: (0..shards).map(|_| Vec::new()).collect(),
            told: None,
            scale: None,
            fuse: None,
            events: 0,
        };
        shard.remember(common.medium.remembers());
        shard
    }

    /// Whether links have anything to remember from now on.
    pub(super) fn remember(&mut self, remembers: bool) {
        self.uplinks.resize(if remembers { self.hosts.len() } else { 0 }, Uplink::default());
    }

    /// Nodes may stand from now on.
    pub(super) fn may_stand(&mut self) {
        self.stands.resize(self.hosts.len(), 0);
    }

    pub(super) fn set_up(&mut self, now: u64, i: u32, up: bool) {
        let i = i - self.first;
        let host = &mut self.hosts[i as usize];
        host.up = up;
        if let Some((at, _)) = host.timers.next().filter(|_| up) {
            self.alarms.set(i, at.0.max(now));
        }
    }

    /// Another protocol at the place of one, which is given back: switched on, with the dice of the place and nothing due.
    pub(super) fn replace(&mut self, i: u32, protocol: P) -> P {
        let host = &mut self.hosts[(i - self.first) as usize];
        (host.timers, host.up) = (Timers::default(), true);
        self.fuse.iter_mut().for_each(|fuse| fuse.replaced(i));
        std::mem::replace(&mut host.protocol, protocol)
    }

    /// What this shard has for another.
    pub(super) fn take_for(&mut self, shard: usize) -> Vec<Entry<Packet<P::Message>>> {
        self.out.get_mut(shard).map(std::mem::take).unwrap_or_default()
    }

    /// What another shard had for this one.
    pub(super) fn hear(&mut self, entries: Vec<Entry<Packet<P::Message>>>) {
        entries.into_iter().for_each(|entry| self.wheel.push(entry));
    }

    pub(super) fn command<O: Overlay, R>(
        &mut self,
        common: &Common<O>,
        now: u64,
        i: u32,
        witness: &mut impl Witness<P>,
        f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R,
    ) -> R {
        let result = self.turn(common, now, (i - self.first, None), witness, f);
        self.set_alarm(i - self.first);
        result
    }

    /// Lives through the bucket that begins at `start`. All packets come before the alarms: a node's own timers run before a
    /// packet that comes after them.
    pub(super) fn bucket<O: Overlay>(&mut self, common: &Common<O>, start: u64, witness: &mut impl Witness<P>) {
        let edge = start + common.width;
        let mut bucket = std::mem::take(&mut self.bucket);
        self.wheel.take(edge, &mut bucket);
        match common.order {
            Order::Nodes => {}
            Order::NodesReversed => bucket.sort_by_key(|entry| std::cmp::Reverse(entry.to)),
            Order::Time => bucket.sort_by_key(|entry| entry.at),
        }
        let mut packets = bucket.drain(..);
        while !packets.as_slice().is_empty() {
            self.touch(packets.as_slice().iter().take(GROUP).map(|packet| packet.to - self.first));
            packets.by_ref().take(GROUP).for_each(|packet| self.deliver(common, start, packet, witness));
        }
        drop(packets);
        self.bucket = bucket;
        let mut due = std::mem::take(&mut self.due);
        self.alarms.take(start, &mut due);
        for group in due.chunks(GROUP) {
            self.touch(group.iter().copied());
            group.iter().for_each(|i| self.wake(common, *i, start..edge, witness));
        }
        due.clear();
        self.due = due;
    }

    /// Looks at what the processor will need of some nodes, all at once: it waits for memory once, and not for each.
    fn touch(&self, nodes: impl Iterator<Item = u32>) {
        let look = |sum: u64, i: u32| {
            let Host { timers, count, up, .. } = &self.hosts[i as usize];
            sum ^ u64::from(*count) ^ u64::from(*up) ^ u64::from(timers.is_empty())
        };
        std::hint::black_box(nodes.fold(0, look));
    }

    fn wake<O: Overlay>(&mut self, common: &Common<O>, i: u32, bucket: Range<u64>, witness: &mut impl Witness<P>) {
        if !self.hosts[i as usize].up {
            return;
        }
        if let Some(stalls) = &common.stalls {
            if self.stands(i, bucket.start) {
                return self.alarms.set(i, self.stands[i as usize]);
            }
            self.go_on(common, stalls, i, bucket.start, witness);
        }
        if self.hosts[i as usize].timers.next().is_some_and(|next| next.0.0 < bucket.end) {
            self.events += 1;
            self.ring(common, i, bucket, witness);
        }
        self.set_alarm(i);
    }

    fn deliver<O: Overlay>(
        &mut self,
        common: &Common<O>,
        start: u64,
        packet: Entry<Packet<P::Message>>,
        witness: &mut impl Witness<P>,
    ) {
        let Entry { at, to, from, item, .. } = packet;
        let i = to - self.first;
        if !self.hosts[i as usize].up {
            return witness.wasted(item.len() as u64);
        }
        if let Some(stalls) = &common.stalls {
            self.go_on(common, stalls, i, start, witness);
        }
        self.ring(common, i, start..at, witness);
        let origin = Origin { peer: Some(common.index.id(from)), path: Path::new(u64::from(from), None) };
        for message in item {
            self.events += 1;
            witness.heard(from, to, &message);
            self.turn(common, at, (i, Some(from)), witness, |p, cx| p.on_message(cx, origin, message));
        }
        self.set_alarm(i);
    }

    /// Whether a node stands at what it sends.
    fn stands(&self, i: u32, now: u64) -> bool {
        self.stands.get(i as usize).is_some_and(|until| *until > now)
    }

    /// Tells a node's protocol that it stood still, if it did and notices; its deadlines are not overdue any more.
    fn go_on<O: Overlay>(&mut self, common: &Common<O>, stalls: &Stalls, i: u32, now: u64, witness: &mut impl Witness<P>) {
        let Some((due, _)) = self.hosts[i as usize].timers.next() else { return };
        if let Some(lost) = stalls.notices(self.first + i, due, now) {
            self.turn(common, now, (i, None), witness, |p, cx| p.on_pause(cx, lost));
            self.ring(common, i, now..now, witness);
        }
    }

    /// Runs the timers of a node that are due before the end of a span; at its start those that were due before, when it
    /// was off.
    fn ring<O: Overlay>(&mut self, common: &Common<O>, i: u32, span: Range<u64>, witness: &mut impl Witness<P>) {
        loop {
            let stands = self.stands(i, span.start);
            let timers = &mut self.hosts[i as usize].timers;
            let Some((at, _)) = timers.next().filter(|next| next.0.0 < span.end && !stands) else { return };
            let timer = timers.take_due(at).expect("it was just seen");
            self.turn(common, at.0.max(span.start), (i, None), witness, |p, cx| p.on_timer(cx, timer));
        }
    }

    fn set_alarm(&mut self, i: u32) {
        if let Some((at, _)) = self.hosts[i as usize].timers.next() {
            self.alarms.set(i, at.0);
        }
    }

    /// A turn of a node, after whose message if it is after one.
    fn turn<O: Overlay, R>(
        &mut self,
        common: &Common<O>,
        now: u64,
        (i, after): (u32, Option<u32>),
        witness: &mut impl Witness<P>,
        f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R,
    ) -> R {
        let (time, wall, me) = (Time(now), Wall(now / 1000), self.first + i);
        let view = common.overlay.view(me);
        let Host { protocol, rng, timers, count, up } = &mut self.hosts[i as usize];
        let (said, dials, told, ids) = (&mut self.said, &mut self.dials, &mut self.told, &mut self.ids);
        let mut desk = Desk { now: time, acts: 0, timers, said, dials, told, me, ids };
        let result = f(protocol, &mut Context::new(time, wall, rng, &view, &mut desk));
        while let Some(refused) = desk.dials.pop() {
            let mut cx = Context::new(time, wall, rng, &view, &mut desk);
            protocol.on_stream(&mut cx, refused, StreamNews::Closed(Why::Refused));
        }
        let fuse = self.fuse.as_mut().filter(|fuse| fuse.node == me);
        let burnt = fuse.is_some_and(|fuse| {
            let said = fuse.burn(desk.said.iter().map(|(_, packet)| &**packet));
            desk.said.truncate(said);
            fuse.is_burnt()
        });
        let leaves = common.stalls.map_or(now, |stalls| stalls.passes(me, now));
        if leaves > now && !desk.said.is_empty() {
            self.stands[i as usize] = leaves;
        }
        while let Some((to, mut packet)) = desk.said.pop() {
            let (node, peer) = to.resolve(&common.index, common.overlay.len());
            let mut sink = FillSink(&mut desk);
            let mut cx = Context::new(time, wall, rng, &view, &mut sink);
            protocol.fill(&mut cx, Outlet::Packet(peer), &mut Room::new(&mut Spare(&mut packet)));
            let bytes = self.scale.as_mut().map_or(packet.len() * desk::MESSAGE, |scale| scale.weigh(&packet));
            let Some(to) = node else { continue };
            *count = count.wrapping_add(1);
            let (mut dice, mut none) = (common.dice(me, *count), Uplink::default());
            let uplink = self.uplinks.get_mut(i as usize).unwrap_or(&mut none);
            let arrives = common.medium.carry((me, to), leaves, bytes, uplink, &mut dice).filter(|_| common.passes(me, to));
            let arrives = arrives.map(|(at, _)| common.stalls.map_or(at, |stalls| stalls.passes(to, at)));
            witness.sent(time, me, to, arrives.map(Time));
            let Some(at) = arrives else { continue };
            let entry = Entry { at, to, from: me, count: *count, item: packet };
            if to / self.size == self.first / self.size {
                self.wheel.push(entry);
            } else {
                self.out[(to / self.size) as usize].push(entry);
            }
        }
        witness.turned(time, me, after, protocol);
        if burnt {
            *up = false;
            witness.crashed(time, me);
        }
        result
    }
}
