use crate::config::{Config, Exchange, Stop};
use crate::hot::Hot;
use crate::message::Message;
use bruit_kit::{Few, Invalid, Set};
use bruit_proto::{Change, Context, Origin, PeerId, Protocol};
use std::sync::Arc;

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A cycle begins.
    Cycle,
}

/// What it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<Id, Item> {
    /// This item is news here.
    News {
        /// Which.
        item: Item,
        /// Who handed it over; nobody that is known by an id, if none.
        via: Option<PeerId>,
        /// The how manieth hop of it this was, from 1; 255 for more, or where that is not known.
        hop: u8,
    },
    /// This node passes it on no more.
    Removed(Id),
}

/// What it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Items told: the paper's traffic.
    pub told: u64,
    /// Times that it was told what it did not know when its cycle began; more than once in one cycle, each counts.
    pub news: u64,
    /// Rumors dropped while hot, for want of room.
    pub dropped: u64,
}

/// Rumor mongering over the items of `S`.
#[derive(Debug)]
pub struct Rumor<S: Set> {
    config: Arc<Config>,
    set: S,
    /// What is passed on, oldest first.
    hot: Few<Hot<S::Id>>,
    cycle: u32,
    ticking: bool,
    /// Kept where contacts are limited.
    calls: Option<Box<Calls>>,
    counters: Counters,
}

/// The contacts of one cycle.
#[derive(Debug, Default)]
struct Calls {
    /// How many were taken.
    taken: u32,
    /// Who was called, and whether the answer is still awaited.
    called: Vec<(PeerId, bool)>,
}

/// Rumors told or named in one contact, the newest first: some packets, whoever asks.
const PER_CONTACT: usize = 64;

type Cx<'a, 'b, S> = &'a mut Context<'b, Rumor<S>>;

impl<S: Set> Rumor<S> {
    /// One node, with what it has.
    ///
    /// # Errors
    /// If `config` is out of its bounds.
    pub fn new(config: Arc<Config>, set: S) -> Result<Self, Invalid> {
        config.check()?;
        let calls = config.connections.map(|_| Box::default());
        Ok(Rumor { config, set, hot: Few::default(), cycle: 0, ticking: false, calls, counters: Counters::default() })
    }

    /// Begins a rumor, or makes one that is here hot again. Whether the item was news.
    pub fn start(&mut self, cx: &mut Context<'_, Self>, item: S::Item) -> bool {
        let id = S::id(&item);
        let news = self.set.insert(item);
        self.heat(cx, id, 0);
        news
    }

    /// What it has.
    pub fn set(&self) -> &S {
        &self.set
    }

    /// What it has, for whoever owns more of it than rumors do. What comes in this way is passed on by nobody.
    pub fn set_mut(&mut self) -> &mut S {
        &mut self.set
    }

    /// Whether it passes this on: *infective*. If not and it [has](Set::has) it, it is *removed*; else *susceptible*.
    pub fn is_hot(&self, id: S::Id) -> bool {
        self.hot.iter().any(|hot| hot.id == id)
    }

    /// What it passes on, the oldest first.
    pub fn telling(&self) -> impl Iterator<Item = S::Id> {
        self.hot.iter().map(|hot| hot.id)
    }

    /// Whether it passes nothing on.
    pub fn is_quiet(&self) -> bool {
        self.hot.is_empty()
    }

