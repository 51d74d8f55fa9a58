use crate::id::Stamp;
use bruit_kit::{Backlog, Offered, targets, transmit_limit};
use bruit_proto::{PeerId, Peers, Rng};

/// How news travels; what is news is decided elsewhere.
pub trait Spread {
    /// `stamp` is news here, told by `from`: adds to `out` whom to tell at once.
    fn news(&mut self, stamp: Stamp, from: Option<PeerId>, me: PeerId, peers: &dyn Peers, rng: &mut Rng, out: &mut Vec<PeerId>);

    /// `from` told it again: one copy less is needed, and none there.
    fn again(&mut self, stamp: Stamp, from: Option<PeerId>, peers: u32);

    /// A packet to `to` has room: names events until `offer` takes no more.
    fn fill(&mut self, to: PeerId, peers: u32, offer: &mut dyn FnMut(Stamp) -> bool);

    /// How many copies of this event are left to send; none of one that is not told any more.
    fn left(&self, stamp: &Stamp, peers: u32) -> u32;

    /// Whether nothing is left to say.
    fn is_quiet(&self) -> bool;

    /// News dropped for want of room so far.
    fn dropped(&self) -> u64;
}

/// The default: at once to both ring neighbours and a few others ([`bruit_kit::targets`]), then in the spare room of
/// packets, until copies sent and copies heard together reach a limit that grows with log n.
///
/// What it costs and how fast it is, one event of 64 bytes, links of 0.5-2 ms, checks and repair included; a packet's
/// envelope taken as 20 bytes. `tests/stories/spread.txt` is the whole table; nobody was missed in 2,000 trials each.
///
/// | nodes | loss | copies a node | bytes in all | all have it, ms: median, max of 100 |
/// |---|---|---|---|---|
/// | 64 | 0 % | 3.49 | 26,266 | 5, 8 |
/// | 64 | 5 % | 3.49 | 26,728 | 6, 158 |
/// | 64 | 20 % | 3.50 | 28,625 | 8, 318 |
///
/// Three random targets instead of two cost 29 kB without loss and still leave gaps at 20 %; a check of the ring
/// neighbours costs a sixteenth of that and closes them. Without the check, the same push left 14 % of all events
/// incomplete for over a second at 20 % loss, until a ping happened to show it.
#[derive(Clone, Debug)]
pub struct Relay {
    backlog: Backlog<Stamp, Piece>,
}

/// What waits to be sent, and who has it.
#[derive(Clone, Debug)]
struct Piece {
    stamp: Stamp,
    told: Vec<PeerId>,
}

impl Relay {
    /// Random targets beside the two ring neighbours. One would do to make the ring a small world; the second is for
    /// loss: a node is missed with probability p^2 e^(-2(1-p)), one in 125 at 20 %.
    pub const RANDOM: u32 = 2;
    /// Copies sent or heard until a node falls silent, as a multiple of ceil(log10(n + 1)): four up to 99 nodes, which
    /// the copies sent at once use up.
    pub const MULT: u32 = 2;
    /// The most events waiting to be sent: as many as the default window holds.
    pub const CAPACITY: usize = 512;
    /// The most peers remembered of one event: more than the limit of a million nodes, 2 x 7.
    const TOLD: usize = 16;
}

impl Default for Relay {
    fn default() -> Self {
        Relay { backlog: Backlog::new(Relay::CAPACITY) }
    }
}

impl Spread for Relay {
    fn news(&mut self, stamp: Stamp, from: Option<PeerId>, me: PeerId, peers: &dyn Peers, rng: &mut Rng, out: &mut Vec<PeerId>) {
        targets(peers, rng, me, Relay::RANDOM, from, out);
        let told: Vec<PeerId> = out.iter().copied().chain(from).collect();
        let copies = told.len() as u32;
        self.backlog.put(stamp, Piece { stamp, told });
        self.backlog.count(&stamp, copies, transmit_limit(Relay::MULT, peers.len()));
    }

    fn again(&mut self, stamp: Stamp, from: Option<PeerId>, peers: u32) {
        if let Some(piece) = self.backlog.get_mut(&stamp)
            && piece.told.len() < Relay::TOLD
        {
            piece.told.extend(from);
        }
        self.backlog.count(&stamp, 1, transmit_limit(Relay::MULT, peers));
    }

    fn fill(&mut self, to: PeerId, peers: u32, offer: &mut dyn FnMut(Stamp) -> bool) {
        self.backlog.offer(transmit_limit(Relay::MULT, peers), |piece| {
            if piece.told.contains(&to) {
                Offered::Skipped
            } else if offer(piece.stamp) {
                Offered::Taken
            } else {
                Offered::Full
            }
        });
    }

    fn left(&self, stamp: &Stamp, peers: u32) -> u32 {
        let all_told = self.backlog.get(stamp).is_none_or(|piece| piece.told.len() >= peers as usize);
        let sent = self.backlog.sent(stamp).filter(|_| !all_told);
        sent.map_or(0, |sent| transmit_limit(Relay::MULT, peers).saturating_sub(sent))
    }

    fn is_quiet(&self) -> bool {
        self.backlog.is_empty()
    }

    fn dropped(&self) -> u64 {
        self.backlog.dropped()
    }
}
