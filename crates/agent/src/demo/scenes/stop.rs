use super::{Outcome, Result, Stage, scene};

scene!("stop", 2 s, "all stop, and leave nothing behind", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    for i in 0..stage.cluster.slots.len() {
        stage.cluster.kill(i).await;
    }
    let left = stage.cluster.running().count();
    Ok(Outcome::new(left == 0, format!("{left} nodes")))
}
