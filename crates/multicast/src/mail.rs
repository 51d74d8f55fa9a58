//! Direct mail: see [`Mail`].

use crate::counters::Counters;
use crate::pace::Pace;
use bruit_kit::{Invalid, Set};
use bruit_proto::{Change, Context, Malformed, Origin, PeerId, Protocol, Reader, Wire};
use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use std::time::Duration;

/// How a sender makes sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// When it sends again to who has not acknowledged, counted from the end of its last round.
    pub every: Duration,
    /// In how many more rounds.
    pub tries: u32,
    /// Peers that it waits for at most; who is beyond is sent the item once.
    pub audience: usize,
}

/// The rules of direct mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How fast a node sends.
    pub pace: Pace,
    /// The most items on their way at once; what comes while so many are is dropped and counted.
    pub queue: usize,
    /// Whether items are acknowledged.
    pub ack: Option<Ack>,
}

impl Default for Config {
    fn default() -> Self {
        Config { pace: Pace::default(), queue: 256, ack: None }
    }
}

impl Config {
    /// # Errors
    /// The first setting that is out of its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        self.pace.check()?;
        Invalid::unless((1..=1 << 16).contains(&self.queue), "from 1 to 65,536 items may be on their way")?;
        let Some(Ack { every, tries, audience }) = self.ack else { return Ok(()) };
        Invalid::unless(!every.is_zero(), "rounds must be apart")?;
        Invalid::unless((1..=1000).contains(&tries), "from 1 to 1,000 more rounds")?;
        Invalid::unless((1..=1 << 20).contains(&audience), "from 1 to 1,048,576 peers are waited for")
    }
}

/// What copies of [`Mail`] say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<Id, Item> {
    /// An item, and whether it is to be acknowledged.
    Item(Item, bool),
    /// This one came.
    Got(Id),
}

const ITEM: u8 = 0;
const WANTED: u8 = 1;
const GOT: u8 = 2;

impl<Id: Wire, Item: Wire> Wire for Message<Id, Item> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Item(item, wanted) => {
                out.push(if *wanted { WANTED } else { ITEM });
                item.encode(out);
            }
            Message::Got(id) => {
                out.push(GOT);
                id.encode(out);
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match input.u8()? {
            tag @ (ITEM | WANTED) => Message::Item(Item::decode(input)?, tag == WANTED),
            GOT => Message::Got(Id::decode(input)?),
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        1 + match self {
            Message::Item(item, _) => item.size(),
            Message::Got(id) => id.size(),
        }
    }
}

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The next burst.
    Pace,
    /// The next round to who has not acknowledged.
    Again,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<Item> {
    /// This item is news here.
    News {
        /// Which.
        item: Item,
        /// Who handed it over; nobody that is known by an id, if none.
        via: Option<PeerId>,
        /// The how manieth hop of it this was, from 1; 255 for more, or where that is not known.
        hop: u8,
    },
}

/// An item on its way.
#[derive(Debug)]
struct Letter<Id> {
    id: Id,
    /// Who was served last in this round: rounds go by id, so a table that changes meanwhile makes nobody be served twice.
    at: PeerId,
    /// How many rounds are over.
    rounds: u32,
    /// Its round is over, and the next has not begun.
    rests: bool,
    /// Who has not acknowledged.
    waiting: BTreeSet<PeerId>,
}

/// Direct mail over the items of `S`: whoever has an item sends it to every peer, and nobody passes it on.
#[derive(Debug)]
pub struct Mail<S: Set> {
    config: Arc<Config>,
    set: S,
    letters: VecDeque<Letter<S::Id>>,
    pacing: bool,
    counters: Counters,
}

type Cx<'a, 'b, S> = &'a mut Context<'b, Mail<S>>;

impl<S: Set> Mail<S> {
    /// One node, with what it has.
    ///
    /// # Errors
    /// If `config` is out of its bounds.
    pub fn new(config: Arc<Config>, set: S) -> Result<Self, Invalid> {
        config.check()?;
        Ok(Mail { config, set, letters: VecDeque::new(), pacing: false, counters: Counters::default() })
    }

    /// Takes an item and begins to send it to all peers; whether there was room in the queue.
    pub fn send(&mut self, cx: &mut Context<'_, Self>, item: S::Item) -> bool {
        let id = S::id(&item);
        self.set.insert(item);
        if self.letters.len() == self.config.queue {
            self.counters.dropped += 1;
            return false;
        }
        self.letters.push_back(Letter { id, at: PeerId::NONE, rounds: 0, rests: false, waiting: BTreeSet::new() });
        self.burst(cx);
        true
    }

