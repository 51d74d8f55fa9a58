use super::{Bandwidth, Burst, Delay, Links, regions, roll};
use bruit_proto::Rng;
use std::ops::Deref;

/// Cells of the table of quantiles.
const CELLS: usize = 1 << 12;
/// The greatest deviation that is drawn of a normal distribution, in standard deviations: one in 2^46 is beyond 8.
const DEVIATIONS: f64 = 9.0;

/// Links, ready to be drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Medium {
    links: Links,
    /// What the delay above the floor exceeds with a probability of i in [`CELLS`], in microseconds; empty if it is
    /// drawn directly.
    quantiles: Vec<u32>,
}

/// What a node's way out remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Uplink {
    /// When the last packet will have left it, in microseconds.
    free_at: u64,
    /// Whether a burst of losses is on.
    bad: bool,
}

impl Default for Medium {
    fn default() -> Self {
        Medium::new(Links::default())
    }
}

impl Deref for Medium {
    type Target = Links;

    fn deref(&self) -> &Links {
        &self.links
    }
}

impl Medium {
    pub(crate) fn new(links: Links) -> Medium {
        let at = |cell: usize| links.exceeded(cell as f64 / CELLS as f64) as u32;
        let quantiles = match links.delay {
            Delay::Uniform | Delay::Regions => Vec::new(),
            // The outermost cells have no end; they are not looked up.
            Delay::Exponential | Delay::LogNormal { .. } => (0..CELLS).map(|cell| at(cell.max(1))).collect(),
        };
        Medium { links, quantiles }
    }

    /// Whether a node's way out has anything to remember.
    pub(crate) fn remembers(&self) -> bool {
        self.burst.is_some() || self.bandwidth.is_some()
    }

    /// The latency of one packet, in microseconds.
    pub(crate) fn latency(&self, from: u32, to: u32, dice: &mut Rng) -> u64 {
        let above = match self.delay {
            Delay::Uniform => u64::from(dice.below(self.spread_us.saturating_add(1))),
            Delay::Regions => regions::latency(from, to) + u64::from(dice.below(self.spread_us.saturating_add(1))),
            Delay::Exponential | Delay::LogNormal { .. } => self.quantile(dice.bits()),
        };
        u64::from(self.floor_us) + above
    }

    /// By linear interpolation, but for the outermost cells, which are exact.
    fn quantile(&self, bits: u64) -> u64 {
        let (cell, rest) = ((bits >> 52) as usize, (bits >> 20) & u64::from(u32::MAX));
        if cell == 0 || cell == CELLS - 1 {
            let part = (rest as f64 + 0.5) / (1_u64 << 32) as f64;
            return self.exceeded((cell as f64 + part) / CELLS as f64);
        }
        let (high, low) = (u64::from(self.quantiles[cell]), u64::from(self.quantiles[cell + 1]));
        high - (((high - low) * rest) >> 32)
    }

    /// Carries a datagram of so many bytes that leaves at `at`: when it arrives, and when once more if it does. None if it
    /// is lost, on its way or because the queue in front of it was full.
    pub(crate) fn carry(
        &self,
        (from, to): (u32, u32),
        at: u64,
        bytes: usize,
        uplink: &mut Uplink,
        dice: &mut Rng,
    ) -> Option<(u64, Option<u64>)> {
        let left = self.leave(at, bytes, uplink)?;
        self.cross((from, to), left, uplink, dice)
    }

    /// When a datagram of so many bytes has left its node; none if the queue in front of it was full.
    pub(crate) fn leave(&self, at: u64, bytes: usize, uplink: &mut Uplink) -> Option<u64> {
        self.bandwidth.map_or(Some(at), |bandwidth| bandwidth.pass(uplink, at, bytes))
    }

