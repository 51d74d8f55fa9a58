//! Runs any protocol, or composition, among N copies of itself in virtual time: no node, no codec, no bytes.
//!
//! One packet per turn and peer, lost as one; streams are ordered pipes that a cut ends. Sites are numbered `1..=n`
//! and their ids are those numbers, so [`Upto`] is their table of peers.

mod beat;
mod desk;
mod disk;
mod pipes;

use crate::context::{Batch, Context, Receipt};
use crate::mix;
use crate::peer::{Change, Except, PeerId, Upto};
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::room::{FillSink, Offer, Room};
use crate::stream::{Origin, Outlet, Path, StreamNews, Why};
use crate::time::{Time, Wall};
use desk::Desk;
use disk::Disk;
use pipes::{End, Pipes};
use std::collections::BTreeMap;
use std::time::Duration;

pub use beat::{Beat, Pulse};

/// What the links between sites do.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    /// The shortest and the longest time a packet takes.
    pub delay: (Duration, Duration),
    /// Packets lost, in a million. Streams lose nothing.
    pub loss_ppm: u32,
    /// Messages that fit into a packet, piggyback included.
    pub packet: usize,
}

impl Default for Links {
    fn default() -> Self {
        Links { delay: (Duration::from_micros(500), Duration::from_millis(2)), loss_ppm: 0, packet: 40 }
    }
}

struct Site<P: Protocol> {
    protocol: P,
    desk: Desk<P>,
    rng: Rng,
    up: bool,
}

enum Due<P: Protocol> {
    Packet { from: PeerId, to: PeerId, messages: Vec<P::Message> },
    Written { to: End, message: P::Message },
    Dial { from: End, to: PeerId },
    Told { to: End, what: StreamNews },
    Shut { to: End },
    Late { end: End, quiet: Option<Duration> },
    Stored { site: PeerId, receipt: Receipt, batch: Batch },
}

/// N copies of a protocol.
pub struct Harness<P: Protocol> {
    sites: Vec<Site<P>>,
    disks: Vec<Disk>,
    index: BTreeMap<PeerId, u32>,
    due: BTreeMap<(Time, u64), Due<P>>,
    order: u64,
    pipes: Pipes,
    links: Links,
    cuts: Vec<(PeerId, PeerId)>,
    /// Who is in no table any more.
    gone: Vec<PeerId>,
    dice: Rng,
    now: Time,
    trace: u64,
    story: Option<Vec<String>>,
}

impl<P: Protocol> Harness<P> {
    /// `n` copies, each told to start at time zero; site `i` has the id `i`.
    pub fn new(n: u32, seed: u64, links: Links, make: impl FnMut(PeerId) -> P) -> Self {
        Harness::with_ids((1..=u64::from(n)).map(PeerId).collect(), seed, links, make)
    }

    /// As [`new`](Harness::new), for protocols that make ids of their own: site `i` has the `i`-th of these, all
    /// different. [`PeerId::contact`]`(i)` reaches site `i` as well.
    pub fn with_ids(ids: Vec<PeerId>, seed: u64, links: Links, mut make: impl FnMut(PeerId) -> P) -> Self {
        let n = ids.len() as u32;
        let site = |i: u32| {
            let me = ids[i as usize - 1];
            Site { protocol: make(me), desk: Desk::new(me), rng: Rng::named(seed, me, "root"), up: true }
        };
        let mut harness = Harness {
            sites: (1..=n).map(site).collect(),
            disks: (1..=n).map(|_| Disk::default()).collect(),
            index: ids.iter().zip(1..).map(|(id, i)| (*id, i)).collect(),
            due: BTreeMap::new(),
            order: 0,
            pipes: Pipes::default(),
            links,
            cuts: Vec::new(),
            gone: Vec::new(),
            dice: Rng::named(seed, PeerId::NONE, "links"),
            now: Time::ZERO,
            trace: 0,
            story: None,
        };
        for i in 1..=n {
            harness.turn(i, |p, cx| p.on_start(cx));
        }
        harness
    }

    /// The virtual time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The copy at site `i`, from 1.
    pub fn site(&self, i: u32) -> &P {
        &self.sites[i as usize - 1].protocol
    }

    /// What site `i` said to its composer since the last call.
    pub fn events(&mut self, i: u32) -> Vec<P::Event> {
        std::mem::take(&mut self.sites[i as usize - 1].desk.events)
    }

    /// Peers' mistakes that site `i` reported.
    pub fn rejected(&self, i: u32) -> &[&'static str] {
        &self.sites[i as usize - 1].desk.rejected
    }

