use bruit_proto::{Duration, Time};
use std::collections::VecDeque;
use std::num::NonZero;

/// When somebody was heard of, and how suspicious its silence is: an accrual failure detector (Hayashibara, Défago,
/// Yared, Katayama 2004, "The phi accrual failure detector").
///
/// Of the last inter-arrival times, those in the window, their number, sum and sum of squares are all that phi asks for. The
/// window moves by a twentieth: a block of gaps is forgotten at a time, so that a block is two numbers, and a node that
/// watches thousands keeps 40 bytes of each, and 320 more once their windows are full. Gaps are whole microseconds and squares
/// are added in one order, so that every machine comes to the same figure.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// Of the last one, if there was any.
    last: Time,
    sum: u64,
    squares: f64,
    /// Blocks that are whole, the oldest first. What is in none of them is in the sums.
    #[expect(clippy::box_collection, reason = "8 bytes while no block is whole, where a VecDeque takes 32")]
    blocks: Option<Box<VecDeque<Block>>>,
    len: u16,
    window: NonZero<u16>,
}

/// Gaps that are forgotten together.
#[derive(Clone, Copy, Debug)]
struct Block {
    sum: u64,
    squares: f64,
}

/// Blocks in a window.
const BLOCKS: u16 = 20;

/// log10(e): phi counts powers of ten.
const LOG10_E: f64 = std::f64::consts::LOG10_E;
/// The least standard deviation that the normal form believes, as a part of the mean: a window of equal gaps would call
/// the first late heartbeat a crash. One in a hundred, which the paper has not: the sender of its trace deviates by
/// 0.19 ms in 103.5, and without it a queue of half a millisecond would be a mistake on a quiet line.
const LEAST_DEVIATION: f64 = 0.01;

impl Arrivals {
    /// The paper's window, and Cassandra's: 1,000 gaps.
    pub const WINDOW: usize = 1_000;

    /// Nothing heard yet; keeps at most the last `window` gaps, 1 to 65,535, and at least nineteen twentieths of them.
    pub fn new(window: usize) -> Arrivals {
        let window = u16::try_from(window).unwrap_or(u16::MAX);
        let window = NonZero::new(window).unwrap_or(NonZero::<u16>::MIN);
        Arrivals { last: Time::ZERO, sum: 0, squares: 0.0, blocks: None, len: 0, window }
    }

    /// A sign of life. The first one counts as a gap of `first`, so that there is a mean from the start; a gap above
    /// `longest` is not kept, for it was an outage and not a habit, but it ends the silence (Cassandra's two rules).
    pub fn arrive(&mut self, now: Time, first: Duration, longest: Duration) {
        let gap = if self.is_empty() { first } else { now.since(self.last) };
        if self.is_empty() || gap <= longest {
            self.keep(u32::try_from(gap.as_micros()).unwrap_or(u32::MAX));
        }
        self.last = now;
    }

    fn keep(&mut self, gap: u32) {
        let block = self.block();
        if self.len == self.window.get()
            && let Some(old) = self.blocks.as_mut().and_then(|blocks| blocks.pop_front())
        {
            self.len -= block;
            self.sum -= old.sum;
            self.squares -= old.squares;
        }
        self.len += 1;
        self.sum += u64::from(gap);
        self.squares += f64::from(gap) * f64::from(gap);
        if self.len.is_multiple_of(block) {
            let blocks = self.blocks.get_or_insert_default();
            let sum = self.sum - blocks.iter().map(|b| b.sum).sum::<u64>();
            let squares = self.squares - blocks.iter().map(|b| b.squares).sum::<f64>();
            blocks.push_back(Block { sum, squares });
        }
    }

    /// Gaps in a block.
    fn block(&self) -> u16 {
        self.window.get().div_ceil(BLOCKS)
    }

    /// This node stood still for `lost`: nobody could be heard meanwhile.
    pub fn pause(&mut self, lost: Duration) {
        self.last = self.last + lost;
    }

    /// How long nothing was heard.
    pub fn silence(&self, now: Time) -> Duration {
        if self.is_empty() { Duration::ZERO } else { now.since(self.last) }
    }

    /// The mean gap, zero when there is none.
    pub fn mean(&self) -> Duration {
        Duration::from_micros(self.sum.checked_div(u64::from(self.len)).unwrap_or(0))
    }

    /// How many gaps are kept.
    pub fn len(&self) -> usize {
        self.len.into()
    }

    /// Whether the window has been filled: from now on the oldest gaps are forgotten.
    pub fn is_full(&self) -> bool {
        self.len + self.block() > self.window.get()
    }

    /// Whether nothing was ever heard.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Phi if gaps are distributed exponentially, as Cassandra has it: silence / mean x log10(e). Threshold 8 is
    /// reached after 18.42 mean gaps. Zero before the first arrival.
    pub fn exponential(&self, now: Time) -> f64 {
        let mean = self.mean_micros();
        if mean == 0.0 { 0.0 } else { self.silence(now).as_micros() as f64 / mean * LOG10_E }
    }