    /// Carries a copy of a datagram that has left: as [`carry`](Medium::carry).
    pub(crate) fn cross(
        &self,
        (from, to): (u32, u32),
        left: u64,
        uplink: &mut Uplink,
        dice: &mut Rng,
    ) -> Option<(u64, Option<u64>)> {
        let burst = self.burst.is_some_and(|burst| burst.loses(uplink, dice));
        if burst | self.loses_datagram(dice) {
            return None;
        }
        let arrives = left + self.latency(from, to, dice) + self.held_back(dice);
        let again = self.doubles(dice).then(|| left + self.latency(from, to, dice) + self.held_back(dice));
        Some((arrives, again))
    }
}

impl Bandwidth {
    /// When a packet has left whole; none if there is no room for it in the queue.
    fn pass(self, uplink: &mut Uplink, at: u64, bytes: usize) -> Option<u64> {
        let rate = u64::from(self.kbit.max(1));
        let waits = uplink.free_at.saturating_sub(at) * rate / 8_000;
        if waits + bytes as u64 > u64::from(self.queue) {
            return None;
        }
        uplink.free_at = uplink.free_at.max(at) + (bytes as u64 * 8_000).div_ceil(rate);
        Some(uplink.free_at)
    }
}

impl Burst {
    /// Moves between the states by one packet; whether that one is lost.
    fn loses(self, uplink: &mut Uplink, dice: &mut Rng) -> bool {
        if dice.below(if uplink.bad { self.length } else { self.every }) == 0 {
            uplink.bad = !uplink.bad;
        }
        uplink.bad && roll(dice, self.loss_ppm)
    }
}

impl Links {
    /// What the delay above the floor exceeds with probability `p`, in microseconds.
    pub(super) fn exceeded(&self, p: f64) -> u64 {
        let scale = f64::from(self.spread_us);
        let above = match self.delay {
            Delay::Uniform => scale * (1.0 - p),
            Delay::Regions => regions::LONGEST as f64 + scale * (1.0 - p),
            Delay::Exponential => -scale * libm::log(p),
            Delay::LogNormal { sigma_permille } => scale * libm::exp(f64::from(sigma_permille) / 1000.0 * deviation(p)),
        };
        // Some distributions have no end; an hour is longer than anybody waits.
        (above.min(3.6e9) + 0.5) as u64
    }
}

