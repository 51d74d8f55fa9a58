use crate::subscribers::Lagged;
use bruit_proto::{Change, PeerId, Why};
use bruit_stacks::events::{Delivered, EventId, Trace};
use bruit_stacks::history::{Entry, EntryId};
use bruit_stacks::swim::Member;
use bruit_stacks::{Full, FullEvent, history};
use std::sync::Arc;
use std::time::Duration;

/// What happens in the cluster, as one node sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A member came, or came back.
    Up(Member),
    /// It does not answer somebody; it may still refute.
    Suspect {
        /// Who.
        member: Member,
        /// Who says so first.
        by: PeerId,
    },
    /// It was suspected, and answers.
    Refuted(Member),
    /// It failed.
    Down(Member),
    /// It said goodbye, or an operator did for it.
    Left(Member),
    /// Its record changed: tags or addresses.
    Changed(Member),
    /// Somebody said something to this node, to its group or to all.
    Delivered(Delivered),
    /// This node does not tell this event any more, unless somebody turns out to lack it: of susceptible, infective and
    /// removed, it is removed now.
    Quiet(EventId),
    /// More is known of who has an event that this node waits for: see [`Node::event_wait`](crate::Node::event_wait).
    Covered(EventId),
    /// A member that was asked how an event came to it has answered: see [`Node::event_tree`](crate::Node::event_tree).
    Traced {
        /// Who.
        peer: PeerId,
        /// Which event.
        id: EventId,
        /// How; nothing if it does not keep the event.
        trace: Option<Trace>,
    },
    /// A join reached the cluster through this contact.
    Joined {
        /// Through whom.
        contact: PeerId,
    },
    /// A contact could not be reached; it is tried again while nobody else is known.
    JoinFailed {
        /// Through whom.
        contact: PeerId,
        /// Why not.
        why: Why,
    },
    /// A member that this node was told to ping answered, after so long, or did not: see [`Node::ping`](crate::Node::ping).
    Pinged {
        /// Who.
        peer: PeerId,
        /// Which ping.
        seq: u32,
        /// `None` if it was silent for a period.
        rtt: Option<Duration>,
    },
    /// Another process holds this node's name and wins: stop this one, or give it another name.
    NameTaken,
    /// This node's leave has reached the cluster, or its time is up.
    Gone,
    /// Nobody answers any more (`true`), or somebody does again.
    Isolated(bool),
    /// What an operator asked for is part of the history: here, or elsewhere. Here it is on the disk.
    Recorded(Arc<Entry>),
    /// The disk lost what an operator asked for here: it is not part of the history.
    NotRecorded(EntryId),
    /// The newest that an operator asked for here was handed on: it outlives this node.
    HandedOn(EntryId),
    /// The disk lost this many entries that were asked for elsewhere. They are kept in memory, and written again.
    Unsaved(usize),
    /// A node says something else under a key of its own, or a shared key has another value now.
    #[cfg(feature = "state")]
    State {
        /// Who said it.
        node: PeerId,
        /// Under what.
        key: bruit_stacks::state::Key,
        /// What.
        value: Arc<str>,
    },
    /// So many events were dropped here because they were not taken in time: look at the members again.
    Lagged(u64),
}

impl From<Lagged> for Event {
    fn from(Lagged(n): Lagged) -> Event {
        Event::Lagged(n)
    }
}

/// What the default stack says, with members where it names peers.
pub(crate) fn told(full: &Full, event: FullEvent) -> Option<Event> {
    match event {
        FullEvent::Core(event) => of_core(full, event),
        FullEvent::Own(history::Event::Stored(id)) => full.history().book().get(&id).cloned().map(Event::Recorded),
        FullEvent::Own(history::Event::Learned(entry)) => Some(Event::Recorded(entry)),
        FullEvent::Own(history::Event::Lost(id)) => Some(Event::NotRecorded(id)),
        FullEvent::Own(history::Event::Shared(id)) => Some(Event::HandedOn(id)),
        FullEvent::Own(history::Event::Unsaved(entries)) => Some(Event::Unsaved(entries)),
        #[cfg(feature = "state")]
        FullEvent::Also(event) => of_state(event),
        #[cfg(not(feature = "state"))]
        #[allow(unreachable_patterns)]
        FullEvent::Also(_) => None,
    }
}

/// Who lives, membership has said already.
#[cfg(feature = "state")]
fn of_state(event: bruit_stacks::state::Event) -> Option<Event> {
    if let bruit_stacks::state::Event::Changed { node, key, value } = event {
        Some(Event::State { node, key, value })
    } else {
        None
    }
}

fn of_core(full: &Full, event: bruit_stacks::Event) -> Option<Event> {
    let member = |peer, make: fn(Member) -> Event| full.swim().member(peer).cloned().map(make);
    match event {
        bruit_stacks::Event::Member { peer, change: Change::Up } => member(peer, Event::Up),
        bruit_stacks::Event::Member { peer, change: Change::Down } => member(peer, Event::Down),
        bruit_stacks::Event::Member { peer, change: Change::Left } => member(peer, Event::Left),
        bruit_stacks::Event::Member { peer, change: Change::Changed } => member(peer, Event::Changed),
        // Told as an event of its own, with who says so.
        bruit_stacks::Event::Member { change: Change::Suspected, .. } => None,
        bruit_stacks::Event::Suspected { peer, by } => {
            full.swim().member(peer).cloned().map(|member| Event::Suspect { member, by })
        }
        bruit_stacks::Event::Refuted { peer } => member(peer, Event::Refuted),
        bruit_stacks::Event::Joined { contact } => Some(Event::Joined { contact }),
        bruit_stacks::Event::JoinFailed { contact, why } => Some(Event::JoinFailed { contact, why }),
        bruit_stacks::Event::Pinged { peer, seq, rtt } => Some(Event::Pinged { peer, seq, rtt }),
        bruit_stacks::Event::NameTaken => Some(Event::NameTaken),
        bruit_stacks::Event::Gone => Some(Event::Gone),
        bruit_stacks::Event::Isolated(is) => Some(Event::Isolated(is)),
        bruit_stacks::Event::Delivered(delivered) => Some(Event::Delivered(delivered)),
        bruit_stacks::Event::Quiet(id) => Some(Event::Quiet(id)),
        bruit_stacks::Event::Covered(id) => Some(Event::Covered(id)),
        bruit_stacks::Event::Traced { peer, id, trace } => Some(Event::Traced { peer, id, trace }),
    }
}
