use crate::window::Window;
use bruit_proto::{Malformed, PeerId};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The most peers whose session is kept although no record vouches for them: joiners, and members that were forgotten.
/// 1,024 of 400 to 600 bytes, their boxes and owners included, are 600 KiB.
pub const MAX_GUESTS: usize = 1_024;

/// The most sessions remembered as over, each with its windows: 4,096 of 88 bytes are 352 KiB.
pub const MAX_RETIRED: usize = 4_096;

/// Which packets of a session came.
#[derive(Clone, Copy, Debug, Default)]
struct Windows {
    /// Of those bound to mine.
    mine: Window,
    /// Of those said to a group. Both are numbered in one row, and come by different ways.
    group: Window,
}

/// One session of a peer.
#[derive(Clone, Copy, Debug)]
struct Known {
    session: u64,
    windows: Windows,
    /// Where its last packet came from.
    at: Option<SocketAddr>,
    /// Where its record says that it is.
    home: Option<SocketAddr>,
    /// It has sealed a packet for my session of now: it is able to.
    heard: bool,
    /// It has sealed messages for it, which nobody does in answer to a hello: it knows whose session that is.
    knows_me: bool,
    /// When it last spoke, or was first told of: greater is later.
    turn: u64,
}

/// For which session a packet is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) session: u64,
    /// It has sealed for mine, so it is able to.
    pub(crate) heard: bool,
    /// It knows whose session mine is.
    pub(crate) knows_me: bool,
}

/// What is remembered of a session that is over.
#[derive(Clone, Copy, Debug)]
struct Over {
    windows: Windows,
    turn: u64,
}

impl Known {
    fn new(session: u64) -> Known {
        Known { session, windows: Windows::default(), at: None, home: None, heard: false, knows_me: false, turn: 0 }
    }

    fn is_at(&self, place: SocketAddr) -> bool {
        [self.at, self.home].contains(&Some(place))
    }

    /// Two processes under one name are at two places: what comes from one place is one process, or one after another.
    fn shares_place(&self, with: &Known) -> bool {
        [self.at, self.home].into_iter().flatten().any(|place| with.is_at(place))
    }
}

/// A peer has at most three, so that of two processes under one name each is heard although its session is not the one in its
/// record any more. Most have one, so the others are boxed.
#[derive(Debug, Default)]
struct Peer {
    /// The one in its record.
    home: Option<Known>,
    /// At the same place: the one before it, or the last that only packets told of.
    beside: Option<Box<Known>>,
    /// At another place.
    other: Option<Box<Known>>,
    member: bool,
}

impl Peer {
    fn all(&self) -> impl Iterator<Item = &Known> {
        self.home.iter().chain(self.beside.as_deref()).chain(self.other.as_deref())
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Known> {
        self.home.iter_mut().chain(self.beside.as_deref_mut()).chain(self.other.as_deref_mut())
    }

    fn find(&self, session: u64) -> Option<&Known> {
        self.all().find(|k| k.session == session)
    }

    /// One that only a packet told of, from this place; which goes for it.
    fn guest(&mut self, session: u64, from: SocketAddr) -> Option<Known> {
        let slot = if self.home.is_some_and(|home| home.is_at(from)) { &mut self.beside } else { &mut self.other };
        slot.replace(Box::new(Known::new(session))).map(|old| *old)
    }

    /// The record names another; which go for it.
    fn settle(&mut self, home: Known) -> Vec<Known> {
        let mut before = [self.home.replace(home), self.beside.take().map(|k| *k)];
        // Whose place was taken may live, if two go by one name, and speaks by its latest: both are heard, until a third comes.
        before.sort_by_key(|known| std::cmp::Reverse(known.map(|k| k.turn)));
        let old = [before[0], before[1], self.other.take().map(|k| *k)].into_iter().flatten();
        let mut gone = Vec::new();
        for old in old.filter(|old| old.session != home.session) {
            let slot = if home.shares_place(&old) { &mut self.beside } else { &mut self.other };
            if slot.is_some() { gone.push(old) } else { *slot = Some(Box::new(old)) }
        }
        gone
    }
}

/// Whose packets are sealed by which session, and which of them came.
///
/// Nothing that was ever taken is taken again: a session is in the table with its window, or among the retired. When
/// either is [full](Sessions::is_full), a new session of one's own makes all that was recorded worthless, and both empty.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    peers: BTreeMap<PeerId, Peer>,
    owners: BTreeMap<u64, PeerId>,
    guests: usize,
    /// No packet brings them back. A record can: of two processes under one name the one may be dead for a while.
    retired: BTreeMap<u64, Over>,
    turns: u64,
}

