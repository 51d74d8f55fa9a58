//! What lies between the nodes: latency, loss, duplicates, cuts.

use bruit_proto::Rng;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What every link does. Probabilities are in parts per million, latencies in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The shortest latency; at least 100.
    pub floor_us: u32,
    /// What a latency may have above the floor, uniformly.
    pub spread_us: u32,
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
        Duration::from_micros(u64::from(self.floor_us) + u64::from(self.spread_us))
    }

    /// The latency of one packet, in microseconds.
    pub(crate) fn latency(&self, dice: &mut Rng) -> u64 {
        u64::from(self.floor_us) + u64::from(dice.below(self.spread_us + 1))
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
    pub(crate) links: Links,
    pub(crate) cuts: Cuts,
    pub(crate) hosts: Vec<Host>,
    pub(crate) ports: Vec<u16>,
}

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
