use super::{Experiment, Setup, State, Subject};
use crate::cycles::{CYCLE, Complete};
use crate::epidemic::One;
use bruit_kit::Set;
use bruit_multicast::tree::{Config, Message};
use bruit_multicast::{Build, Repair, Root, Tree};
use bruit_proto::{Context, PeerId, Peers};
use std::sync::Arc;

/// Cycles between acknowledgements, unless said otherwise: a round trip takes two.
const EVERY: u32 = 4;
/// Cycles until the first session message, unless said otherwise.
const SESSION: u32 = 8;
/// How many follow, each after twice as long, unless said otherwise: the last 248 cycles after the item.
const SESSIONS: u32 = 5;

/// Multicast of one item along the tree that each node computes below its origin, hop by hop. Settings: `fan-out`, `burst`
/// (sends of a node in a cycle), `repair` (ack with `every`; nak with `session` and `sessions`, none), times in cycles.
/// Nobody says that a node is down, so its subtree stays below it.
#[derive(Clone, Debug)]
pub struct SpanningTree(Arc<Config>);

impl SpanningTree {
    /// Reads the settings; what is not set is as [`Config::new`] has it.
    ///
    /// # Errors
    /// Names the setting that is unknown, cannot be read, does not belong to the others or is out of its bounds.
    pub fn new(mut setup: Setup) -> Result<SpanningTree, String> {
        let config = Config::new(Build::Computed(Root::Origin));
        let fan_out = setup.take("fan-out")?.unwrap_or(config.fan_out);
        let (pace, repair) = (setup.pace()?, repair(&mut setup)?);
        setup.finish()?;
        let config = Config { fan_out, pace, repair, ..config };
        config.check().map_err(|invalid| invalid.to_string())?;
        Ok(SpanningTree(Arc::new(config)))
    }
}

fn repair(setup: &mut Setup) -> Result<Repair, String> {
    let kind: Option<String> = setup.take("repair")?;
    let mut cycles = |key, usual| Ok::<_, String>(CYCLE * setup.take(key)?.unwrap_or(usual));
    let mut repair = match kind.as_deref() {
        None | Some("none") => Repair::None,
        Some("ack") => Repair::ACK,
        Some("nak") => Repair::NAK,
        Some(other) => return Err(format!("repair is ack, nak or none, not {other}")),
    };
    match &mut repair {
        Repair::None => {}
        Repair::Ack { every, .. } => *every = cycles("every", EVERY)?,
        Repair::Nak { hop, session, sessions, .. } => {
            (*hop, *session) = (CYCLE, cycles("session", SESSION)?);
            *sessions = setup.take("sessions")?.unwrap_or(SESSIONS);
        }
    }
    Ok(repair)
}

impl Subject for SpanningTree {
    type Protocol = Tree<One>;
    type Overlay = Complete;
    const HOP_BY_HOP: bool = true;

    fn overlay(&self, experiment: &Experiment) -> Complete {
        Complete(experiment.places())
    }
    fn node(&self, me: PeerId) -> Tree<One> {
        Tree::new(me, Arc::clone(&self.0), One::default()).expect("checked settings")
    }
    fn begin(&self, tree: &mut Tree<One>, cx: &mut Context<'_, Tree<One>>) {
        tree.publish(cx, ());
    }
    fn state(&self, tree: &Tree<One>) -> State {
        match (tree.set().has(()), tree.is_quiet()) {
            (false, _) => State::Susceptible,
            (true, false) => State::Infective,
            (true, true) => State::Removed,
        }
    }
    fn is_quiet(&self, tree: &Tree<One>) -> bool {
        tree.is_quiet()
    }
    fn sends(&self, me: PeerId, peers: &dyn Peers) -> Option<u32> {
        Some(self.node(me).children(peers, me).len() as u32)
    }
    fn is_send(message: &Message<()>) -> bool {
        matches!(message, Message::Data(..))
    }
    fn told(&self, tree: &Tree<One>) -> u64 {
        tree.counters().data + tree.counters().repairs
    }
}
