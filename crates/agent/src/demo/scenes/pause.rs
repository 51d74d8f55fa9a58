use super::{Outcome, Result, Stage, scene, sleeper};

scene!("pause", 12 s, "who stands still is dead to all: nobody can tell it from a dead one", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let sleeper = sleeper(stage);
    stage.cluster.pause(sleeper).await?;
    Ok(stage.until(move |stage, views| stage.all_see(views, sleeper, |seen| seen.dead)).await)
}
