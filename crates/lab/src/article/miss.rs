use super::Claim;
use crate::miss::prove;
use crate::paper::Verdict;

/// Runs for each node that a miss of one expects: a claim that is true by a factor of two is then all but always shown.
const RUNS: f64 = 1000.0;

pub(super) const MISS: Claim = Claim {
    name: "rumor-miss",
    about: "rumor",
    claim: "who is missed is as few as wished: the counter follows from nodes, loss and the wish",
    command: "bruit lab article rumor-miss",
    measure: |effort| {
        let wishes: &[(u32, u32, f64)] = effort.either(
            &[(300, 0, 1e-2), (300, 200_000, 2e-2)],
            &[(1000, 0, 1e-2), (1000, 0, 1e-3), (1000, 200_000, 1e-3), (1000, 0, 1e-4)],
        );
        let verdict = |(nodes, loss_ppm, miss): &(u32, u32, f64)| {
            let runs = (RUNS / miss / f64::from(*nodes)) as u64;
            let proof = prove(*nodes, *loss_ppm, *miss, runs, effort.threads, &mut || ()).expect("there is such a counter");
            let lost = loss_ppm / 10_000;
            let claim =
                format!("{nodes} nodes, {lost} % lost, {miss} wished, so k={}: missed with 99 % certainty at most", proof.k);
            Verdict::range(claim, proof.at_most, 0.0, *miss)
        };
        wishes.iter().map(verdict).collect()
    },
};
