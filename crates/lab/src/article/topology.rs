use super::Claim;
use crate::cycles::{Complete, Subnets};
use crate::paper::demers_spatial::{Routed, routed};
use crate::paper::{Mean, Verdict};
use crate::runner::each;

pub(super) const SUBNETS: Claim = Claim {
    name: "subnets",
    about: "topology",
    claim: "partners in the own subnet with probability 1 - 1/n make router load constant, and a spread at most twice as long",
    command: "bruit lab paper demers-spatial",
    measure: |effort| {
        let sizes: &[u32] = effort.either(&[8, 16], &[8, 16, 32]);
        let runs = effort.either(20, 100);
        let verdicts = |size: &u32| {
            let nets = Subnets { n: size * size, size: *size };
            let mean = |of: fn(&Routed) -> f64, runs: &[(u64, Routed)]| {
                let mut mean = Mean::default();
                runs.iter().for_each(|(_, run)| mean.add(of(run)));
                mean.mean()
            };
            let by_subnet = each(0..runs, effort.threads, |seed| routed(nets, nets, seed), |_, _| true);
            let uniform = each(0..runs, effort.threads, |seed| routed(Complete(nets.n), nets, seed), |_, _| true);
            let last = |runs: &[(u64, Routed)]| mean(|run| run.last as f64, runs);
            [
                // Of each of its nodes one contact in n, and as many from elsewhere.
                Verdict::near(
                    format!("{size} subnets of {size}: contacts through a router in a cycle"),
                    mean(|run| run.load, &by_subnet),
                    2.0,
                    0.1,
                ),
                Verdict::range(
                    format!("{size} subnets of {size}: cycles until all know, over those of a uniform choice"),
                    last(&by_subnet) / last(&uniform),
                    1.0,
                    2.0,
                ),
            ]
        };
        sizes.iter().flat_map(verdicts).collect()
    },
};
