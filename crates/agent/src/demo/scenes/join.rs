use super::{Outcome, Result, Stage, scene};

scene!("join", 2 s, "nodes that know one seed soon know each other", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    stage.cluster.join_all()?;
    Ok(stage.until(|stage, views| stage.all_know_all(views)).await)
}