impl Sessions {
    /// A member's record says so, and where it is; `None`: there is no record any more.
    pub(crate) fn know(&mut self, peer: PeerId, session: Option<u64>, at: Option<SocketAddr>) {
        let Some(session) = session else {
            if let Some(p) = self.peers.get_mut(&peer).filter(|p| p.member) {
                p.member = false;
                self.guests += 1;
            }
            return;
        };
        // A false record may speak of somebody else's.
        let foreign = self.owners.get(&session).is_some_and(|owner| *owner != peer);
        if session == 0 || foreign {
            return;
        }
        let p = self.peers.entry(peer).or_insert_with(|| {
            self.guests += 1;
            Peer::default()
        });
        if !p.member {
            p.member = true;
            self.guests -= 1;
        }
        if let Some(known) = p.home.as_mut().filter(|k| k.session == session) {
            known.home = at;
            return;
        }
        self.turns += 1;
        let new = Known { turn: self.turns, ..p.find(session).copied().unwrap_or(Known::new(session)) };
        // That the record brings it back does not say that it speaks: what came after it from its place still does.
        let over = self.retired.remove(&session);
        let known = over.map_or(new, |Over { windows, turn }| Known { windows, turn, ..new });
        let old = p.settle(Known { home: at, ..known });
        self.owners.insert(session, peer);
        old.into_iter().for_each(|old| self.retire(old));
    }

    /// Whose session this is.
    pub(crate) fn owner(&self, session: u64) -> Option<PeerId> {
        self.owners.get(&session).copied()
    }

    /// Whether a packet can be refused before it is opened. Writes nothing.
    pub(crate) fn precheck(&self, session: u64, counter: u64) -> Result<(), Malformed> {
        if self.retired.contains_key(&session) {
            return Err(Malformed("sealed packet of a session that is over"));
        }
        let peer = self.owner(session).and_then(|peer| self.peers.get(&peer));
        match peer.and_then(|p| p.find(session)) {
            Some(known) if !known.windows.mine.is_fresh(counter) => Err(Malformed("sealed packet replayed, or too late")),
            _ => Ok(()),
        }
    }

    /// A packet verified that is bound to my session: it is marked, and its session believed. Whether that is new.
    /// `says`: it carries messages.
    pub(crate) fn accept(
        &mut self,
        peer: PeerId,
        session: u64,
        counter: u64,
        from: SocketAddr,
        says: bool,
    ) -> Result<bool, Malformed> {
        self.precheck(session, counter)?;
        let owner = self.owner(session);
        if owner.is_some_and(|owner| owner != peer) {
            return Err(Malformed("session of another peer"));
        }
        let p = self.peers.entry(peer).or_insert_with(|| {
            self.guests += 1;
            Peer::default()
        });
        let old = if owner.is_none() { p.guest(session, from) } else { None };
        self.turns += 1;
        let mut heard = false;
        if let Some(known) = p.all_mut().find(|k| k.session == session) {
            known.windows.mine.mark(counter);
            (known.at, known.turn) = (Some(from), self.turns);
            heard = std::mem::replace(&mut known.heard, true);
            known.knows_me |= says;
        }
        self.owners.insert(session, peer);
        old.into_iter().for_each(|old| self.retire(old));
        Ok(!heard)
    }

