use crate::links::{Delay, Links};
use std::fmt;
use std::str::FromStr;

/// The standard deviation of the logarithm of a log-normal latency, in thousandths.
const SIGMA_PERMILLE: u32 = 500;
/// The longest that may be asked for, in microseconds.
const MOST_US: u32 = 10_000_000;

/// How long a packet is under way: `50ms`, `20ms..80ms` all alike, `exponential:1ms+20ms` a floor and a mean above it,
/// `log-normal:1ms+20ms` a floor and a median above it, `regions` between eight regions of the world.
///
/// No packet takes less than a millisecond and no bound is above ten seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latency {
    floor_us: u32,
    spread_us: u32,
    delay: Delay,
}

impl Latency {
    /// Links that take so long and lose so many packets in a million.
    pub(super) fn links(self, loss_ppm: u32) -> Links {
        let Latency { floor_us, spread_us, delay } = self;
        Links { floor_us, spread_us, delay, loss_ppm, ..Links::default() }
    }
}

impl Default for Latency {
    /// From 20 to 80 ms.
    fn default() -> Self {
        Latency { floor_us: 20_000, spread_us: 60_000, delay: Delay::Uniform }
    }
}

impl FromStr for Latency {
    type Err = String;

    fn from_str(text: &str) -> Result<Latency, String> {
        let latency = match text.split_once(':') {
            Some(("exponential", bounds)) => sum(bounds).map(|bounds| (bounds, Delay::Exponential)),
            Some(("log-normal", bounds)) => {
                sum(bounds).map(|bounds| (bounds, Delay::LogNormal { sigma_permille: SIGMA_PERMILLE }))
            }
            Some(_) => None,
            None if text == "regions" => Some(((1_000, 1_000), Delay::Regions)),
            None => span(text).map(|bounds| (bounds, Delay::Uniform)),
        };
        match latency {
            Some(((floor_us, spread_us), delay)) if floor_us >= 1_000 => Ok(Latency { floor_us, spread_us, delay }),
            _ => Err("give 50ms, 20ms..80ms, exponential:1ms+20ms, log-normal:1ms+20ms or regions, from 1 ms to 10 s".into()),
        }
    }
}

/// `20ms..80ms` or `50ms`: the shortest, and how much longer the longest is.
fn span(text: &str) -> Option<(u32, u32)> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let from = micros(from)?;
    Some((from, micros(to)?.checked_sub(from)?))
}

/// `1ms+20ms`: a floor and what comes on top of it.
fn sum(text: &str) -> Option<(u32, u32)> {
    let (floor, above) = text.split_once('+')?;
    Some((micros(floor)?, micros(above)?))
}

fn micros(text: &str) -> Option<u32> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1_000),
        None => (text.strip_suffix('s')?, 1_000_000),
    };
    number.parse::<u32>().ok()?.checked_mul(unit).filter(|us| *us <= MOST_US)
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (floor, spread) = (self.floor_us / 1_000, self.spread_us / 1_000);
        match self.delay {
            Delay::Uniform if spread == 0 => write!(f, "{floor}ms"),
            Delay::Uniform => write!(f, "{floor}ms..{}ms", floor + spread),
            Delay::Exponential => write!(f, "exponential:{floor}ms+{spread}ms"),
            Delay::LogNormal { .. } => write!(f, "log-normal:{floor}ms+{spread}ms"),
            Delay::Regions => f.write_str("regions"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_written_as_they_are_read() {
        for text in ["50ms", "20ms..80ms", "exponential:1ms+20ms", "log-normal:5ms+300ms", "regions"] {
            assert_eq!(text.parse::<Latency>().map(|latency| latency.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("1s..2s".parse::<Latency>().map(|latency| latency.to_string()), Ok("1000ms..2000ms".into()));
        for wrong in ["", "20", "0ms", "80ms..20ms", "11s", "exponential:20ms", "normal:1ms+1ms", "99999999999s", "1ms+1ms"] {
            assert!(wrong.parse::<Latency>().is_err(), "{wrong}");
        }
    }
}
