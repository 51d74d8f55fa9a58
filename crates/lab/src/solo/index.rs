use bruit_kit::Roster;
use bruit_proto::PeerId;
use std::sync::Arc;

/// Which node has which id.
pub(super) enum Index {
    /// Node `i` has the id `i + 1`.
    Dense,
    /// Node `i` has the id at that place.
    Roster(Arc<Roster>),
}

impl Index {
    pub(super) fn id(&self, i: u32) -> PeerId {
        match self {
            Index::Dense => PeerId(u64::from(i) + 1),
            Index::Roster(roster) => roster.id(i as usize),
        }
    }

    /// The node of so many that has this id.
    pub(super) fn find(&self, id: PeerId, nodes: u32) -> Option<u32> {
        match self {
            Index::Dense => u32::try_from(id.0.wrapping_sub(1)).ok().filter(|i| *i < nodes),
            Index::Roster(roster) => roster.place(id).map(|place| place as u32),
        }
    }
}
