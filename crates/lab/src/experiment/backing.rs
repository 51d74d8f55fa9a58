use super::{Experiment, Mailing, Mongering, State, Subject};
use crate::antientropy::backed::{Backed, Fast, Item, Message};
use crate::antientropy::{Items, item};
use bruit_antientropy::{Config, Keep};
use bruit_multicast::Mail;
use bruit_proto::{Context, Duration, PeerId, Peers, Protocol};
use bruit_rumor::Rumor;
use std::sync::Arc;

/// A subject that anti-entropy can back up.
pub trait Backable: Subject {
    /// Its protocol over data that anti-entropy reconciles.
    type Fast: Fast;

    /// A node's, with what it has.
    fn fast(&self, items: Items) -> Self::Fast;
}

impl Backable for Mongering {
    type Fast = Rumor<Items>;

    fn fast(&self, items: Items) -> Rumor<Items> {
        self.rumor(items)
    }
}

impl Backable for Mailing {
    type Fast = Mail<Items>;

    fn fast(&self, items: Items) -> Mail<Items> {
        self.mail(items)
    }
}

/// One item by a rumor or by direct mail, and anti-entropy behind it, which serves whom that missed (Demers et al. 1987,
/// sections 1.2 and 1.5). It never ends: an experiment ends when all know the item. A node that the fast part has no more to
/// do with is removed, and passes the item on by anti-entropy alone. Settings: those of the fast part
/// and `sync-every`, the cycles from one exchange of a node to its next; of a rumor also `redistribute`, whether what
/// anti-entropy finds becomes a rumor again. Traffic is that of both parts.
#[derive(Clone, Debug)]
pub struct Backing<S> {
    fast: S,
    config: Arc<Config>,
    again: bool,
    seed: u64,
}

impl<S> Backing<S> {
    /// A fast part, and an exchange of each node each `every`, the rest as [`Config::default`] has it.
    pub(super) fn new(fast: S, every: Duration, again: bool, experiment: &Experiment) -> Backing<S> {
        let config = Arc::new(Config { every, ..Config::default() });
        Backing { fast, config, again, seed: experiment.seed }
    }
}

/// The one item.
fn one() -> Item {
    item(1, 1)
}

impl<S: Backable> Subject for Backing<S> {
    type Protocol = Backed<S::Fast>;
    type Overlay = S::Overlay;
    const ENDLESS: bool = true;
    const HOP_BY_HOP: bool = S::HOP_BY_HOP;

    fn overlay(&self, experiment: &Experiment) -> S::Overlay {
        self.fast.overlay(experiment)
    }
    fn node(&self, me: PeerId) -> Backed<S::Fast> {
        let fast = self.fast.fast(Items::new(me, Keep::default()));
        Backed::new(me, self.seed, fast, Arc::clone(&self.config), self.again)
    }
    fn begin(&self, backed: &mut Backed<S::Fast>, cx: &mut Context<'_, Backed<S::Fast>>) {
        backed.write(cx, one());
    }
    fn state(&self, backed: &Backed<S::Fast>) -> State {
        let id = one().version;
        match (backed.has(id), backed.tells(id)) {
            (false, _) => State::Susceptible,
            (true, true) => State::Infective,
            (true, false) => State::Removed,
        }
    }
    fn sends(&self, me: PeerId, peers: &dyn Peers) -> Option<u32> {
        self.fast.sends(me, peers)
    }
    fn is_send(message: &Message<<S::Fast as Protocol>::Message>) -> bool {
        matches!(message, Message::Fast(message) if S::Fast::is_telling(message))
    }
    fn told(&self, backed: &Backed<S::Fast>) -> u64 {
        backed.told()
    }
    fn found(&self, backed: &Backed<S::Fast>) -> u64 {
        backed.found()
    }
}