    /// Whether a packet said to a group can be refused before it is opened. Writes nothing.
    ///
    /// It is bound to no session of mine, so nothing but its number says that it is no recorded one of before I knew this
    /// session: what came from it since, to me or to the group, must not lie a window ahead.
    pub(crate) fn precheck_group(&self, session: u64, counter: u64) -> Result<(), Malformed> {
        let peer = self.owner(session).and_then(|peer| self.peers.get(&peer));
        let Some(Windows { mine, group }) = peer.and_then(|p| p.find(session)).map(|k| k.windows) else {
            return Err(Malformed("group packet of a session that is not believed"));
        };
        if mine.is_beyond(counter) || !group.is_fresh(counter) {
            return Err(Malformed("group packet replayed, or too late"));
        }
        Ok(())
    }

    /// A packet verified that was said to a group, of a session that is believed: it is marked, and nothing else is written.
    /// Whose it is.
    pub(crate) fn accept_group(&mut self, session: u64, counter: u64) -> Result<PeerId, Malformed> {
        self.precheck_group(session, counter)?;
        let owner = self.owner(session).expect("it was just looked up");
        let known = self.peers.get_mut(&owner).and_then(|p| p.all_mut().find(|k| k.session == session));
        if let Some(known) = known {
            known.windows.group.mark(counter);
        }
        Ok(owner)
    }

    /// For which session a packet to this peer at this address is sealed: of two processes under one name the one that is
    /// there or wrote from there, else the one that wrote last.
    pub(crate) fn binding(&self, peer: PeerId, at: SocketAddr) -> Option<Binding> {
        let known = self.peers.get(&peer)?.all().max_by_key(|k| (k.is_at(at), k.turn))?;
        Some(Binding { session: known.session, heard: known.heard, knows_me: known.knows_me })
    }

    /// Whether it is time for a new session of one's own.
    pub(crate) fn is_full(&self) -> bool {
        self.guests > MAX_GUESTS || self.retired.len() > MAX_RETIRED
    }

    /// My session is a new one: nothing recorded verifies any more, and nobody has sealed for it yet.
    pub(crate) fn renewed(&mut self) {
        self.peers.retain(|_, p| p.member);
        let peers = &self.peers;
        self.owners.retain(|_, peer| peers.contains_key(peer));
        self.guests = 0;
        self.retired.clear();
        for known in self.peers.values_mut().flat_map(Peer::all_mut) {
            (known.heard, known.knows_me) = (false, false);
        }
    }

