use super::{Outcome, Result, Stage, scene};
use bruit::PeerId;
use std::collections::BTreeMap;

scene!("exchange", 2 s, "SYN says what is known, ACK what is wanted and what is newer, ACK2 what was wanted", play);

/// A line of the terminal holds so many pieces of a message.
const SHOWN: usize = 4;

async fn play(stage: &mut Stage) -> Result<Outcome> {
    let node = stage.cluster.node(0)?.clone();
    node.state().set("load", "0.7").await?;
    let names: BTreeMap<PeerId, String> =
        stage.cluster.slots.iter().map(|slot| (PeerId::named(&slot.name), slot.name.clone())).collect();
    let name = |id| names.get(&id).cloned().unwrap_or_else(|| format!("{id:?}"));
    let (mut whole, mut lines) = (None, Vec::new());
    while whole.is_none() && stage.is_patient() {
        whole = node.state().trace().await?.filter(|seen| !seen.ack.is_empty() && !seen.ack2.is_empty());
        tokio::time::sleep(super::super::stage::LOOK).await;
    }
    let Some(exchange) = whole else { return Ok(Outcome::new(false, "no exchange went all the way")) };
    let (cards, sizes) = (exchange.cards(&name), exchange.sizes());
    for ((step, card), bytes) in ["SYN ", "ACK ", "ACK2"].iter().zip(&cards).zip(sizes) {
        let rest = card.len().saturating_sub(SHOWN);
        let more = if rest > 0 { format!("  and {rest} more") } else { String::new() };
        let first: Vec<&str> = card.iter().take(SHOWN).map(String::as_str).collect();
        lines.push(format!("{step} {bytes:>4} B  {}{more}", first.join("  ")));
    }
    stage.show(lines);
    let [syn, ack, ack2] = sizes;
    let (told, asked) = (exchange.ack.len(), exchange.wants.len());
    let seen = format!("n1 with {}: SYN {syn} B, ACK {ack} B wants {asked}, tells {told}, ACK2 {ack2} B", name(exchange.with));
    Ok(Outcome::new(true, seen))
}
