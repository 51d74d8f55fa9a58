use crate::mix;
use crate::peer::PeerId;
use std::time::Duration;

/// Seeded dice: a splitmix64 stream, 8 bytes of state, the same numbers on every platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

/// The odd constant of splitmix64: 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Rng {
    /// The stream of one protocol at one node. Other names give unrelated streams, so switching one protocol on does
    /// not shift another's numbers.
    pub fn named(seed: u64, node: PeerId, protocol: &str) -> Rng {
        let mut key = mix(seed ^ GOLDEN);
        key = mix(key ^ node.0.wrapping_add(GOLDEN));
        for b in protocol.bytes() {
            key = mix(key ^ u64::from(b).wrapping_add(GOLDEN));
        }
        Rng { state: key }
    }

    /// A stream from a bare seed, for generators of cases and tests.
    pub fn seeded(seed: u64) -> Rng {
        Rng { state: mix(seed ^ GOLDEN) }
    }

    /// Sixty-four dice.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number in `0..n`; zero if `n` is zero. Bias below 2^-32.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u32
    }

    /// True with probability `ppm` in a million.
    pub fn chance(&mut self, ppm: u32) -> bool {
        self.below(1_000_000) < ppm
    }

    /// A duration in `from..to`, or `from` if that is empty. Microsecond grain.
    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = to.saturating_sub(from).as_micros() as u64;
        from + Duration::from_micros(((u128::from(self.bits()) * u128::from(span)) >> 64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A one-multiply hash gave one node in 100,000 a stream that lost every packet; every key must look alike.
    #[test]
    fn every_node_has_fair_dice() {
        for node in 0..20_000 {
            let mut rng = Rng::named(1, PeerId(node), "loss");
            let lost = (0..400).filter(|_| rng.chance(100_000)).count();
            assert!((8..=80).contains(&lost), "node {node}: {lost} of 400 at 10 %");
        }
    }

    #[test]
    fn streams_differ_by_each_part_of_their_name() {
        let first = |s, n, p| Rng::named(s, PeerId(n), p).bits();
        let all = [first(1, 1, "swim"), first(2, 1, "swim"), first(1, 2, "swim"), first(1, 1, "events")];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b));
        }
    }
}
