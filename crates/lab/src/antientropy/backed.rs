//! A rumor for speed, anti-entropy behind it for certainty (Demers et al. 1987, section 1.5): what anti-entropy finds becomes a
//! rumor again.

use crate::antientropy::{Items, Name, Node, Nothing, item};
use crate::cycles::{CYCLE, Complete, Cycles};
use bruit_antientropy::{self as antientropy, AntiEntropy, Config, Entry, Keep};
use bruit_kit::Set;
use bruit_proto::{Change, Composition, Context, Duration, Origin, PeerId, Protocol, Rng, Wiring, part};
use bruit_rumor::{self as rumor, Exchange, Rumor, Stop};
use std::sync::Arc;

type Item = Entry<Name<0>, Nothing>;

/// Rumor mongering backed by anti-entropy, each with data of its own that the composition keeps the same.
#[derive(Debug)]
pub struct Backed {
    rumor: Rumor<Items>,
    backup: Node,
    /// Whether what anti-entropy finds becomes a rumor again.
    redistributes: bool,
    found: u64,
    dice: (Rng, Rng),
    wiring: Wiring<Said>,
}

/// What its parts say.
#[derive(Debug)]
pub enum Said {
    /// The rumor.
    Rumor(rumor::Event<<Items as Set>::Id, Item>),
    /// The back-up.
    Backup(antientropy::Event<Item>),
}

/// A part's message.
#[derive(Clone, Debug)]
pub enum Message {
    /// Of the rumor.
    Rumor(rumor::Message<<Items as Set>::Id, Item>),
    /// Of the back-up.
    Backup(antientropy::Message<Name<0>, Item>),
}

/// A part's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Of the rumor.
    Rumor(rumor::Timer),
    /// Of the back-up.
    Backup(antientropy::Timer),
}

/// The rumor's place.
#[derive(Debug)]
pub struct InRumor;
/// The back-up's place.
#[derive(Debug)]
pub struct InBackup;

part!(InRumor, Backed, Rumor<Items>, Rumor, 0);
part!(InBackup, Backed, Node, Backup, 1);

impl Backed {
    fn new(me: PeerId, seed: u64, setup: Setup, configs: &(Arc<rumor::Config>, Arc<Config>)) -> Self {
        let items = || Items::new(me, Keep::default());
        let rumor = Rumor::new(Arc::clone(&configs.0), items()).expect("settings in their bounds");
        let backup = AntiEntropy::new(Arc::clone(&configs.1), items()).expect("settings in their bounds");
        let dice = (Rng::named(seed, me, "rumor"), Rng::named(seed, me, "antientropy"));
        Backed { rumor, backup, redistributes: setup.redistributes, found: 0, dice, wiring: Wiring::default() }
    }

    /// Writes an item, and begins a rumor of it.
    pub fn write(&mut self, cx: &mut Context<'_, Self>, item: Item) {
        self.keep(item.clone());
        self.in_rumor(cx, |rumor, cx| rumor.start(cx, item));
        self.drain(cx);
    }

    /// Has an item, and says nothing of it: as after a restart before its rumor was told.
    pub fn keep(&mut self, item: Item) {
        self.backup.ledger_mut().insert(item);
    }

    /// Whether it has this version.
    pub fn has(&self, id: <Items as Set>::Id) -> bool {
        self.backup.ledger().has(id)
    }

    fn in_rumor<T>(
        &mut self,
        cx: &mut Context<'_, Self>,
        f: impl FnOnce(&mut Rumor<Items>, &mut Context<'_, Rumor<Items>>) -> T,
    ) -> T {
        let peers = cx.peers;
        cx.lend::<InRumor, _>(&mut self.wiring, &mut self.dice.0, peers, |cx| f(&mut self.rumor, cx))
    }

    fn in_backup<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Node, &mut Context<'_, Node>) -> T) -> T {
        let peers = cx.peers;
        cx.lend::<InBackup, _>(&mut self.wiring, &mut self.dice.1, peers, |cx| f(&mut self.backup, cx))
    }

    /// What one of them learned the other one has, too.
    fn drain(&mut self, cx: &mut Context<'_, Self>) {
        while let Some(said) = self.wiring.next_said() {
            match said {
                Said::Rumor(rumor::Event::News { item, .. }) => drop(self.backup.ledger_mut().insert(item)),
                Said::Rumor(rumor::Event::Removed(_)) => {}
                Said::Backup(antientropy::Event::News(item)) => {
                    self.found += 1;
                    if self.redistributes {
                        self.in_rumor(cx, |rumor, cx| rumor.start(cx, item));
                    }
                }
            }
        }
    }
}

impl Protocol for Backed {
    type Message = Message;
    type Timer = Timer;
    type Event = Item;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.in_rumor(cx, |rumor, cx| rumor.on_start(cx));
        self.in_backup(cx, |backup, cx| backup.on_start(cx));
        self.drain(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Rumor(message) => self.in_rumor(cx, |rumor, cx| rumor.on_message(cx, from, message)),
            Message::Backup(message) => self.in_backup(cx, |backup, cx| backup.on_message(cx, from, message)),
        }
        self.drain(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Rumor(timer) => self.in_rumor(cx, |rumor, cx| rumor.on_timer(cx, timer)),
            Timer::Backup(timer) => self.in_backup(cx, |backup, cx| backup.on_timer(cx, timer)),
        }
        self.drain(cx);
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.in_rumor(cx, |rumor, cx| rumor.on_peer(cx, peer, change));
        self.in_backup(cx, |backup, cx| backup.on_peer(cx, peer, change));
        self.drain(cx);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.in_rumor(cx, |rumor, cx| rumor.on_pause(cx, lost));
        self.in_backup(cx, |backup, cx| backup.on_pause(cx, lost));
        self.drain(cx);
    }
}

