use super::{Experiment, Setup, State, Subject};
use crate::antientropy::{Items, Name, Node, item};
use crate::cycles::{CYCLE, Complete};
use bruit_antientropy::{AntiEntropy, Compare, Config, Exchange, Keep};
use bruit_kit::Set;
use bruit_proto::{Context, PeerId};
use std::sync::Arc;

/// The one item: its name and its stamp.
const ITEM: u64 = 1;
/// Cycles for which an item is recent, unless said otherwise: well above the time in which it reaches all.
const RECENT: u32 = 60;

/// Anti-entropy of one item, which never ends: an experiment ends when all know it. Settings: `exchange` (push, pull,
/// push-pull), `compare` (full, recent with `within`, in cycles; peel-back, merkle). Traffic are items given.
#[derive(Clone, Debug)]
pub struct Reconciling(Arc<Config>);

impl Reconciling {
    /// Reads the settings; what is not set is as [`Config::default`] has it. A cycle is as long as the engine's.
    ///
    /// # Errors
    /// Names the setting that is unknown, cannot be read, does not belong to the others or is out of its bounds.
    pub fn new(mut setup: Setup) -> Result<Reconciling, String> {
        let config = Config::default();
        let exchange = match setup.take::<String>("exchange")?.as_deref() {
            None => config.exchange,
            Some("push") => Exchange::Push,
            Some("pull") => Exchange::Pull,
            Some("push-pull") => Exchange::PushPull,
            Some(other) => return Err(format!("exchange is push, pull or push-pull, not {other}")),
        };
        let compare = match setup.take::<String>("compare")?.as_deref() {
            None => config.compare,
            Some("full") => Compare::Full,
            Some("recent") => Compare::Recent { within: CYCLE * setup.take("within")?.unwrap_or(RECENT) },
            Some("peel-back") => Compare::PeelBack,
            Some("merkle") => Compare::Merkle,
            Some(other) => return Err(format!("compare is full, recent, peel-back or merkle, not {other}")),
        };
        setup.finish()?;
        let config = Config { every: CYCLE, exchange, compare, ..config };
        config.check().map_err(|invalid| invalid.to_string())?;
        Ok(Reconciling(Arc::new(config)))
    }
}

impl Subject for Reconciling {
    type Protocol = Node;
    type Overlay = Complete;
    const ENDLESS: bool = true;

    fn overlay(&self, experiment: &Experiment) -> Complete {
        Complete(experiment.places())
    }
    fn node(&self, me: PeerId) -> Node {
        AntiEntropy::new(Arc::clone(&self.0), Items::new(me, Keep::default())).expect("checked settings")
    }
    fn begin(&self, node: &mut Node, _: &mut Context<'_, Node>) {
        node.ledger_mut().insert(item(ITEM, ITEM));
    }
    fn state(&self, node: &Node) -> State {
        match node.ledger().entry(Name(ITEM)) {
            None => State::Susceptible,
            Some(_) => State::Infective,
        }
    }
    fn told(&self, node: &Node) -> u64 {
        node.counters().given
    }
}
