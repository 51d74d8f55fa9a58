//! What must become known in time once the faults are over: M3.

use bruit_proto::{PeerId, Reader};
use bruit_stacks::beside::Message;
use bruit_stacks::{Message as Core, history};
use bruit_swim::{Message as Swim, Swim as View};
use bruit_wire::{Envelope, take_message};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// A crash: found within a period or two, then at most the longest suspicion, 6 x 1.5 s x log10 41 = 14.5 s.
const CRASH: Duration = Duration::from_secs(20);
/// A change that a member makes of itself.
const CHANGE: Duration = Duration::from_secs(2);

/// Something that all are to know.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    /// This member's process has ended.
    Crash(PeerId),
    /// This member has changed; it is at this incarnation now.
    Change(PeerId, u64),
}

impl Fact {
    fn bound(&self) -> Duration {
        match self {
            Fact::Crash(_) => CRASH,
            Fact::Change(..) => CHANGE,
        }
    }

    fn is_known(&self, view: &View) -> bool {
        match self {
            Fact::Crash(id) => view.member(*id).is_none_or(|m| !m.is_live()),
            Fact::Change(id, incarnation) => view.member(*id).is_some_and(|m| m.incarnation >= *incarnation),
        }
    }
}

/// Facts that are not known to all yet.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<(Duration, Fact)>);

impl Facts {
    pub(super) fn add(&mut self, now: Duration, fact: Fact) {
        self.0.push((now, fact));
    }

    /// Whoever is gone need not be known any more, nor need what it said of itself.
    pub(super) fn forget(&mut self, id: PeerId) {
        self.0.retain(|(_, fact)| !matches!(fact, Fact::Crash(x) | Fact::Change(x, _) if *x == id));
    }

    /// Drops what all these views know; what is overdue, and at which of them.
    pub(super) fn look<'a>(
        &mut self,
        now: Duration,
        views: impl Iterator<Item = (u32, &'a View)> + Clone,
    ) -> Result<(), (u32, String)> {
        let mut overdue = None;
        self.0.retain(|(at, fact)| {
            let ignorant = views.clone().find(|v| !fact.is_known(v.1));
            if let Some((node, _)) = ignorant
                && *at + fact.bound() <= now
            {
                overdue = Some((node, format!("{fact:?} at {at:?} is not known after {:?}", fact.bound())));
            }
            ignorant.is_some()
        });
        overdue.map_or(Ok(()), Err)
    }
}

/// Who has pinged whom, as the network sees it.
#[derive(Clone, Debug)]
pub(super) struct Pings {
    n: usize,
    last: Rc<RefCell<Vec<Duration>>>,
}

impl Pings {
    pub(super) fn new(n: u32) -> Pings {
        let n = n as usize;
        Pings { n, last: Rc::new(RefCell::new(vec![Duration::ZERO; n * n])) }
    }

    /// A datagram came.
    pub(super) fn hear(&self, at: Duration, from: u32, to: u32, packet: &[u8]) {
        let mut input = Reader::new(packet.get(Envelope::HEADER..).unwrap_or_default());
        while let Ok(message) = take_message::<Message<history::Message>>(&mut input) {
            if let Some(Message::Core(Core::Swim(Swim::Ping { .. }))) = message {
                self.last.borrow_mut()[from as usize * self.n + to as usize] = at;
            }
        }
    }

    /// When `from` last pinged `to`.
    pub(super) fn last(&self, from: u32, to: u32) -> Duration {
        self.last.borrow()[from as usize * self.n + to as usize]
    }
}
