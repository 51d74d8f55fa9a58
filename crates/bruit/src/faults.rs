use crate::driver::Mail;
use crate::error::Stopped;
use crate::start::Stack;
use bruit_proto::{PeerId, Rng};
use std::net::SocketAddr;
use tokio::sync::{mpsc, oneshot};

/// Does to a running node what networks and operators do, so that a program can be tried against it.
///
/// Orders are carried out in turn with the node's commands; a paused node carries out none.
#[derive(Debug)]
pub struct Faults<'a, P: Stack>(pub(crate) &'a mpsc::Sender<Mail<P>>);

/// Who is cut off from a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// No one.
    #[default]
    Nobody,
    /// Everyone: no packet in or out, no connection either way.
    Everyone,
    /// These, by the address they are bound to. Cut both ends: who dials in does so from a port of its own.
    These(Vec<SocketAddr>),
    /// One way, or each way somebody else: no packet comes in `from` these, none goes out `to` those, and there is no
    /// connection with any of them, for a connection needs both ways.
    OneWay {
        /// Not heard.
        from: Vec<SocketAddr>,
        /// Not spoken to.
        to: Vec<SocketAddr>,
    },
}

/// Which way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// A node stands still while this lives; see [`Faults::pause`].
#[derive(Debug)]
#[must_use = "dropping it lets the node go on"]
pub struct Paused {
    _gate: oneshot::Sender<()>,
}

impl<P: Stack> Faults<'_, P> {
    /// Stops the node as SIGSTOP stops a process: it reads nothing, says nothing and lets its timers pass, until the
    /// result is dropped. Returns when it stands.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: the node may stand for a moment, and goes on.
    pub async fn pause(&self) -> Result<Paused, Stopped> {
        let (gate, closed) = oneshot::channel();
        let (standing, stands) = oneshot::channel();
        self.0.send(Mail::Pause { standing, until: closed }).await.map_err(|_| Stopped)?;
        stands.await.map_err(|_| Stopped)?;
        Ok(Paused { _gate: gate })
    }

    /// Cuts peers off, or heals what was cut. Connections that cross the cut end.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: the cut is made, or not.
    pub async fn cut(&self, cut: Cut) -> Result<(), Stopped> {
        self.0.send(Mail::Cut(cut)).await.map_err(|_| Stopped)
    }

    /// Loses this share of all datagrams, in a million, each way.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: it is set, or not.
    pub async fn lose(&self, ppm: u32) -> Result<(), Stopped> {
        self.0.send(Mail::Lose(ppm)).await.map_err(|_| Stopped)
    }
}

/// The driver's side: what is cut and how much is lost.
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) cut: Cut,
    pub(crate) loss_ppm: u32,
    dice: Rng,
}

impl Damage {
    pub(crate) fn none(seed: u64, id: PeerId) -> Damage {
        Damage { cut: Cut::Nobody, loss_ppm: 0, dice: Rng::named(seed, id, "damage") }
    }

    /// Whether this peer is cut off from connections.
    pub(crate) fn cuts(&self, peer: SocketAddr) -> bool {
        self.cuts_way(peer, Way::In) || self.cuts_way(peer, Way::Out)
    }

    fn cuts_way(&self, peer: SocketAddr, way: Way) -> bool {
        match (&self.cut, way) {
            (Cut::Nobody, _) => false,
            (Cut::Everyone, _) => true,
            (Cut::These(peers), _) => peers.contains(&peer),
            (Cut::OneWay { from: peers, .. }, Way::In) | (Cut::OneWay { to: peers, .. }, Way::Out) => peers.contains(&peer),
        }
    }

    /// Whether a datagram from or to this peer is lost.
    pub(crate) fn loses(&mut self, peer: SocketAddr, way: Way) -> bool {
        self.cuts_way(peer, way) || self.loss_ppm > 0 && self.dice.chance(self.loss_ppm)
    }

    /// Whether connections from outside reach us.
    pub(crate) fn lets_in(&self) -> bool {
        self.cut != Cut::Everyone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_one_way_lets_the_other_way_through_but_no_connection() {
        let [a, b, c] = [1, 2, 3].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut damage = Damage::none(1, PeerId(1));
        damage.cut = Cut::OneWay { from: vec![a], to: vec![b] };
        let lost = |damage: &mut Damage, at| (damage.loses(at, Way::In), damage.loses(at, Way::Out));
        assert_eq!(
            (lost(&mut damage, a), lost(&mut damage, b), lost(&mut damage, c)),
            ((true, false), (false, true), (false, false))
        );
        assert_eq!([a, b, c].map(|at| damage.cuts(at)), [true, true, false]);
    }
}
