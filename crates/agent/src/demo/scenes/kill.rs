use super::{Outcome, Result, Stage, scene, victim};
use bruit::{PeerId, Status};

scene!("kill", 12 s, "who is killed is suspected, accused by several and dead to all; its silence convicts it, too, at phi 8", play);

/// Cassandra's threshold.
const CONVICTED: f64 = 8.0;

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let (victim, name) = (victim(stage), stage.name(victim(stage)).to_owned());
    stage.cluster.kill(victim).await;
    let (mut phi, mut witnesses, mut dead_after, mut phi_after, mut by) = (0.0f64, 0, None, None, None);
    Ok(stage
        .until(move |stage, views| {
            let seen = stage.seen(victim, views);
            phi = phi.max(seen.phi.unwrap_or_default());
            witnesses = witnesses.max(seen.witnesses);
            by = by.or_else(|| stage.accused.iter().find(|x| x.0 == name).and_then(|x| x.1));
            if seen.dead == seen.of() {
                dead_after = dead_after.or(Some(stage.elapsed()));
            }
            if phi >= CONVICTED {
                phi_after = phi_after.or(Some(stage.elapsed()));
            }
            let first = by.map(|by: PeerId| stage.named(by)).unwrap_or_else(|| "nobody".into());
            let held = |status| Stage::held(views, &name, status);
            stage.show(vec![
                format!("alive {}  suspect {}  dead {}", held(Status::Alive), held(Status::Suspect), held(Status::Dead)),
                format!("SWIM: first accused by {first}, {witnesses} witnesses"),
                format!("phi {phi:.1} of {CONVICTED}  {}", "▉".repeat((phi * 2.0) as usize)),
            ]);
            let after =
                |at: Option<std::time::Duration>| at.map_or("not yet".into(), |at| format!("after {:.1} s", at.as_secs_f64()));
            let told = format!(
                "{name} is {seen}: {}, first accused by {first}, {witnesses} witnesses; phi 8 {}",
                after(dead_after),
                after(phi_after)
            );
            (dead_after.is_some() && phi_after.is_some(), told)
        })
        .await)
}
