//! The world: whole nodes over links, in virtual time.
//!
//! Time goes bucket by bucket. In a bucket, which is no wider than the smallest latency, each node lives through what
//! came for it and its own timers without seeing what the others do; what they say to each other arrives in a later
//! bucket. Faults and commands fall between two buckets. So the order of nodes in a bucket cannot matter, and the same
//! seed gives the same [`trace`](World::trace).

mod disk;
mod post;
mod site;
mod slow;
mod streams;
#[cfg(test)]
mod tests;
mod traffic;

use crate::links::{GROUP, Host, Links, Medium, Network, PORT};
use crate::wheel::{Entry, Wheel};
use bruit_node::{Node, Now};
use bruit_proto::{Context, PeerId, Protocol, Rng, Wire, mix};
use post::Input;
use site::Site;
use slow::Slow;
use std::net::SocketAddr;
use std::time::Duration;

pub use disk::Disk;
pub use traffic::Traffic;

/// The widest bucket, in microseconds: wider ones would make faults coarse.
const WIDEST: u32 = 1_000;
/// How often [`World::run_until`] looks when nobody has told anything.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a process is born with.
#[derive(Debug)]
pub struct Birth<'a> {
    /// Which node.
    pub node: u32,
    /// How many processes this host has started before.
    pub life: u32,
    /// A number that no other process has: seed of its dice, and its session.
    pub seed: u64,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where what is said to all on its link goes, if there is multicast.
    pub group: Option<SocketAddr>,
    /// What earlier lives have left.
    pub disk: &'a Disk,
}

/// Something that a node told its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<E> {
    /// When, in virtual time.
    pub at: Duration,
    /// Who.
    pub node: u32,
    /// What.
    pub event: E,
}

/// All that nodes share: the queue, the network, the book of what was told.
pub(crate) struct Shared<E> {
    wheel: Wheel<Input>,
    network: Network,
    told: Vec<Told<E>>,
    story: Option<Vec<(u64, String)>>,
    /// Whether the story tells of packets.
    packets: bool,
    tap: Option<Tap>,
    flights: Option<Flights>,
    now: u64,
}

impl<E> Shared<E> {
    fn story(&mut self, line: impl FnOnce() -> String) {
        self.story_at(self.now, line);
    }

    fn story_at(&mut self, at: u64, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push((at, line()));
        }
    }
}

