//! Rumors or direct mail for speed, anti-entropy behind them for certainty (Demers et al. 1987, sections 1.2 and 1.5): what
//! anti-entropy finds becomes a rumor again.

use crate::antientropy::{Items, Name, Node, Nothing};
use bruit_antientropy::{self as antientropy, AntiEntropy, Config, Entry, Keep};
use bruit_kit::Set;
use bruit_multicast::{Mail, mail};
use bruit_proto::{Change, Composition, Context, Duration, Origin, PeerId, Protocol, Rng, Wiring, part};
use bruit_rumor::{self as rumor, Rumor};
use std::marker::PhantomData;
use std::sync::Arc;

/// What is spread.
pub type Item = Entry<Name<0>, Nothing>;
/// Its version.
pub type Id = <Items as Set>::Id;

/// What tells an item soon, and may miss a node.
pub trait Fast: Protocol {
    /// Begins to tell an item.
    fn start(&mut self, cx: &mut Context<'_, Self>, item: Item);
    /// Has an item from now on, and tells it to nobody.
    fn keep(&mut self, item: Item);
    /// The item that an event brings, if it brings one.
    fn news(event: Self::Event) -> Option<Item>;
    /// Whether it still tells an item.
    fn tells(&self, id: Id) -> bool;
    /// Whether a message tells an item.
    fn is_telling(message: &Self::Message) -> bool;
    /// How often it told items so far, useful or not.
    fn told(&self) -> u64;
}

impl Fast for Rumor<Items> {
    fn start(&mut self, cx: &mut Context<'_, Self>, item: Item) {
        Rumor::start(self, cx, item);
    }
    fn keep(&mut self, item: Item) {
        self.set_mut().insert(item);
    }
    fn news(event: rumor::Event<Id, Item>) -> Option<Item> {
        if let rumor::Event::News { item, .. } = event { Some(item) } else { None }
    }
    fn tells(&self, id: Id) -> bool {
        self.is_hot(id)
    }
    fn is_telling(message: &rumor::Message<Id, Item>) -> bool {
        matches!(message, rumor::Message::Tell(..))
    }
    fn told(&self) -> u64 {
        self.counters().told
    }
}

impl Fast for Mail<Items> {
    fn start(&mut self, cx: &mut Context<'_, Self>, item: Item) {
        self.send(cx, item);
    }
    fn keep(&mut self, item: Item) {
        self.set_mut().insert(item);
    }
    fn news(mail::Event::News { item, .. }: mail::Event<Item>) -> Option<Item> {
        Some(item)
    }
    fn tells(&self, id: Id) -> bool {
        self.sending().any(|sent| sent == id)
    }
    fn is_telling(message: &mail::Message<Id, Item>) -> bool {
        matches!(message, mail::Message::Item(..))
    }
    fn told(&self) -> u64 {
        self.counters().data
    }
}

/// A fast part backed by anti-entropy, each with data of its own that the composition keeps the same.
#[derive(Debug)]
pub struct Backed<F: Fast> {
    fast: F,
    backup: Node,
    /// Whether the fast part tells what anti-entropy finds.
    redistributes: bool,
    found: u64,
    dice: (Rng, Rng),
    wiring: Wiring<Said<F::Event>>,
}

/// What its parts say.
#[derive(Debug)]
pub enum Said<E> {
    /// The fast part.
    Fast(E),
    /// The back-up.
    Backup(antientropy::Event<Item>),
}

/// A part's message.
#[derive(Clone, Debug)]
pub enum Message<M> {
    /// Of the fast part.
    Fast(M),
    /// Of the back-up.
    Backup(antientropy::Message<Name<0>, Item>),
}

/// A part's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer<T> {
    /// Of the fast part.
    Fast(T),
    /// Of the back-up.
    Backup(antientropy::Timer),
}

/// The fast part's place.
#[derive(Debug)]
pub struct InFast<F>(PhantomData<F>);
/// The back-up's place.
#[derive(Debug)]
pub struct InBackup<F>(PhantomData<F>);

part!([F: Fast], InFast<F>, Backed<F>, F, Fast, 0, Said<F::Event>);
part!([F: Fast], InBackup<F>, Backed<F>, Node, Backup, 1, Said<F::Event>);

impl<F: Fast> Backed<F> {
    /// A node that has nothing; `seed` gives the dice of both parts.
    ///
    /// # Panics
    /// If `config` is out of its bounds.
    pub fn new(me: PeerId, seed: u64, fast: F, config: Arc<Config>, redistributes: bool) -> Self {
        let backup = AntiEntropy::new(config, Items::new(me, Keep::default())).expect("settings in their bounds");
        let dice = (Rng::named(seed, me, "fast"), Rng::named(seed, me, "antientropy"));
        Backed { fast, backup, redistributes, found: 0, dice, wiring: Wiring::default() }
    }

    /// Writes an item, and begins to tell it.
    pub fn write(&mut self, cx: &mut Context<'_, Self>, item: Item) {
        self.backup.ledger_mut().insert(item.clone());
        self.in_fast(cx, |fast, cx| fast.start(cx, item));
        self.drain(cx);
    }

    /// Has an item, and says nothing of it: as after a restart before it was told.
    pub fn keep(&mut self, item: Item) {
        self.backup.ledger_mut().insert(item.clone());
        self.fast.keep(item);
    }

    /// Whether it has this version.
    pub fn has(&self, id: Id) -> bool {
        self.backup.ledger().has(id)
    }

    /// Whether its fast part still tells this version.
    pub fn tells(&self, id: Id) -> bool {
        self.fast.tells(id)
    }

