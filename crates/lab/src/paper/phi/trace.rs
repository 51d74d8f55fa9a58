use bruit_proto::Rng;

/// Heartbeats of the published week, EPFL to JAIST.
pub(super) const SENT: u32 = 5_845_712;
/// What of them was lost, in how many bursts, of which five lengths are printed.
const LOST: u32 = 23_191;
const BURSTS: u32 = 814;
const LONGEST: [u32; 5] = [1_093, 819, 621, 503, 495];
/// The other bursts: (23,191 - 3,531) / 809 heartbeats.
const BURST_MEAN: f64 = 24.30;
/// Their variation, from the deviation of 104.1 ms of the arrivals' gaps. Delays explain 2 x 19.3^2 of its square, so that
/// sum((length + 1)^2) is 5.53 million over all bursts, 2.76 million of it in the five longest; 3,430 is left to each of
/// the others, which is sqrt(3,430 - 25.3^2) = 52.8 heartbeats.
const BURST_DEVIATION: f64 = 52.8;
/// The sender's interval and its deviation, in ms.
const INTERVAL: (f64, f64) = (103.5, 0.19);
/// One way is half of a round trip of 270.2 to 717.8 ms, 283.3 in the mean, whose deviation of 27.3 has two equal parts.
const DELAY_LEAST: f64 = 135.1;
const DELAY_MEAN: f64 = 141.65;
const DELAY_MOST: f64 = 358.9;
const DELAY_DEVIATION: f64 = 19.3;

/// When heartbeats arrived, in ms, in order.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    pub(super) arrivals: Vec<f64>,
}

/// Of the printed moments.
pub(super) const PRINTED_LOSS: f64 = LOST as f64 / SENT as f64;
pub(super) const PRINTED_MEAN: f64 = 103.9;
pub(super) const PRINTED_DEVIATION: f64 = 104.1;
pub(super) const PROPAGATION: f64 = DELAY_MEAN;

impl Trace {
    /// With the published bursts, intervals and delays.
    pub(super) fn published() -> Trace {
        let delay = LogNormal::of(DELAY_MEAN - DELAY_LEAST, DELAY_DEVIATION);
        Trace::with(|rng| (DELAY_LEAST + delay.draw(rng)).min(DELAY_MOST))
    }

    /// The same with every delay the mean one.
    pub(super) fn without_jitter() -> Trace {
        Trace::with(|_| DELAY_MEAN)
    }

    fn with(mut delay: impl FnMut(&mut Rng) -> f64) -> Trace {
        let mut rng = Rng::seeded(1);
        let lost = losses(&mut rng);
        let (mut arrivals, mut at, mut latest) = (Vec::new(), 0.0, 0.0f64);
        for lost in lost {
            at += INTERVAL.0 + INTERVAL.1 * normal(&mut rng);
            let late = delay(&mut rng);
            if !lost {
                // The way keeps the order: what comes up to one that is late waits behind it.
                latest = latest.max(at + late);
                arrivals.push(latest);
            }
        }
        Trace { arrivals }
    }
}

/// Which heartbeats are lost: bursts at random places.
fn losses(rng: &mut Rng) -> Vec<bool> {
    let length = LogNormal::of(BURST_MEAN, BURST_DEVIATION);
    let shortest_printed = f64::from(LONGEST[LONGEST.len() - 1]);
    let others = (LONGEST.len() as u32..BURSTS).map(|_| length.draw(rng).round().clamp(1.0, shortest_printed) as u32);
    let lengths: Vec<u32> = others.chain(LONGEST).collect();
    let mut lost = vec![false; SENT as usize];
    for length in lengths {
        let from = rng.below(SENT - length) as usize;
        lost[from..from + length as usize].fill(true);
    }
    lost
}

/// A log-normal distribution by its mean and deviation: skewed, as delays and outages are.
struct LogNormal {
    mean: f64,
    deviation: f64,
}

impl LogNormal {
    fn of(mean: f64, deviation: f64) -> LogNormal {
        let variance = libm::log(1.0 + (deviation / mean) * (deviation / mean));
        LogNormal { mean: libm::log(mean) - variance / 2.0, deviation: variance.sqrt() }
    }

    fn draw(&self, rng: &mut Rng) -> f64 {
        libm::exp(self.mean + self.deviation * normal(rng))
    }
}

/// A standard normal number, by Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let mut unit = || ((rng.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let (a, b) = (unit(), unit());
    (-2.0 * libm::log(a)).sqrt() * libm::cos(std::f64::consts::TAU * b)
}
