use super::{Outcome, Result, Stage, scene, sleeper};
use bruit::PeerId;
use std::time::Duration;
use tokio::time::sleep;

scene!("resume", 5 s, "it refutes, and accuses nobody for its own standing still", play);

/// Three periods of failure detection.
const PERIODS: Duration = Duration::from_secs(3);

/// Neither at once nor in its next periods.
async fn play(stage: &mut Stage) -> Result<Outcome> {
    let sleeper = sleeper(stage);
    stage.cluster.resume(sleeper).await?;
    let outcome = stage.until(|stage, views| stage.all_know_all(views)).await;
    sleep(PERIODS).await;
    stage.listen();
    let name = stage.name(sleeper);
    let by_it = |by: Option<PeerId>| by.is_none_or(|by| by == PeerId::named(name));
    let accused: Vec<&str> = stage.accused.iter().filter(|x| x.0 != *name && by_it(x.1)).map(|x| x.0.as_str()).collect();
    let nobody = accused.is_empty();
    let accused = if nobody { "it accuses nobody".into() } else { format!("it accuses {}", accused.join(", ")) };
    Ok(Outcome::new(outcome.done && nobody, format!("{}, {accused}", outcome.seen)))
}
