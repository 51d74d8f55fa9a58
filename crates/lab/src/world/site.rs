//! One host: its clocks, disk and connections, and the process on it. This is the lab's driver of a [`Node`], as the
//! tokio driver is that of real sockets.

use super::disk::Disk;
use super::post::{End, Input, Post, Segment};
use super::slow::Slow;
use super::streams::{News, Streams, refuse, welcome};
use super::traffic::Traffic;
use super::{Shared, Told};
use crate::clock::Clock;
use crate::links::{GROUP, Host, Uplink};
use crate::wheel::Entry;
use bruit_node::{Node, Now, Output};
use bruit_proto::{Batch, PeerId, Protocol, Receipt, Rng, Wire, mix};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Datagrams that a paused process finds when it goes on: Linux's default buffer, 212,992 bytes, at 832 for a small one.
const SOCKET_BUFFER: usize = 256;
/// Inputs that a driver takes before it looks at its timers.
pub(super) const BATCH: usize = 64;
/// What a disk takes to keep a batch, in microseconds: mostly a millisecond, and now and then a hundred.
const DISK_LATENCY: [u64; 8] = [1_000, 1_000, 1_000, 1_000, 1_000, 5_000, 20_000, 100_000];
/// Timers that may be due one after another at one instant; more is a node that never sleeps.
const MAX_TICKS: u32 = 10_000;

pub(crate) struct Site<P: Protocol> {
    me: u32,
    pub(crate) node: Option<Node<P>>,
    pub(crate) clock: Clock,
    pub(crate) disk: Disk,
    disk_dice: Rng,
    /// What the disk was asked for and has not done, in order; and when it has done all of it.
    writing: VecDeque<(Receipt, Batch)>,
    written_at: u64,
    pub(crate) streams: Streams,
    pub(crate) traffic: Traffic,
    /// How many processes this host has started.
    pub(crate) life: u32,
    /// Until when the process stands still, in microseconds.
    pub(crate) paused: Option<u64>,
    /// Its processor, while it is slow.
    pub(super) slow: Option<Slow>,
    dice: Rng,
    uplink: Uplink,
    count: u32,
    /// When the one wake-up that counts comes.
    wake: Option<u64>,
    held: VecDeque<Entry<Input>>,
    held_packets: usize,
    /// A hash over all that the process was told.
    pub(crate) trace: u64,
}

