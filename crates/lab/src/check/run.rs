//! One case, lived through and watched. What is seen is held against the invariants in `judge`.

mod judge;

use super::events::{Book, Process};
use super::history::Asked;
use super::marks;
use super::members::{Selves, View};
use super::timely::{Fact, Facts, Pings};
use super::verdict::Verdict;
use super::violation::{Invariant, Violation};
use crate::case::{Act, Case};
use crate::cluster::{full, id, join, name, seal};
use crate::links::Links;
use crate::world::{Traffic, World};
use bruit_events::Filter;
use bruit_node::Mode;
use bruit_proto::{PeerId, Rng, Tags};
use bruit_stacks::history::What;
use bruit_stacks::{CoreConfig, Full};
use bruit_swim as swim;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// How often nodes are heard.
const HEAR: Duration = Duration::from_millis(100);
/// M8: datagrams and bytes of one node in a second, over ten of them, with 41 nodes under every fault at once.
pub(crate) const PACKETS_PER_S: u64 = 200;

/// What the run knows of the process on a host.
#[derive(Clone, Debug)]
struct Known {
    id: PeerId,
    since: Duration,
    member_since: Option<Duration>,
    leaving: bool,
}

pub(crate) struct Run<'a> {
    case: &'a Case,
    pub(crate) world: World<Full>,
    /// The name of each host's next process, by the number of the host whose name it is.
    names: Rc<RefCell<Vec<u32>>>,
    known: Vec<Option<Known>>,
    views: Vec<View>,
    selves: Selves,
    book: Book,
    asked: Asked,
    next: usize,
    dice: Rng,
    calm: bool,
    left: Vec<PeerId>,
    /// When a process of this name was last told that it is taken.
    told_taken: BTreeMap<PeerId, Duration>,
    /// Claims made in the calm against a process that all knew: claimant, and whose name.
    claims: Vec<(u32, u32)>,
    facts: Facts,
    pings: Pings,
    marks: BTreeSet<&'static str>,
    tombstone: Duration,
    weighed: Vec<Traffic>,
    busiest: u64,
    agreed_after: Option<Duration>,
    pub(crate) story: Option<Vec<(Duration, String)>>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(case: &'a Case) -> Self {
        let names = Rc::new(RefCell::new((0..case.nodes).collect::<Vec<u32>>()));
        let (of_host, sealed, carry) = (names.clone(), case.sealed, case.carry);
        let mut config = CoreConfig::default();
        let tombstone = case.tombstone().unwrap_or(config.swim.tombstone);
        config.swim = Arc::new(swim::Config { tombstone, ..(*config.swim).clone() });
        let mut world = World::new(case.nodes, case.seed, case.links.clone(), move |birth| {
            let of = of_host.borrow()[birth.node as usize];
            let config = CoreConfig { spread: carry.at(birth.node), ..config.clone() };
            full(&birth, &config, &name(of), sealed.then(|| seal(birth.seed, Mode::Require)))
        });
        world.set_segments(case.segments);
        let n = case.nodes as usize;
        Run {
            case,
            world,
            names,
            known: vec![None; n],
            views: (0..n).map(|_| View::default()).collect(),
            selves: Selves::default(),
            book: Book::default(),
            asked: Asked::default(),
            next: 0,
            dice: Rng::seeded(case.seed),
            calm: false,
            left: Vec::new(),
            told_taken: BTreeMap::new(),
            claims: Vec::new(),
            facts: Facts::default(),
            pings: Pings::new(case.nodes),
            marks: BTreeSet::new(),
            tombstone,
            weighed: vec![Traffic::default(); n],
            busiest: 0,
            agreed_after: None,
            story: None,
        }
    }

    /// Until the end, or the first violation.
    pub(crate) fn live_to_the_end(mut self) -> Verdict {
        let violation = loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break self.at_the_end().err(),
                Err(violation) => break Some(violation),
            }
        };
        (0..self.world.len()).for_each(|i| self.mark(i));
        Verdict {
            violation,
            agreed_after: self.agreed_after,
            trace: self.world.trace(),
            passed: self.world.now(),
            traffic: self.world.total_traffic(),
            busiest: self.busiest,
            marks: self.marks,
        }
    }

    /// The next slice of time; whether there was one.
    pub(crate) fn step(&mut self) -> Result<bool, Violation> {
        let now = self.world.now();
        if now >= self.case.end() {
            return Ok(false);
        }
        if !self.calm && now >= self.case.calm() {
            self.end_faults();
        }
        while let Some(entry) = self.case.script.get(self.next).filter(|e| Duration::from_millis(e.at_ms) <= now) {
            self.next += 1;
            self.act(&entry.act);
        }
        let next_act = self.case.script.get(self.next).map(|e| Duration::from_millis(e.at_ms));
        let edges = [next_act, (!self.calm).then_some(self.case.calm()), Some(now + HEAR), Some(self.case.end())];
        let until = edges.into_iter().flatten().min().unwrap_or(now).max(now + Duration::from_micros(1));
        self.world.run(until - now);
        self.hear()?;
        self.look(now)?;
        Ok(true)
    }

    fn end_faults(&mut self) {
        self.calm = true;
        self.world.heal();
        self.world.set_links(Links { floor_us: self.case.links.floor_us, ..Links::default() });
        (0..self.world.len()).for_each(|i| self.world.resume(i));
        let pings = self.pings.clone();
        self.world.tap(move |at, from, to, packet| pings.hear(at, from, to, packet));
        self.note(None, || "the faults end".into());
    }

    fn act(&mut self, act: &Act) {
        self.note(None, || format!("{act:?}"));
        match act {
            Act::Start { node, wipe, moved } => self.start(*node, *node, *wipe, *moved),
            Act::Claim { node, of } => {
                if !self.world.is_up(*node) && self.calm && self.is_known_to_all(*of) {
                    self.claims.push((*node, *of));
                }
                self.start(*node, *of, true, false);
            }
            Act::Kill { node, unplug } if self.world.is_up(*node) => {
                self.end(*node);
                if *unplug { self.world.unplug(*node) } else { self.world.kill(*node) }
            }
            Act::Leave { node } => self.leave(*node),
            Act::Pause { node, ms } if self.world.is_up(*node) => self.world.pause(*node, Duration::from_millis(*ms)),
            Act::Slow { node, service_us, queue, ms } => {
                self.world.slow(*node, Duration::from_micros(*service_us), *queue, Duration::from_millis(*ms));
            }
            Act::Clog { node, ms } => self.world.clog(*node, Duration::from_millis(*ms)),
            Act::Cut { side } => self.world.partition(side),
            Act::OneWay { from, to } => {
                for from in from {
                    to.iter().filter(|to| *to != from).for_each(|to| self.world.cut(*from, *to));
                }
            }
            Act::Heal => self.world.heal(),
            Act::Links { links } => self.world.set_links(links.clone()),
            Act::Clock { node, ppm, jump_ms } => {
                self.world.drift(*node, *ppm);
                self.world.step(*node, *jump_ms);
            }
            Act::Event { node, bytes } => self.event(*node, *bytes),
            // A node that has only just started, or whose disk is far behind, refuses.
            Act::Ask { node } if self.can_act(*node) => {
                let what = What::ForceLeave;
                let _ = self.world.command(*node, |full, cx| full.append(cx, what, "somebody", "an operator"));
            }
            Act::Tag { node, value } if self.can_act(*node) => {
                let tags: Tags = [("value", value.to_string())].into_iter().collect();
                let changed = self.world.command(*node, |core, cx| core.set_tags(cx, tags));
                // A node that is leaving refuses, rightly.
                if changed.is_ok() && self.agreed_after.is_some() {
                    let me = self.world.protocol(*node).swim().me();
                    self.facts.add(self.world.now(), Fact::Change(me.id(), me.incarnation));
                }
            }
            Act::Kill { .. } | Act::Pause { .. } | Act::Tag { .. } | Act::Ask { .. } => {}
        }
    }

    /// Whether a user can talk to the process on this host.
    fn can_act(&self, node: u32) -> bool {
        self.world.is_up(node) && !self.world.is_paused(node)
    }

    fn start(&mut self, node: u32, named: u32, wipe: bool, moved: bool) {
        if self.world.is_up(node) {
            return;
        }
        if wipe {
            self.world.wipe(node);
            self.asked.wiped(node);
        }
        if moved {
            let port = self.world.address(node).port();
            self.world.move_to(node, port + 1);
        }
        self.names.borrow_mut()[node as usize] = named;
        self.world.start(node);
        self.left.retain(|left| *left != id(named));
        self.facts.forget(id(named));
        // Who claims a name asks everybody else: the holder itself takes a namesake's packets for its own.
        let through: Vec<u32> = match named == node {
            true => self.case.seeds.iter().copied().filter(|seed| *seed != node).collect(),
            false => (0..self.case.nodes).filter(|host| ![node, named].contains(host)).collect(),
        };
        join(&mut self.world, node, &through);
        self.known[node as usize] = Some(Known { id: id(named), since: self.world.now(), member_since: None, leaving: false });
        self.issue();
    }

    /// What it has gone through counts, however it ends.
    fn mark(&mut self, node: u32) {
        if self.world.is_up(node) {
            marks::hit(self.world.protocol(node), self.world.traffic(node), &mut self.marks);
        }
    }

    /// The process on this host ends now, without a word.
    fn end(&mut self, node: u32) {
        self.mark(node);
        let Some(known) = self.known[node as usize].take() else { return };
        self.facts.forget(known.id);
        if self.calm && self.holders(known.id) == 0 {
            self.facts.add(self.world.now(), Fact::Crash(known.id));
        }
    }

    fn leave(&mut self, node: u32) {
        if self.can_act(node)
            && let Some(known) = &mut self.known[node as usize]
        {
            known.leaving = true;
            if self.calm && known.member_since.is_some() {
                self.left.push(known.id);
            }
            self.world.command(node, |core, cx| core.leave(cx));
        }
    }

    fn event(&mut self, node: u32, bytes: u32) {
        if !self.can_act(node) {
            return;
        }
        let payload: Vec<u8> = (0..bytes).map(|_| self.dice.bits() as u8).collect();
        let said = self.world.command(node, |core, cx| {
            // Half of them are waited for: what is reported of them must be true.
            let all = Filter::all();
            if bytes.is_multiple_of(2) {
                core.in_events(cx, |events, cx| events.event_covered(cx, "lab", &payload, all))
            } else {
                core.event(cx, "lab", &payload, all)
            }
        });
        if let Ok(id) = said {
            self.book.said(id, self.process(node), self.world.now(), payload);
        }
    }

    fn process(&self, node: u32) -> Process {
        (node, self.world.life(node))
    }

    /// What members say of themselves is what others may hold.
    fn issue(&mut self) {
        let up = (0..self.world.len()).filter(|i| self.world.is_up(*i));
        self.selves.note(self.world.now(), up.map(|i| self.world.protocol(i).swim().me()));
    }

    fn violation(&self, invariant: Invariant, node: Option<u32>, what: String) -> Violation {
        Violation { at: self.world.now(), invariant, node, what }
    }

    /// A line of the story: what a node told, or what was done to the world. Nodes go by their numbers.
    fn note(&mut self, told: Option<(Duration, u32)>, what: impl FnOnce() -> String) {
        let Some(story) = &mut self.story else { return };
        let (at, mut line) = match told {
            Some((at, node)) => (at, format!("{node}: {}", what())),
            None => (self.world.now(), what()),
        };
        for i in 0..self.case.nodes {
            line = line.replace(&format!("{:?}", id(i)), &name(i));
        }
        story.push((at, line));
    }
}
