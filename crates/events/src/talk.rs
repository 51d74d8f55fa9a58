use crate::id::Stamp;
use crate::message::{Hello, Message, Reply};
use crate::store::Store;
use bruit_proto::{PeerId, StreamId, Time};
use std::collections::{BTreeSet, VecDeque};

/// How many prints a [`Hello`] lists before it sums up the rest: 32, in 150 bytes of a first segment.
const RECENT: usize = 32;

/// Something to say in a conversation.
#[derive(Debug)]
pub(crate) enum Say {
    Word(Message),
    /// Looked up when its turn comes; if it has fallen out of the window by then, it is skipped.
    Event(Stamp),
}

/// How far a conversation is, on my side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// The other side has not answered the dial.
    Dialled,
    /// My first word is said or queued.
    Begun,
    /// Nothing will be added to the queue.
    SaidAll,
    /// My side is closed.
    Shut,
}

/// One conversation: what still differs between two stores, both ways.
///
/// ```text
///   opener                               other
///   Hello: recent prints, older sum -->
///                                   <--  Reply: what I lack of them [, prints of the older part]
///                                   <--  events that the opener lacks of the recent part
///   Want: what I lack of the rest   -->
///   events that the other lacks     -->
///   close                           <--  events that the opener wants; close
/// ```
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) stream: StreamId,
    pub(crate) peer: Option<PeerId>,
    pub(crate) begun: Time,
    /// Whether an event moved, in either direction.
    pub(crate) moved: bool,
    /// Prints of what the other side has said that it holds, and I lack.
    lacking: BTreeSet<u32>,
    queue: VecDeque<Say>,
    salt: u32,
    since: u64,
    stage: Stage,
}

impl Talk {
    pub(crate) fn new(stream: StreamId, peer: Option<PeerId>, begun: Time, salt: u32) -> Talk {
        let queue = VecDeque::new();
        Talk { stream, peer, begun, moved: false, lacking: BTreeSet::new(), queue, salt, since: 0, stage: Stage::Dialled }
    }

    /// The opener's first word, once.
    pub(crate) fn hello(&mut self, store: &Store, clock: u64) {
        if self.stage != Stage::Dialled {
            return;
        }
        self.stage = Stage::Begun;
        let edge = store.stamps().rev().nth(RECENT - 1);
        self.since = edge.map_or(0, |stamp| stamp.ltime);
        let recent = store.stamps().rev().take_while(|stamp| stamp.ltime >= self.since);
        let recent = recent.map(|stamp| stamp.print(self.salt)).collect();
        let older = store.digest_before(self.since);
        let hello = Hello { clock, floor: store.floor(), salt: self.salt, since: self.since, recent, older };
        self.queue.push_back(Say::Word(Message::Hello(hello)));
    }

    /// The other side's answer; the floors have met already.
    pub(crate) fn reply(&mut self, store: &Store, clock: u64, hello: &Hello) {
        self.stage = Stage::Begun;
        self.since = hello.since;
        let (lacks, want) = self.compare(store.stamps().rev().take_while(|s| s.ltime >= hello.since), &hello.recent);
        let rest = (store.digest_before(hello.since) != hello.older).then(|| self.older(store).map(|s| self.print(s)).collect());
        self.lacking.extend(&want);
        let reply = Reply { clock, floor: store.floor(), want, rest };
        self.queue.push_back(Say::Word(Message::Reply(reply)));
        self.queue.extend(lacks.into_iter().rev().map(Say::Event));
    }

    /// The opener's last word, and what the other lacks; the floors have met already.
    pub(crate) fn want(&mut self, store: &Store, reply: &Reply) {
        let (lacks, want) = match &reply.rest {
            Some(rest) => self.compare(self.older(store), rest),
            None => (Vec::new(), Vec::new()),
        };
        self.lacking.extend(&want);
        self.queue.push_back(Say::Word(Message::Want(want)));
        self.give(store, &reply.want);
        self.queue.extend(lacks.into_iter().map(Say::Event));
        self.stage = Stage::SaidAll;
    }

    /// What the opener wants.
    pub(crate) fn wanted(&mut self, store: &Store, prints: &[u32]) {
        self.give(store, prints);
        self.stage = Stage::SaidAll;
    }

    /// An event came.
    pub(crate) fn came(&mut self, stamp: &Stamp, news: bool) {
        self.moved |= news;
        self.lacking.remove(&stamp.print(self.salt));
    }

    /// How much the other side holds that I still lack.
    pub(crate) fn lacking(&self) -> usize {
        self.lacking.len()
    }

    /// What to say next.
    pub(crate) fn next(&self) -> Option<&Say> {
        self.queue.front()
    }

    /// It was said; whether it was an event.
    pub(crate) fn said(&mut self) -> bool {
        let event = matches!(self.queue.pop_front(), Some(Say::Event(_)));
        self.moved |= event;
        event
    }

    /// There is nothing more to say, to somebody who is busy.
    pub(crate) fn said_all(&mut self) {
        self.queue.clear();
        self.stage = self.stage.max(Stage::SaidAll);
    }

    /// It is gone.
    pub(crate) fn skip(&mut self) {
        self.queue.pop_front();
    }

    /// Whether my first word is said, and the other's answer to it is not in.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.stage == Stage::Begun
    }

    /// Whether my side is to be closed now. True once.
    pub(crate) fn shuts(&mut self) -> bool {
        let done = self.is_done();
        if done {
            self.stage = Stage::Shut;
        }
        done
    }

    /// Whether all has been said, and my side is not closed yet.
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::SaidAll && self.queue.is_empty()
    }

    fn print(&self, stamp: &Stamp) -> u32 {
        stamp.print(self.salt)
    }

    fn older<'a>(&self, store: &'a Store) -> impl Iterator<Item = &'a Stamp> + use<'a> {
        let since = self.since;
        store.stamps().take_while(move |stamp| stamp.ltime < since)
    }

    /// What of `mine` the other lacks, and what of its prints I lack.
    fn compare<'a>(&self, mine: impl Iterator<Item = &'a Stamp>, theirs: &[u32]) -> (Vec<Stamp>, Vec<u32>) {
        let mut lacking: BTreeSet<u32> = theirs.iter().copied().collect();
        let lacks = mine.filter(|stamp| !lacking.remove(&self.print(stamp))).copied().collect();
        (lacks, lacking.into_iter().collect())
    }

    /// Oldest first, so that the user of the other side hears them in order.
    fn give(&mut self, store: &Store, prints: &[u32]) {
        let wanted: BTreeSet<u32> = prints.iter().copied().collect();
        let given = store.stamps().filter(|stamp| wanted.contains(&stamp.print(self.salt)));
        self.queue.extend(given.map(|stamp| Say::Event(*stamp)));
    }
}