    /// How often it told or gave items so far, useful or not.
    pub fn told(&self) -> u64 {
        self.fast.told() + self.backup.counters().given
    }

    /// Items that its fast part had missed and anti-entropy found.
    pub fn found(&self) -> u64 {
        self.found
    }

    fn in_fast<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut F, &mut Context<'_, F>) -> T) -> T {
        let peers = cx.peers;
        cx.lend::<InFast<F>, _>(&mut self.wiring, &mut self.dice.0, peers, |cx| f(&mut self.fast, cx))
    }

    fn in_backup<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Node, &mut Context<'_, Node>) -> T) -> T {
        let peers = cx.peers;
        cx.lend::<InBackup<F>, _>(&mut self.wiring, &mut self.dice.1, peers, |cx| f(&mut self.backup, cx))
    }

    /// What one of them learned the other one has, too.
    fn drain(&mut self, cx: &mut Context<'_, Self>) {
        while let Some(said) = self.wiring.next_said() {
            match said {
                Said::Fast(event) => {
                    if let Some(item) = F::news(event) {
                        self.backup.ledger_mut().insert(item);
                    }
                }
                Said::Backup(antientropy::Event::News(item)) => {
                    self.found += 1;
                    match self.redistributes {
                        true => self.in_fast(cx, |fast, cx| fast.start(cx, item)),
                        false => self.fast.keep(item),
                    }
                }
            }
        }
    }
}

impl<F: Fast> Protocol for Backed<F> {
    type Message = Message<F::Message>;
    type Timer = Timer<F::Timer>;
    type Event = Item;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.in_fast(cx, |fast, cx| fast.on_start(cx));
        self.in_backup(cx, |backup, cx| backup.on_start(cx));
        self.drain(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message<F::Message>) {
        match message {
            Message::Fast(message) => self.in_fast(cx, |fast, cx| fast.on_message(cx, from, message)),
            Message::Backup(message) => self.in_backup(cx, |backup, cx| backup.on_message(cx, from, message)),
        }
        self.drain(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer<F::Timer>) {
        match timer {
            Timer::Fast(timer) => self.in_fast(cx, |fast, cx| fast.on_timer(cx, timer)),
            Timer::Backup(timer) => self.in_backup(cx, |backup, cx| backup.on_timer(cx, timer)),
        }
        self.drain(cx);
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.in_fast(cx, |fast, cx| fast.on_peer(cx, peer, change));
        self.in_backup(cx, |backup, cx| backup.on_peer(cx, peer, change));
        self.drain(cx);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.in_fast(cx, |fast, cx| fast.on_pause(cx, lost));
        self.in_backup(cx, |backup, cx| backup.on_pause(cx, lost));
        self.drain(cx);
    }
}

impl<F: Fast> Composition for Backed<F> {
    const PARTS: u8 = 2;
    fn reached(&mut self) -> u32 {
        self.wiring.take_reached()
    }
    fn drained(&self) -> bool {
        self.wiring.is_drained()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::antientropy::item;
    use crate::cycles::{CYCLE, Complete, Cycles};
    use bruit_proto::laws::Subject;
    use bruit_rumor::Stop;

    /// A rumor by push with a counter of `k`, backed each so many cycles.
    fn node(me: PeerId, k: u32, sync_every: u32, redistributes: bool) -> Backed<Rumor<Items>> {
        let config = rumor::Config { every: CYCLE, stop: Stop::Counter { feedback: true, k }, ..rumor::Config::default() };
        let rumor = Rumor::new(Arc::new(config), Items::new(me, Keep::default())).expect("settings in their bounds");
        let backup = Config { every: CYCLE * sync_every, ..Config::default() };
        Backed::new(me, 1, rumor, Arc::new(backup), redistributes)
    }

    /// Section 1.5: what anti-entropy finds spreads at the rumor's pace if it becomes one again.
    #[test]
    fn a_rumor_that_never_was_begins_where_anti_entropy_finds_it() {
        const NODES: u32 = 300;
        let run = |seed: u64, redistributes| {
            let mut cycles = Cycles::new(seed, Complete(NODES), |i| node(PeerId(u64::from(i) + 1), 3, 30, redistributes));
            let new: Item = item(1, 1);
            cycles.command(seed as u32, |node, _| node.keep(new.clone()));
            while !cycles.protocols().all(|node| node.has(new.version)) {
                cycles.step();
            }
            (cycles.cycle(), cycles.protocols().map(Backed::found).sum::<u64>())
        };
        for seed in 0..10 {
            let (once, again) = (run(seed, false), run(seed, true));
            assert_eq!(once.1, u64::from(NODES) - 1, "nobody is told");
            assert!(again.0 < once.0 && again.1 < once.1 / 2, "{once:?} {again:?}");
        }
    }

    #[test]
    fn it_passes_the_laws_of_compositions() {
        let subject = Subject {
            ids: (1..=4).map(PeerId).collect(),
            make: &|site| node(PeerId(site.into()), 1, 1, true),
            greet: &|site, node: &mut Backed<Rumor<Items>>, cx| node.write(cx, item(site.into(), site.into())),
            arbitrary: &|rng| match rng.below(3) {
                0 => Message::Fast(rumor::Message::Tell(item(u64::from(rng.below(50)), 9), 1)),
                1 => Message::Backup(antientropy::Message::Give(item(u64::from(rng.below(50)), 8))),
                _ => Message::Fast(rumor::Message::Ask),
            },
            timers: 2,
            holds: &|node| node.fast.hot(),
            most: 1024,
        };
        subject.check();
        subject.check_composition();
    }
}
