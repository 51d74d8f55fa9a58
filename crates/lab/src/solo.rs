//! One protocol alone in timed events, up to ten million nodes: its own messages, no codec, no book, no streams.
//!
//! The same state machine on the same wheel and over the same [`Links`] as a [`World`](crate::World) of whole nodes, which
//! it is not: a dial is refused at once, nothing arrives twice, and a packet holds as many messages as there are. A bucket
//! of the wheel is no wider than the shortest latency, so within it no node hears of another's doings, and the order of the
//! nodes, even on several threads, cannot matter: [`state_hash`](Solo::state_hash) says so.

mod alarms;
mod desk;
mod index;
mod scale;
mod shard;
mod stall;
#[cfg(test)]
mod tests;
mod witness;

use crate::cycles::{Alone, Overlay};
use crate::fuse::Fuse;
use crate::links::{Links, Medium};
use crate::runner::side_by_side;
use bruit_kit::Roster;
use bruit_proto::{Context, Protocol, Rng, Time, Wire, mix};
use index::Index;
use scale::Scale;
use shard::{Host, Shard};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

pub use scale::Weight;
pub use shard::Order;
pub(crate) use stall::Stalls;
pub(crate) use witness::Witness;

/// The widest bucket, in microseconds.
const WIDEST: u32 = 1_000;

/// Hears every message that reaches a node: from which, to which, what.
pub(crate) type Tap<M> = Box<dyn FnMut(u32, u32, &M)>;
/// Hears what nodes tell their users: when, which node, what.
type Ear<E> = Box<dyn FnMut(Time, u32, E)>;

/// What all nodes share and none changes.
struct Common<O> {
    seed: u64,
    overlay: O,
    index: Index,
    medium: Medium,
    /// Microseconds in a bucket.
    width: u64,
    order: Order,
    /// Nothing passes between the nodes below this and the others.
    split: Option<u32>,
    stalls: Option<Stalls>,
}

impl<O> Common<O> {
    /// Whether the way between two nodes is not cut.
    fn passes(&self, from: u32, to: u32) -> bool {
        self.split.is_none_or(|at| (from < at) == (to < at))
    }

    /// The dice of one packet: the sender's number and how many it has sent decide them.
    fn dice(&self, from: u32, count: u32) -> Rng {
        Rng::seeded(self.seed ^ mix(u64::from(from) << 32 | u64::from(count)))
    }
}

/// N nodes that run one protocol and see what `O` shows them.
pub struct Solo<P: Protocol, O = Alone> {
    shards: Vec<Shard<P>>,
    common: Common<O>,
    tap: Option<Tap<P::Message>>,
    ear: Option<Ear<P::Event>>,
    now: u64,
}

impl<P: Protocol> Solo<P> {
    /// Nodes that bring their own membership, all started at time zero: the `i`-th has the id `i + 1`.
    pub fn new(seed: u64, nodes: Vec<P>) -> Self {
        Solo::build(seed, Links::default(), Alone(nodes.len() as u32), Index::Dense, 1, nodes.into_iter())
    }

    /// As [`new`](Solo::new), of nodes whose ids are hashes: the `i`-th has the `i`-th id of the roster.
    ///
    /// # Panics
    /// If they are not as many as it has ids.
    pub fn of(seed: u64, roster: Arc<Roster>, nodes: Vec<P>) -> Self {
        assert_eq!(roster.len(), nodes.len(), "a node for each id");
        Solo::build(seed, Links::default(), Alone(nodes.len() as u32), Index::Roster(roster), 1, nodes.into_iter())
    }
}

impl<P: Protocol, O: Overlay> Solo<P, O> {
    /// A node for each place of `overlay`, with the ids that it says, all started at time zero; in so many shards, which
    /// [`run_on_threads`](Solo::run_on_threads) runs side by side.
    ///
    /// # Panics
    /// If there are no shards, or the shortest latency is below 100 µs.
    pub fn over(seed: u64, links: Links, overlay: O, shards: u32, make: impl FnMut(u32) -> P) -> Self {
        let n = overlay.len();
        Solo::build(seed, links, overlay, Index::Dense, shards, (0..n).map(make))
    }

