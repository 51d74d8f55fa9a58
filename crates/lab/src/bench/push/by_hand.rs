use super::{EVERY, K, Run, links};
use crate::links::{Medium, Uplink};
use bruit_proto::{Rng, mix};
use std::time::Duration;

/// Microseconds in a bucket, the shortest latency.
const WIDTH: u64 = 1_000;
/// Buckets: four seconds, longer than any latency that is drawn in practice; a longer one is lost.
const BUCKETS: usize = 1 << 12;

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Cycle,
    Tell,
    Heard { news: bool },
}

#[derive(Clone, Copy)]
struct Event {
    at: u64,
    to: u32,
    from: u32,
    what: What,
}

#[derive(Clone, Copy, Default)]
struct Node {
    sent: u32,
    cycle: u16,
    since: u16,
    counter: u8,
    known: bool,
    hot: bool,
    met: bool,
    useful: bool,
}

/// The yardstick: an array of nodes, an array of buckets and nothing between them.
pub struct ByHand {
    seed: u64,
    nodes: Vec<Node>,
    buckets: Vec<Vec<Event>>,
    /// Empty buckets with room, to be used again.
    spare: Vec<Vec<Event>>,
    medium: Medium,
    now: u64,
    events: u64,
}

impl ByHand {
    /// So many nodes, the first of which has begun a rumor.
    pub fn new(nodes: u32, seed: u64) -> ByHand {
        let (medium, nodes) = (Medium::new(links()), vec![Node::default(); nodes as usize]);
        let mut run =
            ByHand { seed: mix(seed), nodes, buckets: vec![Vec::new(); BUCKETS], spare: Vec::new(), medium, now: 0, events: 0 };
        run.learn(0, 0);
        run
    }

    fn learn(&mut self, i: u32, now: u64) {
        let node = &mut self.nodes[i as usize];
        (node.known, node.hot, node.since) = (true, true, node.cycle);
        self.push(Event { at: now + EVERY.as_micros() as u64, to: i, from: i, what: What::Cycle });
    }

    fn push(&mut self, event: Event) {
        let bucket = event.at / WIDTH;
        if bucket < self.now / WIDTH + BUCKETS as u64 {
            let bucket = &mut self.buckets[bucket as usize % BUCKETS];
            if bucket.capacity() == 0 {
                *bucket = self.spare.pop().unwrap_or_default();
            }
            bucket.push(event);
        }
    }

    fn dice(&mut self, i: u32) -> Rng {
        let node = &mut self.nodes[i as usize];
        node.sent += 1;
        Rng::seeded(self.seed ^ mix(u64::from(i) << 32 | u64::from(node.sent)))
    }

    fn send(&mut self, now: u64, from: u32, to: u32, what: What, mut dice: Rng) {
        if let Some((at, _)) = self.medium.carry((from, to), now, 30, &mut Uplink::default(), &mut dice) {
            self.push(Event { at, to, from, what });
        }
    }

    fn hear(&mut self, Event { at, to, from, what }: Event) {
        let n = self.nodes.len() as u32;
        let node = &mut self.nodes[to as usize];
        match what {
            What::Tell => {
                let news = !node.known || node.hot && node.since == node.cycle;
                if !node.known {
                    self.learn(to, at);
                }
                let dice = self.dice(to);
                self.send(at, to, from, What::Heard { news }, dice);
            }
            What::Heard { news } => {
                node.met = true;
                node.useful |= news;
            }
            What::Cycle => {
                if node.useful {
                    node.counter = 0;
                } else if node.met {
                    node.counter += 1;
                }
                (node.met, node.useful, node.hot) = (false, false, u32::from(node.counter) < K);
                if node.hot {
                    node.cycle += 1;
                    let mut dice = self.dice(to);
                    let other = dice.below(n - 1);
                    self.send(at, to, other + u32::from(other >= to), What::Tell, dice);
                    self.push(Event { at: at + EVERY.as_micros() as u64, to, from: to, what: What::Cycle });
                }
            }
        }
    }
}

impl Run for ByHand {
    fn run(&mut self, span: Duration) {
        for _ in 0..span.as_micros() as u64 / WIDTH {
            let slot = (self.now / WIDTH) as usize % BUCKETS;
            let mut bucket = std::mem::take(&mut self.buckets[slot]);
            bucket.sort_unstable_by_key(|event| (event.to, event.at, event.from));
            self.events += bucket.len() as u64;
            bucket.drain(..).for_each(|event| self.hear(event));
            self.spare.push(bucket);
            self.now += WIDTH;
        }
    }
    fn events(&self) -> u64 {
        self.events
    }
    fn known(&self) -> u64 {
        self.nodes.iter().filter(|node| node.known).count() as u64
    }
}
