//! Your program's cluster in a deterministic world: virtual time, seeded links, faults. Feature `testkit`.
//!
//! ```
//! use bruit::testkit::{Cluster, converged};
//! let mut cluster = Cluster::new(5).seed(7);
//! cluster.run_until(converged).expect("they find each other");
//! cluster.partition(&[0, 1]);
//! cluster.kill(4);
//! cluster.run(std::time::Duration::from_secs(60));
//! cluster.heal();
//! cluster.run_until(converged).expect("they find each other again");
//! ```
//!
//! The nodes are the ones that run on sockets, and an hour passes in about a second. A program that keeps what it
//! decides apart from its I/O is fed by [`Cluster::events`] here and by [`Node::events`](crate::Node::events) in
//! production.

use crate::builder::full;
use crate::event::{Event, told};
use crate::start::Local;
use bruit_lab::cluster::name;
use bruit_node::{Node, Settings};
use bruit_proto::{Context, Nobody, PeerId, Protocol, Record, Tags, Wire};
use bruit_stacks::events::{EventId, Filter, Refused};
use bruit_stacks::history::{self, Entry, EntryId, What};
use bruit_stacks::swim::{Member, Status};
use bruit_stacks::{CoreConfig, Full};
use std::sync::Arc;
use std::time::Duration;

pub use bruit_lab::{Links, Traffic, World};

/// [`Cluster::run_until`] gives up after so much virtual time.
pub const PATIENCE: Duration = Duration::from_secs(600);

