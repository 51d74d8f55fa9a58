//! What every protocol must pass, whatever it is for. Each law panics with the one thing that broke it.
//!
//! That nothing is sent to oneself, that a turn says at most [`MAX_PER_TURN`](crate::MAX_PER_TURN) things and that
//! `fill` does nothing but offer, the harness asserts in every run.

use crate::compose::Composition;
use crate::context::{Context, Lost, Receipt};
use crate::harness::{Harness, Links};
use crate::peer::{Change, PeerId};
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::stream::{Origin, Path, StreamId, StreamNews, Why};
use crate::wire::{Reader, Wire};
use std::fmt::Debug;
use std::time::Duration;

/// A protocol under law: how many copies of it, how one is made, how they get to know each other, what may be said.
pub struct Subject<'a, P: Protocol> {
    /// The id of each copy.
    pub ids: Vec<PeerId>,
    /// Makes the copy at a site, from 1.
    pub make: &'a dyn Fn(u32) -> P,
    /// First word to each copy after its start, such as a join.
    pub greet: &'a dyn Fn(u32, &mut P, &mut Context<'_, P>),
    /// A message that anyone might send.
    pub arbitrary: &'a dyn Fn(&mut Rng) -> P::Message,
    /// The most timers that one copy may have set.
    pub timers: usize,
    /// How much a copy holds, in pieces of its own choice.
    pub holds: &'a dyn Fn(&P) -> usize,
    /// The most that it may hold.
    pub most: usize,
}

/// A message that differs from one of `samples` in some bytes and still decodes: what a peer with a bug would send.
pub fn corrupted<M: Wire>(samples: &[M], rng: &mut Rng) -> M {
    loop {
        let mut bytes = Vec::new();
        samples[rng.below(samples.len() as u32) as usize].encode(&mut bytes);
        for _ in 0..rng.below(4) {
            let i = rng.below(bytes.len() as u32) as usize;
            bytes[i] ^= 1 << rng.below(8);
        }
        if let Ok(message) = M::decode(&mut Reader::new(&bytes)) {
            return message;
        }
    }
}

/// Each message is read as it was written, takes the bytes that it says, and is refused when cut short.
pub fn round_trips<M: Wire + Debug + PartialEq>(messages: &[M]) {
    for message in messages {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        assert_eq!(bytes.len(), message.size(), "{message:?}");
        assert_eq!(M::decode(&mut Reader::new(&bytes)).as_ref(), Ok(message));
        for cut in 0..bytes.len() {
            assert!(M::decode(&mut Reader::new(&bytes[..cut])).is_err(), "{message:?} cut at {cut}");
        }
    }
}

