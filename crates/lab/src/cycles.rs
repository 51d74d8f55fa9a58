//! Synchronous cycles, the world of the literature's analyses: in each, every node whose timer is due acts, then all that
//! was said is heard in waves, answers in the wave after, until nobody says anything.
//!
//! The protocols are the product's own. What a node says in a wave was decided on what it knew before that wave.

mod desk;
mod overlay;
mod spatial;

use crate::fuse::Fuse;
use crate::solo::Tap;
use bruit_proto::{Context, Origin, Path, PeerId, Protocol, Rng, Time, Timers, Wall, Wire};
use desk::{Desk, Said};
use std::slice::from_ref;
use std::time::Duration;

pub use overlay::{Alone, Complete, Overlay};
pub use spatial::{FromSite, FromSubnet, Line, Subnets};

/// How long a cycle is in the nodes' own time: protocols under test have this as their period.
pub const CYCLE: Duration = Duration::from_secs(1);
/// Waves of one cycle: a contact takes at most four, hunting two more for each peer tried; a full exchange of a million
/// items, burst by burst, takes some hundred.
const WAVES: u32 = 4096;
/// Nodes that a processor's cache holds: a wave is heard group by group of so many.
const NEAR: usize = 1 << 13;

struct Host<P: Protocol> {
    protocol: P,
    rng: Rng,
    timers: Timers<P::Timer>,
    up: bool,
}

/// N nodes that run one protocol in synchronous cycles. Node `i` has the id `i + 1`.
pub struct Cycles<P: Protocol, O = Complete> {
    hosts: Vec<Host<P>>,
    overlay: O,
    said: Vec<Said<P::Message>>,
    wave: Vec<Said<P::Message>>,
    /// In which order nodes act, if not by number.
    order: Vec<u32>,
    seed: u64,
    dice: Rng,
    /// The dice of each node's outgoing links, once they lose anything.
    links: Vec<Rng>,
    loss_ppm: u32,
    /// The size of a message, if they are weighed.
    size: Option<fn(&P::Message) -> usize>,
    /// Nothing passes between the places below this and the others.
    split: Option<u32>,
    /// Whether a message takes a cycle.
    hop_by_hop: bool,
    cycle: u64,
    waves: u64,
    tally: Tally,
    tap: Option<Tap<P::Message>>,
    fuse: Option<Fuse<P::Message>>,
}

/// What was said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were heard.
    pub heard: u64,
    /// Messages to nodes that were off.
    pub wasted: u64,
    /// Bytes said, since [`Cycles::weigh`]: layouts of messages, without envelopes.
    pub bytes: u64,
    /// Those of them that were for nodes that were off.
    pub wasted_bytes: u64,
}

impl<P: Protocol, O: Overlay> Cycles<P, O> {
    /// A node for each place of `overlay`, all started before the first cycle.
    pub fn new(seed: u64, overlay: O, mut make: impl FnMut(u32) -> P) -> Self {
        let host = |i: u32| {
            let id = PeerId(u64::from(i) + 1);
            Host { protocol: make(i), rng: Rng::named(seed, id, "root"), timers: Timers::default(), up: true }
        };
        let hosts: Vec<Host<P>> = (0..overlay.len()).map(host).collect();
        let (order, dice, tally) = (Vec::new(), Rng::named(seed, PeerId::NONE, "order"), Tally::default());
        let (said, wave, links) = (Vec::new(), Vec::new(), Vec::new());
        let (loss_ppm, split, size, hop_by_hop, cycle, waves, tap, fuse) = (0, None, None, false, 0, 0, None, None);
        let mut cycles = Cycles {
            hosts,
            overlay,
            said,
            wave,
            order,
            seed,
            dice,
            links,
            loss_ppm,
            split,
            size,
            hop_by_hop,
            cycle,
            waves,
            tally,
            tap,
            fuse,
        };
        for i in 0..cycles.hosts.len() as u32 {
            cycles.turn(i, |p, cx| p.on_start(cx));
        }
        cycles
    }

    /// Loses so many messages in a million from now on.
    pub fn lose(&mut self, ppm: u32) {
        if ppm > 0 && self.links.is_empty() {
            let dice = |i: u32| Rng::named(self.seed, PeerId(u64::from(i) + 1), "links");
            self.links = (0..self.overlay.len()).map(dice).collect();
        }
        self.loss_ppm = ppm;
    }

    /// From now on nodes act in another order each cycle, so that no place is served first where contacts are limited.
    /// Where they are not, the order changes nothing but which of one node's coins is flipped for whom.
    pub fn shuffle(&mut self) {
        self.order = (0..self.overlay.len()).collect();
    }

    /// From now on nothing passes between the places below `at` and the others; none heals it.
    pub fn split(&mut self, at: Option<u32>) {
        self.split = at;
    }

    /// From now on a message takes a cycle: what is said in one is heard at the beginning of the next, answers as well.
    pub fn hop_by_hop(&mut self) {
        self.hop_by_hop = true;
    }

    /// Whether something was said that nobody has heard yet: never between two cycles, unless messages take one.
    pub fn is_under_way(&self) -> bool {
        !self.said.is_empty()
    }

    /// Switches a node off, or on again: it hears and does nothing, and keeps what it knows. What was due
    /// meanwhile it does when it is on again.
    pub fn set_up(&mut self, i: u32, up: bool) {
        self.hosts[i as usize].up = up;
    }

