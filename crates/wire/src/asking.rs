use crate::limit::Limit;
use bruit_proto::{PeerId, Time};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// The most packets that wait for an answer to a hello: 64 of 1,200 bytes are 77 KB.
pub const MAX_WAITING: usize = 64;

/// A packet waits no longer than this: then its protocol has given up or tried again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The same address is asked again after this long: twice the slowest round trip on Earth's surface.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Whom an address that was only an address turned out to be is believed for this long: as long as a join takes.
const DOOR: Duration = Duration::from_secs(10);

/// A packet in the open, not closed yet, for somebody whose session is unknown.
pub(crate) struct Waiting {
    pub(crate) to: PeerId,
    pub(crate) at: SocketAddr,
    pub(crate) draft: Vec<u8>,
    pub(crate) since: Time,
}

impl Waiting {
    /// For whoever is there.
    pub(crate) fn is_nameless(&self) -> bool {
        is_nobody(self.to)
    }

    fn is_for(&self, peer: PeerId, from: SocketAddr) -> bool {
        self.to == peer || self.is_nameless() && self.at == from
    }
}

/// Who is being asked for their session, what waits for the answers, and who turned out to be where.
pub(crate) struct Asking {
    waiting: VecDeque<Waiting>,
    asked: VecDeque<(SocketAddr, Time)>,
    doors: VecDeque<(SocketAddr, PeerId, Time)>,
    limit: Limit,
}

impl Default for Asking {
    fn default() -> Asking {
        // A burst is a whole view of contacts.
        Asking { waiting: VecDeque::new(), asked: VecDeque::new(), doors: VecDeque::new(), limit: Limit::new(256) }
    }
}

impl Asking {
    /// Whether to ask this address: `Some(false)`, too many are asked; `None`, it was asked a moment ago.
    pub(crate) fn ask(&mut self, now: Time, at: SocketAddr) -> Option<bool> {
        self.asked.retain(|a| now.since(a.1) < ASK_AGAIN);
        if self.asked.iter().any(|a| a.0 == at) {
            return None;
        }
        let yes = self.asked.len() < MAX_WAITING && self.limit.allow(now);
        if yes {
            self.asked.push_back((at, now));
        }
        Some(yes)
    }

    /// Whether this address was asked.
    pub(crate) fn has_asked(&self, at: SocketAddr) -> bool {
        self.asked.iter().any(|a| a.0 == at)
    }

    /// Keeps a packet; how many were given up for it.
    pub(crate) fn wait(&mut self, waiting: Waiting) -> u64 {
        let mut over = self.expire(waiting.since);
        if self.waiting.len() == MAX_WAITING {
            self.waiting.pop_front();
            over += 1;
        }
        self.waiting.push_back(waiting);
        over
    }

    /// Gives up what has waited too long; how many.
    pub(crate) fn expire(&mut self, now: Time) -> u64 {
        let before = self.waiting.len();
        self.waiting.retain(|w| now.since(w.since) < PATIENCE);
        (before - self.waiting.len()) as u64
    }

    /// Whether something waits for this peer.
    pub(crate) fn awaits(&self, peer: PeerId, from: SocketAddr) -> bool {
        self.waiting.iter().any(|w| w.is_for(peer, from))
    }

    /// The next packet that waited for this peer.
    pub(crate) fn next(&mut self, peer: PeerId, from: SocketAddr) -> Option<Waiting> {
        let i = self.waiting.iter().position(|w| w.is_for(peer, from))?;
        self.waiting.remove(i)
    }

    /// Who is meant by a contact, once somebody has answered there.
    pub(crate) fn resolve(&self, now: Time, to: PeerId, at: SocketAddr) -> Option<PeerId> {
        if !is_nobody(to) {
            return Some(to);
        }
        self.doors.iter().find(|d| d.0 == at && now.since(d.2) < DOOR).map(|d| d.1)
    }

    /// Whoever answers at an address that was asked is meant by it.
    pub(crate) fn open_door(&mut self, now: Time, at: SocketAddr, peer: PeerId) {
        self.doors.retain(|d| d.0 != at);
        self.doors.truncate(MAX_WAITING - 1);
        self.doors.push_front((at, peer, now));
    }
}

fn is_nobody(to: PeerId) -> bool {
    to.is_contact() || to == PeerId::NONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_for_longer_than_its_protocol_does_is_not_said_any_more() {
        let (mut asking, at) = (Asking::default(), SocketAddr::from(([10, 0, 0, 1], 1)));
        let waiting = |s: u64| Waiting { to: PeerId(7), at, draft: vec![s as u8], since: Time(s * 1_000_000) };
        assert_eq!(asking.wait(waiting(0)), 0);
        assert_eq!(asking.wait(waiting(1)), 1);
        assert_eq!(asking.expire(Time(1_999_999)), 0);
        assert!(asking.awaits(PeerId(7), at) && !asking.awaits(PeerId(8), at));
        assert_eq!((asking.expire(Time(2_000_000)), asking.next(PeerId(7), at).is_none()), (1, true));
    }
}
