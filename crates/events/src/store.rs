use crate::id::Stamp;
use crate::message::Message;
use crate::user_event::{UserEvent, Wait};
use bruit_kit::{Seen, Window};
use bruit_proto::{PeerId, Time};
use std::sync::Arc;
use std::time::Duration;

/// One event as this node holds it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) event: Arc<UserEvent>,
    /// How it came here.
    pub(crate) arrival: Arrival,
    /// When.
    pub(crate) heard: Time,
}

/// How a copy came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Arrival {
    /// How old it was.
    pub(crate) age: Duration,
    /// Who handed it over; nobody at its origin.
    pub(crate) via: Option<PeerId>,
    /// How often it was handed over: zero at its origin, which is the only node where it is.
    pub(crate) hop: u8,
}

/// Which way a copy came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// From this node's user, or by a datagram to this node.
    Told,
    /// By a datagram to a group.
    Group,
    /// By another protocol.
    Carried,
    /// In a conversation; it is not told on.
    Repair,
}

impl Held {
    pub(crate) fn age(&self, now: Time) -> Duration {
        self.arrival.age + now.since(self.heard)
    }

    /// Whether it is said to all on the link: by the origin and by those whom it told itself, who may be on another link. No
    /// others, so that it is said a few times at most, however many do not hear the group. One that is waited for goes by the
    /// tree alone: reports go up it, and all at once to the origin they would be too many.
    pub(crate) fn goes_to_group(&self, how: How) -> bool {
        let Arrival { via, hop, .. } = self.arrival;
        let first = how == How::Told && hop <= 1 && via.is_none_or(|via| via == self.event.stamp.id.origin);
        first && self.event.wait == Wait::No
    }

    /// A copy for somebody else.
    pub(crate) fn message(&self, now: Time) -> Message {
        Message::Event { age: millis(self.age(now)), hop: self.arrival.hop.saturating_add(1), event: self.event.clone() }
    }
}

/// The most recent events by stamp, and the digest over them.
#[derive(Debug)]
pub struct Store {
    window: Window<Stamp, Held>,
    sum: u64,
    evicted: u64,
}

impl Store {
    pub(crate) fn new(max_len: usize, max_bytes: usize) -> Store {
        Store { window: Window::new(max_len, max_bytes), sum: 0, evicted: 0 }
    }

    pub(crate) fn insert(&mut self, event: Arc<UserEvent>, arrival: Arrival, now: Time) -> Seen {
        let (stamp, cost) = (event.stamp, event.size());
        let seen = self.window.insert(stamp, Held { event, arrival, heard: now }, cost);
        if seen == Seen::New {
            self.sum = self.sum.wrapping_add(stamp.hash());
            self.shrink();
        }
        seen
    }

    /// Takes a peer's floor, so that windows of different bounds agree.
    pub(crate) fn raise(&mut self, floor: Stamp) {
        self.window.raise(floor);
        self.shrink();
    }

    fn shrink(&mut self) {
        while let Some((stamp, _)) = self.window.shrink() {
            self.sum = self.sum.wrapping_sub(stamp.hash());
            self.evicted += 1;
        }
    }

    /// The sum of the hashes of all stamps: 32 of its bits. Zero when nothing is held.
    pub fn digest(&self) -> u32 {
        digest(self.sum)
    }

    /// Whether an event is held or was.
    pub fn seen(&self, stamp: &Stamp) -> Seen {
        self.window.seen(stamp)
    }

    /// Nothing at or below this stamp comes in.
    pub fn floor(&self) -> Option<Stamp> {
        self.window.floor()
    }

    /// All events, oldest stamp first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<UserEvent>> {
        self.window.iter().map(|(_, held)| &held.event)
    }

    /// All stamps, oldest first.
    pub fn stamps(&self) -> impl DoubleEndedIterator<Item = &Stamp> {
        self.window.iter().map(|(stamp, _)| stamp)
    }

    /// How many events are held.
    pub fn len(&self) -> usize {
        self.window.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    pub(crate) fn get(&self, stamp: &Stamp) -> Option<&Held> {
        self.window.get(stamp)
    }

    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = &Held> {
        self.window.iter().map(|(_, held)| held)
    }

    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The digest of all that is older than this Lamport time.
    pub(crate) fn digest_before(&self, ltime: u64) -> u32 {
        let older = self.window.iter().take_while(|(stamp, _)| stamp.ltime < ltime);
        digest(older.fold(0, |sum: u64, (stamp, _)| sum.wrapping_add(stamp.hash())))
    }
}

/// A duration as it travels: whole milliseconds, at most 49 days.
pub(crate) fn millis(age: Duration) -> u32 {
    u32::try_from(age.as_millis()).unwrap_or(u32::MAX)
}

fn digest(sum: u64) -> u32 {
    (sum >> 32) as u32
}