    /// Another node at the place of one, which is given back: switched on and just started, with the dice of the place.
    pub fn replace(&mut self, i: u32, protocol: P) -> P {
        let host = &mut self.hosts[i as usize];
        (host.timers, host.up) = (Timers::default(), true);
        let old = std::mem::replace(&mut host.protocol, protocol);
        self.fuse.iter_mut().for_each(|fuse| fuse.replaced(i));
        self.turn(i, |p, cx| p.on_start(cx));
        old
    }

    /// From now on a node crashes in the middle of what it says.
    pub(crate) fn arm(&mut self, fuse: Fuse<P::Message>) {
        self.fuse = Some(fuse);
    }

    /// The fuse, if there is one.
    pub(crate) fn fuse(&self) -> Option<&Fuse<P::Message>> {
        self.fuse.as_ref()
    }

    /// Cycles so far.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// Messages heard so far.
    pub fn heard(&self) -> u64 {
        self.tally.heard
    }

    /// What was said so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Waves in which something was said so far: half round trips of whoever talked longest in each cycle.
    pub fn waves(&self) -> u64 {
        self.waves
    }

    /// Weighs what is said from now on.
    pub fn weigh(&mut self)
    where
        P::Message: Wire,
    {
        self.weigh_by(P::Message::size);
    }

    /// As [`weigh`](Cycles::weigh), for messages that have no layout.
    pub fn weigh_by(&mut self, size: fn(&P::Message) -> usize) {
        self.size = Some(size);
    }

    /// From now on `tap` hears every message that reaches a node: from which, to which, what.
    pub fn tap(&mut self, tap: impl FnMut(u32, u32, &P::Message) + 'static) {
        self.tap = Some(Box::new(tap));
    }

    /// The protocol of each node.
    pub fn protocols(&self) -> impl Iterator<Item = &P> {
        self.hosts.iter().map(|host| &host.protocol)
    }

    /// The protocol of each node that is switched on.
    pub fn live(&self) -> impl Iterator<Item = &P> {
        self.hosts.iter().filter(|host| host.up).map(|host| &host.protocol)
    }

    /// A command from outside, with its typed result. What follows from it is said in the next cycle.
    pub fn command<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        self.turn(i, f)
    }

    /// One cycle.
    ///
    /// # Panics
    /// If nodes go on talking for more than 256 waves: the protocol answers answers.
    pub fn step(&mut self) {
        self.cycle += 1;
        if self.hop_by_hop {
            self.wave_is_over();
            return self.act();
        }
        self.act();
        for _ in 0..WAVES {
            if self.wave_is_over() {
                return;
            }
        }
        panic!("nodes still talk after {WAVES} waves");
    }

    /// Every node does what is due.
    fn act(&mut self) {
        let now = self.now();
        // Fisher and Yates.
        for at in (1..self.order.len()).rev() {
            self.order.swap(at, self.dice.below(at as u32 + 1) as usize);
        }
        for at in 0..self.hosts.len() {
            let i = self.order.get(at).copied().unwrap_or(at as u32);
            while self.hosts[i as usize].up
                && let Some(timer) = self.hosts[i as usize].timers.take_due(now)
            {
                self.turn(i, |p, cx| p.on_timer(cx, timer));
            }
        }
    }

    /// Delivers what was said; whether nothing was.
    fn wave_is_over(&mut self) -> bool {
        let mut saying = std::mem::replace(&mut self.said, std::mem::take(&mut self.wave));
        let over = saying.is_empty();
        self.waves += u64::from(!over);
        if self.hosts.len() > NEAR {
            saying.sort_by_key(|said| said.to as usize / NEAR);
        }
        for Said { from, to, message } in saying.drain(..) {
            self.count(to, &message);
            if self.arrives(from, to) {
                self.tally.heard += 1;
                if let Some(tap) = &mut self.tap {
                    tap(from, to, &message);
                }
                let origin = Origin { peer: Some(PeerId(u64::from(from) + 1)), path: Path::new(u64::from(from), None) };
                self.turn(to, |p, cx| p.on_message(cx, origin, message));
            }
        }
        self.wave = saying;
        over
    }

    fn count(&mut self, to: u32, message: &P::Message) {
        let bytes = self.size.map_or(0, |size| size(message)) as u64;
        let off = u64::from(self.hosts.get(to as usize).is_none_or(|host| !host.up));
        self.tally.bytes += bytes;
        self.tally.wasted += off;
        self.tally.wasted_bytes += off * bytes;
    }

    fn arrives(&mut self, from: u32, to: u32) -> bool {
        let lost = self.loss_ppm > 0 && self.links[from as usize].chance(self.loss_ppm);
        let cut = self.split.is_some_and(|at| (from < at) != (to < at));
        !lost && !cut && self.hosts.get(to as usize).is_some_and(|host| host.up)
    }

    fn now(&self) -> Time {
        Time::ZERO + CYCLE * self.cycle as u32
    }

    fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        let (now, before) = (self.now(), self.said.len());
        let Host { protocol, rng, timers, up } = &mut self.hosts[i as usize];
        let mut desk = Desk { me: i, now, acts: 0, timers, said: &mut self.said };
        let view = self.overlay.view(i);
        let result = f(protocol, &mut Context::new(now, Wall(now.0 / 1000), rng, &view, &mut desk));
        if let Some(fuse) = self.fuse.as_mut().filter(|fuse| fuse.node == i) {
            let said = fuse.burn(self.said[before..].iter().map(|said| from_ref(&said.message)));
            self.said.truncate(before + said);
            *up &= !fuse.is_burnt();
        }
        result
    }
}
