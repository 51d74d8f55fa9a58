use super::{Outcome, Result, Stage, scene};

scene!("event", 1 s, "a rumor is handed from node to node until all have it", play);

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let id = stage.cluster.node(0)?.event("hello", b"from n1").await?;
    let id = format!("{id:?}");
    Ok(stage
        .until(|stage, _| {
            let (n, of) = (stage.cluster.picture.have(&id), stage.cluster.running().count());
            (n == of, format!("{n} of {of} have it"))
        })
        .await)
}