/// Hears every datagram that reaches a process: when, from which host, to which, the bytes.
type Tap = Box<dyn FnMut(Duration, u32, u32, &[u8])>;
/// Hears of every datagram that leaves a host for another: when, when it arrives if it does, from which, to which; in
/// microseconds since the world began.
type Flights = Box<dyn FnMut(u64, Option<u64>, u32, u32)>;
type Make<P> = Box<dyn FnMut(Birth<'_>) -> Node<P>>;

/// Nodes, links and a virtual clock.
pub struct World<P: Protocol> {
    seed: u64,
    sites: Vec<Site<P>>,
    shared: Shared<P::Event>,
    make: Make<P>,
    bucket: Vec<Entry<Input>>,
    /// Take the nodes of a bucket from the last to the first. Nothing may change by it; a test says so.
    pub reversed: bool,
}

impl<P: Protocol> World<P>
where
    P::Message: Wire,
{
    /// A world with `n` hosts, none of which runs a process yet. `make` makes the node of each process that is started.
    ///
    /// # Panics
    /// If the shortest latency is below 100 µs.
    pub fn new(n: u32, seed: u64, links: Links, make: impl FnMut(Birth<'_>) -> Node<P> + 'static) -> Self {
        assert!(links.floor_us >= 100, "a latency of at least 100 µs keeps buckets worth their while");
        let wheel = Wheel::new(u64::from(links.floor_us.min(WIDEST)));
        let network = Network { links: Medium::new(links), ..Network::default() };
        let shared = Shared { wheel, network, told: Vec::new(), story: None, packets: false, tap: None, flights: None, now: 0 };
        let mut world = World { seed, sites: Vec::new(), shared, make: Box::new(make), bucket: Vec::new(), reversed: false };
        (0..n).for_each(|_| {
            world.add();
        });
        world
    }

    /// Another host; its number.
    pub fn add(&mut self) -> u32 {
        let i = self.sites.len() as u32;
        self.sites.push(Site::new(i, self.seed));
        let network = &mut self.shared.network;
        network.hosts.push(Host::Down);
        network.ports.push(PORT);
        network.clogs.push(0);
        network.cuts.grow(self.sites.len());
        i
    }

    /// How many hosts there are.
    pub fn len(&self) -> u32 {
        self.sites.len() as u32
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// The virtual time since the world began.
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.shared.now)
    }

    /// Whether a process runs on host `i`, paused or not.
    pub fn is_up(&self, i: u32) -> bool {
        self.sites[i as usize].node.is_some()
    }

    /// Whether the process on host `i` stands still.
    pub fn is_paused(&self, i: u32) -> bool {
        self.sites[i as usize].paused.is_some()
    }

    /// How many processes host `i` has started.
    pub fn life(&self, i: u32) -> u32 {
        self.sites[i as usize].life
    }

    /// The node on host `i`.
    ///
    /// # Panics
    /// If no process runs there, as for all that need one.
    pub fn node(&self, i: u32) -> &Node<P> {
        self.sites[i as usize].node.as_ref().unwrap_or_else(|| panic!("no process runs on host {i}"))
    }

    /// The protocol of the node on host `i`.
    pub fn protocol(&self, i: u32) -> &P {
        self.node(i).protocol()
    }

    /// Where host `i` is.
    pub fn address(&self, i: u32) -> SocketAddr {
        self.shared.network.address(i)
    }

    /// What host `i` sent and received.
    pub fn traffic(&self, i: u32) -> Traffic {
        self.sites[i as usize].traffic
    }

    /// What all hosts sent and received.
    pub fn total_traffic(&self) -> Traffic {
        self.sites.iter().fold(Traffic::default(), |sum, site| sum + site.traffic)
    }

    /// Connections that host `i` has.
    pub fn streams(&self, i: u32) -> usize {
        self.sites[i as usize].streams.len()
    }

    /// The disk of host `i`.
    pub fn disk(&mut self, i: u32) -> &mut Disk {
        &mut self.sites[i as usize].disk
    }

    /// A hash over all that was ever told to any process.
    pub fn trace(&self) -> u64 {
        self.sites.iter().fold(0, |hash, site| mix(hash ^ site.trace))
    }

    /// Starts a process on host `i`, if none runs there.
    pub fn start(&mut self, i: u32) {
        if self.is_up(i) {
            return;
        }
        let now = self.shared.now;
        let site = &mut self.sites[i as usize];
        site.disk.open();
        let life = site.life;
        let mut dice = Rng::named(self.seed, PeerId(u64::from(i)), &format!("life {life}"));
        // An epoch of its own, up to a month: nobody can compare two nodes' times by accident.
        site.clock.reborn(now, dice.below(u32::MAX).into());
        let (address, group) = (self.shared.network.address(i), (self.shared.network.segments > 0).then_some(GROUP));
        let birth = Birth { node: i, life, seed: dice.bits(), address, group, disk: &site.disk };
        let node = (self.make)(birth);
        self.shared.network.hosts[i as usize] = Host::Up;
        self.shared.story(|| format!("{i} starts"));
        self.sites[i as usize].start(now, node, &mut self.shared);
    }

    /// Ends the process on host `i` without a word. The host answers dials with a refusal.
    pub fn kill(&mut self, i: u32) {
        self.shared.story(|| format!("{i} is killed"));
        self.shared.network.hosts[i as usize] = Host::Down;
        self.sites[i as usize].stop(self.shared.now, &mut self.shared);
    }

    /// Host `i` is gone, process and all: nothing answers there.
    pub fn unplug(&mut self, i: u32) {
        self.shared.story(|| format!("{i} is unplugged"));
        self.kill_silently(i);
        self.shared.network.hosts[i as usize] = Host::Gone;
    }

    fn kill_silently(&mut self, i: u32) {
        self.sites[i as usize].streams.forget();
        self.sites[i as usize].stop(self.shared.now, &mut self.shared);
    }

    /// Empties the disk of host `i`.
    pub fn wipe(&mut self, i: u32) {
        self.sites[i as usize].disk = Disk::default();
    }

    /// The process on host `i` stands still for a while; what comes meanwhile waits for it.
    pub fn pause(&mut self, i: u32, span: Duration) {
        let until = self.edge_after(span);
        self.shared.story(|| format!("{i} stands still for {span:?}"));
        let site = &mut self.sites[i as usize];
        if site.node.is_some() {
            site.paused = Some(site.paused.map_or(until, |p| p.max(until)));
            site.set_alarm(&mut self.shared);
        }
    }

    /// The processor of host `i` is slow for a while: each datagram or segment that its process is told, and each waking for
    /// its timers, takes `service`. What comes meanwhile waits, of datagrams `queue` at most: its socket buffer drops the rest.
    pub fn slow(&mut self, i: u32, service: Duration, queue: u32, span: Duration) {
        let (now, until) = (self.shared.now, self.edge_after(span));
        self.shared.story(|| format!("{i} takes {service:?} for each event, for {span:?}"));
        let site = &mut self.sites[i as usize];
        site.slow = Some(Slow::new(site.slow, now, service.as_micros() as u64, queue as usize, until));
        site.set_alarm(&mut self.shared);
    }

    /// Ends a pause of host `i` now, and it is as fast as any.
    pub fn resume(&mut self, i: u32) {
        let now = self.shared.now;
        let site = &mut self.sites[i as usize];
        site.paused = site.paused.map(|_| now);
        if let Some(slow) = &mut site.slow {
            slow.until = now;
        }
        site.set_alarm(&mut self.shared);
    }

    /// From now on host `i` listens on another port: its next process is found at another address.
    pub fn move_to(&mut self, i: u32, port: u16) {
        self.shared.network.ports[i as usize] = port;
    }

    /// Host `i`'s clocks gain so many microseconds in a second.
    pub fn drift(&mut self, i: u32, ppm: i32) {
        let site = &mut self.sites[i as usize];
        site.clock.drift(self.shared.now, ppm);
        site.set_alarm(&mut self.shared);
    }

    /// Host `i`'s wall clock jumps by so many milliseconds.
    pub fn step(&mut self, i: u32, milliseconds: i64) {
        self.sites[i as usize].clock.step(self.shared.now, milliseconds);
    }

    /// From now on there are so many links with IP multicast, of which host `i` is on number `i` modulo that; 0: none. Each who
    /// is on the link of a sender hears it or does not, independently. For processes that start afterwards.
    pub fn set_segments(&mut self, segments: u32) {
        self.shared.network.segments = segments;
    }

    /// Nothing gets from host `from` to host `to` any more. Streams between the two stand still both ways.
    pub fn cut(&mut self, from: u32, to: u32) {
        self.shared.network.cuts.cut(from, to);
    }

    /// Nothing gets across between these hosts and all others, either way.
    pub fn partition(&mut self, side: &[u32]) {
        self.shared.story(|| format!("{side:?} are cut off"));
        for from in 0..self.len() {
            for to in (0..self.len()).filter(|to| side.contains(&from) != side.contains(to)) {
                self.cut(from, to);
            }
        }
    }

    /// What is sent to host `i` from now on waits for so long, then all of it arrives at once.
    pub fn clog(&mut self, i: u32, span: Duration) {
        let until = self.shared.now + span.as_micros() as u64;
        let clog = &mut self.shared.network.clogs[i as usize];
        *clog = until.max(*clog);
    }

    /// Ends all cuts.
    pub fn heal(&mut self) {
        self.shared.story(|| "all cuts heal".into());
        self.shared.network.cuts.heal();
    }

    /// What the links do.
    pub fn links(&self) -> &Links {
        &self.shared.network.links
    }

    /// From now on links are like that. Their shortest latency may not fall below a bucket: it is raised to it.
    pub fn set_links(&mut self, mut links: Links) {
        links.floor_us = links.floor_us.max(self.shared.wheel.width() as u32);
        self.shared.network.links = Medium::new(links);
    }

    /// Runs one command at node `i`, as its user would.
    pub fn command<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        self.sites[i as usize].command(self.shared.now, &mut self.shared, |node, now| node.command(now, f))
    }

    /// Does something to node `i` that no world does by itself, as its driver would: one entry, or a setting.
    pub fn entry<R>(&mut self, i: u32, f: impl FnOnce(&mut Node<P>, Now) -> R) -> R {
        self.sites[i as usize].command(self.shared.now, &mut self.shared, f)
    }

    /// The contact by which node `i` knows the address of host `of`.
    pub fn contact(&mut self, i: u32, of: u32) -> PeerId {
        let address = self.address(of);
        self.sites[i as usize].command(self.shared.now, &mut self.shared, |node, _| node.contact(address))
    }

    /// Lets virtual time pass, rounded up to the edge of a bucket.
    pub fn run(&mut self, span: Duration) {
        let end = self.edge_after(span);
        while self.bucket(end) {}
    }

    /// Lets virtual time pass until `done` holds, at most `span`; how long it took, if it did.
    ///
    /// `done` is asked after each bucket in which somebody told something, and every 100 ms.
    pub fn run_until(&mut self, span: Duration, mut done: impl FnMut(&mut Self) -> bool) -> Option<Duration> {
        let start = self.shared.now;
        let end = self.edge_after(span);
        let since = |world: &Self| Duration::from_micros(world.shared.now - start);
        if done(self) {
            return Some(Duration::ZERO);
        }
        while self.shared.now < end {
            let next = self.edge_after(LOOK_EVERY).min(end);
            let told = self.shared.told.len();
            while self.bucket(next) && self.shared.told.len() == told {}
            if done(self) {
                return Some(since(self));
            }
        }
        None
    }

    /// All that nodes told since the last call, by time, then by node.
    pub fn told(&mut self) -> Vec<Told<P::Event>> {
        let mut told = std::mem::take(&mut self.shared.told);
        told.sort_by_key(|t| (t.at, t.node));
        told
    }

    /// From now on `tap` hears every datagram that reaches a process: when, from which host, to which, the bytes.
    pub fn tap(&mut self, tap: impl FnMut(Duration, u32, u32, &[u8]) + 'static) {
        self.shared.tap = Some(Box::new(tap));
    }

    /// From now on `flights` hears of every datagram that leaves a host for another: when, when it arrives if it does, from
    /// which, to which; in microseconds since the world began.
    pub fn flights(&mut self, flights: impl FnMut(u64, Option<u64>, u32, u32) + 'static) {
        self.shared.flights = Some(Box::new(flights));
    }

    /// From now on keep a line for each thing that happens; with `packets`, for each packet that is heard too.
    pub fn record(&mut self, packets: bool) {
        self.shared.story = Some(Vec::new());
        self.shared.packets = packets;
    }

    /// The lines kept since the last call, each with its time.
    pub fn story(&mut self) -> Vec<(Duration, String)> {
        let lines = self.shared.story.as_mut().map(std::mem::take).unwrap_or_default();
        lines.into_iter().map(|(at, line)| (Duration::from_micros(at), line)).collect()
    }

    fn edge_after(&self, span: Duration) -> u64 {
        let end = self.shared.now.saturating_add(span.as_micros() as u64);
        end.next_multiple_of(self.shared.wheel.width())
    }

    /// Lives through the next bucket that starts before `end`; whether there was one.
    fn bucket(&mut self, end: u64) -> bool {
        let mut bucket = std::mem::take(&mut self.bucket);
        let start = self.shared.wheel.take(end, &mut bucket);
        self.shared.now = start.map_or(end, |start| start + self.shared.wheel.width());
        if let Some(start) = start {
            if self.reversed {
                // Node by node from the last, each node's own entries still in order.
                bucket.sort_by_key(|e| std::cmp::Reverse(e.to));
            }
            let mut entries = bucket.drain(..).peekable();
            while let Some(to) = entries.peek().map(|e| e.to) {
                let of_node = std::iter::from_fn(|| entries.next_if(|e| e.to == to));
                self.sites[to as usize].live(start, of_node, &mut self.shared);
            }
        }
        self.bucket = bucket;
        start.is_some()
    }
}
