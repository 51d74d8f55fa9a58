use super::trace::{PRINTED_DELAY, PRINTED_DEVIATION, PRINTED_LOSS, PRINTED_MEAN, SENT, Trace};
use crate::paper::Verdict;
use bruit_kit::Arrivals;
use bruit_proto::{Duration, Time};

/// The trace's moments are the printed ones up to so much.
const WITHIN: f64 = 0.1;
/// Detection time is looked up after every so many arrivals.
const LOOK: usize = 500;
/// Silences are looked for up to so many microseconds: a quarter of an hour, ten times the longest burst.
const LONGEST: u64 = 1 << 30;

/// What a detector in the normal form makes of a trace.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    lost: f64,
    mean: f64,
    deviation: f64,
    delay: (f64, f64),
    /// Of each threshold mistakes a second, and seconds from a crash until it is detected: the mean way of a heartbeat and
    /// the mean silence that convicts.
    pub(super) points: Vec<(f64, f64)>,
}

impl Figures {
    /// Every gap is kept, of outages too; counted once the window is full.
    pub(super) fn of(trace: &Trace, window: usize, thresholds: &[f64]) -> Figures {
        let (mut mistakes, mut silences, mut looks) = (vec![0u32; thresholds.len()], vec![0u64; thresholds.len()], 0u64);
        let mut heard = Arrivals::new(window);
        let mut began = Time::ZERO;
        for (i, at) in trace.arrivals.iter().enumerate() {
            let now = Time((at * 1_000.0) as u64);
            let full = heard.is_full();
            if full {
                let phi = heard.normal(now);
                mistakes.iter_mut().zip(thresholds).for_each(|(mistakes, threshold)| *mistakes += u32::from(phi > *threshold));
            }
            heard.arrive(now, Duration::from_micros(103_500), Duration::MAX);
            if !full {
                began = now;
            } else if i % LOOK == 0 {
                looks += 1;
                for (silence, threshold) in silences.iter_mut().zip(thresholds) {
                    *silence += convicting(&heard, now, *threshold);
                }
            }
        }
        let last = trace.arrivals.last().copied().unwrap_or(0.0);
        let seconds = last / 1_000.0 - began.0 as f64 / 1e6;
        let rates = mistakes.into_iter().map(|mistakes| f64::from(mistakes) / seconds);
        let times = silences.into_iter().map(|silence| trace.delay.0 / 1_000.0 + silence as f64 / looks as f64 / 1e6);
        let points = rates.zip(times).collect();
        let (mean, deviation) = moments(&trace.arrivals);
        let lost = 1.0 - trace.arrivals.len() as f64 / f64::from(SENT);
        Figures { lost, mean, deviation, delay: trace.delay, points }
    }

    /// Whether the trace is like the published one.
    pub(super) fn about_the_trace(&self) -> [Verdict; 5] {
        [
            Verdict::near("the trace: lost of those sent, published .40 %", self.lost, PRINTED_LOSS, WITHIN),
            Verdict::near("the trace: mean gap of arrivals in ms, published 103.9", self.mean, PRINTED_MEAN, WITHIN),
            Verdict::near("the trace: deviation of gaps in ms, published 104.1", self.deviation, PRINTED_DEVIATION, WITHIN),
            Verdict::near("the trace: mean delay one way in ms, published 141.65", self.delay.0, PRINTED_DELAY.0, WITHIN),
            Verdict::near("the trace: deviation of delays in ms, published 19.3", self.delay.1, PRINTED_DELAY.1, WITHIN),
        ]
    }
}

/// The silence in microseconds at which phi passes a threshold.
fn convicting(heard: &Arrivals, last: Time, threshold: f64) -> u64 {
    let (mut low, mut high) = (0, LONGEST);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if heard.normal(Time(last.0 + middle)) > threshold { high = middle } else { low = middle }
    }
    high
}

/// Mean and standard deviation of gaps.
fn moments(arrivals: &[f64]) -> (f64, f64) {
    let gaps = arrivals.windows(2).map(|pair| pair[1] - pair[0]);
    let n = gaps.len() as f64;
    let (sum, squares) = gaps.fold((0.0, 0.0), |(sum, squares), gap| (sum + gap, squares + gap * gap));
    let mean = sum / n;
    (mean, (squares / n - mean * mean).max(0.0).sqrt())
}
