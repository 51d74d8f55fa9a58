//! What lies between the nodes: latency, loss, duplicates, bandwidth, cuts.
//!
//! Every latency is a floor and a distribution above it, so that a bucket of the wheel may be as wide as the floor.

mod medium;
mod regions;

use bruit_proto::Rng;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub(crate) use medium::{Medium, Uplink};

/// How latencies are distributed above the floor, on the scale of [`Links::spread_us`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// From 0 to the spread, all alike; constant if the spread is 0.
    #[default]
    Uniform,
    /// The spread is the mean.
    Exponential,
    /// The spread is the median.
    LogNormal {
        /// The standard deviation of the logarithm, in thousandths.
        sigma_permille: u32,
    },
    /// What lies between eight regions of the world, from 2 to 220 ms, and uniformly up to the spread. Where a node is, its
    /// number says.
    Regions,
}

/// Losses in bursts, by a node's way out: a good state that loses nothing and a bad one (Gilbert 1960, Elliott 1963).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// Datagrams lost in the bad state, in parts per million.
    pub loss_ppm: u32,
    /// How many packets the bad state lasts, on average.
    pub length: u32,
    /// How many the good state lasts.
    pub every: u32,
}

/// A node's way out: datagrams leave it one after another, and those that find its queue full are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// Kilobits in a second.
    pub kbit: u32,
    /// Bytes that the queue holds, the datagram that is leaving included.
    pub queue: u32,
}

/// What every link does. Probabilities are in parts per million, latencies in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The shortest latency; at least 100.
    pub floor_us: u32,
    /// The scale of what a latency has above the floor.
    pub spread_us: u32,
    /// How it is distributed.
    #[serde(skip_serializing_if = "is_uniform")]
    pub delay: Delay,
    /// Losses that come in bursts, besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<Burst>,
    /// How fast datagrams leave a node; at once if not set. Streams are not slowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// Packets lost: datagrams are gone, streams wait for the retransmission.
    pub loss_ppm: u32,
    /// Datagrams lost besides; streams do not notice.
    pub udp_loss_ppm: u32,
    /// Datagrams that arrive twice.
    pub duplicate_ppm: u32,
    /// Datagrams held back by up to [`reorder_us`](Links::reorder_us), so that later ones overtake them.
    pub reorder_ppm: u32,
    /// The longest time that a datagram is held back.
    pub reorder_us: u32,
    /// The largest datagram payload that passes: Ethernet's 1,500 less 28 of IP and UDP. Larger ones vanish.
    pub mtu: usize,
}

impl Default for Links {
    /// One data centre: half a millisecond to two, nothing lost.
    fn default() -> Self {
        Links {
            floor_us: 500,
            spread_us: 1_500,
            delay: Delay::Uniform,
            burst: None,
            bandwidth: None,
            loss_ppm: 0,
            udp_loss_ppm: 0,
            duplicate_ppm: 0,
            reorder_ppm: 0,
            reorder_us: 50_000,
            mtu: 1_472,
        }
    }
}

impl Links {
    /// The longest latency of a packet that is not held back.
    pub fn longest(&self) -> Duration {
        // One in 2^46 is longer, and none of these is drawn.
        Duration::from_micros(u64::from(self.floor_us) + self.exceeded(1.0 / (1_u64 << 46) as f64))
    }

    /// Whether a datagram is lost.
    pub(crate) fn loses_datagram(&self, dice: &mut Rng) -> bool {
        roll(dice, self.loss_ppm) | roll(dice, self.udp_loss_ppm)
    }

    /// Whether a segment of a stream is lost.
    pub(crate) fn loses_segment(&self, dice: &mut Rng) -> bool {
        roll(dice, self.loss_ppm)
    }

    /// How long a datagram is held back besides, in microseconds.
    pub(crate) fn held_back(&self, dice: &mut Rng) -> u64 {
        if roll(dice, self.reorder_ppm) { u64::from(dice.below(self.reorder_us + 1)) } else { 0 }
    }

    /// Whether a datagram arrives twice.
    pub(crate) fn doubles(&self, dice: &mut Rng) -> bool {
        roll(dice, self.duplicate_ppm)
    }
}

fn is_uniform(delay: &Delay) -> bool {
    *delay == Delay::Uniform
}

/// A chance of zero costs no number, so that switching one fault on does not shift the dice of another run without it.
fn roll(dice: &mut Rng, ppm: u32) -> bool {
    ppm > 0 && dice.chance(ppm)
}

/// Which directed pairs of nodes are cut: a matrix of bits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cuts {
    n: usize,
    rows: Vec<u64>,
    any: bool,
}

