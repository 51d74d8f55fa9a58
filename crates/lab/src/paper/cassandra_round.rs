//! Whom a round of Cassandra's talks to: shares of live peers, unreachable ones and seeds beside the formulas.

use super::{Paper, Verdict};
use bruit_proto::{PeerId, Rng};
use bruit_state::{Candidates, Round};

/// Rounds of each shape.
pub const ROUNDS: u32 = 100_000;

/// How a node sees its cluster: how many are live and unreachable, and of its seeds how many there are, and are live.
/// The other seeds are nodes that it has never heard of.
struct Shape {
    name: &'static str,
    live: u32,
    unreachable: u32,
    seeds: u32,
    live_seeds: u32,
}

const SHAPES: [Shape; 4] = [
    Shape { name: "healthy", live: 63, unreachable: 0, seeds: 3, live_seeds: 3 },
    Shape { name: "a third down", live: 20, unreachable: 10, seeds: 4, live_seeds: 3 },
    Shape { name: "just started", live: 2, unreachable: 9, seeds: 3, live_seeds: 1 },
    Shape { name: "alone", live: 0, unreachable: 5, seeds: 3, live_seeds: 0 },
];

/// How often a round of a shape did what.
struct Tally {
    /// A live peer came first.
    live: u32,
    /// The live peer that was drawn most and the one that was drawn least.
    extremes: Option<[u32; 2]>,
    unreachable: u32,
    /// A seed beside the live peer.
    seed: u32,
}

impl Shape {
    fn run(&self, rounds: u32) -> Tally {
        let ids = |from: u32, n: u32| (from..from + n).map(|i| PeerId(i.into())).collect::<Vec<_>>();
        let (live, unreachable) = (ids(0, self.live), ids(1_000, self.unreachable));
        let seeds = [ids(0, self.live_seeds), ids(2_000, self.seeds - self.live_seeds)].concat();
        let who = Candidates { live: &live, unreachable: &unreachable, seeds: &seeds };
        let (mut rng, mut out) = (Rng::seeded(1), Vec::new());
        let mut each = vec![0; live.len()];
        let mut tally = Tally { live: 0, extremes: None, unreachable: 0, seed: 0 };
        for _ in 0..rounds {
            Round::CASSANDRA.pick(&mut rng, who, &mut out);
            let first = out.first().filter(|peer| live.contains(peer));
            first.into_iter().for_each(|peer| each[peer.0 as usize] += 1);
            tally.live += u32::from(first.is_some());
            tally.unreachable += u32::from(out.iter().any(|peer| unreachable.contains(peer)));
            tally.seed += u32::from(out.iter().skip(first.iter().count()).any(|peer| seeds.contains(peer)));
        }
        tally.extremes = each.iter().max().zip(each.iter().min()).map(|(most, least)| [*most, *least]);
        tally
    }

    /// The probability that a round talks to a seed beside its live peer: S / (L + U) if that is no seed, or if L < S and
    /// the drawn one is another.
    fn seed(&self) -> f64 {
        let [l, u, s, met] = [self.live, self.unreachable, self.seeds, self.live_seeds].map(f64::from);
        if self.live == 0 {
            return 1.0;
        }
        let another = if l < s { met / l * (s - 1.0) / s } else { 0.0 };
        (s / (l + u)).min(1.0) * ((l - met) / l + another)
    }

    fn verdicts(&self, rounds: u32) -> Vec<Verdict> {
        let Shape { name, live: l, unreachable: u, seeds: s, .. } = self;
        let tally = self.run(rounds);
        let share = |what: &str, seen, p| Verdict::share(format!("{name}, L={l} U={u} S={s}: {what}"), seen, rounds, p);
        let mut verdicts = vec![share("a live peer", tally.live, f64::from((*l).min(1)))];
        if let Some([most, least]) = tally.extremes {
            let p = 1.0 / f64::from(*l);
            verdicts.push(share("the live peer drawn most, of L", most, p));
            verdicts.push(share("the live peer drawn least, of L", least, p));
        }
        verdicts.push(share("an unreachable peer, U/(L+1)", tally.unreachable, (f64::from(*u) / f64::from(l + 1)).min(1.0)));
        verdicts.push(share("a seed beside the live peer", tally.seed, self.seed()));
        verdicts
    }
}

/// So many rounds of each shape.
pub fn paper(rounds: u32) -> Paper {
    Paper {
        source: "Cassandra, Gossiper: the peers of a round",
        verdicts: SHAPES.iter().flat_map(|shape| shape.verdicts(rounds)).collect(),
        notes: vec![format!(
            "shares of {rounds} rounds, within four standard errors. A seed is drawn with probability S/(L+U), for certain \
             if nobody is live, and only if the live peer is no seed or L < S; drawn twice, it is sent to once"
        )],
        ..Paper::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_round_are_cassandras() {
        let paper = paper(ROUNDS);
        let missed: Vec<_> = paper.verdicts.iter().filter(|verdict| !verdict.ok).collect();
        assert!(missed.is_empty(), "{missed:#?}");
        assert_eq!(paper.verdicts.len(), 3 * 5 + 3);
    }

    /// Dynamo's round, held against Cassandra's formulas, is told apart.
    #[test]
    fn a_share_that_is_off_is_seen() {
        let [_, third, ..] = &SHAPES;
        let seen = third.run(ROUNDS).seed;
        assert!(Verdict::share("", seen, ROUNDS, third.seed()).ok);
        assert!(!Verdict::share("", seen, ROUNDS, third.seed() * 1.1).ok);
    }
}