    /// Timers set at site `i`.
    pub fn timers(&self, i: u32) -> usize {
        self.sites[i as usize - 1].desk.timers.len()
    }

    /// A hash over everything that happened so far, in order.
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// Whether site `i` runs.
    pub fn is_up(&self, i: u32) -> bool {
        self.sites[i as usize - 1].up
    }

    /// From now on keep one line for each thing that happens.
    pub fn record(&mut self) {
        self.story = Some(Vec::new());
    }

    /// The lines kept since the last call.
    pub fn story(&mut self) -> Vec<String> {
        self.story.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// What site `i` has persisted, by key: what its next copy restores.
    pub fn disk(&self, i: u32) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.disks[i as usize - 1].data
    }

    /// From now on the disk of site `i` loses what it is asked to keep; or no more.
    pub fn break_disk(&mut self, i: u32, broken: bool) {
        self.disks[i as usize - 1].broken = broken;
    }

    /// Stops site `i` without a word: it hears and says nothing, its timers stand still. What is not stored yet is lost.
    pub fn kill(&mut self, i: u32) {
        self.sites[i as usize - 1].up = false;
        let me = self.id(i);
        self.due.retain(|_, due| !matches!(due, Due::Stored { site, .. } if *site == me));
        for (end, other) in self.pipes.of(self.id(i)) {
            self.pipes.forget(end);
            self.later(Duration::from_millis(1), Due::Told { to: other, what: StreamNews::Closed(Why::Reset) });
        }
    }

    /// Replaces site `i` by a fresh copy and starts it.
    pub fn restart(&mut self, i: u32, protocol: P) {
        self.kill(i);
        let me = self.id(i);
        let site = &mut self.sites[i as usize - 1];
        let streams = site.desk.last_stream();
        *site = Site { protocol, desk: Desk::new(me), rng: site.rng.clone(), up: true };
        site.desk.skip_streams(streams);
        self.turn(i, |p, cx| p.on_start(cx));
    }

    /// Takes site `i` out of all tables of peers, and tells all sites that run that it is down.
    pub fn declare_down(&mut self, i: u32) {
        let id = PeerId(u64::from(i));
        if let Err(at) = self.gone.binary_search(&id) {
            self.gone.insert(at, id);
        }
        for other in (1..=self.sites.len() as u32).filter(|other| *other != i) {
            if self.is_up(other) {
                self.turn(other, |p, cx| p.on_peer(cx, id, Change::Down));
            }
        }
    }

    /// Drops everything from `a` to `b`, until [`heal`](Harness::heal). One way; streams break both ways.
    pub fn cut(&mut self, a: u32, b: u32) {
        self.cuts.push((self.id(a), self.id(b)));
    }

    /// Ends all cuts.
    pub fn heal(&mut self) {
        self.cuts.clear();
    }

