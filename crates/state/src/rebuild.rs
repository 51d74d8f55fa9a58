//! A namespace that went bad is forgotten and asked for again, at a limited rate (S3, 20 July 2008: state that was wrong
//! everywhere had to be wiped by hand, for eight hours).

use crate::config::Detector;
use crate::delta::Delta;
use crate::digest::Digest;
use crate::event::{Event, Refused};
use crate::learn::admits;
use crate::message::{Ack, Message};
use crate::spread::Spread;
use crate::state::{State, Timer};
use bruit_proto::{Context, PeerId};
use std::collections::BTreeMap;

/// Packets asked for in a round: 10, each of one node: 11 kB a second at most.
const ASKS: u32 = 10;

/// What of a namespace is still to come.
#[derive(Debug)]
pub(crate) struct Rebuild {
    namespace: String,
    /// Whose values, and above which version; no more than there are nodes.
    left: BTreeMap<PeerId, u64>,
}

impl<S: Spread> State<S> {
    /// Forgets what others wrote in a namespace, and takes it back from peers, a packet at a time. What this node itself
    /// wrote stays: it would know no better. How many writers there are.
    ///
    /// # Errors
    /// [`Refused`] when this node has stopped, nobody has written in the namespace, or another is being rebuilt.
    pub fn reset(&mut self, cx: &mut Context<'_, Self>, namespace: &str) -> Result<usize, Refused> {
        if !self.is_running() {
            return Err(Refused::Stopped);
        }
        match self.rebuild.as_ref().filter(|rebuild| !rebuild.left.is_empty()) {
            Some(under_way) if under_way.namespace == namespace => return Ok(under_way.left.len()),
            Some(under_way) => return Err(Refused::Rebuilding(under_way.namespace.clone())),
            None if !self.shared().any(|key| &*key.namespace == namespace) => return Err(Refused::Namespace(namespace.into())),
            None => {}
        }
        let left: BTreeMap<PeerId, u64> = self.table.forget(self.me, namespace).into_iter().map(|node| (node, 0)).collect();
        let writers = left.len();
        self.rebuild = Some(Rebuild { namespace: namespace.to_owned(), left });
        self.rebuild(cx);
        Ok(writers)
    }

    /// How many writers' values are still to come.
    pub fn rebuilding(&self) -> usize {
        self.rebuild.as_ref().map_or(0, |rebuild| rebuild.left.len())
    }

    /// Asks somebody for the next packet of one writer; each in turn, whoever answers.
    pub(crate) fn rebuild(&mut self, cx: &mut Context<'_, Self>) {
        let table = &self.table;
        let Some(rebuild) = &mut self.rebuild else { return };
        rebuild.left.retain(|node, _| table.get(*node).is_some());
        if rebuild.left.is_empty() {
            self.rebuild = None;
            return;
        }
        cx.set(Timer::Rebuild, self.config.every / ASKS);
        let i = cx.rng.below(rebuild.left.len() as u32) as usize;
        let Some((node, version)) = rebuild.left.iter().nth(i).map(|(node, version)| (*node, *version)) else { return };
        let generation = table.get(node).map_or(0, |entry| entry.endpoint.heart_beat.generation);
        let mut out = Vec::new();
        if self.config.detector == Detector::Phi {
            let live = &self.live;
            out.extend(live.get(cx.rng.below(live.len() as u32) as usize).copied());
        } else {
            cx.pick(1, &|_| false, &mut out);
        }
        for peer in out {
            self.counters.acks += 1;
            let wants = vec![Digest { node, generation, version }];
            cx.send(peer, Message::Ack(Ack { wants, ..Ack::default() }));
        }
    }

    /// Takes what belongs to a namespace that is being rebuilt.
    pub(crate) fn restore(&mut self, cx: &mut Context<'_, Self>, delta: &Delta) {
        let State { table, guard, stamps, counters, rebuild, .. } = self;
        let Some(rebuild) = rebuild else { return };
        let node = delta.node;
        let Some(version) = rebuild.left.get(&node).copied() else { return };
        if delta.above > version {
            return;
        }
        let mut accept = |key: &_, value: &_| admits(guard, stamps, counters, (cx.now, cx.wall), node, key, value);
        for (key, value) in table.restore(delta, &rebuild.namespace, &mut accept) {
            cx.notify(Event::Changed { node, key, value });
        }
        let last = delta.values.last().map_or(0, |x| x.1.version);
        if delta.heartbeat > 0 || last == 0 {
            rebuild.left.remove(&node);
        } else {
            rebuild.left.insert(node, version.max(last));
        }
    }
}
