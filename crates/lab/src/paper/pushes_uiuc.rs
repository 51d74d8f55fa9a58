//! The lecture on gossip of the University of Illinois (I. Gupta, CS 425): b pushes a round, and what loss does to them.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::cycles::Complete;
use crate::epidemic::Epidemic;
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Stop};

/// Runs of each row.
pub const RUNS: u64 = 400;
const NODES: u32 = 1000;
/// Contacts a round, and c: how many times ln n rounds.
const ROWS: [(u32, f64); 3] = [(1, 3.0), (2, 1.5), (3, 1.0)];
/// With loss: contacts a round; half of them without.
const LOSSY: [u32; 2] = [2, 4];
const HALF_PPM: u32 = 500_000;

/// How many runs the paper takes.
pub fn runs(runs: u64) -> u64 {
    (ROWS.len() + 2 * LOSSY.len()) as u64 * runs
}

/// Who does not know it after each round, until all know; of `n` nodes that push to so many a round and never tire.
fn unaware(contacts: u32, loss_ppm: u32, seed: u64) -> Vec<u64> {
    let stop = Stop::Counter { feedback: true, k: 1000 };
    let config = Config { exchange: Exchange::Push, stop, contacts, ..Config::default() };
    let mut epidemic = Epidemic::new(&config, Complete(NODES), seed).expect("settings in their bounds");
    epidemic.cycles().lose(loss_ppm);
    let mut unaware = vec![u64::from(NODES) - 1];
    while epidemic.known() < u64::from(NODES) {
        epidemic.step();
        unaware.push(u64::from(NODES) - epidemic.known());
    }
    unaware
}

/// Runs of one setting: unaware nodes after each round, on average, and rounds until there are none.
struct Seen {
    unaware: Vec<Mean>,
    last: Mean,
}

impl Seen {
    fn of(runs: u64, threads: usize, contacts: u32, loss_ppm: u32, done: &mut dyn FnMut()) -> Seen {
        let all = each(
            0..runs,
            threads,
            |seed| unaware(contacts, loss_ppm, seed),
            |_, _| {
                done();
                true
            },
        );
        let rounds = all.iter().map(|(_, run)| run.len()).max().unwrap_or(0);
        let mut seen = Seen { unaware: vec![Mean::default(); rounds], last: Mean::default() };
        for (_, run) in all {
            seen.last.add((run.len() - 1) as f64);
            for (round, mean) in seen.unaware.iter_mut().enumerate() {
                mean.add(run.get(round).copied().unwrap_or(0) as f64);
            }
        }
        seen
    }

    fn after(&self, round: usize) -> f64 {
        self.unaware.get(round).map_or(0.0, Mean::mean)
    }

    /// Pushes of a round that meet a node which does not know it, by how fast such nodes become fewer: of x among n there
    /// stay x e^(-by/n) when y push. Over rounds in which fewer than a tenth do not know it, and enough for a sure mean; and
    /// four standard errors of it.
    fn meet(&self) -> (f64, f64) {
        let (n, mut fall, mut pushing, mut error) = (f64::from(NODES), 0.0, 0.0, 0.0_f64);
        for pair in self.unaware.windows(2) {
            let [before, after] = [&pair[0], &pair[1]];
            if before.mean() < n / 10.0 && after.mean() >= 1.0 {
                fall += libm::log(before.mean() / after.mean());
                pushing += 1.0 - before.mean() / n;
                error = error.max(before.error() / before.mean()) + after.error() / after.mean();
            }
        }
        (fall / pushing, 4.0 * error / pushing)
    }
}

/// So many runs of each row; `done` hears of each.
pub fn paper(runs: u64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "I. Gupta, CS 425, gossip: y = (n+1) - n^-(cb-2) know after c ln n rounds of b pushes; 1,000 nodes";
    let mut paper = Paper { source, ..Paper::default() };
    let n = f64::from(NODES);
    for (b, c) in ROWS {
        let seen = Seen::of(runs, threads, b, 0, done);
        let (rounds, contacts) = (libm::ceil(c * libm::log(n)) as usize, f64::from(b));
        let formula = 1.0 - libm::pow(n, 2.0 - c * contacts) / n;
        let claim = format!("b={b} c={c}: share that knows after {rounds} rounds, {formula:.6}");
        paper.verdicts.push(Verdict::near(claim, 1.0 - seen.after(rounds) / n, formula, 0.01));
        let claim = format!("b={b}: pushes that meet a node in a round, by how fast those who do not know become fewer");
        let (meet, slack) = seen.meet();
        let slack = slack + 0.03 * contacts;
        paper.verdicts.push(Verdict::range(claim, meet, contacts - slack, contacts + slack));
        let grown = libm::pow(n, 1.0 - c * contacts + contacts / libm::log1p(contacts));
        paper.notes.push(format!(
            "b={b} c={c}: {:.4} nodes do not know it, by the formula {:.4}; rounds in which their number grows by 1 + b, not by \
             e^b, leave about {grown:.4}",
            seen.after(rounds),
            n - n * formula,
        ));
    }
    for b in LOSSY {
        let [lossy, half] = [(b, HALF_PPM), (b / 2, 0)].map(|(b, loss)| Seen::of(runs, threads, b, loss, done));
        let claim = format!("b={b}, half of all lost: rounds until all know, less those of b={} without loss", b / 2);
        let slack = 0.5 + 4.0 * lossy.last.error();
        paper.verdicts.push(Verdict::range(claim, lossy.last.mean() - half.last.mean(), -slack, slack));
    }
    paper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushes_go_as_the_lecture_says_and_loss_halves_them() {
        let paper = paper(25, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }

    #[test]
    fn with_loss_it_takes_longer_than_without() {
        let last = |loss| Seen::of(20, 2, 2, loss, &mut || ()).last.mean();
        assert!(last(HALF_PPM) > last(0) + 3.0);
    }
}
