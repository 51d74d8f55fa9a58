use super::cut::{KEY, VALUES};
use super::{Outcome, Result, Stage, scene};

scene!("heal", 10 s, "healed, all are alive to all again, and one value is everywhere: the one written last", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    stage.cluster.heal().await?;
    let mut outcome = stage.until(|stage, views| stage.all_know_all(views)).await;
    while stage.is_patient() {
        let values = stage.values(KEY).await;
        stage.show(vec![format!("{}/{}: {}", KEY.0, KEY.1, values.join(" and "))]);
        if values == VALUES[1..] {
            stage.done();
            outcome.seen = format!("{}; {}/{} is {} everywhere", outcome.seen, KEY.0, KEY.1, VALUES[1]);
            return Ok(outcome);
        }
        tokio::time::sleep(super::super::stage::LOOK).await;
    }
    Ok(Outcome::new(false, format!("{}; {}/{} is not {} everywhere", outcome.seen, KEY.0, KEY.1, VALUES[1])))
}
