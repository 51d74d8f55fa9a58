use super::super::order::Way;
use super::{Outcome, Result, Stage, scene};
use bruit::PeerId;

scene!("cut", 12 s, "cut in half, each side goes on, and takes the other for dead", play);

/// A key that all share, written on both sides.
pub(super) const KEY: (&str, &str) = ("bucket", "photos");

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let n = stage.cluster.slots.len();
    let half = n / 2;
    stage.cluster.cut((half..n).collect(), Way::Both).await?;
    stage.cluster.node(0)?.state().set_in(KEY.0, KEY.1, "n_val=2").await?;
    stage.cluster.node(n - 1)?.state().set_in(KEY.0, KEY.1, "n_val=3").await?;
    let ids: Vec<PeerId> = stage.cluster.slots.iter().map(|slot| PeerId::named(&slot.name)).collect();
    let mut outcome = stage
        .until(|_, views| {
            let apart = |i: usize, j: usize| {
                let belief = views[i].as_ref().and_then(|view| view.get(&ids[j]));
                belief.is_some_and(|belief| !belief.status.is_live())
            };
            let (low, high) = (0..half, half..n);
            let left = low.clone().flat_map(|i| high.clone().map(move |j| (i, j))).filter(|(i, j)| apart(*i, *j)).count();
            let right = high.clone().flat_map(|i| low.clone().map(move |j| (i, j))).filter(|(i, j)| apart(*i, *j)).count();
            let all = half * (n - half);
            (left == all && right == all, format!("{left} of {all} pairs apart here, {right} of {all} there"))
        })
        .await;
    let values = stage.values(KEY).await;
    outcome.seen = format!("{}; {}/{} is {}", outcome.seen, KEY.0, KEY.1, values.join(" and "));
    Ok(outcome)
}