impl<P: Protocol> Site<P>
where
    P::Message: Wire,
{
    pub(crate) fn new(me: u32, seed: u64) -> Self {
        Site {
            me,
            node: None,
            clock: Clock::new(0, 0),
            disk: Disk::default(),
            disk_dice: Rng::named(seed, PeerId(u64::from(me)), "disk"),
            writing: VecDeque::new(),
            written_at: 0,
            streams: Streams::default(),
            traffic: Traffic::default(),
            life: 0,
            paused: None,
            slow: None,
            dice: Rng::named(seed, PeerId(u64::from(me)), "link"),
            uplink: Uplink::default(),
            count: 0,
            wake: None,
            held: VecDeque::new(),
            held_packets: 0,
            trace: 0,
        }
    }

    /// Runs a new process.
    pub(crate) fn start(&mut self, at: u64, node: Node<P>, shared: &mut Shared<P::Event>) {
        self.life += 1;
        self.node = Some(node);
        self.turn(at, shared, Node::start);
        self.set_alarm(shared);
    }

    /// Ends the process. Its kernel resets its connections, unless the host goes with it.
    pub(crate) fn stop(&mut self, at: u64, shared: &mut Shared<P::Event>) {
        self.node = None;
        // One batch may be half written. Those behind it are not there.
        if let Some((_, batch)) = self.writing.pop_front() {
            self.disk.tear(&batch, &mut self.disk_dice);
        }
        self.writing.clear();
        self.written_at = 0;
        (self.paused, self.wake, self.held_packets) = (None, None, 0);
        self.held.clear();
        let (mut post, streams) = self.post(at, shared);
        streams.end(&mut post);
    }

    /// Runs a command in the process, which must be there.
    pub(crate) fn command<R>(&mut self, at: u64, shared: &mut Shared<P::Event>, f: impl FnOnce(&mut Node<P>, Now) -> R) -> R {
        let now = self.clock.read(at);
        let node = self.node.as_mut().expect("a command needs a running process");
        let result = f(node, now);
        self.perform(at, shared);
        self.set_alarm(shared);
        result
    }

    /// Lives through one bucket: what came, in order, and every timer that is due in between.
    pub(crate) fn live(&mut self, start: u64, inputs: impl Iterator<Item = Entry<Input>>, shared: &mut Shared<P::Event>) {
        let end = start + shared.wheel.width();
        if self.wake.is_some_and(|w| w < end) {
            self.wake = None;
        }
        if self.node.is_none() {
            return inputs.for_each(|entry| self.kernel_alone(entry, shared));
        }
        if self.paused.is_some_and(|until| until >= end) {
            inputs.for_each(|entry| self.hold(entry, shared));
            return self.set_alarm(shared);
        }
        let stood = self.paused.take().is_some();
        let over = self.slow.take_if(|slow| slow.until < end).is_some();
        if let Some(mut slow) = self.slow {
            if stood {
                slow.goes_on(start);
            }
            self.slow = Some(self.toil(slow, start, inputs, shared));
            return self.set_alarm(shared);
        }
        if stood || over {
            self.catch_up(start, shared);
        }
        let mut inputs = inputs.peekable();
        loop {
            let due = self.due().map(|due| due.max(start)).filter(|due| *due < end);
            match inputs.peek() {
                // Sockets before timers.
                Some(input) if due.is_none_or(|due| input.at <= due) => {
                    let entry = inputs.next().expect("it was just seen");
                    self.take(entry.at, entry, shared);
                }
                _ => match due {
                    Some(due) => self.ring(due, shared),
                    None => break,
                },
            }
        }
        self.set_alarm(shared);
    }

    /// Lives through one bucket on a slow processor: what comes waits for its turn, and timers for theirs.
    fn toil(
        &mut self,
        mut slow: Slow,
        start: u64,
        inputs: impl Iterator<Item = Entry<Input>>,
        shared: &mut Shared<P::Event>,
    ) -> Slow {
        let end = start + shared.wheel.width();
        let mut inputs = inputs.peekable();
        loop {
            let job = slow.next(self.held.front().map(|entry| entry.at), self.due());
            // A timer that was brought forward may have been due in the past.
            let done = job.map(|job| job.done.max(start)).filter(|done| *done < end);
            match (job, done) {
                (Some(job), Some(done)) if inputs.peek().is_none_or(|input| input.at > done) => {
                    slow.finish(job, done);
                    if job.input { self.take_held(done, shared) } else { self.tick(done, shared) }
                }
                _ => match inputs.next() {
                    Some(entry) => self.hold(entry, shared),
                    None => return slow,
                },
            }
        }
    }

    /// The process goes on after a pause, or as fast as any again: what its kernel kept for it, then the timers, which are
    /// late.
    fn catch_up(&mut self, at: u64, shared: &mut Shared<P::Event>) {
        while !self.held.is_empty() {
            (0..BATCH).for_each(|_| self.take_held(at, shared));
            self.ring(at, shared);
        }
        self.ring(at, shared);
    }

    fn ring(&mut self, at: u64, shared: &mut Shared<P::Event>) {
        let mut ticks = 0;
        while self.due().is_some_and(|due| due <= at) {
            self.tick(at, shared);
            ticks += 1;
            assert!(ticks < MAX_TICKS, "node {} has a timer due again and again at {at} µs", self.me);
        }
    }

    fn tick(&mut self, at: u64, shared: &mut Shared<P::Event>) {
        self.note(at, 1, 0);
        self.turn(at, shared, Node::tick);
    }

    /// What a host does whose process does not run.
    fn kernel_alone(&mut self, entry: Entry<Input>, shared: &mut Shared<P::Event>) {
        match entry.item {
            Input::Packet(_) | Input::Group(_) => self.traffic.unheard += 1,
            Input::Segment(end, segment) if shared.network.hosts[self.me as usize] == Host::Down => {
                let (mut post, _) = self.post(entry.at, shared);
                refuse(&mut post, entry.from, end, &segment);
            }
            _ => {}
        }
    }

    /// What a host does whose process stands still or has something in hand: it answers dials and keeps what comes.
    fn hold(&mut self, entry: Entry<Input>, shared: &mut Shared<P::Event>) {
        match entry.item {
            Input::Wake => return,
            Input::Packet(_) | Input::Group(_) if self.held_packets >= self.room() => {
                self.traffic.overflown += 1;
                return self.traffic.overrun += u64::from(self.paused.is_none());
            }
            Input::Packet(_) | Input::Group(_) => self.held_packets += 1,
            Input::Segment(end, Segment::Syn) => {
                let (mut post, _) = self.post(entry.at, shared);
                welcome(&mut post, entry.from, end);
            }
            _ => {}
        }
        self.held.push_back(entry);
    }

    /// Datagrams for which the socket buffer has room.
    fn room(&self) -> usize {
        self.slow.map_or(SOCKET_BUFFER, |slow| slow.queue)
    }

    /// Tells the process the first thing that waits for it.
    fn take_held(&mut self, at: u64, shared: &mut Shared<P::Event>) {
        let Some(entry) = self.held.pop_front() else { return };
        if matches!(entry.item, Input::Packet(_) | Input::Group(_)) {
            self.held_packets -= 1;
        }
        self.take(at, entry, shared);
    }

    /// Tells the process one thing.
    fn take(&mut self, at: u64, entry: Entry<Input>, shared: &mut Shared<P::Event>) {
        let from = entry.from;
        match entry.item {
            Input::Wake => {}
            Input::Packet(bytes) => {
                self.traffic.heard += 1;
                self.note(at, 2 + (u64::from(from) << 8), digest(&bytes));
                let address = shared.network.address(from);
                if let Some(tap) = &mut shared.tap {
                    tap(Duration::from_micros(at), from, self.me, &bytes);
                }
                if shared.packets {
                    shared.story_at(at, || format!("{} <- {from}: {} B", self.me, bytes.len()));
                }
                self.turn(at, shared, |node, now| node.receive(now, address, &bytes));
            }
            Input::Group(bytes) => {
                self.traffic.heard += 1;
                self.note(at, 10 + (u64::from(from) << 8), digest(&bytes));
                let address = shared.network.address(from);
                if shared.packets {
                    shared.story_at(at, || format!("{} <- {from}, to all: {} B", self.me, bytes.len()));
                }
                self.turn(at, shared, |node, now| node.receive_group(now, address, &bytes));
            }
            Input::Segment(end, Segment::Syn) => {
                self.note(at, 3 + (u64::from(from) << 8), u64::from(end.number));
                self.accept(at, entry.at, from, end, shared);
            }
            Input::Segment(end, segment) => {
                let (mut post, streams) = self.post(at, shared);
                let news = streams.receive(&mut post, from, end, segment);
                self.tell(at, news, shared);
            }
            Input::Retry(end) => {
                let (mut post, streams) = self.post(at, shared);
                let news = streams.retry(&mut post, end, entry.at);
                self.tell(at, news, shared);
            }
            Input::Stored { life } if life == self.life => {
                let (receipt, batch) = self.writing.pop_front().expect("each is done once");
                let outcome = self.disk.keep(batch);
                self.note(at, 4, receipt.0);
                self.turn(at, shared, |node, now| node.stored(now, receipt, outcome));
            }
            Input::Stored { .. } => {}
        }
    }

    fn accept(&mut self, at: u64, came: u64, from: u32, end: End, shared: &mut Shared<P::Event>) {
        if self.streams.knows(end) {
            return;
        }
        // One that had to wait was answered when it came.
        if came == at {
            let (mut post, _) = self.post(at, shared);
            welcome(&mut post, from, end);
        }
        let address = ephemeral(shared.network.address(from).ip(), end);
        let now = self.clock.read(at);
        match self.node.as_mut().and_then(|node| node.stream_accepted(now, address)) {
            Some(stream) => self.streams.accepted(end, from, stream),
            None => {
                let (mut post, _) = self.post(at, shared);
                refuse(&mut post, from, end, &Segment::Syn);
            }
        }
        self.perform(at, shared);
    }

    fn tell(&mut self, at: u64, news: Option<News>, shared: &mut Shared<P::Event>) {
        let Some(news) = news else { return };
        match news {
            News::Opened(stream) => {
                self.note(at, 5, stream.0);
                self.turn(at, shared, |node, now| node.stream_opened(now, stream));
            }
            News::Received(stream, bytes) => {
                self.note(at, 6 + (stream.0 << 8), digest(&bytes));
                self.turn(at, shared, |node, now| node.stream_receive(now, stream, &bytes));
            }
            News::Sent(stream, bytes) => {
                self.note(at, 7 + (stream.0 << 8), bytes as u64);
                self.turn(at, shared, |node, now| node.stream_sent(now, stream, bytes));
            }
            News::Ended(stream) => {
                self.note(at, 8, stream.0);
                self.turn(at, shared, |node, now| node.stream_ended(now, stream));
            }
            News::Failed(stream, why) => {
                self.note(at, 9 + (stream.0 << 8), why as u64);
                self.turn(at, shared, |node, now| node.stream_failed(now, stream, why));
            }
        }
    }

    fn turn(&mut self, at: u64, shared: &mut Shared<P::Event>, f: impl FnOnce(&mut Node<P>, Now)) {
        let now = self.clock.read(at);
        if let Some(node) = &mut self.node {
            f(node, now);
            self.perform(at, shared);
        }
    }

    /// Does what the node asks for.
    fn perform(&mut self, at: u64, shared: &mut Shared<P::Event>) {
        let me = self.me;
        while let Some(output) = self.node.as_mut().and_then(Node::poll) {
            let (mut post, streams) = self.post(at, shared);
            let news = match output {
                Output::Packet { to: GROUP, bytes } => {
                    post.group(&bytes);
                    None
                }
                Output::Packet { to, bytes } => {
                    let to = post.network.node_at(to);
                    post.packet(to, bytes);
                    None
                }
                Output::Dial { stream, to } => {
                    let to = post.network.node_at(to);
                    streams.dial(&mut post, stream, to);
                    None
                }
                Output::Write { stream, bytes } => streams.write(&mut post, stream, bytes),
                Output::Shut { stream } => streams.shut(&mut post, stream),
                Output::Drop { stream } => {
                    streams.drop(&mut post, stream);
                    None
                }
                Output::Persist { receipt, batch } => {
                    self.persist(at, receipt, batch, shared);
                    None
                }
                Output::Event(event) => {
                    let at = Duration::from_micros(at);
                    shared.told.push(Told { at, node: me, event });
                    None
                }
            };
            if let Some(News::Sent(stream, bytes)) = news {
                let now = self.clock.read(at);
                let node = self.node.as_mut().expect("it was just asked");
                node.stream_sent(now, stream, bytes);
            }
        }
    }

    /// One after the other, as a disk does.
    fn persist(&mut self, at: u64, receipt: Receipt, batch: Batch, shared: &mut Shared<P::Event>) {
        let takes = DISK_LATENCY[self.disk_dice.below(DISK_LATENCY.len() as u32) as usize];
        self.written_at = self.written_at.max(at) + takes;
        self.writing.push_back((receipt, batch));
        let (after, life) = (self.written_at - at, self.life);
        let (mut post, _) = self.post(at, shared);
        post.later(after, Input::Stored { life });
    }

    /// When the node wants to be woken, in virtual time.
    fn due(&self) -> Option<u64> {
        let (mono, _) = self.node.as_ref()?.deadline()?;
        Some(self.clock.when(mono))
    }

    /// When the process is told something if nothing more comes: on a slow processor, when the next job is done.
    fn next(&self) -> Option<u64> {
        let Some(slow) = &self.slow else { return self.due() };
        let job = slow.next(self.held.front().map(|entry| entry.at), self.due())?;
        Some(job.done.min(slow.until))
    }

    /// Sees to it that the node is woken for its next timer: one wake-up counts, others are stale.
    pub(crate) fn set_alarm(&mut self, shared: &mut Shared<P::Event>) {
        let Some(due) = self.paused.or_else(|| self.next()) else { return };
        let due = due.max(shared.wheel.edge());
        if self.wake.is_none_or(|wake| due < wake) {
            self.wake = Some(due);
            let (mut post, _) = self.post(due, shared);
            post.at(due, post.me, Input::Wake);
        }
    }

    fn post<'a>(&'a mut self, at: u64, shared: &'a mut Shared<P::Event>) -> (Post<'a>, &'a mut Streams) {
        let post = Post {
            me: self.me,
            at,
            network: &shared.network,
            wheel: &mut shared.wheel,
            dice: &mut self.dice,
            uplink: &mut self.uplink,
            count: &mut self.count,
            traffic: &mut self.traffic,
            flights: &mut shared.flights,
        };
        (post, &mut self.streams)
    }

    fn note(&mut self, at: u64, what: u64, detail: u64) {
        self.trace = mix(mix(self.trace ^ at) ^ what) ^ detail;
    }
}

/// Where a connection seems to come from: a port of the dialler's ephemeral range (Linux: 32,768 to 60,999).
fn ephemeral(ip: IpAddr, end: End) -> SocketAddr {
    SocketAddr::new(ip, 32_768 + (end.number % 28_232) as u16)
}

fn digest(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(bytes.len() as u64, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(hash ^ u64::from_le_bytes(word))
    })
}