    /// What it has.
    pub fn set(&self) -> &S {
        &self.set
    }

    /// What it has, for whoever owns more of it than mail does. What comes in this way is sent to nobody.
    pub fn set_mut(&mut self) -> &mut S {
        &mut self.set
    }

    /// What is on its way, the oldest first: not sent to all yet, or not acknowledged by all that are waited for.
    pub fn sending(&self) -> impl Iterator<Item = S::Id> {
        self.letters.iter().map(|letter| letter.id)
    }

    /// Items on their way.
    pub fn queued(&self) -> usize {
        self.letters.len()
    }

    /// Peers that have not acknowledged what they were sent, over all items.
    pub fn waiting(&self) -> usize {
        self.letters.iter().map(|letter| letter.waiting.len()).sum()
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn burst(&mut self, cx: Cx<'_, '_, S>) {
        if self.pacing {
            return;
        }
        for _ in 0..self.config.pace.burst {
            if !self.serve(cx) {
                return;
            }
            if !self.pacing {
                self.pacing = true;
                cx.set(Timer::Pace, self.config.pace.every);
            }
        }
    }

    /// Sends the first item that does not rest to the next peer in line; whether there was one.
    fn serve(&mut self, cx: Cx<'_, '_, S>) -> bool {
        while let Some(i) = self.letters.iter().position(|letter| !letter.rests) {
            let letter = &mut self.letters[i];
            let Some((peer, item)) = letter.next(cx).and_then(|peer| Some((peer, self.set.get(letter.id)?))) else {
                self.end_round(cx, i);
                continue;
            };
            letter.at = peer;
            let first = letter.rounds == 0;
            if first && let Some(ack) = self.config.ack {
                if letter.waiting.len() < ack.audience {
                    letter.waiting.insert(peer);
                } else {
                    self.counters.dropped += 1;
                }
            }
            *if first { &mut self.counters.data } else { &mut self.counters.repairs } += 1;
            cx.send(peer, Message::Item(item, self.config.ack.is_some()));
            return true;
        }
        false
    }

    fn end_round(&mut self, cx: Cx<'_, '_, S>, i: usize) {
        let letter = &mut self.letters[i];
        let Some(ack) = self.config.ack.filter(|ack| letter.rounds < ack.tries && !letter.waiting.is_empty()) else {
            self.counters.dropped += letter.waiting.len() as u64;
            self.letters.remove(i);
            return;
        };
        if !self.letters.iter().any(|letter| letter.rests) {
            cx.set(Timer::Again, ack.every);
        }
        let letter = &mut self.letters[i];
        (letter.at, letter.rests, letter.rounds) = (PeerId::NONE, true, letter.rounds + 1);
    }

    fn on_got(&mut self, from: Origin, id: S::Id) {
        self.counters.heard += 1;
        let Some(i) = self.letters.iter().position(|letter| letter.id == id) else { return };
        let letter = &mut self.letters[i];
        if let Some(peer) = from.peer {
            letter.waiting.remove(&peer);
        }
        if letter.rests && letter.waiting.is_empty() {
            self.letters.remove(i);
        }
    }
}

impl<Id: Copy> Letter<Id> {
    /// Who is to be served next in this round.
    fn next<S: Set>(&self, cx: &Context<'_, Mail<S>>) -> Option<PeerId> {
        if self.rounds == 0 {
            cx.peers.next(self.at).filter(|peer| *peer > self.at)
        } else {
            self.waiting.range((Excluded(self.at), Unbounded)).next().copied()
        }
    }
}

impl<S: Set> Protocol for Mail<S> {
    type Message = Message<S::Id, S::Item>;
    type Timer = Timer;
    type Event = Event<S::Item>;

    fn on_start(&mut self, _: &mut Context<'_, Self>) {}

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Self::Message) {
        match message {
            Message::Item(item, wanted) => {
                if wanted {
                    self.counters.control += 1;
                    cx.reply(from.path, Message::Got(S::id(&item)));
                }
                if self.set.insert(item.clone()) {
                    cx.notify(Event::News { item, via: from.peer, hop: 1 });
                }
            }
            Message::Got(id) => self.on_got(from, id),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Pace => self.pacing = false,
            Timer::Again => self.letters.iter_mut().for_each(|letter| letter.rests = false),
        }
        self.burst(cx);
    }

    fn on_peer(&mut self, _: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        if matches!(change, Change::Down | Change::Left) {
            for letter in &mut self.letters {
                letter.waiting.remove(&peer);
            }
        }
    }
}