    /// How many rumors it passes on.
    pub fn hot(&self) -> usize {
        self.hot.len()
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn heat(&mut self, cx: Cx<'_, '_, S>, id: S::Id, hop: u8) {
        self.hot.retain_mut(|hot| hot.id != id);
        if self.hot.len() == self.config.capacity {
            let dropped = self.hot.remove(0);
            self.counters.dropped += 1;
            cx.notify(Event::Removed(dropped.id));
        }
        self.hot.push(Hot::new(id, self.cycle, hop));
        self.tick(cx);
    }

    fn tick(&mut self, cx: Cx<'_, '_, S>) {
        if !self.ticking {
            self.ticking = true;
            cx.set(Timer::Cycle, self.config.every);
        }
    }

    fn hot_mut(&mut self, id: S::Id) -> Option<&mut Hot<S::Id>> {
        self.hot.iter_mut().find(|hot| hot.id == id)
    }

    fn cool(&mut self, cx: Cx<'_, '_, S>, id: S::Id) {
        self.hot.retain_mut(|hot| hot.id != id);
        cx.notify(Event::Removed(id));
    }

    /// What the contacts of the last cycle come to; then those of this one.
    fn on_cycle(&mut self, cx: Cx<'_, '_, S>) {
        let config = &self.config;
        self.hot.retain_mut(|hot| {
            let stays = hot.stays(config, cx.peers);
            if !stays {
                cx.notify(Event::Removed(hot.id));
            }
            stays
        });
        self.cycle = self.cycle.wrapping_add(1);
        if let Some(calls) = &mut self.calls {
            calls.taken = 0;
            calls.called.clear();
        }
        if self.config.exchange.pulls() || !self.hot.is_empty() {
            self.tick(cx);
            self.flood(cx);
            self.call(cx, self.config.contacts);
        }
    }

    /// The first hops of [`Exchange::PushThenPull`]: many copies at once, of each rumor once.
    fn flood(&mut self, cx: Cx<'_, '_, S>) {
        let Exchange::PushThenPull { copies, hops } = self.config.exchange else { return };
        for hot in self.hot.iter_mut().filter(|hot| hot.hop < hops) {
            let (next, mut to) = (hot.hop + 1, Vec::new());
            hot.hop = u8::MAX;
            cx.pick(copies, &|_| false, &mut to);
            for (peer, item) in to.into_iter().filter_map(|peer| Some((peer, self.set.get(hot.id)?))) {
                self.counters.told += 1;
                cx.send(peer, Message::Tell(item, next));
            }
        }
    }

    /// Contacts so many peers, or asks them whether they take one more.
    fn call(&mut self, cx: Cx<'_, '_, S>, contacts: u32) {
        for peer in self.partners(cx, contacts) {
            if let Some(calls) = &mut self.calls {
                calls.called.push((peer, true));
                cx.send(peer, Message::Call);
            } else {
                self.talk(cx, peer);
            }
        }
    }

    fn partners(&self, cx: Cx<'_, '_, S>, contacts: u32) -> Few<PeerId> {
        let linked = self.hot.first().filter(|_| self.config.stop == Stop::Linked);
        let told = |peer| linked.is_some_and(|hot| hot.is_with(peer));
        let skip = |peer| told(peer) || self.called().iter().any(|call| call.0 == peer);
        let (mut out, mut many) = (Few::default(), Vec::new());
        if contacts == 1 {
            cx.one(&skip).into_iter().for_each(|peer| out.push(peer));
        } else {
            cx.pick(contacts, &skip, &mut many);
            many.into_iter().for_each(|peer| out.push(peer));
        }
        if out.is_empty() {
            linked.and_then(|hot| hot.lacking(cx.peers)).into_iter().for_each(|peer| out.push(peer));
        }
        out
    }

    /// An answer to a call, the first of that peer.
    fn answered(&mut self, from: Origin) -> Option<PeerId> {
        let called = &mut self.calls.as_mut()?.called;
        let call = called.iter_mut().find(|call| call.1 && from.peer == Some(call.0))?;
        call.1 = false;
        Some(call.0)
    }

    /// Whom this node called in this cycle, and whether the answer is still awaited.
    fn called(&self) -> &[(PeerId, bool)] {
        self.calls.as_ref().map_or(&[], |calls| &calls.called)
    }

    /// The opener's half of a contact.
    fn talk(&mut self, cx: Cx<'_, '_, S>, peer: PeerId) {
        if self.config.exchange.pushes() {
            self.offer(cx, peer, |cx, message| cx.send(peer, message));
        }
        if self.config.exchange.pulls() {
            cx.send(peer, Message::Ask);
        }
    }

    /// Says to a peer what is hot since before this cycle and was not named by it.
    fn offer(&mut self, cx: Cx<'_, '_, S>, peer: PeerId, mut say: impl FnMut(Cx<'_, '_, S>, Message<S::Id, S::Item>)) {
        let mut cooled = Vec::new();
        let hot = self.hot.iter_mut().rev().filter(|hot| hot.since != self.cycle && !hot.is_with(peer));
        for hot in hot.take(PER_CONTACT) {
            if self.config.minimize {
                if std::mem::take(&mut hot.named) != peer {
                    say(cx, Message::Have(hot.id, hot.counter));
                }
            } else if let Some(item) = self.set.get(hot.id) {
                self.counters.told += 1;
                say(cx, Message::Tell(item, hot.hop.saturating_add(1)));
                if !self.config.stop.listens() && counts(self.config.stop, hot, cx) {
                    cooled.push(hot.id);
                }
            }
        }
        cooled.into_iter().for_each(|id| self.cool(cx, id));
    }

    fn on_tell(&mut self, cx: Cx<'_, '_, S>, from: Origin, item: S::Item, hop: u8) {
        let id = S::id(&item);
        let first = self.set.insert(item.clone());
        if first {
            cx.notify(Event::News { item, via: from.peer, hop });
            self.heat(cx, id, hop);
        }
        let (cycle, stop) = (self.cycle, self.config.stop);
        let hot = self.hot_mut(id);
        let news = first || hot.as_ref().is_some_and(|hot| hot.since == cycle);
        if let (Some(hot), Some(peer)) = (hot, from.peer) {
            hot.has(peer, stop, cx.peers);
        }
        self.counters.news += u64::from(news);
        if self.config.stop.listens() && !self.config.minimize {
            cx.reply(from.path, Message::Heard(id, news));
        }
    }

    fn on_heard(&mut self, cx: Cx<'_, '_, S>, from: Origin, id: S::Id, news: bool) {
        let stop = self.config.stop;
        let Some(hot) = self.hot_mut(id) else { return };
        if let Some(peer) = from.peer {
            hot.has(peer, stop, cx.peers);
        }
        if news {
            (hot.met, hot.useful) = (true, true);
        } else if counts(stop, hot, cx) {
            self.cool(cx, id);
        }
    }

    /// Both have it: the one whose counter is smaller moves on, both if they are equal.
    fn on_have(&mut self, cx: Cx<'_, '_, S>, from: Origin, id: S::Id, theirs: u32) {
        if !self.set.has(id) {
            return cx.reply(from.path, Message::Want(id));
        }
        let cycle = self.cycle;
        let Some(hot) = self.hot_mut(id) else { return cx.reply(from.path, Message::Known(id, u32::MAX)) };
        if hot.since == cycle {
            return cx.reply(from.path, Message::Heard(id, true));
        }
        hot.named = from.peer.unwrap_or_default();
        cx.reply(from.path, Message::Known(id, hot.counter));
        self.compare(id, theirs);
    }

    fn compare(&mut self, id: S::Id, theirs: u32) {
        if let Some(hot) = self.hot_mut(id).filter(|hot| hot.counter <= theirs) {
            hot.met = true;
        }
    }

    fn on_want(&mut self, cx: Cx<'_, '_, S>, from: Origin, id: S::Id) {
        // The hops of a rumor that is not hot any more are of no use to anyone.
        let mut hop = u8::MAX;
        if let Some(hot) = self.hot_mut(id) {
            (hot.met, hot.useful) = (true, true);
            hop = hot.hop.saturating_add(1);
        }
        if let Some(item) = self.set.get(id) {
            self.counters.told += 1;
            cx.reply(from.path, Message::Tell(item, hop));
        }
    }

    fn on_call(&mut self, cx: Cx<'_, '_, S>, from: Origin) {
        let mut takes = true;
        if let (Some(calls), Some(most)) = (&mut self.calls, self.config.connections) {
            takes = calls.taken < most;
            calls.taken += u32::from(takes);
        }
        // A cycle of one's own begins the count again.
        self.tick(cx);
        cx.reply(from.path, if takes { Message::Accept } else { Message::Busy });
    }
}

/// A contact counts against a rumor; whether that was its last.
fn counts<S: Set>(stop: Stop, hot: &mut Hot<S::Id>, cx: Cx<'_, '_, S>) -> bool {
    hot.met = true;
    matches!(stop, Stop::Coin { k, .. } if cx.rng.below(k) == 0)
}

impl<S: Set> Protocol for Rumor<S> {
    type Message = Message<S::Id, S::Item>;
    type Timer = Timer;
    type Event = Event<S::Id, S::Item>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        if self.config.exchange.pulls() {
            self.tick(cx);
        }
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Self::Message) {
        match message {
            Message::Tell(item, hop) => self.on_tell(cx, from, item, hop),
            Message::Heard(id, news) => self.on_heard(cx, from, id, news),
            Message::Ask => self.offer(cx, from.peer.unwrap_or_default(), |cx, message| cx.reply(from.path, message)),
            Message::Have(id, counter) => self.on_have(cx, from, id, counter),
            Message::Known(id, counter) => self.compare(id, counter),
            Message::Want(id) => self.on_want(cx, from, id),
            Message::Call => self.on_call(cx, from),
            Message::Accept => {
                if let Some(peer) = self.answered(from) {
                    self.talk(cx, peer);
                }
            }
            Message::Busy => {
                let most = self.config.contacts + self.config.hunt;
                if self.answered(from).is_some() && (self.called().len() as u32) < most {
                    self.call(cx, 1);
                }
            }
        }
    }

    fn on_peer(&mut self, _: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        if matches!(change, Change::Down | Change::Left) {
            self.hot.iter_mut().for_each(|hot| hot.forget(peer));
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, Timer::Cycle: Timer) {
        self.ticking = false;
        self.on_cycle(cx);
    }
}
