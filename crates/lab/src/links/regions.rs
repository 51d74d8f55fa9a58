//! Eight regions of the world.
//!
//! One-way latencies and how many nodes each region has are those of the test plans of libp2p
//! (`gossipsub-interop/network_graph.py`), from measurements of a public network of some ten thousand nodes.

use bruit_proto::mix;

/// Australia, Europe, East Asia, West Asia, the east and the west of North America, South Africa, South America.
pub(crate) const REGIONS: usize = 8;
/// Nodes of each, out of [`NODES`].
const WEIGHTS: [u64; REGIONS] = [290, 5599, 1059, 161, 2894, 1240, 47, 36];
const NODES: u64 = 11_326;
/// From one to the other, in milliseconds.
const MILLISECONDS: [[u8; REGIONS]; REGIONS] = [
    [2, 165, 110, 180, 150, 110, 220, 190],
    [165, 2, 125, 60, 70, 110, 95, 140],
    [110, 125, 4, 110, 140, 100, 175, 175],
    [180, 60, 110, 5, 110, 150, 110, 145],
    [150, 70, 140, 110, 2, 60, 130, 100],
    [110, 110, 100, 150, 60, 2, 160, 100],
    [220, 95, 175, 110, 130, 160, 7, 190],
    [190, 140, 175, 145, 100, 100, 195, 7],
];

/// Where node `i` is; the same in every run.
pub(crate) fn region(i: u32) -> usize {
    let mut place = mix(u64::from(i)) % NODES;
    for (region, weight) in WEIGHTS.into_iter().enumerate() {
        if place < weight {
            return region;
        }
        place -= weight;
    }
    unreachable!("the weights make up all nodes")
}

/// From node to node, in microseconds.
pub(crate) fn latency(from: u32, to: u32) -> u64 {
    u64::from(MILLISECONDS[region(from)][region(to)]) * 1000
}

/// The longest of them, in microseconds.
pub(crate) const LONGEST: u64 = 220_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_live_where_the_weights_say() {
        assert_eq!(WEIGHTS.iter().sum::<u64>(), NODES);
        assert_eq!(MILLISECONDS.iter().flatten().max(), Some(&220));
        let mut seen = [0_u64; REGIONS];
        (0..200_000).for_each(|i| seen[region(i)] += 1);
        for (seen, weight) in seen.into_iter().zip(WEIGHTS) {
            let expected = 200_000.0 * weight as f64 / NODES as f64;
            assert!((seen as f64 - expected).abs() < 5.0 * expected.sqrt(), "{seen} of {expected}");
        }
    }
}
