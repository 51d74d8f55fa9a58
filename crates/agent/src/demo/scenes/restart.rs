use super::{Outcome, Result, Stage, scene, victim};
use bruit::PeerId;

scene!("restart", 4 s, "a new process in its place is alive to all, in a higher generation", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let victim = victim(stage);
    let id = PeerId::named(stage.name(victim));
    let asked = stage.cluster.node(0)?.clone();
    let name = stage.name(victim).to_owned();
    let before = asked.state().of(&name).await?.map_or(0, |endpoint| endpoint.heart_beat.generation);
    stage.cluster.restart(victim).await?;
    let mut outcome = stage.until(|stage, views| stage.all_know_all(views)).await;
    let nodes: Vec<_> = stage.cluster.running().map(|i| stage.cluster.node(i).cloned()).collect::<Result<_>>()?;
    while stage.is_patient() {
        let mut generations = Vec::new();
        for node in &nodes {
            generations.push(node.handle().look(move |full| Some(full.state()?.endpoint(id)?.heart_beat.generation)).await?);
        }
        let (least, most) = (generations.iter().flatten().min(), generations.iter().flatten().max());
        let known = generations.iter().filter(|g| g.is_some_and(|g| g > before)).count();
        stage.show(vec![format!("generation {before} before, {} to {known} of {} now", most.unwrap_or(&0), nodes.len())]);
        if known == nodes.len() {
            let new = least.copied().unwrap_or_default();
            stage.done();
            outcome.seen = format!("{}, {name} went from generation {before} to {new}", outcome.seen);
            return Ok(outcome);
        }
        tokio::time::sleep(super::super::stage::LOOK).await;
    }
    Ok(Outcome::new(false, format!("{}, {name} is still in generation {before} to some", outcome.seen)))
}