    fn build(seed: u64, links: Links, overlay: O, index: Index, shards: u32, mut nodes: impl Iterator<Item = P>) -> Self {
        assert!(links.floor_us >= 100, "a latency of at least 100 µs keeps buckets worth their while");
        let (n, width) = (overlay.len(), u64::from(links.floor_us.min(WIDEST)));
        let common = Common {
            seed: mix(seed),
            overlay,
            index,
            medium: Medium::new(links),
            width,
            order: Order::Nodes,
            split: None,
            stalls: None,
        };
        let size = n.div_ceil(shards).max(1);
        let shard = |k: u32| {
            let (first, end) = ((k * size).min(n), (k * size + size).min(n));
            let mut hosts = Vec::with_capacity((end - first) as usize);
            for i in first..end {
                let rng = Rng::named(seed, common.index.id(i), "root");
                hosts.push(Host::new(nodes.next().expect("a protocol for each place"), rng));
            }
            Shard::new(first, size, hosts, &common)
        };
        let shards = (0..shards).map(shard).collect();
        let mut solo = Solo { shards, common, tap: None, ear: None, now: 0 };
        for i in 0..n {
            solo.command(i, |p, cx| p.on_start(cx));
        }
        solo
    }

    /// Messages heard and wake-ups so far.
    pub fn events(&self) -> u64 {
        self.shards.iter().map(|shard| shard.events).sum()
    }

    /// The protocols of all nodes.
    pub fn protocols(&self) -> impl Iterator<Item = &P> {
        self.shards.iter().flat_map(|shard| shard.hosts.iter().map(|host| &host.protocol))
    }

    /// The protocol of the `i`-th node.
    pub fn protocol(&self, i: u32) -> &P {
        let shard = &self.shards[self.shard_of(i)];
        &shard.hosts[(i - shard.first) as usize].protocol
    }

    /// In which order the nodes of a bucket live through it from now on. Nothing may change by it; a test says so.
    pub fn set_order(&mut self, order: Order) {
        self.common.order = order;
    }

    /// A hash over what every node is: its protocol, its dice, its timers, what it has sent.
    pub fn state_hash(&self) -> u64
    where
        P: Debug,
    {
        self.shards.iter().flat_map(|shard| &shard.hosts).fold(0, |hash, host| {
            let text = format!("{host:?}");
            text.bytes().fold(mix(hash), |hash, byte| mix(hash ^ u64::from(byte)))
        })
    }

    /// What links do from now on, with the same shortest latency.
    ///
    /// # Panics
    /// If that is another: buckets are as wide as it is.
    pub fn set_links(&mut self, links: Links) {
        assert_eq!(links.floor_us, self.common.medium.floor_us, "the shortest latency stays as it is");
        let medium = Medium::new(links);
        self.shards.iter_mut().for_each(|shard| shard.remember(medium.remembers()));
        self.common.medium = medium;
    }

    /// Loses so many packets in a million from now on.
    pub fn lose(&mut self, loss_ppm: u32) {
        self.set_links(Links { loss_ppm, ..Links::clone(&self.common.medium) });
    }

    /// From now on nothing that is sent passes between the nodes below `at` and the others; none heals it.
    pub fn split(&mut self, at: Option<u32>) {
        self.common.split = at;
    }

    /// Switches a node off, or on again: it hears and does nothing, and keeps what it knows. What was due meanwhile it does
    /// when it is on again.
    pub fn set_up(&mut self, i: u32, up: bool) {
        let shard = self.shard_of(i);
        self.shards[shard].set_up(self.now, i, up);
    }

    /// Another node at the place of the `i`-th, which is given back: switched on and just started, with the dice of the place.
    /// Before a witness.
    pub(crate) fn replace(&mut self, witness: &mut impl Witness<P>, i: u32, protocol: P) -> P {
        let shard = self.shard_of(i);
        let old = self.shards[shard].replace(i, protocol);
        self.command_before(witness, i, |p, cx| p.on_start(cx));
        old
    }

    /// From now on a node crashes in the middle of what it says.
    pub(crate) fn arm(&mut self, fuse: Fuse<P::Message>) {
        let shard = self.shard_of(fuse.node);
        self.shards[shard].fuse = Some(fuse);
    }

    /// The fuse, if there is one.
    pub(crate) fn fuse(&self) -> Option<&Fuse<P::Message>> {
        self.shards.iter().find_map(|shard| shard.fuse.as_ref())
    }

    /// Makes some nodes slow from a moment on.
    ///
    /// # Panics
    /// If blocks do not begin and end with buckets.
    pub(crate) fn stall(&mut self, stalls: Stalls) {
        assert!(stalls.fits(self.common.width), "blocks last whole buckets of {} us", self.common.width);
        self.shards.iter_mut().for_each(Shard::may_stand);
        self.common.stalls = Some(stalls);
    }

    /// Whether a node is on.
    pub fn is_up(&self, i: u32) -> bool {
        let shard = &self.shards[self.shard_of(i)];
        shard.hosts[(i - shard.first) as usize].up
    }

    /// Virtual time so far.
    pub fn now(&self) -> Time {
        Time(self.now)
    }

