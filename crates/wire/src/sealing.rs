use crate::asking::{Asking, Waiting};
use crate::envelope::{Envelope, Opened, nameable};
use crate::keys::KeyRing;
use crate::limit::Limit;
use crate::own::{GROUP, HEADER, HELLO, Header, NAME, NAMED, Own, SEALED, TAG};
use crate::seal::{Mode, Seal, Tally};
use crate::sessions::Sessions;
use bruit_proto::{Malformed, PeerId, Reader, Time, Wall};
use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// Wall and monotonic clock that part by this much say that the machine was stopped and resumed, perhaps twice.
const PARTED: Duration = Duration::from_secs(10);

/// What a datagram turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival<'a> {
    /// Messages, or none.
    Packet(Opened<'a>),
    /// Nothing for a protocol: this is to be sent back where it came from. What was wrong with it, if something was.
    Answer(Vec<u8>, Option<Malformed>),
    /// Nothing for anybody.
    Nothing,
}

/// What datagrams and streams are sealed with: my session, everybody's, and who is being asked for theirs.
pub(crate) struct Sealing {
    /// `None`: switched off, and as if there were none. It is kept, for its counter must never begin again.
    mode: Option<Mode>,
    pub(crate) own: Own,
    clocks: Option<(Time, Wall)>,
    sessions: Sessions,
    asking: Asking,
    answers: Limit,
    guesses: Limit,
    tries: Limit,
    pub(crate) tally: Tally,
}

