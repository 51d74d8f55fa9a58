use bruit_proto::PeerId;

const NONE: u32 = u32::MAX;

/// Which node has which id: open addressing over the ids themselves, which are hashes already.
pub(super) struct Index {
    ids: Vec<PeerId>,
    table: Vec<u32>,
}

impl Index {
    pub(super) fn new(ids: impl Iterator<Item = PeerId>) -> Index {
        let ids: Vec<PeerId> = ids.collect();
        let mut index = Index { table: vec![NONE; (ids.len() * 2).next_power_of_two()], ids };
        for i in 0..index.ids.len() {
            let mut at = index.home(index.ids[i]);
            while index.table[at] != NONE {
                at = (at + 1) % index.table.len();
            }
            index.table[at] = i as u32;
        }
        index
    }

    pub(super) fn id(&self, i: u32) -> PeerId {
        self.ids[i as usize]
    }

    pub(super) fn find(&self, id: PeerId) -> Option<u32> {
        let mut at = self.home(id);
        while self.table[at] != NONE {
            if self.ids[self.table[at] as usize] == id {
                return Some(self.table[at]);
            }
            at = (at + 1) % self.table.len();
        }
        None
    }

    fn home(&self, id: PeerId) -> usize {
        id.0 as usize & (self.table.len() - 1)
    }
}
