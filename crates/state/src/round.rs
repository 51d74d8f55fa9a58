use bruit_proto::{PeerId, Rng};

/// Whom a node knows, by what it takes them for; itself in none of them.
#[derive(Clone, Copy, Debug)]
pub struct Candidates<'a> {
    /// Who is alive, L of them.
    pub live: &'a [PeerId],
    /// Who is not, and was neither removed nor said goodbye, U of them.
    pub unreachable: &'a [PeerId],
    /// Whom to ask for the way into the cluster, S of them.
    pub seeds: &'a [PeerId],
}

/// Whom to talk to in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Live peers in a round: 1, 2 or 3, one at a time and evenly spaced. All three at its start would pass on what was
    /// news then, and wait a second with what they heard: 2.0 s until a value is known to all 64, where it takes 1.4 s.
    pub live: u32,
    /// Whether an unreachable peer and a seed may come on top (Cassandra), or not (Dynamo).
    pub others: bool,
}

impl Round {
    /// One live peer, maybe one that is unreachable, maybe a seed: none to three.
    pub const CASSANDRA: Round = Round { live: 1, others: true };
    /// One live peer (DeCandia et al. 2007, section 4.8.1); a seed only as long as there is none.
    pub const DYNAMO: Round = Round { live: 1, others: false };

    /// The peers at the start of a round, each once:
    ///
    /// 1. a live one at random;
    /// 2. with probability U / (L + 1) an unreachable one at random;
    /// 3. a seed at random, if that live one is no seed or L < S: for certain when nobody is live, else with probability
    ///    S / (L + U).
    pub fn pick(self, rng: &mut Rng, who: Candidates<'_>, out: &mut Vec<PeerId>) {
        let [l, u, s] = [who.live.len(), who.unreachable.len(), who.seeds.len()].map(|n| n as u32);
        out.clear();
        if l > 0 {
            some(rng, who.live, out);
        }
        let met = out.iter().any(|peer| who.seeds.contains(peer));
        if self.others && u > 0 && happens(rng, u, l + 1) {
            some(rng, who.unreachable, out);
        }
        if s > 0 && (l == 0 || (self.others && (!met || l < s) && happens(rng, s, l + u))) {
            some(rng, who.seeds, out);
        }
    }
}

/// True with probability `n` / `of`.
fn happens(rng: &mut Rng, n: u32, of: u32) -> bool {
    rng.below(of) < n
}

/// Adds one of `all` at random, unless it is there already.
fn some(rng: &mut Rng, all: &[PeerId], out: &mut Vec<PeerId>) {
    let drawn = all[rng.below(all.len() as u32) as usize];
    if !out.contains(&drawn) {
        out.push(drawn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUNDS: u32 = 100_000;

    fn ids(range: std::ops::Range<u64>) -> Vec<PeerId> {
        range.map(PeerId).collect()
    }

    /// How often something happened, against its probability: within four standard errors.
    fn holds(what: &str, seen: u32, p: f64) {
        let n = f64::from(ROUNDS);
        let error = (n * p * (1.0 - p)).sqrt();
        let off = (f64::from(seen) - n * p).abs();
        assert!(off <= 4.0 * error, "{what}: {seen} of {ROUNDS}, expected {:.0} +- {error:.1}", n * p);
    }

    /// `seeds_live` of the seeds are among the live.
    fn check(l: u64, u: u64, s: u64, seeds_live: u64) {
        let live = ids(1..l + 1);
        let unreachable = ids(1000..1000 + u);
        let seeds: Vec<PeerId> = ids(1..seeds_live + 1).into_iter().chain(ids(2000..2000 + s - seeds_live)).collect();
        let who = Candidates { live: &live, unreachable: &unreachable, seeds: &seeds };
        let mut rng = Rng::seeded(l * 31 + u);
        let (mut out, mut each) = (Vec::new(), vec![0; l as usize]);
        let (mut lives, mut unreachables, mut eligible, mut seeded) = (0, 0, 0, 0);
        for _ in 0..ROUNDS {
            Round::CASSANDRA.pick(&mut rng, who, &mut out);
            let first = out.first().filter(|peer| live.contains(peer));
            lives += u32::from(first.is_some());
            first.iter().for_each(|peer| each[peer.0 as usize - 1] += 1);
            unreachables += u32::from(out.iter().any(|peer| unreachable.contains(peer)));
            let met = first.is_some_and(|peer| seeds.contains(peer));
            if (!met || l < s) && l > 0 {
                // A seed that is the live one of this round is not counted twice: only those beside it are seen.
                eligible += 1;
                seeded += u32::from(out.iter().skip(1).any(|peer| seeds.contains(peer)));
            }
            assert!(l > 0 || out.last().is_some_and(|peer| seeds.contains(peer)), "nobody is live: a seed for certain");
        }
        assert_eq!(lives, if l > 0 { ROUNDS } else { 0 });
        each.iter().for_each(|n| holds("a live peer", *n, 1.0 / l as f64));
        holds("unreachable", unreachables, (u as f64 / (l + 1) as f64).min(1.0));
        if l > 0 && seeds_live < s && l >= s {
            let (n, p) = (f64::from(eligible), (s as f64 / (l + u) as f64).min(1.0));
            let off = (f64::from(seeded) - n * p).abs();
            assert!(off <= 4.0 * (n * p * (1.0 - p)).sqrt(), "seed: {seeded} of {eligible}, p {p}");
            holds("a round that may take a seed", eligible, 1.0 - seeds_live as f64 / l as f64);
        }
    }

    /// A healthy cluster, one with a third of it down, one that has just started.
    #[test]
    fn shares_of_live_unreachable_and_seed_are_the_formulas() {
        check(63, 0, 3, 2);
        check(20, 10, 4, 3);
        check(2, 9, 2, 1);
        check(0, 5, 3, 0);
    }

    #[test]
    fn dynamo_talks_to_one_live_peer_and_to_a_seed_if_there_is_none() {
        let (live, unreachable, seeds) = (ids(1..9), ids(20..29), ids(1..3));
        let who = Candidates { live: &live, unreachable: &unreachable, seeds: &seeds };
        let (mut rng, mut out) = (Rng::seeded(4), Vec::new());
        let mut each = [0u32; 8];
        for _ in 0..ROUNDS {
            Round::DYNAMO.pick(&mut rng, who, &mut out);
            assert!(out.len() == 1 && live.contains(&out[0]));
            each[out[0].0 as usize - 1] += 1;
        }
        each.iter().for_each(|n| holds("one of eight", *n, 1.0 / 8.0));
        Round::DYNAMO.pick(&mut rng, Candidates { live: &[], ..who }, &mut out);
        assert!(out.len() == 1 && seeds.contains(&out[0]));
    }
}
