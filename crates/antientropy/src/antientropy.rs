use crate::config::{Compare, Config};
use crate::message::{Flow, How, Message};
use crate::turn::{To, Turn};
use bruit_kit::{Invalid, Ledger, Mark, Taken};
use bruit_proto::{Context, Origin, PeerId, Protocol, Wire};
use std::sync::Arc;
use std::time::Duration;

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A cycle begins.
    Cycle,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<Item> {
    /// This item was lacking here, and a peer gave it. Or a death certificate that slept here has become news again.
    News(Item),
}

/// What it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Exchanges begun.
    pub begun: u64,
    /// Comparisons of all, or of all that is older than something, that came out equal.
    pub equal: u64,
    /// Full exchanges begun because sums differed.
    pub full: u64,
    /// Items given.
    pub given: u64,
    /// Items taken that were news.
    pub news: u64,
    /// Items taken in vain: they were here already, or obsolete.
    pub vain: u64,
    /// Death certificates awakened.
    pub awakened: u64,
    /// Messages said, of any kind.
    pub messages: u64,
    /// Bytes said: layouts of messages, without envelopes.
    pub bytes: u64,
    /// The longest message said, in bytes.
    pub longest: u64,
    /// Turns that had no room in the cycle.
    pub cut: u64,
    /// Items not given because they are longer than a message may be.
    pub too_long: u64,
}

/// Anti-entropy over the items of `L`.
#[derive(Debug)]
pub struct AntiEntropy<L: Ledger> {
    pub(crate) config: Arc<Config>,
    pub(crate) ledger: L,
    /// Bytes said in this cycle.
    said: u64,
    pub(crate) counters: Counters,
}

impl<L: Ledger> AntiEntropy<L>
where
    L::Key: Wire,
    L::Item: Wire,
{
    /// One node, with what it has.
    ///
    /// # Errors
    /// If `config` is out of its bounds.
    pub fn new(config: Arc<Config>, ledger: L) -> Result<Self, Invalid> {
        config.check()?;
        Ok(AntiEntropy { config, ledger, said: 0, counters: Counters::default() })
    }

    /// What it has.
    pub fn ledger(&self) -> &L {
        &self.ledger
    }

    /// What it has, to be written to: peers find what is new there in their cycles.
    pub fn ledger_mut(&mut self) -> &mut L {
        &mut self.ledger
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Begins an exchange with a peer now, out of turn.
    pub fn begin(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        self.counters.begun += 1;
        let flow = Flow::of(self.config.exchange);
        self.turn(cx, To::Peer(peer), |this, turn| match this.config.compare {
            Compare::Full => this.list_all(turn, flow),
            Compare::Recent { .. } => this.list_recent(turn, flow, Mark::EDGE),
            compare => this.check(turn, flow, How::of(compare), Mark::EDGE),
        });
    }

    /// What is said in it is counted, and is within the bounds of a turn and of the cycle.
    fn turn(&mut self, cx: &mut Context<'_, Self>, to: To, f: impl FnOnce(&mut Self, &mut Turn<'_, '_, L>)) {
        let left = usize::try_from(self.config.most - self.said).unwrap_or(usize::MAX);
        let mut turn = Turn::new(cx, to, left.min(self.config.burst));
        f(self, &mut turn);
        self.counters.cut += u64::from(!turn.fits(self.config.packet) && left < self.config.burst);
        self.counters.messages += u64::from(turn.messages);
        self.counters.bytes += turn.bytes;
        self.counters.longest = self.counters.longest.max(turn.longest as u64);
        self.said += turn.bytes;
    }

    fn on_give(&mut self, cx: &mut Context<'_, Self>, item: L::Item) {
        match self.ledger.take(item.clone(), cx.wall) {
            Taken::News => {
                self.counters.news += 1;
                cx.notify(Event::News(item));
            }
            Taken::Known => self.counters.vain += 1,
            Taken::Awake(certificate) => {
                self.counters.awakened += 1;
                cx.notify(Event::News(certificate));
            }
        }
    }
}

impl<L: Ledger> Protocol for AntiEntropy<L>
where
    L::Key: Wire,
    L::Item: Wire,
{
    type Message = Message<L::Key, L::Item>;
    type Timer = Timer;
    type Event = Event<L::Item>;

    /// Nodes that start together do not all begin at once.
    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let first = cx.rng.between(Duration::ZERO, self.config.every);
        cx.set(Timer::Cycle, first);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Self::Message) {
        let message = match message {
            Message::Give(item) => return self.on_give(cx, item),
            message => message,
        };
        self.turn(cx, To::Path(from.path), |this, turn| match message {
            Message::Give(_) => {}
            Message::Want(version) => {
                if let Some(item) = this.ledger.get(version) {
                    this.give(turn, item);
                }
            }
            Message::List { flow, order, span, versions, then } => {
                this.on_list(turn, flow, order, span, versions);
                this.on_then(turn, flow, order, span, then);
            }
            Message::More { flow, order, span } => this.list_on(turn, flow.turned(), order, span),
            Message::Check { flow, how, upto, sum } => this.on_check(turn, flow, how, upto, sum),
            Message::Heard { flow, since } => this.list_recent(turn, flow.turned(), since),
            Message::Sums { flow, part, sums } => this.on_sums(turn, flow, part, &sums),
        });
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, Timer::Cycle: Timer) {
        self.said = 0;
        self.ledger.expire(cx.wall);
        cx.set(Timer::Cycle, self.config.every);
        let mut peers = Vec::new();
        cx.pick(1, &|_| false, &mut peers);
        peers.into_iter().for_each(|peer| self.begin(cx, peer));
    }
}