impl Composition for Backed {
    const PARTS: u8 = 2;
    fn reached(&mut self) -> u32 {
        self.wiring.take_reached()
    }
    fn drained(&self) -> bool {
        self.wiring.is_drained()
    }
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Nodes.
    pub nodes: u32,
    /// Whether the writer tells its rumor; if not, it fails before, and has the item when it is back.
    pub told: bool,
    /// A node loses interest in the rumor after so many contacts in vain.
    pub k: u32,
    /// Cycles of the rumor in one of anti-entropy; never, if none.
    pub sync_every: Option<u32>,
    /// Whether what anti-entropy finds becomes a rumor again.
    pub redistributes: bool,
    /// Seed of all dice.
    pub seed: u64,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// The share of nodes that never got it.
    pub residue: f64,
    /// Cycles until the last that got it did.
    pub last: u64,
    /// Nodes that anti-entropy served, as a share.
    pub found: f64,
    /// Items told or given, per node.
    pub traffic: f64,
}

/// Cycles after which what has not come does not: some cycles of anti-entropy.
const PATIENCE: u64 = 400;

/// One item that one node writes, by push with feedback, a counter and the back-up.
///
/// # Panics
/// If `k` or `sync_every` is out of the protocols' bounds.
pub fn run(setup: Setup) -> Course {
    let Setup { nodes, k, seed, .. } = setup;
    let stop = Stop::Counter { feedback: true, k };
    let rumor = rumor::Config { every: CYCLE, exchange: Exchange::Push, stop, ..rumor::Config::default() };
    // Without a back-up it is there and its first cycle is not.
    let every = setup.sync_every.map_or(Duration::from_secs(1 << 40), |cycles| CYCLE * cycles);
    let configs = (Arc::new(rumor), Arc::new(Config { every, ..Config::default() }));
    let node = |i: u32| Backed::new(PeerId(u64::from(i) + 1), seed, setup, &configs);
    let mut cycles = Cycles::new(seed, Complete(nodes), node);
    let new: Item = item(1, 1);
    cycles.command((seed % u64::from(nodes)) as u32, |node, cx| match setup.told {
        true => node.write(cx, new.clone()),
        false => node.keep(new.clone()),
    });
    let holders = |cycles: &Cycles<Backed>| cycles.protocols().filter(|node| node.has(new.version)).count() as u32;
    let (mut last, mut held) = (0, 1);
    while held < nodes && cycles.cycle() < PATIENCE {
        cycles.step();
        let now = holders(&cycles);
        if now > held {
            (held, last) = (now, cycles.cycle());
        }
    }
    let n = f64::from(nodes);
    let sum = |count: fn(&Backed) -> u64| cycles.protocols().map(count).sum::<u64>() as f64 / n;
    Course {
        residue: 1.0 - f64::from(held) / n,
        last,
        found: sum(|node| node.found),
        traffic: sum(|node| node.rumor.counters().told + node.backup.counters().given),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::laws::Subject;

    const ALONE: Setup = Setup { nodes: 300, told: true, k: 1, sync_every: None, redistributes: false, seed: 2 };

    #[test]
    fn anti_entropy_serves_those_whom_the_rumor_missed() {
        for seed in 0..10 {
            let alone = run(Setup { seed, ..ALONE });
            assert!((0.05..0.5).contains(&alone.residue) && alone.found == 0.0, "{alone:?}");
            let backed = run(Setup { seed, sync_every: Some(10), ..ALONE });
            assert!(backed.residue == 0.0 && backed.found > 0.05, "{backed:?}");
        }
    }

    /// Section 1.5: what anti-entropy finds spreads at the rumor's pace if it becomes one again.
    #[test]
    fn a_rumor_that_never_was_begins_where_anti_entropy_finds_it() {
        for seed in 0..10 {
            let setup = Setup { seed, told: false, k: 3, sync_every: Some(30), ..ALONE };
            let (once, again) = (run(setup), run(Setup { redistributes: true, ..setup }));
            assert_eq!((once.residue, again.residue), (0.0, 0.0), "{once:?} {again:?}");
            assert!(again.last < once.last && again.found < once.found / 2.0, "{once:?} {again:?}");
        }
    }

    #[test]
    fn it_passes_the_laws_of_compositions() {
        let config = (Arc::new(rumor::Config { every: CYCLE, ..rumor::Config::default() }), Arc::new(Config::default()));
        let setup = Setup { nodes: 4, redistributes: true, ..ALONE };
        let subject = Subject {
            ids: (1..=4).map(PeerId).collect(),
            make: &|site| Backed::new(PeerId(site.into()), 1, setup, &config),
            greet: &|site, node: &mut Backed, cx| node.write(cx, item(site.into(), site.into())),
            arbitrary: &|rng| match rng.below(3) {
                0 => Message::Rumor(rumor::Message::Tell(item(u64::from(rng.below(50)), 9), 1)),
                1 => Message::Backup(antientropy::Message::Give(item(u64::from(rng.below(50)), 8))),
                _ => Message::Rumor(rumor::Message::Ask),
            },
            timers: 2,
            holds: &|node| node.rumor.hot(),
            most: 1024,
        };
        subject.check();
        subject.check_composition();
    }
}