impl<P: Protocol> Subject<'_, P> {
    /// All laws that hold for any protocol.
    pub fn check(&self) {
        self.any_message_from_anyone_is_survived();
        self.the_same_seed_gives_the_same_trace();
    }

    fn cluster(&self, seed: u64) -> Harness<P> {
        let mut site = 0;
        let make = |_| {
            site += 1;
            (self.make)(site)
        };
        let links = Links { loss_ppm: 20_000, ..Links::default() };
        let mut cluster = Harness::with_ids(self.ids.clone(), seed, links, make);
        for i in 1..=self.ids.len() as u32 {
            cluster.turn(i, |p, cx| (self.greet)(i, p, cx));
        }
        cluster
    }

    /// Any message from anyone, by packet or stream, at any time: no panic, few timers, bounded memory.
    pub fn any_message_from_anyone_is_survived(&self) {
        for seed in 0..4 {
            let mut rng = Rng::named(seed, PeerId::NONE, "law");
            let mut cluster = self.cluster(seed);
            for _ in 0..3000 {
                let site = 1 + rng.below(self.ids.len() as u32);
                let message = (self.arbitrary)(&mut rng);
                let from = self.somebody(&mut rng, site);
                cluster.turn(site, |p, cx| p.on_message(cx, from, message));
                self.disturb(&mut cluster, &mut rng, site);
                self.is_bounded(&cluster, site);
            }
            cluster.run(Duration::from_secs(120));
            (1..=self.ids.len() as u32).for_each(|site| self.is_bounded(&cluster, site));
        }
    }

    fn somebody(&self, rng: &mut Rng, site: u32) -> Origin {
        let other = self.ids[(site as usize + rng.below(self.ids.len() as u32 - 1) as usize) % self.ids.len()];
        let stranger = PeerId(rng.bits() >> 1 | 1);
        let peer = [Some(other), Some(stranger), None][rng.below(3) as usize];
        let stream = rng.chance(300_000).then(|| StreamId(1_000_000 + u64::from(rng.below(50))));
        Origin { peer, path: Path::new(other.0, stream) }
    }

    fn disturb(&self, cluster: &mut Harness<P>, rng: &mut Rng, site: u32) {
        let stream = StreamId(u64::from(rng.below(20)));
        match rng.below(12) {
            0 => cluster.turn(site, |p, cx| p.on_stream(cx, stream, StreamNews::Closed(Why::Reset))),
            1 => cluster.turn(site, |p, cx| p.on_stream(cx, stream, StreamNews::Opened)),
            2 => cluster.turn(site, |p, cx| p.on_pause(cx, Duration::from_secs(3))),
            3 => cluster.turn(site, |p, cx| p.on_stored(cx, Receipt(1), Err(Lost))),
            4 => cluster.run(Duration::from_millis(400)),
            _ => {}
        }
    }

    fn is_bounded(&self, cluster: &Harness<P>, site: u32) {
        let (timers, held) = (cluster.timers(site), (self.holds)(cluster.site(site)));
        assert!(timers <= self.timers, "site {site} has {timers} timers; {} is the most", self.timers);
        assert!(held <= self.most, "site {site} holds {held} pieces; {} is the most", self.most);
    }

    /// The same seed gives the same run, another seed another.
    pub fn the_same_seed_gives_the_same_trace(&self) {
        let trace = |seed| {
            let mut cluster = self.cluster(seed);
            cluster.run(Duration::from_secs(20));
            cluster.trace()
        };
        assert_eq!(trace(1), trace(1), "one seed, two runs");
        assert_ne!(trace(1), trace(2), "two seeds, one run");
    }
}

impl<P: Composition> Subject<'_, P> {
    /// The laws of a composition: every entry drains, and every `on_*` that is for all parts reaches all.
    pub fn check_composition(&self) {
        let all = (1u32 << P::PARTS) - 1;
        let peer = self.ids[1];
        let entry = |name: &str, enter: &dyn Fn(&mut P, &mut Context<'_, P>)| {
            let mut cluster = self.cluster(1);
            cluster.run(Duration::from_secs(2));
            cluster.turn(1, |p, cx| {
                p.reached();
                enter(p, cx);
                assert!(p.drained(), "{name} does not drain");
                assert_eq!(p.reached() & all, all, "{name} does not reach every part");
            });
        };
        entry("on_start", &|p, cx| p.on_start(cx));
        entry("on_peer", &|p, cx| p.on_peer(cx, peer, Change::Up));
        entry("on_pause", &|p, cx| p.on_pause(cx, Duration::from_secs(1)));
        self.every_turn_drains();
    }

    fn every_turn_drains(&self) {
        let mut rng = Rng::seeded(9);
        let mut cluster = self.cluster(1);
        for _ in 0..500 {
            let message = (self.arbitrary)(&mut rng);
            let from = self.somebody(&mut rng, 1);
            cluster.turn(1, |p, cx| {
                p.on_message(cx, from, message);
                assert!(p.drained(), "on_message does not drain");
            });
            cluster.run(Duration::from_millis(50));
            assert!((1..=self.ids.len() as u32).all(|i| cluster.site(i).drained()), "an entry does not drain");
        }
    }
}
