use crate::context::{Batch, Lost};
use std::collections::BTreeMap;

/// What a site keeps over a restart.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) data: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) broken: bool,
}

impl Disk {
    pub(super) fn keep(&mut self, batch: Batch) -> Result<(), Lost> {
        if self.broken {
            return Err(Lost);
        }
        for (key, value) in batch {
            match value {
                Some(value) => drop(self.data.insert(key, value)),
                None => drop(self.data.remove(&key)),
            }
        }
        Ok(())
    }
}