impl Cuts {
    pub(crate) fn grow(&mut self, n: usize) {
        let old = std::mem::replace(self, Cuts { n, rows: vec![0; n * n.div_ceil(64)], any: false });
        for from in 0..old.n {
            for to in (0..old.n).filter(|to| old.has(from as u32, *to as u32)) {
                self.cut(from as u32, to as u32);
            }
        }
    }

    pub(crate) fn cut(&mut self, from: u32, to: u32) {
        let (word, bit) = self.at(from, to);
        self.rows[word] |= bit;
        self.any = true;
    }

    pub(crate) fn has(&self, from: u32, to: u32) -> bool {
        self.any && {
            let (word, bit) = self.at(from, to);
            self.rows[word] & bit != 0
        }
    }

    pub(crate) fn heal(&mut self) {
        self.rows.fill(0);
        self.any = false;
    }

    fn at(&self, from: u32, to: u32) -> (usize, u64) {
        (from as usize * self.n.div_ceil(64) + to as usize / 64, 1 << (to % 64))
    }
}

/// What a host is doing, as its neighbours' kernels see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A process listens.
    Up,
    /// The host is there, its process is not: dials are refused.
    Down,
    /// Nothing answers.
    Gone,
}

/// Everything between the nodes. It changes on the edges of buckets only, so every node sees the same in one bucket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {
    pub(crate) links: Medium,
    pub(crate) cuts: Cuts,
    pub(crate) hosts: Vec<Host>,
    pub(crate) ports: Vec<u16>,
    /// Nothing arrives at a host before this, in microseconds: it waits, and comes all at once.
    pub(crate) clogs: Vec<u64>,
    /// How many links of IP multicast there are, of which host `i` is on number `i` modulo this; none: no multicast.
    pub(crate) segments: u32,
}

/// The group of all links: one with a router between them needs one address.
pub(crate) const GROUP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(239, 77, 0, 1)), PORT + 1);

/// The port that nodes listen on.
pub(crate) const PORT: u16 = 7946;

impl Network {
    /// Where node `i` is: 10.0.0.1 is node 0.
    pub(crate) fn address(&self, i: u32) -> SocketAddr {
        let [_, a, b, c] = (i + 1).to_be_bytes();
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, a, b, c)), self.ports[i as usize])
    }

    /// Who is at an address, if that is a host of this world and its present port.
    pub(crate) fn node_at(&self, address: SocketAddr) -> Option<u32> {
        let IpAddr::V4(ip) = address.ip() else { return None };
        let [10, a, b, c] = ip.octets() else { return None };
        let i = u32::from_be_bytes([0, a, b, c]).checked_sub(1)?;
        (self.ports.get(i as usize) == Some(&address.port())).then_some(i)
    }

    /// Who hears what host `i` says to the group: who listens on its link, and in its region if there are any.
    pub(crate) fn hearers(&self, i: u32) -> impl Iterator<Item = u32> {
        let on_link = move |to: &u32| self.segments > 0 && to % self.segments == i % self.segments;
        let near = move |to: &u32| self.links.delay != Delay::Regions || regions::region(*to) == regions::region(i);
        let up = |to: &u32| self.hosts[*to as usize] == Host::Up;
        (0..self.hosts.len() as u32).filter(move |to| *to != i && on_link(to) && near(to) && up(to))
    }

    /// Whether segments pass both ways between two hosts.
    pub(crate) fn connects(&self, a: u32, b: u32) -> bool {
        self.hosts[b as usize] != Host::Gone && !self.cuts.has(a, b) && !self.cuts.has(b, a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_nodes_are_one_to_one() {
        let network = Network { ports: vec![PORT; 70_000], ..Network::default() };
        for i in [0, 1, 254, 255, 65_535, 69_999] {
            assert_eq!(network.node_at(network.address(i)), Some(i));
        }
        assert_eq!(network.address(0), "10.0.0.1:7946".parse().unwrap());
        assert_eq!(network.node_at("10.0.0.1:7947".parse().unwrap()), None);
        assert_eq!(network.node_at("10.0.0.0:7946".parse().unwrap()), None);
    }

    #[test]
    fn cuts_are_one_way_and_survive_growth() {
        let mut cuts = Cuts::default();
        cuts.grow(3);
        cuts.cut(0, 2);
        cuts.grow(100);
        cuts.cut(99, 1);
        assert!(cuts.has(0, 2) && !cuts.has(2, 0) && cuts.has(99, 1));
        cuts.heal();
        assert!(!cuts.has(0, 2));
    }
}
