use crate::book::Book;
use crate::config::Config;
use crate::converse::Talks;
use crate::counters::Counters;
use crate::entry::{Entry, EntryId, Refused, What};
use crate::journal::{self, Journal};
use crate::message::Message;
use bruit_kit::{Lamport, Seen};
use bruit_proto::{
    Context, Duration, Lost, Origin, Outlet, PeerId, Protocol, Receipt, Restored, Room, StreamId, StreamNews, Time, mix, mutant,
};
use std::sync::Arc;

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The history is compared with a random peer's.
    Compare,
    /// Conversations in which all is said are closed.
    Finish,
}

/// What it tells its composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An entry that was asked for here is on the disk and part of the history: acknowledge it.
    Stored(EntryId),
    /// The disk lost an entry that was asked for here: it is not part of the history, here or anywhere.
    Lost(EntryId),
    /// Somebody else was given the newest entry that was asked for here, and all before it: this node may go.
    Shared(EntryId),
    /// An entry that was asked for elsewhere is part of the history.
    Learned(Arc<Entry>),
    /// The disk lost so many entries of others: they are kept in memory, and written again at the next comparison.
    Unsaved(usize),
}

/// Entries that wait for the disk: 64. Operators ask by hand, or by a script that waits for its answer.
const MAX_PENDING: usize = 64;

/// The history of one node.
#[derive(Debug)]
pub struct History {
    pub(crate) me: PeerId,
    pub(crate) config: Config,
    pub(crate) book: Book,
    pub(crate) journal: Journal,
    pub(crate) counters: Counters,
    pub(crate) talks: Talks,
    /// Whether this history was equal to somebody's since the start.
    pub(crate) met: bool,
    clock: Lamport,
    serial: u32,
    begun: Time,
    /// When somebody was told the digest last.
    compared: Time,
    /// Asked for here, and not on the disk yet.
    pending: Vec<(Receipt, Arc<Entry>)>,
    /// The newest of this node that nobody else has been given.
    pub(crate) unshared: Option<EntryId>,
}

impl History {
    /// One node; `session` is the random number of this process start, `restored` what earlier ones persisted. What cannot
    /// be read is counted as damaged, and comes back from others.
    ///
    /// # Panics
    /// If `config` is out of its bounds: [`Config::check`] it first.
    pub fn new(me: PeerId, session: u64, config: Config, restored: &Restored) -> History {
        config.check().expect("a checked configuration");
        let mut history = History {
            me,
            book: Book::new(config.limit),
            journal: Journal::default(),
            counters: Counters::default(),
            talks: Talks::new(config.every),
            met: false,
            clock: Lamport::default(),
            serial: (mix(session) >> 32) as u32,
            begun: Time::ZERO,
            compared: Time::ZERO,
            pending: Vec::new(),
            unshared: None,
            config,
        };
        history.restore(restored);
        history
    }

