use crate::compose::Part;
use std::collections::BTreeMap;

/// What earlier processes of this node persisted, by key: what a protocol that keeps something is made with. Empty at the
/// first start, and after the disk was lost.
///
/// It is the way back of [`Context::persist`](crate::Context::persist). A composition hands each part its own share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored(BTreeMap<Vec<u8>, Vec<u8>>);

impl Restored {
    /// These rows.
    pub fn new(rows: BTreeMap<Vec<u8>, Vec<u8>>) -> Restored {
        Restored(rows)
    }

    /// What part `X` of a composition persisted, under the keys that it gave.
    pub fn part<X: Part>(&self) -> Restored {
        let share = self.0.range(vec![X::LANE]..vec![X::LANE + 1]);
        Restored(share.map(|(key, value)| (key[1..].to_vec(), value.clone())).collect())
    }

    /// The value under a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.get(key).map(Vec::as_slice)
    }

    /// All rows, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