type Make<P> = Box<dyn FnMut(&Local) -> P>;
type Join<P> = fn(&mut P, &mut Context<'_, P>, &[PeerId]);

/// Nodes in a world, each called `node-000` and so on. They start and join the first when it is first run.
pub struct Cluster<P: Protocol = Full> {
    n: u32,
    seed: u64,
    links: Links,
    make: Option<Make<P>>,
    join: Join<P>,
    world: Option<World<P>>,
    told: Vec<Vec<P::Event>>,
}

impl Cluster<Full> {
    /// `n` nodes of the default stack.
    pub fn new(n: u32) -> Cluster<Full> {
        let config = CoreConfig::default();
        Cluster::of(n, move |local: &Local| full(config.clone(), local), Full::join)
    }

    /// Everyone that node `i` knows.
    pub fn members(&mut self, i: u32) -> Vec<Member> {
        self.protocol(i).swim().members().cloned().collect()
    }

    /// Says something to all, as [`Node::event`](crate::Node::event).
    ///
    /// # Errors
    /// [`Refused`] if it is too long; nothing was said.
    pub fn event(&mut self, i: u32, name: &str, payload: &[u8]) -> Result<EventId, Refused> {
        self.command(i, |full, cx| full.event(cx, name, payload, Filter::all()))
    }

    /// Records what an operator asked of node `i`.
    ///
    /// # Errors
    /// [`history::Refused`]; nothing is recorded.
    pub fn append(&mut self, i: u32, what: What, node: &str, by: &str) -> Result<EntryId, history::Refused> {
        self.command(i, |full, cx| full.append(cx, what, node, by))
    }

    /// What operators asked for, as [`Node::history`](crate::Node::history).
    pub fn history(&mut self, i: u32) -> Vec<Arc<Entry>> {
        self.protocol(i).history().book().iter().cloned().collect()
    }

    /// Node `i` says goodbye.
    pub fn leave(&mut self, i: u32) {
        self.command(i, |full, cx| full.leave(cx));
    }

    /// What happened at node `i` since it was last asked, as [`Node::events`](crate::Node::events) tells it.
    pub fn events(&mut self, i: u32) -> Vec<Event> {
        let news = self.told(i);
        news.into_iter().filter_map(|event| told(self.protocol(i), event)).collect()
    }
}

impl<P: Protocol<Message: Wire> + 'static> Cluster<P> {
    /// `n` nodes of any protocol; `join` makes one of them join through others.
    pub fn of(n: u32, make: impl FnMut(&Local) -> P + 'static, join: Join<P>) -> Cluster<P> {
        assert!(n > 0, "a cluster has nodes");
        let told = (0..n).map(|_| Vec::new()).collect();
        Cluster { n, seed: 1, links: Links::default(), make: Some(Box::new(make)), join, world: None, told }
    }

    /// The seed of everything: the same one gives the same run.
    ///
    /// # Panics
    /// Once it runs, as [`links`](Cluster::links).
    pub fn seed(mut self, seed: u64) -> Cluster<P> {
        assert!(self.world.is_none(), "set the seed before it runs");
        self.seed = seed;
        self
    }

    /// What the links do: latency, loss and the like.
    pub fn links(mut self, links: Links) -> Cluster<P> {
        assert!(self.world.is_none(), "set the links before it runs");
        self.links = links;
        self
    }

    /// Ends node `i` without a word.
    pub fn kill(&mut self, i: u32) {
        self.world().kill(i);
    }

    /// Starts node `i` again, with what its disk holds. A write that was under way is torn.
    pub fn restart(&mut self, i: u32) {
        self.world().kill(i);
        self.start(i);
    }

    /// Empties the disk of node `i`, for its next start.
    pub fn wipe(&mut self, i: u32) {
        self.world().wipe(i);
    }

    /// Node `i` stands still for a while.
    pub fn pause(&mut self, i: u32, span: Duration) {
        self.world().pause(i, span);
    }

    /// Nothing gets across between these nodes and all others.
    pub fn partition(&mut self, side: &[u32]) {
        self.world().partition(side);
    }

    /// Ends all partitions.
    pub fn heal(&mut self) {
        self.world().heal();
    }

    /// Lets virtual time pass.
    pub fn run(&mut self, span: Duration) {
        self.world().run(span);
    }

    /// Lets virtual time pass until `done` holds; how long it took, or nothing if it did not within [`PATIENCE`].
    pub fn run_until(&mut self, mut done: impl FnMut(&World<P>) -> bool) -> Option<Duration> {
        self.world().run_until(PATIENCE, |world| done(world))
    }

    /// Runs one command at node `i`.
    ///
    /// # Panics
    /// If it does not run, as [`protocol`](Cluster::protocol).
    pub fn command<R>(&mut self, i: u32, f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R) -> R {
        self.world().command(i, f)
    }

    /// The protocol of node `i`, to look at.
    pub fn protocol(&mut self, i: u32) -> &P {
        self.world().protocol(i)
    }

    /// What the protocol of node `i` told since it was last asked.
    pub fn told(&mut self, i: u32) -> Vec<P::Event> {
        for told in self.world().told() {
            self.told[told.node as usize].push(told.event);
        }
        std::mem::take(&mut self.told[i as usize])
    }

    /// The world below, for everything else. The nodes have started and are joining.
    pub fn world(&mut self) -> &mut World<P> {
        if let Some(mut make) = self.make.take() {
            let born = move |birth: bruit_lab::Birth<'_>| {
                let record = Record::new(&name(birth.node), birth.seed, vec![birth.address], Tags::default());
                let record = Arc::new(record.expect("a short name and one address"));
                let settings = Settings::new(record.id(), birth.seed);
                Node::new(settings, make(&Local { record, seed: birth.seed, restored: birth.disk.restored() }), Box::new(Nobody))
            };
            self.world = Some(World::new(self.n, self.seed, self.links.clone(), born));
            (0..self.n).for_each(|i| self.start(i));
        }
        self.world.as_mut().expect("made above")
    }

    /// Starts node `i`, which joins through the first other one that runs.
    fn start(&mut self, i: u32) {
        let (n, join) = (self.n, self.join);
        let world = self.world();
        world.start(i);
        if let Some(seed) = (0..n).find(|j| *j != i && world.is_up(*j)) {
            let contact = world.contact(i, seed);
            world.command(i, |p, cx| join(p, cx, &[contact]));
        }
    }
}

/// Whether every node that runs sees exactly those that run as alive.
pub fn converged(world: &World<Full>) -> bool {
    let up: Vec<u32> = (0..world.len()).filter(|i| world.is_up(*i)).collect();
    let mut ids: Vec<PeerId> = up.iter().map(|i| bruit_lab::cluster::id(*i)).collect();
    ids.sort_unstable();
    up.iter().all(|i| {
        let members = world.protocol(*i).swim().members();
        let mut alive: Vec<PeerId> = members.filter(|m| m.status == Status::Alive).map(Member::id).collect();
        alive.sort_unstable();
        alive == ids
    })
}
