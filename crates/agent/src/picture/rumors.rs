//! Recent events, and which watched nodes have them.

use serde_json::{Value, json};
use std::collections::VecDeque;

/// Recent events kept. With the largest payload and [`MAX_INFECTIONS`] each, they are 64 x (1.3 kB + 256 x 100 B) = 1.7 MB.
const KEPT: usize = 64;
/// Nodes of which it is kept that they have an event: as many as the demo has at most.
const MAX_INFECTIONS: usize = 256;

/// Recent events, oldest first.
#[derive(Debug, Default)]
pub(super) struct Rumors(VecDeque<Rumor>);

#[derive(Debug)]
struct Rumor {
    id: String,
    /// What there is to say of it.
    told: Value,
    infections: Vec<Infection>,
}

#[derive(Debug)]
struct Infection {
    node: String,
    via: Value,
    hop: Value,
    at_ms: Value,
    /// When it stopped telling it.
    removed_ms: Option<Value>,
}

/// How many watched nodes have an event, and how they stand to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    /// They still tell it.
    pub(crate) infective: usize,
    /// They tell it no more.
    pub(crate) removed: usize,
    /// How many have it after so many hops, from none on, at its origin.
    pub(crate) hops: Vec<usize>,
}

impl Rumors {
    /// A node was told; `event` is what the journal says of it.
    pub(super) fn delivered(&mut self, node: &str, event: &Value) {
        let id = event["id"].as_str().unwrap_or_default();
        let rumor = match self.0.iter().position(|rumor| rumor.id == id) {
            Some(i) => &mut self.0[i],
            None => {
                if self.0.len() == KEPT {
                    self.0.pop_front();
                }
                let payload = event.get("payload").or_else(|| event.get("payload_base64"));
                let told = json!({
                    "id": id, "name": event["name"], "payload": payload, "from": event["from"], "at_ms": event["at_ms"],
                });
                self.0.push_back(Rumor { id: id.into(), told, infections: Vec::new() });
                self.0.back_mut().expect("it was pushed")
            }
        };
        if rumor.infections.len() < MAX_INFECTIONS && !rumor.infections.iter().any(|one| one.node == node) {
            let (via, hop, at_ms) = (event["via"].clone(), event["hop"].clone(), event["at_ms"].clone());
            rumor.infections.push(Infection { node: node.into(), via, hop, at_ms, removed_ms: None });
        }
    }

    /// A node tells an event no more.
    pub(super) fn quiet(&mut self, node: &str, event: &Value) {
        let rumor = self.0.iter_mut().find(|rumor| event["id"] == *rumor.id);
        if let Some(one) = rumor.and_then(|rumor| rumor.infections.iter_mut().find(|one| one.node == node)) {
            one.removed_ms = Some(event["at_ms"].clone());
        }
    }

    /// How far this event has come among the watched nodes.
    pub(super) fn spread(&self, id: &str) -> Spread {
        let mut spread = Spread::default();
        for one in self.0.iter().filter(|rumor| rumor.id == id).flat_map(|rumor| &rumor.infections) {
            *if one.removed_ms.is_some() { &mut spread.removed } else { &mut spread.infective } += 1;
            let hop = one.hop.as_u64().unwrap_or_default() as usize;
            spread.hops.resize(spread.hops.len().max(hop + 1), 0);
            spread.hops[hop] += 1;
        }
        spread
    }

    /// All events, as the picture shows them.
    pub(super) fn events(&self) -> Value {
        self.0.iter().map(|rumor| rumor.told.clone()).collect()
    }

    /// Who has which.
    pub(super) fn infections(&self) -> Value {
        let of = |rumor: &Rumor| (rumor.id.clone(), rumor.infections.iter().map(Infection::told).collect());
        Value::Object(self.0.iter().map(of).collect())
    }
}

impl Infection {
    fn told(&self) -> Value {
        let mut told = json!({
            "node": self.node, "via": self.via, "hop": self.hop, "at_ms": self.at_ms, "state": "infective",
        });
        if let Some(at) = &self.removed_ms {
            super::merge(&mut told, json!({ "state": "removed", "removed_ms": at }));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: usize) -> Value {
        json!({ "id": format!("{id}"), "name": "e", "from": "n1", "payload": "", "at_ms": 7, "via": null, "hop": 0 })
    }

    #[test]
    fn each_node_has_an_event_once_and_the_oldest_event_goes_first() {
        let mut rumors = Rumors::default();
        for node in ["n1", "n2", "n1"] {
            rumors.delivered(node, &event(0));
        }
        assert_eq!(rumors.infections()["0"].as_array().map(Vec::len), Some(2));
        rumors.quiet("n2", &json!({ "id": "0", "state": "removed" }));
        assert_eq!(rumors.spread("0"), Spread { infective: 1, removed: 1, hops: vec![2] });
        (1..=KEPT).for_each(|id| rumors.delivered("n1", &event(id)));
        assert_eq!(rumors.events().as_array().map(Vec::len), Some(KEPT));
        assert!(rumors.infections().get("0").is_none());
    }
}