    fn restore(&mut self, restored: &Restored) {
        let (entries, checkpoint, damaged) = journal::restore(restored);
        self.counters.damaged = damaged;
        if let Some(last) = entries.iter().map(|entry| entry.id.ltime).max() {
            // A fresh clock takes whatever an entry may have.
            let _ = self.clock.witness(last);
        }
        let floor = checkpoint.map(|checkpoint| checkpoint.upto);
        let (kept, gone): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| Some(entry.id) > floor);
        // Without a full book above it a checkpoint would keep out what belongs into the book.
        let stands = kept.len() >= self.config.limit;
        let mut kept = if stands { kept } else { [&kept[..], &gone[..]].concat() };
        match checkpoint {
            Some(checkpoint) if stands => {
                self.book = Book::on(self.config.limit, checkpoint);
                gone.iter().for_each(|entry| self.journal.folded(entry.id));
            }
            Some(_) => {
                self.counters.damaged += 1;
                self.journal.checkpoint();
            }
            None => {}
        }
        // The oldest first, or the first to be folded would keep out older ones uncounted.
        kept.sort_unstable_by_key(|entry| entry.id);
        for entry in kept {
            let (_, folded) = self.book.insert(entry);
            folded.into_iter().for_each(|id| self.folded(id));
        }
    }

    /// Adds what an operator asked for. [`Event::Stored`] or [`Event::Lost`] says what became of it; until then nobody
    /// else hears of it.
    ///
    /// # Errors
    /// [`Refused`] for a name out of its bounds, when the disk is far behind, and in the first seconds of a node that has
    /// peers: said with a clock that is far behind, the entry would be below everybody's checkpoint.
    pub fn append(&mut self, cx: &mut Context<'_, Self>, what: What, node: &str, by: &str) -> Result<EntryId, Refused> {
        if node.is_empty() || node.len() > Entry::MAX_NODE {
            return Err(Refused::Node(node.len()));
        }
        if by.len() > Entry::MAX_BY {
            return Err(Refused::By(by.len()));
        }
        if !self.met && !cx.peers.is_empty() && cx.now.since(self.begun) < self.config.patience {
            return Err(Refused::Joining);
        }
        if self.pending.len() >= MAX_PENDING {
            return Err(Refused::Waiting);
        }
        if self.clock.now() >= Lamport::MAX {
            return Err(Refused::Clock);
        }
        self.serial = self.serial.wrapping_add(1);
        let id = EntryId { ltime: self.clock.tick(), origin: self.me, serial: self.serial };
        let entry = Arc::new(Entry { id, what, node: node.into(), by: by.into(), at: cx.wall });
        let receipt = cx.persist(vec![journal::record(&entry)]);
        self.pending.push((receipt, entry));
        Ok(id)
    }

    /// What is kept.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether nothing is under way: no conversation, no entry that waits for the disk.
    pub fn is_quiet(&self) -> bool {
        self.talks.is_quiet() && self.pending.is_empty() && self.journal.is_quiet()
    }

    /// An entry from a peer; whether it was news.
    pub(crate) fn learn(&mut self, cx: &mut Context<'_, Self>, from: Origin, entry: Arc<Entry>) -> bool {
        if self.clock.witness(entry.id.ltime).is_err() {
            self.counters.too_far += 1;
            cx.reject(from, "entry from too far ahead");
            return false;
        }
        let (seen, folded) = self.book.insert(entry.clone());
        match seen {
            Seen::Old => self.counters.old += 1,
            Seen::Again => self.counters.duplicates += 1,
            Seen::New => {
                self.counters.learned += 1;
                self.journal.put(entry.id);
                folded.into_iter().for_each(|id| self.folded(id));
                cx.notify(Event::Learned(entry));
                self.flush(cx);
            }
        }
        seen == Seen::New
    }

    fn folded(&mut self, id: EntryId) {
        self.counters.folded += 1;
        self.journal.folded(id);
    }

    pub(crate) fn flush(&mut self, cx: &mut Context<'_, Self>) {
        self.journal.flush(&self.book, |batch| cx.persist(batch));
    }

    /// An own entry is safe, or it never was.
    fn on_own(&mut self, cx: &mut Context<'_, Self>, entry: Arc<Entry>, outcome: Result<(), Lost>) {
        let id = entry.id;
        if outcome.is_err() {
            self.counters.lost += 1;
            return cx.notify(Event::Lost(id));
        }
        let (seen, folded) = self.book.insert(entry);
        if seen == Seen::Old {
            // Ten thousand entries came while the disk wrote this one.
            self.journal.folded(id);
        }
        folded.into_iter().for_each(|id| self.folded(id));
        self.counters.stored += 1;
        self.unshared = self.unshared.max(Some(id));
        cx.notify(Event::Stored(id));
        // Not in a second: whoever asked may end this node at once.
        self.hand_on(cx);
        self.flush(cx);
    }

    /// Calls a random peer while nobody has been given what was asked for here. A digest would leave the call to the peer,
    /// which may be waiting after one of its own.
    fn hand_on(&mut self, cx: &mut Context<'_, Self>) {
        if self.unshared.is_none_or(|id| self.book.get(&id).is_none()) {
            return;
        }
        let mut out = Vec::new();
        cx.pick(1, &|_| false, &mut out);
        out.into_iter().for_each(|peer| self.ask_now(cx, peer));
    }

    /// Tells one random peer the digest: equal histories cost this and no more.
    fn compare(&mut self, cx: &mut Context<'_, Self>) {
        let mut out = Vec::new();
        cx.pick(1, &|_| false, &mut out);
        for peer in out {
            cx.send(peer, Message::Digest(mark(self.book.digest(), self.me, peer)));
            self.counters.compared += 1;
        }
        self.compared = cx.now;
        cx.set(Timer::Compare, self.config.compare * 3 / 2);
    }

    /// A packet leaves anyway, as one does each second for a random member where failures are looked for: it carries the
    /// digest, which then needs no packet and no wake-up of its own.
    fn ride(&mut self, cx: &mut Context<'_, Self>, to: PeerId, room: &mut Room<'_, Message>) {
        let due = cx.now.since(self.compared) >= self.config.compare * 9 / 10;
        if due && cx.peers.contains(to) && room.offer(Message::Digest(mark(self.book.digest(), self.me, to))).is_ok() {
            self.counters.compared += 1;
            self.compared = cx.now;
            // What the disk lost is written again when the timer is due.
            if self.journal.is_quiet() {
                cx.set(Timer::Compare, self.config.compare * 3 / 2);
            }
        }
    }

    fn on_digest(&mut self, cx: &mut Context<'_, Self>, from: Origin, digest: u16) {
        let Some(peer) = from.peer.filter(|peer| *peer != self.me && cx.peers.contains(*peer)) else {
            return cx.reject(from, "digest of a stranger");
        };
        if digest == mark(self.book.digest(), peer, self.me) || mutant("histories compare equal always") {
            self.met = true;
        } else {
            self.counters.differed += 1;
            self.ask(cx, peer);
        }
    }
}

