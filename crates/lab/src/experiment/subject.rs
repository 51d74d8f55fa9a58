use super::Experiment;
use crate::cycles::Overlay;
use bruit_proto::{Context, PeerId, Peers, Protocol};

/// What a node is in an epidemic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not know the item.
    Susceptible,
    /// It knows it and passes it on.
    Infective,
    /// It knows it and passes it on no more.
    Removed,
}

/// A protocol with its settings, as an experiment runs it.
pub trait Subject {
    /// What each node runs.
    type Protocol: Protocol;
    /// Whom its nodes see.
    type Overlay: Overlay;

    /// Whether it never ends: then an experiment ends when all live nodes know the item, or none.
    const ENDLESS: bool = false;
    /// Whether a message takes a cycle; else a contact and its answers fit in one.
    const HOP_BY_HOP: bool = false;

    /// Whom each node of an experiment sees.
    fn overlay(&self, experiment: &Experiment) -> Self::Overlay;
    /// A node.
    fn node(&self, me: PeerId) -> Self::Protocol;
    /// The item enters at a node.
    fn begin(&self, protocol: &mut Self::Protocol, cx: &mut Context<'_, Self::Protocol>);
    /// What a node is.
    fn state(&self, protocol: &Self::Protocol) -> State;
    /// Whether it does nothing more about the item of its own accord: as a rule, if it is not infective.
    fn is_quiet(&self, protocol: &Self::Protocol) -> bool {
        self.state(protocol) != State::Infective
    }
    /// How often a node told the item so far, useful or not.
    fn told(&self, protocol: &Self::Protocol) -> u64;
    /// To how many the node `me` sends the item if it enters there, if it does so in a loop: what a crash of the
    /// [root](Crash::Root) is a share of. By its table of peers.
    fn sends(&self, _me: PeerId, _peers: &dyn Peers) -> Option<u32> {
        None
    }
    /// Whether a message is a send of that loop.
    fn is_send(_: &<Self::Protocol as Protocol>::Message) -> bool {
        false
    }
    /// How often a node got the item by anti-entropy behind what should have told it.
    fn found(&self, _: &Self::Protocol) -> u64 {
        0
    }
}
