use crate::config::{Config, Stop};
use bruit_proto::{PeerId, Peers};

/// A rumor that this node passes on.
#[derive(Clone, Debug)]
pub(crate) struct Hot<Id> {
    pub(crate) id: Id,
    /// The cycle in which it was learned.
    pub(crate) since: u32,
    /// How many others had passed it on before.
    pub(crate) hop: u8,
    /// How far it is to removal.
    pub(crate) counter: u32,
    /// Since the last cycle somebody was told, or compared.
    pub(crate) met: bool,
    /// For one of them it was news.
    pub(crate) useful: bool,
    /// Who named it last while comparing: its question for more is not about this one.
    pub(crate) named: PeerId,
    /// Who is known to have it, sorted; kept for [`Stop::Linked`] alone.
    #[expect(clippy::box_collection, reason = "8 bytes while nobody asks, where a Vec takes 24")]
    told: Option<Box<Vec<PeerId>>>,
}

impl<Id> Hot<Id> {
    pub(crate) fn new(id: Id, since: u32, hop: u8) -> Self {
        Hot { id, since, hop, counter: 0, met: false, useful: false, named: PeerId::NONE, told: None }
    }

    fn told(&self) -> &[PeerId] {
        self.told.as_ref().map_or(&[], |told| told)
    }

    /// Remembers that a peer has it, if that matters.
    pub(crate) fn has(&mut self, peer: PeerId, stop: Stop, peers: &dyn Peers) {
        if stop == Stop::Linked
            && let Err(i) = self.told().binary_search(&peer)
            && self.told().len() < Config::LINKS
            && peers.contains(peer)
        {
            self.told.get_or_insert_default().insert(i, peer);
        }
    }

    /// A peer is gone, whatever it had.
    pub(crate) fn forget(&mut self, peer: PeerId) {
        if let Some(told) = &mut self.told {
            told.retain(|told| *told != peer);
        }
    }

    /// Whether a peer is known to have it.
    pub(crate) fn is_with(&self, peer: PeerId) -> bool {
        self.told().binary_search(&peer).is_ok()
    }

    /// A cycle is over: what its contacts say. Whether the rumor stays hot.
    pub(crate) fn stays(&mut self, config: &Config, peers: &dyn Peers) -> bool {
        let (met, useful) = (std::mem::take(&mut self.met), std::mem::take(&mut self.useful));
        match config.stop {
            Stop::Counter { k, .. } => {
                if useful && config.reset {
                    self.counter = 0;
                } else if met && !useful {
                    self.counter += 1;
                }
                self.counter < k
            }
            // Its die was rolled at each contact.
            Stop::Coin { .. } => true,
            Stop::Linked => self.told().len() < Config::LINKS.min(peers.len() as usize),
        }
    }

    /// A peer that is not known to have it.
    pub(crate) fn lacking(&self, peers: &dyn Peers) -> Option<PeerId> {
        (0..peers.len()).map(|i| peers.get(i)).take(Config::LINKS + 1).find(|peer| !self.is_with(*peer))
    }
}
