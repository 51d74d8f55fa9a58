//! What endpoint state does and holds.

use super::{Page, Problem};
use crate::agent::state::Agent;
use bruit::{Key, PeerId};
use std::collections::BTreeMap;

/// Who broke the schema of which key, and how often.
type Refusals = Vec<(PeerId, Key, u64)>;

/// What is held.
#[derive(Default)]
struct Held {
    alive: usize,
    unreachable: usize,
    own: usize,
    shared: usize,
    bytes: usize,
}

pub(super) async fn write(page: &mut Page, agent: &Agent) -> Result<(), Problem> {
    let look = agent.node.handle().look(|full| {
        let state = full.state()?;
        let mut held = Held::default();
        for (node, endpoint) in state.nodes() {
            let count = if state.is_alive(node) { &mut held.alive } else { &mut held.unreachable };
            *count += 1;
            for (key, value) in endpoint.values() {
                let count = if key.is_shared() { &mut held.shared } else { &mut held.own };
                *count += 1;
                held.bytes += key.namespace.len() + key.name.len() + value.value.len();
            }
        }
        let refused: Refusals = state.refusals().map(|(node, key, count)| (node, key.clone(), count)).collect();
        Some((state.counters(), held, refused, state.rebuilding()))
    });
    let Some((c, held, refused, rebuilding)) = look.await? else { return Ok(()) };
    page.counter("state_rounds_total", "Rounds of endpoint state.", c.rounds);
    let sent = [("syn", c.syns), ("ack", c.acks), ("ack2", c.ack2s), ("relayed", c.relayed), ("piggybacked", c.piggybacked)];
    page.counters("state_sent_total", "Messages of the exchange sent, and changes ahead of it.", "kind", sent);
    let deltas = [
        ("news", c.news),
        ("same", c.same),
        ("gap", c.gaps),
        ("quarantined", c.quarantined),
        ("expired", c.expired),
        ("refused", c.refused),
        ("too_far", c.too_far),
        ("full", c.full),
    ];
    page.counters("state_received_total", "What others said of nodes, by what became of it.", "result", deltas);
    let nodes = [("alive", held.alive), ("unreachable", held.unreachable)];
    page.family("state_nodes", "gauge", "Nodes whose state is held, this one included.", labelled("state", nodes));
    let keys = [("own", held.own), ("shared", held.shared)];
    page.family("state_keys", "gauge", "Values held, by the kind of their key.", labelled("kind", keys));
    page.gauge("state_bytes", "Bytes of the keys and values held.", held.bytes);
    let names: BTreeMap<PeerId, String> =
        agent.node.members().await?.iter().map(|m| (m.id(), m.record.name().to_owned())).collect();
    let by_key = refused.iter().map(|(node, key, count)| {
        let node = names.get(node).cloned().unwrap_or_else(|| format!("{node:?}"));
        (format!("node=\"{}\",key=\"{}\"", escaped(&node), escaped(&key.to_string())), *count)
    });
    page.family(
        "state_refused_total",
        "counter",
        "Values received that broke the schema of their key, and were dropped.",
        by_key,
    );
    let unnamed = "The same of nodes and keys beyond the 256 that are named.";
    page.counter("state_refused_unnamed_total", unnamed, c.unnamed);
    page.counter("state_disagreements_total", "Times that membership and phi were of two minds about a node.", c.disagreements);
    page.counter("state_convicted_total", "Nodes that phi convicted.", c.convicted);
    page.gauge("state_rebuilding", "Writers whose values are still to come, of the namespace that is being rebuilt.", rebuilding);
    Ok(())
}

fn labelled<const N: usize>(label: &str, samples: [(&str, usize); N]) -> [(String, usize); N] {
    samples.map(|(value, n)| (format!("{label}=\"{value}\""), n))
}

/// A label's value: others wrote it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_whatever_others_wrote() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
