//! Sooner than Lifeguard, and no more often in vain: our failure detector on the same slow members and the same crashes.

use super::lifeguard::{Detector, Size, crashes, lifeguard, sweep};
use super::{Paper, Verdict};
use bruit_swim::{Config, Profile};

/// How many runs that takes.
pub fn runs(size: &Size) -> u64 {
    size.cells(3) + size.crashes
}

/// Lifeguard and ours on a grid, then crashes of ours; `done` hears of each run.
pub fn paper(size: &Size, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let config = Config::of(Profile::Lan);
    let ours = |notices| Detector { config: config.clone(), notices };
    let tallies = sweep(&[lifeguard(), ours(true), ours(false)], size, threads, done);
    let [lifeguard, seen, deaf] = [0, 1, 2].map(|i| tallies[i]);
    let [first, all] = crashes(&config, size.crashes, threads, done);
    let most = |claim: &str, seen: u64, most: u64| Verdict::range(claim, seen as f64, 0.0, most as f64);
    Paper {
        source: "beside Dadgar, Phillips, Currey 2017, Lifeguard with alpha 5, beta 6: 128 members, some slow for 120 s",
        verdicts: vec![
            Verdict::range("s from a crash until one member knows, median; Lifeguard 12.25", first, 0.0, 4.0),
            Verdict::range("and until all do, more", all - first, 0.0, 0.6),
            most("healthy members held for dead, at most Lifeguard's", seen.false_positives, lifeguard.false_positives),
            most("by healthy members, at most Lifeguard's", seen.by_healthy, lifeguard.by_healthy),
        ],
        notes: vec![
            lifeguard.note("Lifeguard"),
            seen.note("ours, told of its pauses as our nodes are"),
            deaf.note("ours, not told of them"),
        ],
        ..Paper::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sooner_and_no_more_often_in_vain() {
        let paper = paper(&Size::QUICK, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }
}
