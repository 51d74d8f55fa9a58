//! What SWIM sends over the least that any failure detector must: Gupta, Chandra, Goldszmidt 2001.

use super::swim_false_positives::{fails, probing};
use super::{Paper, Verdict};
use crate::members::solo;
use crate::runner::each;
use crate::solo::Solo;
use bruit_swim::Swim;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(1);
/// Of a group, at most.
const PERIODS: u32 = 100;
/// Members that SWIM runs among.
pub const SIZES: [u32; 3] = [100, 1_000, 10_000];
/// Probes of each group.
pub const PROBES: u32 = 1_000_000;
/// How far off a load may be.
const WITHIN: f64 = 0.03;

/// What is asked for: the share of packets lost, and the most mistakes of a probe. With it the published least.
struct Row {
    loss: f64,
    mistakes: f64,
    published: f64,
}

const ROWS: [Row; 4] = [
    Row { loss: 0.05, mistakes: 1e-3, published: 2.3 },
    Row { loss: 0.05, mistakes: 1e-6, published: 4.6 },
    Row { loss: 0.01, mistakes: 1e-6, published: 3.0 },
    Row { loss: 0.01, mistakes: 1e-9, published: 4.5 },
];

impl Row {
    /// Messages that a member sends within the time of a detection, at least: `p^m` is at most PM.
    fn least(&self) -> f64 {
        libm::log(self.mistakes) / libm::log(self.loss)
    }

    /// The fewest helpers with which a probe errs seldom enough.
    fn helpers(&self) -> u32 {
        (0..u32::MAX).find(|k| fails(1.0 - self.loss, *k) <= self.mistakes).expect("each helper errs less than always")
    }

    /// Messages of a member in a period: a ping and its ack, and where one of them is lost each helper's four; of each only
    /// what comes is answered.
    fn load(&self) -> f64 {
        let q = 1.0 - self.loss;
        1.0 + q + (1.0 - q * q) * f64::from(self.helpers()) * (1.0 + q + q * q + q * q * q)
    }

    /// A load over the least, where a detection takes e/(e-1) periods.
    fn over_least(&self, load: f64) -> f64 {
        let e = libm::exp(1.0);
        load * e / (e - 1.0) / self.least()
    }
}

/// What a quiet group did, for each member and period.
struct Seen {
    /// Messages sent.
    load: f64,
    /// Probes that failed though nobody had.
    mistakes: f64,
}

/// So many probes, in groups that each live for so short a time that nobody is declared dead by mistake.
fn watch(row: &Row, n: u32, probes: u32) -> Seen {
    let periods = (probes / n).min(PERIODS);
    let groups = probes / n / periods;
    let (mut sent, mut failed) = (0, 0);
    for seed in 0..groups {
        let mut solo = solo(n, seed.into(), probing(row.helpers()));
        solo.lose((row.loss * 1e6 + 0.5) as u32);
        solo.run(2 * PERIOD);
        solo.weigh();
        let mistakes = |solo: &Solo<Swim>| solo.protocols().map(|swim| swim.counters().probes_failed).sum::<u64>();
        let before = mistakes(&solo);
        solo.run(periods * PERIOD);
        sent += solo.weight().packets;
        failed += mistakes(&solo) - before;
    }
    let each = f64::from(groups) * f64::from(n) * f64::from(periods);
    Seen { load: sent as f64 / each, mistakes: failed as f64 / each }
}

/// How many runs the table takes.
#[must_use]
pub fn runs(sizes: &[u32]) -> u64 {
    (ROWS.len() * sizes.len()) as u64
}

/// Each row among groups of these sizes, in so many probes; `done` hears of each run.
pub fn paper(sizes: &[u32], probes: u32, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let one = |i: u64| {
        let n = sizes[i as usize % sizes.len()];
        watch(&ROWS[i as usize / sizes.len()], n, probes)
    };
    let seen: Vec<Seen> = each(0..runs(sizes), threads, one, |_, _| {
        done();
        true
    })
    .into_iter()
    .map(|(_, seen)| seen)
    .collect();
    let source =
        "Gupta, Chandra, Goldszmidt 2001: who is to be heard in time but for a probability PM sends m messages, p^m <= PM";
    let verdicts = ROWS.iter().zip(seen.chunks(sizes.len()));
    Paper {
        source,
        verdicts: verdicts.flat_map(|(row, seen)| verdicts_of(row, sizes, seen, probes)).collect(),
        notes: NOTES.map(Into::into).to_vec(),
        ..Paper::default()
    }
}

fn verdicts_of(row: &Row, sizes: &[u32], seen: &[Seen], probes: u32) -> Vec<Verdict> {
    let name = format!("p={:.0} % PM={:.0e}", 100.0 * row.loss, row.mistakes);
    let mut verdicts =
        vec![Verdict::near(format!("{name}: the least, messages of a member"), row.least(), row.published, WITHIN)];
    for (n, seen) in sizes.iter().zip(seen) {
        let of = format!("{name}: {n} members, {} helpers", row.helpers());
        let claim = format!("{of}: load over the least, {:.2} messages a period", seen.load);
        verdicts.push(Verdict::near(claim, row.over_least(seen.load), row.over_least(row.load()), WITHIN));
        let slack = 4.0 * (row.mistakes / f64::from(probes)).sqrt();
        verdicts.push(Verdict::range(format!("{of}: probes that err, of {probes}"), seen.mistakes, 0.0, row.mistakes + slack));
    }
    verdicts
}

const NOTES: [&str; 2] = [
    "SWIM as published, with the fewest helpers whose probe errs no oftener than PM; a detection takes e/(e-1) periods. The bounds \
     are around 1 + q + (1-q^2) k (1+q+q^2+q^3) messages a period for packets that arrive with probability q",
    "the least counts messages that are always sent. Helpers are asked only where a direct ping fails, so the load that is \
     expected may be below it; the worst is 2 + 4k a period",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_is_a_constant_over_the_least() {
        let paper = paper(&SIZES[..2], 60_000, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }

    #[test]
    fn fewer_helpers_err_too_often() {
        let row = &ROWS[0];
        assert_eq!(row.helpers(), 3);
        assert!(fails(0.95, 2) > row.mistakes && fails(0.95, 3) <= row.mistakes);
    }
}