    /// Whom each may talk to.
    pub fn overlay(&mut self) -> &mut O {
        &mut self.common.overlay
    }

    /// Weighs what is sent from now on, by a protocol whose tags are none of Core's. Until then a message counts as 30 bytes
    /// where bandwidth matters.
    pub fn weigh(&mut self)
    where
        P::Message: Wire,
    {
        self.shards.iter_mut().for_each(|shard| shard.scale = Some(Scale::new()));
    }

    /// What was sent since [`weigh`](Solo::weigh).
    pub fn weight(&self) -> Weight {
        self.shards.iter().filter_map(|shard| shard.scale.as_ref()).fold(Weight::default(), |sum, scale| sum + scale.weight)
    }

    /// From now on `tap` hears every message that reaches a node: from which, to which, what.
    pub fn tap(&mut self, tap: impl FnMut(u32, u32, &P::Message) + 'static) {
        self.tap = Some(Box::new(tap));
    }

    /// From now on `ear` hears what nodes tell their users: when, which node, what.
    pub fn listen(&mut self, ear: impl FnMut(Time, u32, P::Event) + 'static) {
        self.ear = Some(Box::new(ear));
        self.shards.iter_mut().for_each(|shard| shard.told = Some(Vec::new()));
    }

    /// A command from outside to the `i`-th node, with its typed result.
    pub fn command<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        self.command_before(&mut (), i, f)
    }

    /// As [`command`](Solo::command), before a witness.
    pub(crate) fn command_before<R>(
        &mut self,
        witness: &mut impl Witness<P>,
        i: u32,
        f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R,
    ) -> R {
        let shard = self.shard_of(i);
        let result = self.shards[shard].command(&self.common, self.now, i, witness, f);
        self.hear();
        self.exchange();
        result
    }

    /// Lets virtual time pass; whole buckets, which are as wide as the shortest latency and at most a millisecond.
    pub fn run(&mut self, span: Duration) {
        let mut tap = self.tap.take();
        self.run_before(&mut tap, span);
        self.tap = tap;
    }

    /// As [`run`](Solo::run), before a witness; the tap hears nothing of it.
    pub(crate) fn run_before(&mut self, witness: &mut impl Witness<P>, span: Duration) {
        for _ in 0..span.as_micros() as u64 / self.common.width {
            for shard in &mut self.shards {
                shard.bucket(&self.common, self.now, witness);
            }
            self.hear();
            self.exchange();
            self.now += self.common.width;
        }
    }

    /// As [`run`](Solo::run), each shard on a thread of its own; tap and ear hear nothing of it.
    ///
    /// After each bucket every shard hands every other what it has for it, and waits for what they have.
    pub fn run_on_threads(&mut self, span: Duration)
    where
        P: Send,
        P::Message: Send,
        P::Timer: Send,
        P::Event: Send,
        O: Sync,
    {
        let (common, first) = (&self.common, self.now);
        let buckets = span.as_micros() as u64 / common.width;
        let n = self.shards.len();
        let mut ways: Vec<_> = (0..n).map(|_| (Vec::new(), Vec::new())).collect();
        for (from, to) in (0..n).flat_map(|from| (0..n).map(move |to| (from, to))).filter(|(from, to)| from != to) {
            let (sender, receiver) = sync_channel(1);
            ways[from].0.push((to, sender));
            ways[to].1.push(receiver);
        }
        side_by_side(self.shards.iter_mut().zip(ways), |(shard, (senders, receivers))| {
            for start in (0..buckets).map(|k| first + k * common.width) {
                shard.bucket(common, start, &mut ());
                for (to, sender) in &senders {
                    sender.send(shard.take_for(*to)).expect("every shard lives through every bucket");
                }
                for receiver in &receivers {
                    shard.hear(receiver.recv().expect("every shard lives through every bucket"));
                }
            }
        });
        self.now += buckets * self.common.width;
    }

    /// Tells the ear what nodes told.
    fn hear(&mut self) {
        let Some(ear) = &mut self.ear else { return };
        let told = self.shards.iter_mut().flat_map(|shard| shard.told.iter_mut().flat_map(|told| told.drain(..)));
        told.for_each(|(at, i, event)| ear(at, i, event));
    }

    /// Hands what shards have for each other across.
    fn exchange(&mut self) {
        let n = self.shards.len();
        for (from, to) in (0..n).flat_map(|from| (0..n).map(move |to| (from, to))).filter(|(from, to)| from != to) {
            let entries = self.shards[from].take_for(to);
            self.shards[to].hear(entries);
        }
    }

    fn shard_of(&self, i: u32) -> usize {
        self.shards.partition_point(|shard| shard.first <= i) - 1
    }
}
