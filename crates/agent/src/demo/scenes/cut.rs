use super::super::order::Way;
use super::{Outcome, Result, Stage, scene};
use bruit::PeerId;
use std::time::Duration;
use tokio::time::sleep;

scene!("cut", 15 s, "cut in half, each side goes on and takes the other for dead; both write the same key", play);

/// A key that all share, written on both sides.
pub(super) const KEY: (&str, &str) = ("bucket", "photos");
/// What the one side writes, and what the other writes later.
pub(super) const VALUES: [&str; 2] = ["n_val=2", "n_val=3"];
/// Hybrid clocks count in milliseconds: so much later is later.
const LATER: Duration = Duration::from_millis(20);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let n = stage.cluster.slots.len();
    let half = n / 2;
    stage.cluster.cut((half..n).collect(), Way::Both).await?;
    stage.cluster.node(0)?.state().set_in(KEY.0, KEY.1, VALUES[0]).await?;
    sleep(LATER).await;
    stage.cluster.node(n - 1)?.state().set_in(KEY.0, KEY.1, VALUES[1]).await?;
    let ids: Vec<PeerId> = stage.cluster.slots.iter().map(|slot| PeerId::named(&slot.name)).collect();
    let mut outcome = stage
        .until(|stage, views| {
            let apart = |i: usize, j: usize| {
                let belief = views[i].as_ref().and_then(|view| view.get(&ids[j]));
                belief.is_some_and(|belief| !belief.status.is_live())
            };
            let (low, high) = (0..half, half..n);
            let left = low.clone().flat_map(|i| high.clone().map(move |j| (i, j))).filter(|(i, j)| apart(*i, *j)).count();
            let right = high.clone().flat_map(|i| low.clone().map(move |j| (i, j))).filter(|(i, j)| apart(*i, *j)).count();
            let all = half * (n - half);
            let of = |i: usize| format!("{} to {}", stage.name(i), stage.name(if i == 0 { half - 1 } else { n - 1 }));
            stage.show(vec![
                format!("{}: {left} of {all} times the others are dead; {} is {}", of(0), KEY.1, VALUES[0]),
                format!("{}: {right} of {all} times the others are dead; {} is {}", of(half), KEY.1, VALUES[1]),
            ]);
            (left == all && right == all, format!("{left} of {all} pairs apart here, {right} of {all} there"))
        })
        .await;
    let values = stage.values(KEY).await;
    outcome.done &= values == VALUES;
    outcome.seen = format!("{}; {}/{} is {}", outcome.seen, KEY.0, KEY.1, values.join(" and "));
    Ok(outcome)
}