    /// Phi if gaps are distributed normally, as the paper has it: -log10 of the probability that a heartbeat comes later
    /// than now. Zero before the first arrival.
    pub fn normal(&self, now: Time) -> f64 {
        let mean = self.mean_micros();
        if mean == 0.0 {
            return 0.0;
        }
        let variance = self.squares / f64::from(self.len) - mean * mean;
        let deviation = variance.max(0.0).sqrt().max(mean * LEAST_DEVIATION);
        later_than((self.silence(now).as_micros() as f64 - mean) / deviation)
    }

    fn mean_micros(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.sum as f64 / f64::from(self.len) }
    }
}

/// -log10 P(X > z) of the standard normal distribution.
fn later_than(z: f64) -> f64 {
    if z < 30.0 {
        return -libm::log10(libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2) / 2.0);
    }
    // Beyond, P underflows; Mills' ratio: P = e^(-z^2/2) / (z sqrt(2 pi)) up to a factor of 1 - 1/z^2, one in 900.
    z * z / 2.0 * LOG10_E + libm::log10(z) + 0.5 * libm::log10(2.0 * std::f64::consts::PI)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn steady(n: u64) -> Arrivals {
        let mut arrivals = Arrivals::new(Arrivals::WINDOW);
        (1..=n).for_each(|i| arrivals.arrive(Time(i * 1_000_000), SECOND, 2 * SECOND));
        arrivals
    }

    /// 8 / log10(e) = 18.42 mean gaps.
    #[test]
    fn exponential_phi_reaches_8_after_18_42_mean_gaps() {
        let arrivals = steady(50);
        let at = |tenths: u64| arrivals.exponential(Time(50_000_000 + tenths * 100_000));
        assert!(at(184) < 8.0 && at(185) > 8.0, "{} {}", at(184), at(185));
        assert_eq!(arrivals.mean(), SECOND);
    }

    /// P(X > mean) is a half; one, two and three deviations beyond: .1587, .02275, .00135.
    #[test]
    fn normal_phi_is_the_tail_of_the_normal_distribution() {
        let mut arrivals = Arrivals::new(Arrivals::WINDOW);
        let mut now = Time::ZERO;
        arrivals.arrive(now, SECOND, 9 * SECOND);
        for i in 0..999 {
            now = now + Duration::from_millis(if i % 2 == 0 { 900 } else { 1_100 });
            arrivals.arrive(now, SECOND, 9 * SECOND);
        }
        let check = |millis: u64, p: f64| {
            let phi = arrivals.normal(now + Duration::from_millis(millis));
            assert!((phi + libm::log10(p)).abs() < 0.01, "{millis} ms: {phi}, not {}", -libm::log10(p));
        };
        check(1000, 0.5);
        check(1100, 0.1587);
        check(1200, 0.02275);
        check(1300, 0.00135);
    }

    /// Both sides of where the tail underflows agree.
    #[test]
    fn normal_phi_grows_without_end() {
        let (near, far) = (later_than(29.99), later_than(30.0));
        assert!(far > near && far - near < 0.2, "{near} {far}");
        assert!(later_than(1e6).is_finite());
    }

    #[test]
    fn outages_are_no_habit_and_a_pause_is_no_silence() {
        let mut arrivals = steady(10);
        arrivals.arrive(Time(40_000_000), SECOND, 2 * SECOND);
        assert_eq!((arrivals.mean(), arrivals.len()), (SECOND, 10));
        assert_eq!(arrivals.silence(Time(41_000_000)), SECOND);
        arrivals.pause(7 * SECOND);
        assert_eq!(arrivals.silence(Time(48_000_000)), SECOND);
    }

    #[test]
    fn the_window_forgets_the_oldest() {
        let mut arrivals = Arrivals::new(4);
        (0..9).for_each(|i| arrivals.arrive(Time(i * 1_000_000), SECOND, 2 * SECOND));
        (1..=4).for_each(|i| arrivals.arrive(Time(8_000_000 + i * 500_000), SECOND, 2 * SECOND));
        assert_eq!((arrivals.len(), arrivals.mean()), (4, Duration::from_millis(500)));
    }

    /// A habit that changed is the only one known a window later, and at no time are fewer gaps held than was said.
    #[test]
    fn a_window_moves_by_a_block_and_forgets_all_of_what_was_before() {
        let mut arrivals = steady(3_000);
        assert!(arrivals.is_full() && !steady(900).is_full());
        for i in 1..=1_000 {
            arrivals.arrive(Time(3_000_000_000 + i * 1_500_000), SECOND, 2 * SECOND);
            assert!((951..=1_000).contains(&arrivals.len()), "{}", arrivals.len());
        }
        assert_eq!(arrivals.mean(), Duration::from_millis(1_500));
        let now = Time(4_500_000_000 + 1_500_000);
        assert!((arrivals.normal(now) + libm::log10(0.5)).abs() < 1e-3, "{}", arrivals.normal(now));
        assert_eq!(size_of::<Option<Arrivals>>(), 40);
    }
}