impl Protocol for History {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        (self.begun, self.compared) = (cx.now, cx.now);
        let first = cx.rng.between(Duration::ZERO, self.config.compare);
        cx.set(Timer::Compare, first);
        self.flush(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match (from.path.stream(), message) {
            (Some(stream), message) => self.on_word(cx, from, stream, message),
            (None, Message::Digest(digest)) => self.on_digest(cx, from, digest),
            (None, _) => cx.reject(from, "part of a conversation by datagram"),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Compare => {
                self.compare(cx);
                self.hand_on(cx);
                self.flush(cx);
            }
            Timer::Finish => self.talks.finish(|stream| cx.close(stream)),
        }
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match what {
            StreamNews::Opened => self.on_opened(cx, stream),
            StreamNews::Closed(why) => self.on_closed(cx, stream, why),
        }
    }

    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        if let Some(i) = self.pending.iter().position(|pending| pending.0 == receipt) {
            let (_, entry) = self.pending.remove(i);
            return self.on_own(cx, entry, outcome);
        }
        match (self.journal.stored(&self.book, receipt, outcome.is_ok()), outcome) {
            (Some(_), Ok(())) => self.flush(cx),
            (Some(entries), Err(Lost)) => {
                self.counters.unsaved += 1;
                cx.notify(Event::Unsaved(entries));
            }
            (None, _) => {}
        }
    }

    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        match to {
            Outlet::Packet(peer) => self.ride(cx, peer, room),
            Outlet::Stream(stream) => self.fill_stream(cx, stream, room),
        }
    }
}

/// What stands for a digest when `from` tells `to`.
fn mark(digest: u64, from: PeerId, to: PeerId) -> u16 {
    (mix(digest ^ mix(from.0 ^ mix(to.0))) >> 48) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_that_look_equal_to_one_pair_do_not_to_the_next() {
        let equal = |a: u64, b: u64, from, to| mark(a, PeerId(from), PeerId(to)) == mark(b, PeerId(from), PeerId(to));
        let other = (8..).find(|other| equal(7, *other, 1, 2)).expect("one in 65,536");
        assert!(!equal(7, other, 2, 1) && !equal(7, other, 1, 3));
    }
}