    fn retire(&mut self, old: Known) {
        self.owners.remove(&old.session);
        self.retired.insert(old.session, Over { windows: old.windows, turn: old.turn });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: PeerId = PeerId(7);

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    #[test]
    fn no_packet_brings_back_a_session_that_was_replaced() {
        let mut table = Sessions::default();
        assert_eq!(table.accept(PEER, 1, 0, at(1), true), Ok(true));
        assert_eq!(table.accept(PEER, 1, 1, at(1), true), Ok(false));
        assert_eq!(table.accept(PEER, 2, 0, at(1), true), Ok(true));
        assert!(table.accept(PEER, 1, 2, at(1), true).is_err());
        assert_eq!(table.binding(PEER, at(1)), Some(Binding { session: 2, heard: true, knows_me: true }));
    }

    #[test]
    fn of_two_that_take_each_others_place_both_are_heard_and_a_third_ends_the_first() {
        let mut table = Sessions::default();
        table.know(PEER, Some(1), None);
        table.accept(PEER, 1, 5, at(1), true).unwrap();
        table.know(PEER, Some(2), None);
        table.accept(PEER, 2, 0, at(2), true).unwrap();
        assert!(table.accept(PEER, 1, 6, at(1), true).is_ok() && table.accept(PEER, 1, 5, at(1), true).is_err());
        assert_eq!([1, 2].map(|port| table.binding(PEER, at(port)).unwrap().session), [1, 2]);
        table.know(PEER, Some(3), None);
        assert!(table.accept(PEER, 1, 7, at(1), true).is_err() && table.accept(PEER, 2, 1, at(2), true).is_ok());
        table.know(PEER, Some(1), None);
        assert!(table.accept(PEER, 1, 6, at(1), true).is_err(), "its window came back with it");
        assert!(table.accept(PEER, 1, 7, at(1), true).is_ok() && table.accept(PEER, 2, 2, at(2), true).is_err());
    }

    /// Both had their clocks set, so that neither speaks by the session in its record.
    #[test]
    fn of_two_that_take_each_others_place_both_are_heard_by_sessions_that_only_packets_told_of() {
        let mut table = Sessions::default();
        table.know(PEER, Some(1), Some(at(1)));
        table.accept(PEER, 1, 0, at(1), true).unwrap();
        table.accept(PEER, 10, 0, at(1), true).unwrap();
        for counter in 1..5 {
            table.know(PEER, Some(2), Some(at(2)));
            assert_eq!(table.accept(PEER, 10, counter, at(1), true), Ok(false), "its place was taken");
            assert!(table.accept(PEER, 20, counter, at(2), true).is_ok());
            assert_eq!([1, 2].map(|port| table.binding(PEER, at(port)).unwrap().session), [10, 20]);
            table.know(PEER, Some(1), Some(at(1)));
            assert_eq!(table.accept(PEER, 20, counter + 10, at(2), true), Ok(false), "it was taken back");
            assert!(table.peers[&PEER].all().count() <= 3 && table.owners.len() <= 3);
        }
    }

    #[test]
    fn what_packets_told_keeps_its_window_when_the_record_says_it_too() {
        let mut table = Sessions::default();
        table.accept(PEER, 1, 5, at(1), true).unwrap();
        table.know(PEER, Some(1), None);
        assert!(table.accept(PEER, 1, 5, at(1), true).is_err());
        table.know(PEER, None, None);
        assert!(table.accept(PEER, 1, 5, at(1), true).is_err(), "a member that was forgotten is a guest");
        assert_eq!(table.accept(PEER, 1, 6, at(1), true), Ok(false));
    }

    #[test]
    fn of_two_processes_under_one_name_each_is_answered_for_its_own_session() {
        let mut table = Sessions::default();
        table.know(PEER, Some(1), None);
        table.accept(PEER, 1, 0, at(1), true).unwrap();
        table.accept(PEER, 2, 0, at(2), true).unwrap();
        assert_eq!([1, 2, 3].map(|port| table.binding(PEER, at(port)).unwrap().session), [1, 2, 2]);
    }

    #[test]
    fn a_holder_that_has_not_spoken_is_asked_in_its_own_session_although_another_takes_its_name() {
        let mut table = Sessions::default();
        table.know(PEER, Some(1), Some(at(1)));
        table.accept(PEER, 2, 0, at(2), true).unwrap();
        assert_eq!([1, 2].map(|port| table.binding(PEER, at(port)).unwrap().session), [1, 2]);
        table.accept(PEER, 1, 0, at(3), true).unwrap();
        assert_eq!([1, 2, 3].map(|port| table.binding(PEER, at(port)).unwrap().session), [1, 2, 1]);
    }

    #[test]
    fn nobody_takes_the_session_of_another() {
        let mut table = Sessions::default();
        table.know(PEER, Some(1), None);
        assert!(table.accept(PeerId(8), 1, 0, at(1), true).is_err());
        table.know(PeerId(8), Some(1), None);
        assert_eq!((table.owner(1), table.binding(PeerId(8), at(1))), (Some(PEER), None));
    }

    #[test]
    fn guests_and_what_is_over_are_bounded_by_a_session_of_ones_own() {
        let mut table = Sessions::default();
        table.know(PeerId(1), Some(1), None);
        for i in 2..MAX_GUESTS as u64 + 3 {
            assert!(!table.is_full());
            table.accept(PeerId(i), i, 0, at(1), true).unwrap();
        }
        assert!(table.is_full());
        table.renewed();
        assert_eq!((table.peers.len(), table.owners.len(), table.is_full()), (1, 1, false));
        for session in 2..MAX_RETIRED as u64 + 4 {
            assert!(!table.is_full());
            table.accept(PEER, session, 0, at(1), true).unwrap();
        }
        assert!(table.is_full());
    }
}
