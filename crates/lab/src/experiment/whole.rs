//! Experiments with whole nodes: what the library's nodes run, in the simulated [`World`], which know each other before the
//! item enters.

use super::item::{Entered, Item};
use super::population::Population;
use super::record::Record;
use super::timed::{Course, Packet};
use super::{Experiment, Outcome, Round, Setup};
use crate::cluster;
use crate::cycles::CYCLE;
use crate::links::Links;
use crate::world::World;
use bruit_proto::Protocol;
use bruit_stacks::{CoreConfig, Full, Spread, state};
use bruit_swim as swim;
use bruit_wire::{Captured, messages};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The most nodes: each holds a view of all.
const NODES: u32 = 2_000;
/// Until all know all, at most.
const PATIENCE: Duration = Duration::from_secs(300);
/// A cluster that has just formed finds its rhythm.
const SETTLE: Duration = Duration::from_secs(10);
/// How often nodes are looked at when they tell nothing: to this grain a node's falling silent is known.
const LOOK: Duration = Duration::from_millis(100);

/// Whole nodes. What enters is a change of a node's tags (`membership`), an event (`events`) or a value (`endpoint-state`);
/// the rest of a node lives beside it: failure detection, digests and repair.
///
/// Settings: of `membership` `gossip` (whether news travels in packets of its own, or on pings and acks alone); of `events`
/// `spread` (backlog, rumor, mail, tree); of `endpoint-state` `spread` (whether a change leaves at once, or by the exchange
/// alone) and `live` (peers of a round). It is over when all know the item and, but for `endpoint-state`, whose exchange never
/// ends, nobody tells it any more. Traffic are copies of the item that came by datagram, messages all that came so, wasted the
/// datagrams to nodes that were gone; each of the time since the item entered.
#[derive(Clone, Debug)]
pub struct Whole {
    item: Item,
    core: CoreConfig,
    state: Option<Arc<state::Config>>,
}

impl Whole {
    /// What can enter.
    pub const NAMES: [&str; 3] = ["membership", "events", "endpoint-state"];

    /// Reads the settings; what is not set is as the defaults of the library have it.
    ///
    /// # Errors
    /// Names the setting that is unknown or cannot be read, or says that there are too many nodes.
    pub(super) fn new(mut setup: Setup, experiment: &Experiment) -> Result<Whole, String> {
        if experiment.places() > NODES {
            let name = &setup.name;
            return Err(format!("{name} runs in whole nodes, each of which knows all others: give at most {NODES} nodes"));
        }
        let (mut core, mut state) = (CoreConfig::default(), None);
        let item = match setup.name.as_str() {
            "membership" => {
                let gossip = setup.take("gossip")?.unwrap_or(core.swim.gossip);
                core.swim = Arc::new(swim::Config { gossip, ..swim::Config::clone(&core.swim) });
                Item::Tags
            }
            "events" => {
                core.spread = spread(setup.take("spread")?, core.swim.gossip_every)?;
                Item::Event
            }
            _ => {
                let mut config = state::Config::default();
                config.spread = setup.take("spread")?.unwrap_or(config.spread);
                config.round.live = setup.take("live")?.unwrap_or(config.round.live);
                config.check().map_err(|bad| bad.to_string())?;
                state = Some(Arc::new(config));
                Item::Value
            }
        };
        setup.finish()?;
        Ok(Whole { item, core, state })
    }

    /// Runs it; `each` hears of each cycle, which is a second, and ends the run by saying no. Without a latency nodes are in one
    /// data centre.
    ///
    /// # Panics
    /// If there are fewer than two nodes.
    pub(super) fn watch(&self, experiment: &Experiment, each: impl FnMut(&Course) -> bool) -> Outcome {
        assert!(experiment.nodes >= 2, "an epidemic needs two nodes");
        Run::begin(self, experiment).live(each)
    }

    /// Nodes that know each other, over links that lose nothing yet. They meet in one data centre: some latencies are too long
    /// for any cluster to form.
    fn formed(&self, experiment: &Experiment) -> World<Full> {
        let (n, seed, near) = (experiment.places(), experiment.seed, Links::default());
        let mut world = match &self.state {
            None => cluster::cluster(n, seed, near, self.core.clone(), None),
            Some(state) => cluster::with_state(n, seed, near, self.core.clone(), state.clone()),
        };
        cluster::form(&mut world, experiment.nodes, PATIENCE).expect("nodes in one data centre form a cluster");
        world.set_links(Links { loss_ppm: 0, ..links(experiment) });
        world.run(SETTLE);
        world
    }
}

fn links(experiment: &Experiment) -> Links {
    let loss_ppm = experiment.loss_ppm;
    experiment.latency.map_or(Links { loss_ppm, ..Links::default() }, |latency| latency.links(loss_ppm))
}

fn spread(name: Option<String>, every: Duration) -> Result<Spread, String> {
    Ok(match name.as_deref() {
        None | Some("backlog") => Spread::Backlog,
        Some("rumor") => Spread::rumor(every),
        Some("mail") => Spread::mail(every),
        Some("tree") => Spread::tree(every),
        Some(other) => return Err(format!("spread is backlog, rumor, mail or tree, not {other}")),
    })
}

/// Cuts the halves off from each other.
fn divide(world: &mut World<Full>) {
    world.partition(&(0..world.len() / 2).collect::<Vec<_>>());
}

