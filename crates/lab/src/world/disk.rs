use bruit_proto::{Batch, Lost};
use std::collections::BTreeMap;

/// What a node keeps over a restart: keys and values, in memory.
///
/// A batch is kept as a whole, a while after it was asked for, or not at all if the process ends before.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    data: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether it refuses to keep anything.
    pub broken: bool,
}

impl Disk {
    /// The value kept under a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.data.get(key).map(Vec::as_slice)
    }

    /// All that is kept, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.data.iter().map(|(k, v)| (k.as_slice(), v.as_slice()))
    }

    pub(crate) fn keep(&mut self, batch: Batch) -> Result<(), Lost> {
        if self.broken {
            return Err(Lost);
        }
        for (key, value) in batch {
            match value {
                Some(value) => self.data.insert(key, value),
                None => self.data.remove(&key),
            };
        }
        Ok(())
    }
}
