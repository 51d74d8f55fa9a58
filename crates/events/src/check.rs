use bruit_proto::{PeerId, Peers};

/// How often a ring neighbour is asked at most: at 20 % loss one round of both neighbours of a node that was missed
/// (check, digest, event: 0.8^3 each) fails one time in four, four rounds one time in 300.
const ROUNDS: u8 = 4;

/// Whether the ring neighbours have the last news: each pair of neighbours asks, unless it heard an equal digest.
///
/// Most pairs have: news is told both ways round the ring, and each copy has its sender's digest beside it. What is
/// left are pairs of which one told the other first, and whoever was missed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Check {
    open: bool,
    next: bool,
    previous: bool,
    round: u8,
}

impl Check {
    /// News came: nobody is sure to have it.
    pub(crate) fn begin() -> Check {
        Check { open: true, ..Check::default() }
    }

    /// News came that the others heard as well, most likely: who comes before me asks me, and I who comes after me.
    pub(crate) fn onward() -> Check {
        Check { previous: true, ..Check::begin() }
    }

    /// Whether somebody may not have them yet.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// This peer has all that we have; true if that was the last to be sure of.
    pub(crate) fn equal(&mut self, peers: &dyn Peers, me: PeerId, peer: PeerId) -> bool {
        if !self.open {
            return false;
        }
        self.next |= peers.next(me) == Some(peer);
        self.previous |= peers.previous(me) == Some(peer);
        self.open = !(self.next && self.previous);
        !self.open
    }

    /// Whom to ask now, and whether to come back.
    pub(crate) fn round(&mut self, peers: &dyn Peers, me: PeerId) -> ([Option<PeerId>; 2], bool) {
        self.round += 1;
        let next = peers.next(me).filter(|_| !self.next);
        let previous = peers.previous(me).filter(|peer| !self.previous && Some(*peer) != next);
        self.open = self.round < ROUNDS && (next.is_some() || previous.is_some());
        ([next, previous], self.open)
    }
}
