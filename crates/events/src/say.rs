//! What this node's user says: checked, held back until the clock is the cluster's, then news like any other.

use crate::events::{Events, Timer};
use crate::filter::Filter;
use crate::id::{EventId, Stamp};
use crate::spread::Spread;
use crate::store::{Arrival, How};
use crate::user_event::{Refused, UserEvent, Wait};
use bruit_kit::Lamport;
use bruit_proto::{Context, Duration};
use std::sync::Arc;

/// Events held back until this node has joined: 64, a packet or two of them.
const MAX_HELD: usize = 64;
/// How long they are held back at most.
const HOLD: Duration = Duration::from_secs(1);

impl<S: Spread> Events<S> {
    /// Says an event to all, or to the nodes that `filter` names, this one included.
    ///
    /// A node that has peers but has not heard yet that it knows what they know holds it back, for a second at most: said
    /// with a clock that is far behind, it would be below everybody's window.
    ///
    /// # Errors
    /// [`Refused`] when it is too large, or when too much is held back already.
    pub fn event(&mut self, cx: &mut Context<'_, Self>, name: &str, payload: &[u8], filter: Filter) -> Result<EventId, Refused> {
        self.say(cx, name, payload, filter, Wait::No)
    }

    /// As [`event`](Events::event), and those who deliver it are reported back: [`Event::Covered`](crate::Event::Covered) tells of more of them,
    /// [`covered`](Events::covered) who they are, until [`forget`](Events::forget) or [`Events::COVERED_FOR`] ends it.
    ///
    /// # Errors
    /// As [`event`](Events::event).
    pub fn event_covered(
        &mut self,
        cx: &mut Context<'_, Self>,
        name: &str,
        payload: &[u8],
        filter: Filter,
    ) -> Result<EventId, Refused> {
        let wait = self.way_to_wait(cx.peers.len());
        self.say(cx, name, payload, filter, wait)
    }

    fn say(
        &mut self,
        cx: &mut Context<'_, Self>,
        name: &str,
        payload: &[u8],
        filter: Filter,
        wait: Wait,
    ) -> Result<EventId, Refused> {
        if name.is_empty() || name.len() > UserEvent::MAX_NAME {
            return Err(Refused::Name(name.len()));
        }
        if payload.len() > self.config.payload {
            return Err(Refused::Payload { size: payload.len(), limit: self.config.payload });
        }
        let id = EventId { origin: self.me, serial: self.serial.wrapping_add(1) };
        let stamp = Stamp { ltime: Lamport::MAX, id };
        let event = UserEvent { stamp, filter, wait, name: name.into(), payload: payload.into() };
        if event.size() > UserEvent::MAX_SIZE {
            return Err(Refused::Size(event.size()));
        }
        if self.held.len() >= MAX_HELD {
            return Err(Refused::Joining);
        }
        self.serial = id.serial;
        self.held.push(event);
        if self.joined || cx.peers.is_empty() {
            self.release(cx);
        } else {
            self.hold(cx);
        }
        Ok(id)
    }

    /// Asks somebody for the clock.
    fn hold(&mut self, cx: &mut Context<'_, Self>) {
        if self.held.len() == 1 {
            cx.set(Timer::Release, HOLD);
        }
        let mut out = Vec::new();
        cx.pick(1, &|_| false, &mut out);
        if let Some(peer) = out.first() {
            self.ask(cx, *peer);
        }
    }

    /// This node's clock is the cluster's.
    pub(crate) fn has_joined(&mut self, cx: &mut Context<'_, Self>) {
        self.joined = true;
        if !self.held.is_empty() {
            cx.cancel(Timer::Release);
            self.release(cx);
        }
    }

    fn release(&mut self, cx: &mut Context<'_, Self>) {
        for mut event in std::mem::take(&mut self.held) {
            event.stamp.ltime = self.clock.tick();
            self.counters.said += 1;
            self.learn(cx, Arc::new(event), Arrival::default(), How::Told);
        }
    }
}