impl Sealing {
    pub(crate) fn new(seal: Seal, label: &str, me: PeerId) -> Sealing {
        Sealing {
            mode: Some(seal.mode),
            own: Own::new(seal, label, me),
            clocks: None,
            sessions: Sessions::default(),
            asking: Asking::default(),
            // Answers: a thousand that join through one seed at once. Guesses answer what could not be verified: enough to
            // be found after a restart, useless to a flood. Tries: that many members that know an earlier session of mine;
            // a flood that names their sessions costs no more than that, four times 2 µs each.
            answers: Limit::new(1_024),
            guesses: Limit::new(8),
            tries: Limit::new(1_024),
            tally: Tally::default(),
        }
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// Another mode.
    pub(crate) fn switch(&mut self, mode: Option<Mode>) {
        self.mode = mode;
    }

    /// Other keys: the first seals from now on.
    pub(crate) fn rekey(&mut self, keys: KeyRing) {
        self.own.rekey(keys);
    }

    /// A member's record says so, and where it is; `None`: there is no record any more.
    pub(crate) fn know(&mut self, peer: PeerId, session: Option<u64>, at: Option<SocketAddr>) {
        self.sessions.know(peer, session, at);
        self.stay_bounded();
    }

    /// What the clocks say, at each entry; whether a new session began because they parted.
    pub(crate) fn clocks(&mut self, now: Time, wall: Wall) -> bool {
        let (mono0, wall0) = *self.clocks.get_or_insert((now, wall));
        let (mono, wall_by) = (now.0.abs_diff(mono0.0) / 1_000, wall.0.abs_diff(wall0.0));
        let backwards = wall < wall0;
        let parted = if backwards { mono + wall_by } else { mono.abs_diff(wall_by) };
        let renews = u128::from(parted) >= PARTED.as_millis();
        if renews {
            self.clocks = Some((now, wall));
            self.renew();
        }
        renews
    }

    /// A new session of one's own: nothing that was recorded verifies any more.
    fn renew(&mut self) {
        self.tally.renewed += 1;
        self.own.renew();
        self.sessions.renewed();
    }

    fn stay_bounded(&mut self) {
        if self.sessions.is_full() {
            self.renew();
        }
    }

    /// Whether what is said to this peer on a stream is sealed.
    pub(crate) fn seals(&self, now: Time, to: PeerId, at: SocketAddr) -> bool {
        let binding = || self.sessions.binding(self.asking.resolve(now, to, at)?, at);
        self.mode == Some(Mode::Require) || self.mode.is_some() && binding().is_some_and(|b| b.heard)
    }

    /// What is to be sent, for a packet that is packed but not closed; `None`: it must go in the open.
    pub(crate) fn close(&mut self, now: Time, to: PeerId, at: SocketAddr, draft: &mut Vec<u8>) -> [Option<Vec<u8>>; 2] {
        let binding = self.asking.resolve(now, to, at).and_then(|peer| self.sessions.binding(peer, at));
        match (binding, self.mode) {
            (_, None) => [None, None],
            (Some(b), Some(mode)) if b.heard || mode == Mode::Require => {
                [Some(self.seal_for(b.session, !b.knows_me, &draft[Envelope::HEADER..])), None]
            }
            (_, Some(Mode::Permissive)) => [None, self.ask(now, at)],
            (_, Some(Mode::Require)) => {
                let waiting = Waiting { to, at, draft: std::mem::take(draft), since: now };
                self.tally.given_up += self.asking.wait(waiting);
                [None, self.ask(now, at)]
            }
        }
    }

    /// The next packet that waited for this peer, sealed. Call until `None` whenever it has spoken.
    pub(crate) fn release(&mut self, now: Time, peer: PeerId, from: SocketAddr) -> Option<(SocketAddr, Vec<u8>)> {
        self.tally.given_up += self.asking.expire(now);
        let waiting = self.asking.next(peer, from)?;
        if waiting.is_nameless() {
            self.asking.open_door(now, from, peer);
        }
        let b = self.sessions.binding(peer, waiting.at)?;
        Some((waiting.at, self.seal_for(b.session, !b.knows_me, &waiting.draft[Envelope::HEADER..])))
    }

    /// Opens a sealed datagram, or says what to answer.
    pub(crate) fn open<'a>(&mut self, now: Time, from: SocketAddr, packet: &[u8]) -> Result<Arrival<'a>, Malformed> {
        let header = Header::read(packet)?;
        let session = header.session;
        if session == self.own.session || session == 0 {
            return Err(Malformed("sealed packet of my own session"));
        }
        if header.is_group() {
            return Err(Malformed("group packet to one node"));
        }
        if header.is_hello() {
            return self.on_hello(now, header, packet);
        }
        self.sessions.precheck(session, header.counter)?;
        let Some(mut text) = self.own.read(header, self.own.session, packet)? else {
            return self.on_unverified(now, header, packet);
        };
        let (sender, start) = if header.flags & NAMED != 0 {
            (nameable(PeerId(Reader::new(&text).u64()?))?, NAME)
        } else {
            // It thinks that I know it; I did. Asked, it will say who it is.
            let Some(sender) = self.sessions.owner(session) else {
                let hello = self.hello();
                return self.answer(now, hello, Some(Malformed("sealed packet of an unknown session")));
            };
            (sender, 0)
        };
        let new = self.sessions.accept(sender, session, header.counter, from, text.len() > start)?;
        if self.asking.has_asked(from) {
            self.asking.open_door(now, from, sender);
        }
        self.stay_bounded();
        // Somebody says who it is, unasked: it may not know that we have changed, too.
        if new && text.len() == start && !self.asking.awaits(sender, from) {
            let empty = self.seal_for(session, true, &[]);
            return self.answer(now, empty, None);
        }
        text.drain(..start);
        Ok(Arrival::Packet(Opened { sender, body: Cow::Owned(text) }))
    }

    /// A packet to the group, which says no name: its session does, to whoever believes it.
    pub(crate) fn seal_for_group(&mut self, body: &[u8]) -> Vec<u8> {
        self.write(GROUP, 0, body)
    }

    /// Opens a datagram that came by the group: who sent it, and its messages. `None`: it is my own, come back. Nobody is asked
    /// or answered, for everybody on the link would be.
    pub(crate) fn open_group(&mut self, packet: &[u8]) -> Result<Option<(PeerId, Vec<u8>)>, Malformed> {
        let header = Header::read(packet)?;
        let Header { session, counter, .. } = header;
        if !header.is_group() {
            return Err(Malformed("sealed packet for one node, by the group"));
        }
        if session == self.own.session || self.own.earlier.contains(&session) {
            return Ok(None);
        }
        self.sessions.precheck_group(session, counter)?;
        let Some(text) = self.own.read(header, 0, packet)? else {
            return Err(Malformed("group packet damaged, or of another cluster"));
        };
        Ok(Some((self.sessions.accept_group(session, counter)?, text)))
    }

    /// Changes nothing, and the answer is as long as the question.
    fn on_hello<'a>(&mut self, now: Time, header: Header, packet: &[u8]) -> Result<Arrival<'a>, Malformed> {
        let text = self.own.read(header, 0, packet)?;
        if text.is_none_or(|text| text.len() != NAME) {
            return Err(Malformed("hello damaged, of another key or cluster"));
        }
        let empty = self.seal_for(header.session, true, &[]);
        self.answer(now, empty, None)
    }

    /// Either it is garbage, or its sender does not know my session of now.
    fn on_unverified<'a>(&mut self, now: Time, header: Header, packet: &[u8]) -> Result<Arrival<'a>, Malformed> {
        let (session, known) = (header.session, self.sessions.owner(header.session).is_some());
        if known && !self.own.earlier.is_empty() && self.tries.allow(now) {
            for earlier in &self.own.earlier {
                if self.own.read(header, *earlier, packet)?.is_some() {
                    let empty = self.seal_for(session, true, &[]);
                    return self.answer(now, empty, Some(Malformed("sealed packet for an earlier session of mine")));
                }
            }
        }
        let why = Malformed("sealed packet damaged, or for another cluster, node or session");
        // What is answered is never longer than what came.
        if packet.len() < HEADER + NAME + TAG || !self.guesses.allow(now) {
            return Err(why);
        }
        let bytes = if known { self.seal_for(session, true, &[]) } else { self.hello() };
        self.tally.answered += 1;
        Ok(Arrival::Answer(bytes, Some(why)))
    }

    fn answer<'a>(&mut self, now: Time, bytes: Vec<u8>, why: Option<Malformed>) -> Result<Arrival<'a>, Malformed> {
        if self.answers.allow(now) {
            self.tally.answered += 1;
            return Ok(Arrival::Answer(bytes, why));
        }
        self.tally.not_answered += 1;
        why.map_or(Ok(Arrival::Nothing), Err)
    }

    /// A hello to this address, unless it was asked a moment ago or too many were.
    pub(crate) fn ask(&mut self, now: Time, at: SocketAddr) -> Option<Vec<u8>> {
        let yes = self.asking.ask(now, at)?;
        *if yes { &mut self.tally.asked } else { &mut self.tally.not_asked } += 1;
        yes.then(|| self.hello())
    }

    fn hello(&mut self) -> Vec<u8> {
        self.write(HELLO, 0, &[])
    }

    fn seal_for(&mut self, receiver: u64, named: bool, body: &[u8]) -> Vec<u8> {
        self.write(if named { NAMED } else { 0 }, receiver, body)
    }

    fn write(&mut self, kind: u8, receiver: u64, body: &[u8]) -> Vec<u8> {
        if self.own.is_spent() {
            self.renew();
        }
        self.own.write(kind, receiver, body)
    }
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({:?}, {:?}, session {:x})", self.mode, self.own.keys, self.own.session)
    }
}