    /// A command from outside, typed result and all: `h.turn(1, |core, cx| core.say(cx, b"v2"))`.
    pub fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        let n = self.sites.len() as u32;
        let now = self.now;
        let Site { protocol, desk, rng, .. } = &mut self.sites[i as usize - 1];
        let peers = Except { all: Upto { n, me: PeerId(u64::from(i)) }, gone: &self.gone };
        desk.begin(now);
        let result = f(protocol, &mut Context::new(now, Wall(now.0 / 1000), rng, &peers, desk));
        let mut packets = Vec::new();
        for (to, said) in std::mem::take(&mut desk.out) {
            let mut packet = Packet(said, self.links.packet);
            let mut sink = FillSink(desk);
            let mut cx = Context::new(now, Wall(now.0 / 1000), rng, &peers, &mut sink);
            protocol.fill(&mut cx, Outlet::Packet(to), &mut Room::new(&mut packet));
            packets.push((to, packet.0));
        }
        let from = self.id(i);
        for (to, messages) in packets {
            self.emit(from, to, messages);
        }
        self.settle_streams(i);
        result
    }

    /// Lets virtual time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        self.run_while(end, |_| true);
        self.now = end;
    }

    /// Lets virtual time pass until `done` holds, at most `span`; how long it took, if it did.
    pub fn run_until(&mut self, span: Duration, done: impl Fn(&Self) -> bool) -> Option<Duration> {
        let (start, end) = (self.now, self.now + span);
        self.run_while(end, |h| !done(h));
        done(self).then(|| self.now.since(start))
    }

    fn run_while(&mut self, end: Time, go_on: impl Fn(&Self) -> bool) {
        while go_on(self) {
            let timer = self
                .sites
                .iter()
                .enumerate()
                .filter(|(_, s)| s.up)
                .filter_map(|(i, s)| Some((s.desk.timers.next()?.0, i as u32 + 1)))
                .min();
            let event = self.due.keys().next().copied();
            let at = match (timer, event) {
                (None, None) => return,
                (t, e) => t.map_or(Time::MAX, |t| t.0).min(e.map_or(Time::MAX, |e| e.0)),
            };
            if at > end {
                return;
            }
            self.now = self.now.max(at);
            match event {
                Some(key) if key.0 <= at => {
                    let due = self.due.remove(&key).expect("its key was just seen");
                    self.happen(due);
                }
                _ => {
                    let i = timer.expect("one of the two is due").1;
                    let t = self.sites[i as usize - 1].desk.timers.take_due(self.now).expect("it is due");
                    self.note(|| format!("{i} timer {t:?}"));
                    self.turn(i, |p, cx| p.on_timer(cx, t));
                }
            }
        }
    }

    fn emit(&mut self, from: PeerId, to: PeerId, messages: Vec<P::Message>) {
        assert!(from != to, "said to oneself: {messages:?}");
        let known = self.index(to).is_some();
        let to = self.index(to).map_or(to, |i| self.id(i));
        let lost = self.dice.chance(self.links.loss_ppm) || self.cuts.contains(&(from, to)) || !known;
        let (a, b) = (self.index(from).unwrap_or(0), self.index(to).unwrap_or(0));
        self.note(|| format!("{a} {} {b} {messages:?}", if lost { "-x" } else { "->" }));
        if !lost {
            let delay = self.dice.between(self.links.delay.0, self.links.delay.1);
            self.later(delay, Due::Packet { from, to, messages });
        }
    }

    fn happen(&mut self, due: Due<P>) {
        match due {
            Due::Packet { from, to, messages } => {
                let Some(i) = self.live(to) else { return };
                for message in messages {
                    let origin = Origin { peer: Some(from), path: Path::new(from.0, None) };
                    self.turn(i, |p, cx| p.on_message(cx, origin, message));
                }
            }
            Due::Dial { from, to } => self.dialled(from, to),
            Due::Written { to, message } => self.written(to, message),
            Due::Told { to, what } => self.told(to, what),
            Due::Shut { to } => {
                if self.pipes.shut(to) {
                    let other = self.pipes.other(to);
                    self.told(to, StreamNews::Closed(Why::Done));
                    other.into_iter().for_each(|end| self.told(end, StreamNews::Closed(Why::Done)));
                }
            }
            Due::Late { end, quiet } => self.late(end, quiet),
            Due::Stored { site, receipt, batch } => {
                if let Some(i) = self.live(site) {
                    let outcome = self.disks[i as usize - 1].keep(batch);
                    self.turn(i, |p, cx| p.on_stored(cx, receipt, outcome));
                }
            }
        }
    }

    fn live(&self, peer: PeerId) -> Option<u32> {
        self.index(peer).filter(|i| self.sites[*i as usize - 1].up)
    }

    fn id(&self, i: u32) -> PeerId {
        self.sites[i as usize - 1].desk.me
    }

    fn index(&self, peer: PeerId) -> Option<u32> {
        let contact = peer.is_contact().then_some(PeerId::contact(0).0 ^ peer.0);
        let site = contact.filter(|i| (1..=self.sites.len() as u64).contains(i)).map(|i| i as u32);
        site.or_else(|| self.index.get(&peer).copied())
    }

    fn later(&mut self, after: Duration, due: Due<P>) {
        self.order += 1;
        self.due.insert((self.now + after, self.order), due);
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let line = format!("{:?} {}", self.now, line());
        self.trace = line.bytes().fold(self.trace, |h, b| mix(h ^ u64::from(b)));
        if let Some(story) = &mut self.story {
            story.push(line);
        }
    }

    fn stream_delay(&mut self) -> Duration {
        // An ordered lane: a constant delay keeps its order.
        self.links.delay.1
    }

    /// Turns what a turn did to streams and storage into things to come.
    fn settle_streams(&mut self, i: u32) {
        let me = self.id(i);
        let done = self.sites[i as usize - 1].desk.take_done();
        let delay = self.stream_delay();
        for (stream, to, class, deadline) in done.opened {
            let end = End { site: me, stream };
            self.pipes.open(end, self.now);
            self.later(delay, Due::Dial { from: end, to });
            let quiet = (class == crate::Class::Bulk).then_some(deadline);
            self.later(deadline, Due::Late { end, quiet });
        }
        for (stream, message) in done.written {
            let end = End { site: me, stream };
            self.note(|| format!("{i} => {stream:?} {message:?}"));
            self.pipes.touch(end, self.now);
            self.later(delay * 2, Due::Written { to: end, message });
        }
        for stream in done.closed {
            self.later(delay * 2, Due::Shut { to: End { site: me, stream } });
        }
        for stream in done.woken {
            self.fill_stream(End { site: me, stream });
        }
        for (receipt, batch) in done.stored {
            self.later(Duration::from_millis(1), Due::Stored { site: me, receipt, batch });
        }
    }

    fn fill_stream(&mut self, end: End) {
        let Some(i) = self.live(end.site).filter(|_| self.pipes.is_open(end)) else { return };
        let now = self.now;
        let n = self.sites.len() as u32;
        let Site { protocol, desk, rng, .. } = &mut self.sites[i as usize - 1];
        let peers = Except { all: Upto { n, me: PeerId(u64::from(i)) }, gone: &self.gone };
        let mut chunk = Packet(Vec::new(), 256);
        let mut sink = FillSink(desk);
        let mut cx = Context::new(now, Wall(now.0 / 1000), rng, &peers, &mut sink);
        protocol.fill(&mut cx, Outlet::Stream(end.stream), &mut Room::new(&mut chunk));
        let full = chunk.left() == 0;
        let delay = self.stream_delay() * 2;
        for message in chunk.0 {
            self.note(|| format!("{i} => {:?} {message:?}", end.stream));
            self.later(delay, Due::Written { to: end, message });
        }
        if full {
            self.fill_stream(end);
        }
    }

    fn dialled(&mut self, from: End, to: PeerId) {
        let to = self.index(to).map_or(to, |i| self.id(i));
        let cut = self.cuts.contains(&(from.site, to)) || self.cuts.contains(&(to, from.site));
        let delay = self.stream_delay();
        if cut {
            return; // silence: the deadline ends it
        }
        let Some(i) = self.live(to) else {
            return self.later(delay, Due::Told { to: from, what: StreamNews::Closed(Why::Refused) });
        };
        let stream = self.sites[i as usize - 1].desk.next_stream();
        let end = End { site: to, stream };
        self.pipes.join(from, end, self.now);
        self.later(delay, Due::Told { to: from, what: StreamNews::Opened });
        self.later(Duration::from_secs(10), Due::Late { end, quiet: Some(Duration::from_secs(10)) });
    }

    /// `from` wrote this; it reaches the other end.
    fn written(&mut self, from: End, message: P::Message) {
        let Some(to) = self.pipes.other(from) else { return };
        if self.cuts.contains(&(from.site, to.site)) || self.cuts.contains(&(to.site, from.site)) {
            return;
        }
        if let Some(i) = self.live(to.site) {
            self.pipes.touch(to, self.now);
            let origin = Origin { peer: Some(from.site), path: Path::new(from.site.0, Some(to.stream)) };
            self.turn(i, |p, cx| p.on_message(cx, origin, message));
        }
    }

    fn told(&mut self, to: End, what: StreamNews) {
        if !self.pipes.knows(to) {
            return;
        }
        let Some(i) = self.live(to.site) else { return };
        if let StreamNews::Closed(why) = what {
            if let Some(other) = self.pipes.other(to).filter(|_| why != Why::Done) {
                self.later(Duration::from_millis(1), Due::Told { to: other, what: StreamNews::Closed(Why::Reset) });
            }
            self.pipes.forget(to);
        }
        self.note(|| format!("{i} stream {:?} {what:?}", to.stream));
        self.turn(i, |p, cx| p.on_stream(cx, to.stream, what));
        if what == StreamNews::Opened {
            self.fill_stream(to);
        }
    }

    fn late(&mut self, end: End, quiet: Option<Duration>) {
        let Some(last) = self.pipes.last(end) else { return };
        match quiet {
            Some(span) if self.now.since(last) < span => {
                let wait = span - self.now.since(last);
                self.later(wait, Due::Late { end, quiet });
            }
            _ => self.told(end, StreamNews::Closed(Why::Late)),
        }
    }
}

struct Packet<M>(Vec<M>, usize);

impl<M> Offer<M> for Packet<M> {
    fn offer(&mut self, message: M) -> Result<(), M> {
        if self.0.len() >= self.1 {
            return Err(message);
        }
        self.0.push(message);
        Ok(())
    }
    /// Messages have no size here; each counts as 40 bytes.
    fn left(&self) -> usize {
        self.1.saturating_sub(self.0.len()) * 40
    }
}
