use bruit_kit::{Backlog, Offered, targets, transmit_limit};
use bruit_proto::{PeerId, Peers, Rng};

/// How changes travel ahead of the exchange; what is news is decided elsewhere.
pub trait Spread {
    /// `node` said something above version `above`, told by `from`: adds to `out` whom to tell at once, and returns from
    /// where on: further back, if an earlier change still waits.
    fn news(
        &mut self,
        change: (PeerId, u64),
        from: Option<PeerId>,
        me: PeerId,
        peers: &dyn Peers,
        rng: &mut Rng,
        out: &mut Vec<PeerId>,
    ) -> u64;

    /// Somebody told the same of `node`: one copy less is needed.
    fn again(&mut self, node: PeerId, peers: u32);

    /// `node` begins another life, or is gone: what waits of it is moot.
    fn forget(&mut self, node: PeerId);

    /// A packet to `to` has room: names nodes, and from which version on, until `offer` takes no more.
    fn fill(&mut self, to: PeerId, peers: u32, offer: &mut dyn FnMut(PeerId, u64) -> bool);

    /// Whether nothing is left to say.
    fn is_quiet(&self) -> bool;

    /// Changes dropped for want of room so far.
    fn dropped(&self) -> u64;
}

/// The default: at once to both ring neighbours and a few others ([`bruit_kit::targets`]), then in the spare room of
/// packets, least sent first, until copies sent and heard reach a limit that grows with log n.
///
/// One entry a node: a later change of it replaces what waits, and reaches back to where that began.
#[derive(Clone, Debug)]
pub struct Relay {
    backlog: Backlog<PeerId, Piece>,
}

#[derive(Clone, Debug)]
struct Piece {
    node: PeerId,
    /// What is told is what the node said above this version.
    above: u64,
    told: Vec<PeerId>,
}

/// Random targets beside the two ring neighbours; see `bruit-events`, whose figures are the same.
const RANDOM: u32 = 2;
/// Copies sent or heard until a node falls silent, as a multiple of ceil(log10(n + 1)).
const MULT: u32 = 2;
/// The most nodes whose changes wait to be sent: 512, eight packets of values of a hundred bytes.
const CAPACITY: usize = 512;

impl Default for Relay {
    fn default() -> Self {
        Relay { backlog: Backlog::new(CAPACITY) }
    }
}

impl Spread for Relay {
    fn news(
        &mut self,
        (node, above): (PeerId, u64),
        from: Option<PeerId>,
        me: PeerId,
        peers: &dyn Peers,
        rng: &mut Rng,
        out: &mut Vec<PeerId>,
    ) -> u64 {
        let above = self.backlog.get(&node).map_or(above, |piece| piece.above.min(above));
        targets(peers, rng, me, RANDOM, from, out);
        out.retain(|peer| *peer != node);
        let told: Vec<PeerId> = out.iter().copied().chain(from).chain([node]).collect();
        let copies = told.len() as u32 - 1;
        self.backlog.put(node, Piece { node, above, told });
        self.backlog.count(&node, copies, transmit_limit(MULT, peers.len()));
        above
    }

    fn forget(&mut self, node: PeerId) {
        self.backlog.remove(&node);
    }

    fn again(&mut self, node: PeerId, peers: u32) {
        self.backlog.count(&node, 1, transmit_limit(MULT, peers));
    }

    fn fill(&mut self, to: PeerId, peers: u32, offer: &mut dyn FnMut(PeerId, u64) -> bool) {
        self.backlog.offer(transmit_limit(MULT, peers), |piece| {
            if piece.told.contains(&to) {
                Offered::Skipped
            } else if offer(piece.node, piece.above) {
                Offered::Taken
            } else {
                Offered::Full
            }
        });
    }

    fn is_quiet(&self) -> bool {
        self.backlog.is_empty()
    }

    fn dropped(&self) -> u64 {
        self.backlog.dropped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Sorted;

    #[test]
    fn a_later_change_reaches_back_to_where_the_first_began() {
        let ids: Vec<PeerId> = (1..=200).map(PeerId).collect();
        let (mut relay, mut rng) = (Relay::default(), Rng::seeded(1));
        let mut news = |above| relay.news((PeerId(9), above), None, PeerId(9), &Sorted(&ids), &mut rng, &mut Vec::new());
        assert_eq!(news(4), 4);
        assert_eq!(news(7), 4);
        let mut told = Vec::new();
        relay.fill(PeerId(150), 199, &mut |node, above| {
            told.push((node.0, above));
            true
        });
        assert_eq!(told, [(9, 4)]);
    }
}