/// What was seen since nodes were looked at last.
struct Seen {
    record: Record,
    messages: u64,
    copies: u64,
    /// Who brought each node a copy last.
    from: Vec<Option<u32>>,
}

/// An experiment under way.
struct Run<'a> {
    experiment: &'a Experiment,
    endless: bool,
    world: World<Full>,
    population: Population,
    entered: Entered,
    /// When it did.
    start: Duration,
    seen: Rc<RefCell<Seen>>,
    /// Datagrams that nobody heard before.
    unheard: u64,
}

impl<'a> Run<'a> {
    fn begin(whole: &Whole, experiment: &'a Experiment) -> Run<'a> {
        let mut world = whole.formed(experiment);
        let (origin, start, places) = (experiment.origin(), world.now(), experiment.places());
        world.set_links(links(experiment));
        if experiment.is_cut(1) {
            divide(&mut world);
        }
        let seen = Seen { record: Record::new(places), messages: 0, copies: 0, from: vec![None; places as usize] };
        let seen = Rc::new(RefCell::new(seen));
        let (flights, zero) = (seen.clone(), start.as_micros() as u64);
        world.flights(move |left, arrives, from, to| {
            let packet = Packet { sent_us: left - zero, arrives_us: arrives.map(|at| at - zero), from, to };
            flights.borrow_mut().record.packet(packet);
        });
        let entered = whole.item.enter(&mut world, origin);
        let tap = seen.clone();
        world.tap(move |_, from, to, packet| tap.borrow_mut().hear(&entered, from, to, packet));
        let (population, unheard) = (Population::new(experiment), world.total_traffic().unheard);
        Run { experiment, endless: whole.state.is_some(), world, population, entered, start, seen, unheard }
    }

    fn live(&mut self, mut each: impl FnMut(&Course) -> bool) -> Outcome {
        let mut outcome = Outcome::default();
        for cycle in 0..=self.experiment.horizon {
            if cycle > 0 {
                self.cut(cycle);
                self.pass(cycle);
            }
            self.population.crashed(cycle).into_iter().for_each(|node| self.world.kill(node));
            self.turn_over(cycle);
            self.look();
            let course = self.seen.borrow_mut().record.close(cycle);
            outcome.see(&course.round);
            outcome.over = self.is_over(&course.round);
            if !each(&course) || outcome.over {
                break;
            }
        }
        let seen = self.seen.borrow();
        seen.record.delays.tell(&mut outcome);
        let per_node = |count: u64| count as f64 / f64::from(self.experiment.nodes);
        (outcome.traffic, outcome.messages) = (per_node(seen.copies), per_node(seen.messages));
        outcome.wasted = per_node(self.world.total_traffic().unheard - self.unheard);
        outcome
    }

    /// Whether all know it and nobody tells it, or nobody knows it and none will; newcomers come for ever.
    fn is_over(&self, round: &Round) -> bool {
        if self.experiment.churn_ppm > 0 {
            return round.cycle >= self.experiment.horizon;
        }
        let quiet_at = Duration::from_micros(self.seen.borrow().record.changed_us) + self.world.links().longest();
        let lost = round.know() == 0 && self.world.now() > self.start + quiet_at;
        lost || round.susceptible == 0 && (self.endless || round.infective == 0)
    }

    /// Lets a cycle pass.
    fn pass(&mut self, cycle: u64) {
        let end = self.start + CYCLE * cycle as u32;
        while self.world.now() < end {
            let mut looked = false;
            let span = LOOK.min(end - self.world.now());
            self.world.run_until(span, |_| std::mem::replace(&mut looked, true));
            self.look();
        }
    }

    /// Sees what nodes have turned into.
    fn look(&mut self) {
        let at_us = (self.world.now() - self.start).as_micros() as u64;
        let seen = &mut *self.seen.borrow_mut();
        for (node, from) in (0..).zip(&mut seen.from) {
            match self.world.is_up(node) {
                true => seen.record.turn_into(at_us, node, self.entered.state(self.world.protocol(node)) as u8, from.take()),
                false => seen.record.crash(at_us, node),
            }
        }
        self.world.told();
    }

    fn cut(&mut self, cycle: u64) {
        match (self.experiment.is_cut(cycle - 1), self.experiment.is_cut(cycle)) {
            (false, true) => divide(&mut self.world),
            (true, false) => self.world.heal(),
            _ => {}
        }
    }

    /// Nodes leave without a word, and as many join through one that is there.
    fn turn_over(&mut self, cycle: u64) {
        for (leaves, joins) in self.population.turn_over(cycle) {
            self.world.kill(leaves);
            self.world.start(joins);
            let there = (0..self.world.len()).find(|node| *node != joins && self.world.is_up(*node));
            there.into_iter().for_each(|there| cluster::join(&mut self.world, joins, &[there]));
        }
    }
}

impl Seen {
    fn hear(&mut self, item: &Entered, from: u32, to: u32, packet: &[u8]) {
        let Ok(Captured::Open { body, .. }) = Captured::read(packet) else { return };
        let all = messages::<<Full as Protocol>::Message>(body);
        let copies = all.iter().filter(|message| item.is_copy(message)).count() as u64;
        self.messages += all.len() as u64;
        self.record.heard += all.len() as u64;
        if copies > 0 {
            self.copies += copies;
            self.from[to as usize] = Some(from);
        }
    }
}
