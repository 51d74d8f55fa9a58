use super::{Outcome, Result, Stage, leaver, scene};

scene!("leave", 2 s, "who says goodbye has left, and is suspected by nobody", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let leaver = leaver(stage);
    stage.cluster.leave(leaver).await?;
    Ok(stage
        .until(move |stage, views| {
            let (done, seen) = stage.all_see(views, leaver, |seen| seen.left);
            let accused = stage.accused.iter().any(|x| x.0 == stage.name(leaver));
            (done && !accused, seen)
        })
        .await)
}