/// What a standard normal variable exceeds with probability `p`: by bisection, to a part in 2^40.
fn deviation(p: f64) -> f64 {
    let (mut low, mut high) = (-DEVIATIONS, DEVIATIONS);
    for _ in 0..44 {
        let middle = (low + high) / 2.0;
        if 0.5 * libm::erfc(middle * std::f64::consts::FRAC_1_SQRT_2) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 200_000;

    /// Latencies above the floor of many packets between nodes 0 and 1, in order of length.
    fn drawn(links: Links) -> Vec<f64> {
        let (floor, medium, mut dice) = (u64::from(links.floor_us), Medium::new(links), Rng::seeded(1));
        let mut all: Vec<f64> = (0..N).map(|_| (medium.latency(0, 1, &mut dice) - floor) as f64).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn near(seen: f64, expected: f64, within: f64) {
        assert!((seen / expected - 1.0).abs() < within, "{seen} and not {expected}");
    }

    fn mean(all: &[f64]) -> f64 {
        all.iter().sum::<f64>() / all.len() as f64
    }

    #[test]
    fn delays_are_distributed_as_they_say() {
        let links = |delay| Links { floor_us: 1_000, spread_us: 20_000, delay, ..Links::default() };
        let uniform = drawn(links(Delay::Uniform));
        near(mean(&uniform), 10_000.0, 0.01);
        assert!(uniform[N - 1] <= 20_000.0);

        let exponential = drawn(links(Delay::Exponential));
        near(mean(&exponential), 20_000.0, 0.01);
        near(exponential[N / 2], 20_000.0 * libm::log(2.0), 0.02);
        near(exponential[N * 999 / 1000], 20_000.0 * libm::log(1000.0), 0.05);

        // The mean of exp(0.5 Z) is exp(0.125), and one in 1,000 is 3.090 deviations out.
        let log_normal = drawn(links(Delay::LogNormal { sigma_permille: 500 }));
        near(mean(&log_normal), 20_000.0 * libm::exp(0.125), 0.01);
        near(log_normal[N / 2], 20_000.0, 0.01);
        near(log_normal[N * 999 / 1000], 20_000.0 * libm::exp(0.5 * 3.090), 0.05);
        near(log_normal[N / 1000], 20_000.0 * libm::exp(-0.5 * 3.090), 0.05);

        let still = drawn(Links { spread_us: 0, ..links(Delay::Uniform) });
        assert_eq!((still[0], still[N - 1]), (0.0, 0.0));
    }

    #[test]
    fn no_latency_is_below_the_floor_or_above_the_longest() {
        for delay in [Delay::Uniform, Delay::Exponential, Delay::LogNormal { sigma_permille: 1_000 }, Delay::Regions] {
            let links = Links { floor_us: 700, spread_us: 5_000, delay, ..Links::default() };
            let medium = Medium::new(links.clone());
            assert!([0, 1, u64::MAX / 2, u64::MAX].into_iter().all(|bits| {
                let above = if medium.quantiles.is_empty() { 0 } else { medium.quantile(bits) };
                above <= links.longest().as_micros() as u64 - 700
            }));
            let mut dice = Rng::seeded(2);
            assert!((0..10_000).map(|i| medium.latency(i, i + 1, &mut dice)).all(|at| at >= 700));
        }
    }

    #[test]
    fn regions_are_as_far_from_each_other_as_the_matrix_says() {
        let medium = Medium::new(Links { floor_us: 500, spread_us: 0, delay: Delay::Regions, ..Links::default() });
        let node = |of: usize| (0..).find(|i| regions::region(*i) == of).expect("a node of each region");
        let (australia, europe) = (node(0), node(1));
        let mut dice = Rng::seeded(1);
        assert_eq!(medium.latency(australia, europe, &mut dice), 165_500);
        assert_eq!(medium.latency(europe, europe, &mut dice), 2_500);
    }

    /// Gilbert 1960, Elliott 1963: the share of packets in bursts is length / (length + every), and bursts are as long as
    /// they should be.
    #[test]
    fn losses_come_in_bursts() {
        let burst = Burst { loss_ppm: 1_000_000, length: 5, every: 95 };
        let (mut uplink, mut dice) = (Uplink::default(), Rng::seeded(3));
        let lost: Vec<bool> = (0..N).map(|_| burst.loses(&mut uplink, &mut dice)).collect();
        let all = lost.iter().filter(|lost| **lost).count() as f64;
        let bursts = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        near(all / N as f64, 0.05, 0.1);
        near(all / bursts, 5.0, 0.1);

        let half = Burst { loss_ppm: 500_000, ..burst };
        let (mut uplink, mut dice) = (Uplink::default(), Rng::seeded(4));
        near((0..N).filter(|_| half.loses(&mut uplink, &mut dice)).count() as f64 / N as f64, 0.025, 0.12);
    }

    /// At 8 Mbit/s a packet of 1,000 bytes takes a millisecond; a queue of 3,000 bytes holds the one that leaves and two more.
    #[test]
    fn packets_leave_one_after_another_and_the_queue_drops_its_tail() {
        let bandwidth = Bandwidth { kbit: 8_000, queue: 3_000 };
        let mut uplink = Uplink::default();
        let times: Vec<_> = (0..5).map(|_| bandwidth.pass(&mut uplink, 0, 1_000)).collect();
        assert_eq!(times, [Some(1_000), Some(2_000), Some(3_000), None, None]);
        assert_eq!(bandwidth.pass(&mut uplink, 1_000, 1_000), Some(4_000));
        assert_eq!(bandwidth.pass(&mut uplink, 50_000, 1_000), Some(51_000));
    }
}
