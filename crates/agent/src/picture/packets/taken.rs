//! Packets as a node gives them.

use crate::picture::unix_ms;
use bruit::capture::notes;
use bruit::proto::Protocol;
use bruit::{Direction, Full, Node, PeerId, Tapped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// How one node is sampled.
#[derive(Clone, Copy, Default)]
pub(super) struct Tap {
    /// Which process.
    pub(super) session: u64,
    /// So many packets a second.
    pub(super) rate: u32,
    /// The last packet that was told.
    pub(super) last: u64,
    /// Packets that were not kept so far.
    pub(super) passed: u64,
}

/// Packets of a node, each with who its peer is and when it was, in unix time.
pub(super) type Taken = Vec<(Tapped, String, u64)>;

/// Has so many packets a second sampled; those that are new.
pub(super) async fn take(node: &Node, before: Tap, rate: u32) -> Option<(Tap, Taken)> {
    if before.rate != rate {
        node.handle().tap(rate).await.ok()?;
    }
    if rate == 0 {
        return Some((Tap { session: before.session, ..Tap::default() }, Vec::new()));
    }
    let (packets, passed) = packets(node, before.last).await?;
    let last = packets.last().map_or(before.last, |x| x.0.number);
    Some((Tap { rate, last, passed, ..before }, packets))
}

/// The packets that a node has kept above this number, and how many it has not kept.
async fn packets(node: &Node, last: u64) -> Option<(Taken, u64)> {
    let (packets, passed) = node.handle().tapped(last).await.ok()?;
    let peers: Vec<PeerId> = packets.iter().map(|packet| packet.peer).collect();
    let names = names(node, peers).await?;
    let (now, wall) = (node.now(), unix_ms(SystemTime::now()));
    let told = |packet: Tapped| {
        let name = names.get(&packet.peer).cloned().unwrap_or_else(|| packet.address.to_string());
        let at_ms = wall.saturating_sub(now.since(packet.at).as_millis() as u64);
        (packet, name, at_ms)
    };
    Some((packets.into_iter().map(told).collect(), passed))
}

/// Those of these that are members, by name.
async fn names(node: &Node, of: Vec<PeerId>) -> Option<BTreeMap<PeerId, String>> {
    let name = |full: &Full, id: PeerId| Some((id, full.swim().member(id)?.record.name().to_owned()));
    node.handle().look(move |full| of.into_iter().filter_map(|id| name(full, id)).collect()).await.ok()
}

/// The last packets that a node has kept, opened and written down.
pub(in crate::picture) async fn opened(node: &Node) -> Vec<Value> {
    let Some((packets, _)) = packets(node, 0).await else { return Vec::new() };
    let all = node.members().await.unwrap_or_default();
    let names: BTreeMap<PeerId, &str> = all.iter().map(|m| (m.id(), m.record.name())).collect();
    let name = |id: PeerId| names.get(&id).map_or_else(|| format!("{id:?}"), |name| (*name).to_owned());
    let told = |(packet, peer, at_ms): &(Tapped, String, u64)| {
        let (said, _) = notes::<<Full as Protocol>::Message>(&packet.body, &name);
        json!({
            "at_ms": at_ms,
            "dir": if packet.direction == Direction::In { "in" } else { "out" },
            "peer": peer,
            "bytes": packet.bytes,
            "sealed": packet.sealed,
            "messages": said.into_iter().map(|note| note.text).collect::<Vec<_>>(),
        })
    };
    packets.iter().map(told).collect()
}