/// Whether a datagram or a stream that begins so is a sealed one.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|b| b & SEALED != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::own::MAX_PACKETS;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn sealing(session: u64) -> Sealing {
        let next = AtomicU64::new(session + 1);
        let fresh = Arc::new(move || next.fetch_add(1, Ordering::Relaxed));
        let seal = Seal { mode: Mode::Require, keys: KeyRing::generate([7; 32]), session, fresh };
        Sealing::new(seal, "test", PeerId(session))
    }

    #[test]
    fn a_session_ends_before_its_counter_does() {
        let mut alice = sealing(100);
        alice.own.counter = MAX_PACKETS - 1;
        let sessions: Vec<_> = (0..3).map(|_| alice.seal_for(9, true, &[])[1..15].to_vec()).collect();
        assert_eq!(sessions[0], [0, 0, 0, 0, 0, 0, 0, 100, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(sessions[1], [0, 0, 0, 0, 0, 0, 0, 101, 0, 0, 0, 0, 0, 0]);
        assert_eq!(sessions[2], [0, 0, 0, 0, 0, 0, 0, 101, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn clocks_that_part_by_ten_seconds_start_a_session_and_slower_ones_do_not() {
        let mut alice = sealing(100);
        for (mono, wall, session) in
            [(5, 1_000, 100), (6, 1_010, 100), (7, 1_012, 101), (8, 1_013, 101), (30, 1_035, 101), (31, 1_000, 102)]
        {
            alice.clocks(Time(mono * 1_000_000), Wall(wall * 1_000));
            assert_eq!(alice.own.session, session, "at {mono}");
        }
        assert_eq!((alice.tally.renewed, alice.own.earlier.len()), (2, 2));
    }

    #[test]
    fn members_that_are_forgotten_fill_the_table_no_more_than_guests_do() {
        let mut alice = sealing(100);
        let most = crate::MAX_GUESTS as u64;
        for i in 1_000..1_000 + most + 1 {
            alice.know(PeerId(i), Some(i), None);
        }
        assert_eq!(alice.tally.renewed, 0, "records vouch for them");
        for i in 1_000..1_000 + most + 1 {
            alice.know(PeerId(i), None, None);
        }
        assert_eq!((alice.tally.renewed, alice.sessions.owner(1_000)), (1, None));
    }

    #[test]
    fn a_flood_that_names_a_known_session_is_not_held_against_earlier_ones_for_long() {
        let (mut alice, bob) = (sealing(100), sealing(200));
        alice.know(bob.own.me, Some(200), None);
        alice.renew();
        let mut bob = bob;
        let packet = bob.seal_for(100, true, b"word");
        let at = SocketAddr::from(([10, 0, 0, 1], 1));
        let mut garbage = packet.clone();
        garbage[20] ^= 1;
        (0..5_000).for_each(|_| drop(alice.open(Time(5), at, &garbage)));
        assert_eq!(
            alice.open(Time(5), at, &packet),
            Err(Malformed("sealed packet damaged, or for another cluster, node or session"))
        );
        let later = alice.open(Time(2_000_000), at, &packet);
        assert!(matches!(later, Ok(Arrival::Answer(_, Some(Malformed("sealed packet for an earlier session of mine"))))));
    }
}
