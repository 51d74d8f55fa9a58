//! SWIM membership and failure detection with Lifeguard, as a state machine without I/O.

#![allow(missing_docs, unused)]
use bruit_proto::*;
use std::sync::Arc;

mod config;
mod member;
mod message;
pub use config::{Config, Dialect, Profile};
pub use member::{Member, Status};
pub use message::Message;

/// The names of SWIM's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    Probe, // refined later
}

/// What SWIM tells its composer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A member came, went or changed; `Peers` already shows it.
    Peer { peer: PeerId, change: Change },
    /// This node, or one that it heard, suspects a member.
    Suspected { peer: PeerId },
    /// A suspicion was refuted.
    Refuted { peer: PeerId },
    /// A join reached the cluster: the first full sync is done.
    Joined { contact: PeerId },
    /// No contact could be reached, or none answered in time.
    JoinFailed { contact: PeerId, why: &'static str },
    /// Another process holds my name and was there first: stop this node.
    NameTaken,
    /// My leave has reached the cluster, or its deadline passed: the process may end.
    Gone,
    /// Nobody answers any more, or somebody does again.
    Isolated(bool),
}

/// The caller's mistake; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No member of this name is known.
    Unknown(String),
    /// The member is alive and answers: it can leave by itself.
    Alive(String),
    /// This node has left or is leaving.
    Leaving,
    /// The record is out of its bounds.
    Record(BadRecord),
}

/// SWIM.
pub struct Swim {}

impl Swim {
    /// One node; `record` is its own. `config` is shared by all nodes of a process.
    pub fn new(config: Arc<Config>, record: Arc<Record>) -> Swim {
        todo!()
    }
    /// Everyone known, self included, in slot order.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        [].iter()
    }
    /// One of them.
    pub fn member(&self, peer: PeerId) -> Option<&Member> {
        todo!()
    }
    /// Self.
    pub fn me(&self) -> &Member {
        todo!()
    }
    /// Digest of the live view: equal views have equal digests.
    pub fn digest(&self) -> u32 {
        todo!()
    }
    /// Lifeguard's local health score, 0 (healthy) to 7.
    pub fn health(&self) -> u8 {
        todo!()
    }
    /// Joins through these contacts (from `Node::contact`); seeds: they are remembered and tried again when alone.
    pub fn join(&mut self, cx: &mut Context<'_, Self>, contacts: &[PeerId]) {
        todo!()
    }
    /// Says goodbye; `Event::Gone` follows.
    pub fn leave(&mut self, cx: &mut Context<'_, Self>) {
        todo!()
    }
    /// Declares a failed member left; `prune` forgets it as well.
    pub fn force_leave(&mut self, cx: &mut Context<'_, Self>, name: &str, prune: bool) -> Result<(), Refused> {
        todo!()
    }
    /// Replaces this node's tags.
    pub fn set_tags(&mut self, cx: &mut Context<'_, Self>, tags: Tags) -> Result<(), Refused> {
        todo!()
    }
}

impl Peers for Swim {
    fn len(&self) -> u32 {
        todo!()
    }
    fn get(&self, i: u32) -> PeerId {
        todo!()
    }
    fn contains(&self, peer: PeerId) -> bool {
        todo!()
    }
    fn next(&self, peer: PeerId) -> Option<PeerId> {
        todo!()
    }
    fn previous(&self, peer: PeerId) -> Option<PeerId> {
        todo!()
    }
}

impl Protocol for Swim {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;
    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        todo!()
    }
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        todo!()
    }
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        todo!()
    }
}
