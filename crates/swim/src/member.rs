use bruit_proto::{PeerId, Record, Time};
use std::sync::Arc;

/// What is believed of a member. The order is the override order at equal incarnation (SWIM section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It answers.
    Alive,
    /// It did not answer somebody; it may still refute.
    Suspect,
    /// It failed.
    Dead,
    /// It said goodbye, or an operator did for it.
    Left,
}

/// One member as this node sees it.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who and where.
    pub record: Arc<Record>,
    /// Its own counter: only the member itself raises it.
    pub incarnation: u64,
    /// What is believed of it.
    pub status: Status,
    /// Since when, by this node's clock.
    pub since: Time,
    pub(crate) id: PeerId,
}

impl Member {
    /// Its id.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// Alive or suspect: one may talk to it.
    pub fn is_live(&self) -> bool {
        self.status <= Status::Suspect
    }
}
