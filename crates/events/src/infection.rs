//! How each event stands here: susceptible, infective, removed, as the literature of epidemics has it (Bailey 1975; Demers
//! et al. 1987, section 1.4).

use crate::events::{Event, Events};
use crate::id::{EventId, Stamp};
use crate::spread::Spread;
use crate::user_event::UserEvent;
use bruit_proto::{Context, Duration, PeerId, Time};
use std::sync::Arc;

/// How a held event stands at this node. One that it is known to lack is susceptible: [`Events::lacking`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is told: in so many copies more, and until the ring neighbours are known to have it.
    Infective {
        /// Copies left to send, where that is known beforehand.
        left: Option<u32>,
    },
    /// It is kept, for whoever turns out to lack it, and not told any more.
    Removed,
}

/// A recent event as one node has it.
#[derive(Clone, Debug)]
pub struct Infection {
    /// Which, and what it says.
    pub event: Arc<UserEvent>,
    /// How long ago it was said.
    pub age: Duration,
    /// How long ago it came here.
    pub held: Duration,
    /// Who handed it over; nobody at its origin.
    pub via: Option<PeerId>,
    /// How often it was handed over: zero at its origin, 255 for more.
    pub hop: u8,
    /// Whether it is still told.
    pub standing: Standing,
}

impl<S: Spread> Events<S> {
    /// The events that are kept, oldest stamp first, in a table of so many peers.
    pub fn infections(&self, now: Time, peers: u32) -> impl DoubleEndedIterator<Item = Infection> {
        self.store.held().map(move |held| Infection {
            event: held.event.clone(),
            age: held.age(now),
            held: now.since(held.heard),
            via: held.arrival.via,
            hop: held.arrival.hop,
            standing: self.standing_of(&held.event.stamp, peers),
        })
    }

    /// How an event stands here, in a table of so many peers; nothing if it is not kept.
    pub fn standing(&self, id: EventId, peers: u32) -> Option<Standing> {
        let held = self.store.held().find(|held| held.event.stamp.id == id)?;
        Some(self.standing_of(&held.event.stamp, peers))
    }

    fn standing_of(&self, stamp: &Stamp, peers: u32) -> Standing {
        match self.infective.contains(stamp) {
            true => Standing::Infective { left: self.spread.left(stamp, peers) },
            false => Standing::Removed,
        }
    }

    /// How many events this node is known to lack: what a peer has said that it holds, and has not sent yet.
    pub fn lacking(&self) -> usize {
        self.talks.lacking()
    }

    /// What is told no more is removed, once the ring neighbours have the last news.
    ///
    /// At most a window of events is looked at, and none while news comes: then the check is open.
    pub(crate) fn settle(&mut self, cx: &mut Context<'_, Self>) {
        if self.infective.is_empty() || self.check.is_open() {
            return;
        }
        let (spread, peers) = (&self.spread, cx.peers.len());
        self.infective.retain(|stamp| {
            let told = spread.tells(stamp, peers);
            if !told {
                cx.notify(Event::Quiet(stamp.id));
            }
            told
        });
    }
}
