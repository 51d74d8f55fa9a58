//! How an event came to other nodes: asked for one by one, by whoever draws its infection tree.

use crate::events::{Event, Events};
use crate::id::EventId;
use crate::message::{Message, Trace};
use crate::spread::Spread;
use crate::store::millis;
use bruit_proto::{Context, Origin, PeerId};

impl<S: Spread> Events<S> {
    /// Asks this peer, by one datagram, how an event came to it; [`Event::Traced`] brings the answer, or nothing does. Who asks
    /// many does so a few at a time.
    pub fn trace(&mut self, cx: &mut Context<'_, Self>, id: EventId, peer: PeerId) {
        cx.send(peer, Message::Trace(id));
    }

    /// How an event came to this node, if it is kept.
    pub fn traced(&self, id: EventId, now: bruit_proto::Time) -> Option<Trace> {
        let held = self.store.held().rev().find(|held| held.event.stamp.id == id)?;
        Some(Trace { via: held.arrival.via, hop: held.arrival.hop, held: millis(now.since(held.heard)) })
    }

    pub(crate) fn on_trace(&mut self, cx: &mut Context<'_, Self>, from: Origin, id: EventId) {
        match from.peer {
            Some(peer) if peer != self.me && cx.peers.contains(peer) => {
                let trace = self.traced(id, cx.now);
                cx.send(peer, Message::Traced { id, trace });
            }
            _ => cx.reject(from, "trace by a stranger"),
        }
    }

    pub(crate) fn on_traced(&mut self, cx: &mut Context<'_, Self>, from: Origin, id: EventId, trace: Option<Trace>) {
        if let Some(peer) = from.peer {
            cx.notify(Event::Traced { peer, id, trace });
        }
    }
}
