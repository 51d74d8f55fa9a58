//! Synchronous cycles, the world of the literature's analyses: in each, every node whose timer is due acts, then all that
//! was said is heard in waves, answers in the wave after, until nobody says anything.
//!
//! The protocols are the product's own. What a node says in a wave was decided on what it knew before that wave.

mod desk;
mod overlay;

use bruit_proto::{Context, Origin, Path, PeerId, Protocol, Rng, Time, Timers, Wall};
use desk::{Desk, Said};
use std::time::Duration;

pub use overlay::{Complete, Overlay};

/// How long a cycle is in the nodes' own time: protocols under test have this as their period.
pub const CYCLE: Duration = Duration::from_secs(1);
/// Waves of one cycle: a contact takes at most four, hunting two more for each peer tried.
const WAVES: u32 = 256;

struct Host<P: Protocol> {
    protocol: P,
    rng: Rng,
    /// The dice of its outgoing links.
    dice: Rng,
    timers: Timers<P::Timer>,
    up: bool,
}

/// N nodes that run one protocol in synchronous cycles. Node `i` has the id `i + 1`.
pub struct Cycles<P: Protocol, O = Complete> {
    hosts: Vec<Host<P>>,
    overlay: O,
    desk: Desk<P>,
    wave: Vec<Said<P::Message>>,
    /// In which order nodes act; shuffled each cycle, so that no place is served first.
    order: Vec<u32>,
    dice: Rng,
    loss_ppm: u32,
    /// Nothing passes between the places below this and the others.
    split: Option<u32>,
    cycle: u64,
    heard: u64,
}

impl<P: Protocol, O: Overlay> Cycles<P, O> {
    /// A node for each place of `overlay`, all started before the first cycle.
    pub fn new(seed: u64, overlay: O, mut make: impl FnMut(u32) -> P) -> Self {
        let host = |i: u32| {
            let id = PeerId(u64::from(i) + 1);
            let (rng, dice) = (Rng::named(seed, id, "root"), Rng::named(seed, id, "links"));
            Host { protocol: make(i), rng, dice, timers: Timers::default(), up: true }
        };
        let hosts: Vec<Host<P>> = (0..overlay.len()).map(host).collect();
        let (order, dice) = ((0..overlay.len()).collect(), Rng::named(seed, PeerId::NONE, "order"));
        let (desk, wave) = (Desk::default(), Vec::new());
        let mut cycles = Cycles { hosts, overlay, desk, wave, order, dice, loss_ppm: 0, split: None, cycle: 0, heard: 0 };
        for i in 0..cycles.hosts.len() as u32 {
            cycles.turn(i, |p, cx| p.on_start(cx));
        }
        cycles
    }

    /// Loses so many messages in a million from now on.
    pub fn lose(&mut self, ppm: u32) {
        self.loss_ppm = ppm;
    }

    /// From now on nothing passes between the places below `at` and the others; none heals it.
    pub fn split(&mut self, at: Option<u32>) {
        self.split = at;
    }

    /// Switches a node off, or on again: it hears and does nothing, and keeps what it knows.
    pub fn set_up(&mut self, i: u32, up: bool) {
        self.hosts[i as usize].up = up;
    }

    /// Cycles so far.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// Messages heard so far.
    pub fn heard(&self) -> u64 {
        self.heard
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
        let now = self.now();
        self.shuffle();
        for at in 0..self.order.len() {
            let i = self.order[at];
            while let Some(timer) = self.hosts[i as usize].timers.take_due(now) {
                if self.hosts[i as usize].up {
                    self.turn(i, |p, cx| p.on_timer(cx, timer));
                }
            }
        }
        for _ in 0..WAVES {
            if self.wave_is_over() {
                return;
            }
        }
        panic!("nodes still talk after {WAVES} waves");
    }

    /// Fisher and Yates.
    fn shuffle(&mut self) {
        for at in (1..self.order.len()).rev() {
            self.order.swap(at, self.dice.below(at as u32 + 1) as usize);
        }
    }

    /// Delivers what was said; whether nothing was.
    fn wave_is_over(&mut self) -> bool {
        let mut saying = std::mem::replace(&mut self.desk.said, std::mem::take(&mut self.wave));
        let over = saying.is_empty();
        for Said { from, to, message } in saying.drain(..) {
            if self.arrives(from, to) {
                self.heard += 1;
                let origin = Origin { peer: Some(PeerId(u64::from(from) + 1)), path: Path::new(u64::from(from), None) };
                self.turn(to, |p, cx| p.on_message(cx, origin, message));
            }
        }
        self.wave = saying;
        over
    }

    fn arrives(&mut self, from: u32, to: u32) -> bool {
        let lost = self.loss_ppm > 0 && self.hosts[from as usize].dice.chance(self.loss_ppm);
        let cut = self.split.is_some_and(|at| (from < at) != (to < at));
        !lost && !cut && self.hosts.get(to as usize).is_some_and(|host| host.up)
    }

    fn now(&self) -> Time {
        Time::ZERO + CYCLE * self.cycle as u32
    }

    fn turn<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        let now = self.now();
        let Host { protocol, rng, timers, .. } = &mut self.hosts[i as usize];
        self.desk.begin(i, now, std::mem::take(timers));
        let view = self.overlay.view(i);
        let result = f(protocol, &mut Context::new(now, Wall(now.0 / 1000), rng, &view, &mut self.desk));
        *timers = self.desk.end();
        result
    }
}
