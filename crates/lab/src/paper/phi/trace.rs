use bruit_proto::Rng;

/// Heartbeats of the published week, EPFL to JAIST.
pub(super) const SENT: u32 = 5_845_712;
/// What of them was lost, in how many bursts, of which five lengths are printed.
const LOST: u32 = 23_191;
const BURSTS: u32 = 814;
const LONGEST: [u32; 5] = [1_093, 819, 621, 503, 495];
/// The other bursts: (23,191 - 3,531) / 809 heartbeats.
const BURST_MEAN: f64 = 24.30;
/// Their variation: log-normal with this deviation of the logarithm. 1.8 is what both the deviation of 104.1 ms of the
/// arrivals' gaps, of which sum((length + 1)^2) = 5.9 million over all bursts, and the five longest of 814 ask for.
const BURST_SIGMA: f64 = 1.8;
/// The sender's interval and its deviation, in ms.
const INTERVAL: (f64, f64) = (103.5, 0.19);
/// One way is half of a round trip of 270.2 ms at least, 283.3 in the mean, whose deviation of 27.3 has two equal parts.
const DELAY_LEAST: f64 = 135.1;
const DELAY_MEAN: f64 = 141.65;
const DELAY_DEVIATION: f64 = 19.3;
/// Round trips deviate much more than gaps do, so the level of the delay must be slow: it holds for an hour of heartbeats.
/// Of two levels, a tenth of the hours 64 ms above the least have the printed mean, 135.1 + 6.4, and deviation, 64 x 0.3.
const LEVEL: u32 = 34_783;
const HIGH_EACH: u32 = 10;
const HIGH: f64 = 64.0;

/// What is not printed, and was fitted to the mistakes at thresholds 0.5, 1, 2, 4, 10 and 16.
///
/// This share of heartbeats meets a short queue, exponentially long in ms: they decide the mistakes at 0.5 and 1.
const QUEUED: (f64, f64) = (0.066, 0.44);
/// Part of the time the line is busy, in episodes of 10,000 heartbeats, 17 minutes, in the mean: windows differ.
const BUSY: f64 = 0.48;
const EPISODE: f64 = 10_000.0;
/// Then so many heartbeats are late: of each episode another share, log-normally. More late ones in a window deviate more,
/// and stand out less: the shares are what decides the mistakes from 2 to 12.
const LATE: f64 = 0.0085;
const LATE_SIGMA: f64 = 0.99;
/// By so many ms, normally, with this deviation: a queue that fills to the same length. Its mean is nearly no matter, for
/// phi counts in deviations.
const SPIKE: (f64, f64) = (6.8, 0.4);

/// When heartbeats arrived, in ms, in order.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    pub(super) arrivals: Vec<f64>,
    /// Mean and deviation of what a heartbeat took one way, in ms.
    pub(super) delay: (f64, f64),
}

/// Of the printed moments.
pub(super) const PRINTED_LOSS: f64 = LOST as f64 / SENT as f64;
pub(super) const PRINTED_MEAN: f64 = 103.9;
pub(super) const PRINTED_DEVIATION: f64 = 104.1;
pub(super) const PRINTED_DELAY: (f64, f64) = (DELAY_MEAN, DELAY_DEVIATION);

impl Trace {
    /// With the published bursts, intervals and moments of delays.
    pub(super) fn published() -> Trace {
        let mut rng = Rng::seeded(1);
        let lost = losses(&mut rng);
        let mut line = Line::default();
        let (mut arrivals, mut at, mut latest) = (Vec::new(), 0.0, 0.0f64);
        let (mut sum, mut squares) = (0.0, 0.0);
        for (i, lost) in (0..).zip(lost) {
            let high = i / LEVEL % HIGH_EACH == HIGH_EACH - 1;
            at += INTERVAL.0 + INTERVAL.1 * normal(&mut rng);
            let late = DELAY_LEAST + if high { HIGH } else { 0.0 } + line.late(&mut rng);
            sum += late;
            squares += late * late;
            if !lost {
                // The way keeps the order: what comes up to one that is late waits behind it.
                latest = latest.max(at + late);
                arrivals.push(latest);
            }
        }
        let mean = sum / f64::from(SENT);
        Trace { arrivals, delay: (mean, (squares / f64::from(SENT) - mean * mean).sqrt()) }
    }
}

/// A line that is quiet or busy.
#[derive(Default)]
struct Line {
    /// The share of heartbeats that are late, if it is busy.
    busy: Option<f64>,
}

impl Line {
    /// By how many ms the next heartbeat is later than the line's level.
    fn late(&mut self, rng: &mut Rng) -> f64 {
        let turns = if self.busy.is_some() { 1.0 / EPISODE } else { BUSY / (1.0 - BUSY) / EPISODE };
        if unit(rng) < turns {
            let shares = LogNormal { median: LATE, sigma: LATE_SIGMA };
            self.busy = if self.busy.is_some() { None } else { Some(shares.draw(rng)) };
        }
        let queued = if unit(rng) < QUEUED.0 { -QUEUED.1 * libm::log(unit(rng)) } else { 0.0 };
        let spike = self.busy.is_some_and(|share| unit(rng) < share);
        queued + if spike { SPIKE.0 + SPIKE.1 * normal(rng) } else { 0.0 }
    }
}

/// Which heartbeats are lost: bursts at random places.
fn losses(rng: &mut Rng) -> Vec<bool> {
    let shortest_printed = f64::from(LONGEST[LONGEST.len() - 1]);
    let length = LogNormal { median: BURST_MEAN * libm::exp(-BURST_SIGMA * BURST_SIGMA / 2.0), sigma: BURST_SIGMA };
    let drawn: Vec<f64> = (LONGEST.len() as u32..BURSTS).map(|_| length.draw(rng).clamp(1.0, shortest_printed)).collect();
    // Clamped on both sides their mean is another; so many times the length it is the printed one.
    let stretch = BURST_MEAN * drawn.len() as f64 / drawn.iter().sum::<f64>();
    let others = drawn.iter().map(|length| (length * stretch).round().clamp(1.0, shortest_printed) as u32);
    let lengths: Vec<u32> = others.chain(LONGEST).collect();
    let mut lost = vec![false; SENT as usize];
    for length in lengths {
        let from = rng.below(SENT - length) as usize;
        lost[from..from + length as usize].fill(true);
    }
    lost
}

/// A log-normal distribution by median and deviation of the logarithm: skewed, as outages and loads are.
struct LogNormal {
    median: f64,
    sigma: f64,
}

impl LogNormal {
    fn draw(&self, rng: &mut Rng) -> f64 {
        self.median * libm::exp(self.sigma * normal(rng))
    }
}

/// A standard normal number, by Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let (a, b) = (unit(rng), unit(rng));
    (-2.0 * libm::log(a)).sqrt() * libm::cos(std::f64::consts::TAU * b)
}

/// A number between 0 and 1, neither of them.
fn unit(rng: &mut Rng) -> f64 {
    ((rng.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}
