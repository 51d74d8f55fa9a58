use crate::id::Stamp;
use bruit_kit::{Backlog, retransmit_limit, targets};
use bruit_proto::{PeerId, Peers, Rng};

/// How news travels; what is news is decided elsewhere.
pub trait Spread {
    /// `stamp` is news here, told by `from`: adds to `out` whom to tell at once.
    fn news(&mut self, stamp: Stamp, from: Option<PeerId>, me: PeerId, peers: &dyn Peers, rng: &mut Rng, out: &mut Vec<PeerId>);

    /// Another copy came.
    fn again(&mut self, stamp: Stamp, peers: u32);

    /// A packet to `to` has room: names events until `offer` takes no more.
    fn fill(&mut self, to: PeerId, peers: u32, offer: &mut dyn FnMut(Stamp) -> bool);

    /// Whether nothing is left to say.
    fn is_quiet(&self) -> bool;

    /// News dropped for want of room so far.
    fn dropped(&self) -> u64;
}

/// The default: at once to the ring neighbours and a few others, then in the spare room of packets.
#[derive(Clone, Debug)]
pub struct Relay {
    backlog: Backlog<Stamp, ()>,
}

impl Relay {
    /// Random targets beside the two ring neighbours.
    pub const RANDOM: u32 = 2;
    /// Copies sent or heard until a node falls silent, as a multiple of ceil(log10(n + 1)).
    pub const MULT: u32 = 2;
    /// The most events waiting to be sent: as many as the default window holds.
    pub const CAPACITY: usize = 512;
}

impl Default for Relay {
    fn default() -> Self {
        Relay { backlog: Backlog::new(Relay::CAPACITY) }
    }
}

impl Spread for Relay {
    fn news(&mut self, stamp: Stamp, from: Option<PeerId>, me: PeerId, peers: &dyn Peers, rng: &mut Rng, out: &mut Vec<PeerId>) {
        targets(peers, rng, me, Relay::RANDOM, from, out);
        self.backlog.push(stamp, ());
        let copies = out.len() as u32 + u32::from(from.is_some());
        self.backlog.count(&stamp, copies, retransmit_limit(Relay::MULT, peers.len()));
    }

    fn again(&mut self, stamp: Stamp, peers: u32) {
        self.backlog.count(&stamp, 1, retransmit_limit(Relay::MULT, peers));
    }

    fn fill(&mut self, _: PeerId, peers: u32, offer: &mut dyn FnMut(Stamp) -> bool) {
        self.backlog.offer(retransmit_limit(Relay::MULT, peers), |stamp, ()| offer(*stamp));
    }

    fn is_quiet(&self) -> bool {
        self.backlog.is_quiet()
    }

    fn dropped(&self) -> u64 {
        self.backlog.dropped()
    }
}
