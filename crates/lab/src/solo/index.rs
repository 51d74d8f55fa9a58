use bruit_proto::PeerId;

const NONE: u32 = u32::MAX;

/// Which node has which id.
pub(super) enum Index {
    /// Node `i` has the id `i + 1`.
    Dense,
    /// Open addressing over the ids themselves, which are hashes already.
    Hashed {
        /// The id of each node.
        ids: Vec<PeerId>,
        /// Nodes by id.
        table: Vec<u32>,
    },
}

impl Index {
    pub(super) fn new(ids: impl Iterator<Item = PeerId>) -> Index {
        let ids: Vec<PeerId> = ids.collect();
        let mut table = vec![NONE; (ids.len() * 2).next_power_of_two()];
        for (i, id) in (0..).zip(&ids) {
            let mut at = home(&table, *id);
            while table[at] != NONE {
                at = (at + 1) % table.len();
            }
            table[at] = i;
        }
        Index::Hashed { ids, table }
    }

    pub(super) fn id(&self, i: u32) -> PeerId {
        match self {
            Index::Dense => PeerId(u64::from(i) + 1),
            Index::Hashed { ids, .. } => ids[i as usize],
        }
    }

    /// The node of so many that has this id.
    pub(super) fn find(&self, id: PeerId, nodes: u32) -> Option<u32> {
        let Index::Hashed { ids, table } = self else {
            return u32::try_from(id.0.wrapping_sub(1)).ok().filter(|i| *i < nodes);
        };
        let mut at = home(table, id);
        while table[at] != NONE {
            if ids[table[at] as usize] == id {
                return Some(table[at]);
            }
            at = (at + 1) % table.len();
        }
        None
    }
}

fn home(table: &[u32], id: PeerId) -> usize {
    id.0 as usize & (table.len() - 1)
}
