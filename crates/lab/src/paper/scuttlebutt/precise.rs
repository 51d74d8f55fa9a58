use bruit_proto::{Context, Duration, Origin, PeerId, Protocol};
use std::cmp::Reverse;
use std::sync::Arc;

/// What is known of one key: its version, and when it was written, by its owner's wall clock in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    version: u64,
    at: u64,
}

/// Precise reconciliation (van Renesse et al. 2008, section 3.1), which the paper measures the other orders against: peers
/// tell each other the version of every key, and send the exact difference, the newest first, up to a bound. No product
/// protocol does this: a digest of every key costs what the order saves.
#[derive(Debug)]
pub(super) struct Precise {
    me: u32,
    participants: u32,
    keys: u32,
    /// Values of one message.
    values: usize,
    /// By owner, then key.
    held: Vec<Held>,
    version: u64,
}

/// Versions by owner and key.
type Digest = Arc<[u64]>;

#[derive(Clone, Debug)]
pub(super) enum Message {
    Syn(Digest),
    Ack(Digest, Vec<(u32, Held)>),
    Ack2(Vec<(u32, Held)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Round,
}

const ROUND: Duration = Duration::from_secs(1);

impl Precise {
    /// Participant `me` of so many, from 0, with so many keys each.
    pub(super) fn new(me: u32, participants: u32, keys: u32, values: usize) -> Precise {
        let held = vec![Held::default(); (participants * keys) as usize];
        Precise { me, participants, keys, values, held, version: 0 }
    }

    /// A key of its own has a new value; the version of that.
    pub(super) fn write(&mut self, cx: &mut Context<'_, Self>, key: u32) -> u64 {
        self.version += 1;
        self.held[(self.me * self.keys + key) as usize] = Held { version: self.version, at: cx.wall.0 };
        self.version
    }

    /// The versions held, by owner, then key; zero where nothing is.
    pub(super) fn versions(&self) -> impl Iterator<Item = u64> {
        self.held.iter().map(|held| held.version)
    }

    fn digest(&self) -> Digest {
        self.versions().collect()
    }

    /// What whoever has this digest lacks, the newest first.
    fn lacking(&self, digest: &Digest) -> Vec<(u32, Held)> {
        let all = (0..).zip(&self.held).zip(digest.iter());
        let mut news: Vec<(u32, Held)> =
            all.filter(|((_, held), theirs)| held.version > **theirs).map(|((i, held), _)| (i, *held)).collect();
        news.sort_unstable_by_key(|(i, held)| (Reverse(held.at), *i));
        news.truncate(self.values);
        news
    }

    fn take(&mut self, news: Vec<(u32, Held)>) {
        for (i, held) in news {
            let mine = &mut self.held[i as usize];
            if held.version > mine.version {
                *mine = held;
            }
        }
    }
}

impl Protocol for Precise {
    type Message = Message;
    type Timer = Timer;
    type Event = ();

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let first = cx.rng.between(Duration::ZERO, ROUND);
        cx.set(Timer::Round, first);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Syn(theirs) => cx.reply(from.path, Message::Ack(self.digest(), self.lacking(&theirs))),
            Message::Ack(theirs, news) => {
                self.take(news);
                cx.reply(from.path, Message::Ack2(self.lacking(&theirs)));
            }
            Message::Ack2(news) => self.take(news),
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, Timer::Round: Timer) {
        let other = cx.rng.below(self.participants - 1);
        let peer = other + u32::from(other >= self.me);
        cx.send(PeerId(u64::from(peer) + 1), Message::Syn(self.digest()));
        cx.set(Timer::Round, ROUND);
    }
}
