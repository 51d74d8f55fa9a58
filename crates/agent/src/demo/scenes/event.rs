use super::{Outcome, Result, Stage, scene};

scene!("event", 2 s, "a rumor: susceptible, then infective, then removed; handed on until all have it, and not for ever", play);

/// Columns of the curve.
const COLUMNS: usize = 60;

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let id = stage.cluster.node(0)?.event("hello", b"from n1").await?.to_string();
    let (mut all_after, mut curve) = (None, Vec::new());
    Ok(stage
        .until(move |stage, _| {
            let (spread, of) = (stage.cluster.picture.spread(&id), stage.cluster.running().count());
            let have = spread.infective + spread.removed;
            if have == of {
                all_after = all_after.or(Some(stage.elapsed()));
            }
            curve.push(have);
            let drawn: String = curve.iter().take(COLUMNS).map(|have| level(*have, of)).collect();
            let hops: Vec<String> = spread.hops.iter().enumerate().map(|(hop, n)| format!("{n} at hop {hop}")).collect();
            stage.show(vec![
                format!("S {}  I {}  R {}", of.saturating_sub(have), spread.infective, spread.removed),
                format!("have it: {drawn}"),
                hops.join(", "),
            ]);
            let after = all_after.map_or("not yet all".into(), |at| format!("all after {} ms", at.as_millis()));
            let told = format!("{have} of {of} have it, {after}: {}; {} removed", hops.join(", "), spread.removed);
            (spread.removed == of, told)
        })
        .await)
}

/// A column as high as the share of those that have it.
fn level(have: usize, of: usize) -> char {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    LEVELS[(have * 7 / of.max(1)).min(7)]
}
