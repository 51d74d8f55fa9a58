use crate::digest::Digest;
use crate::heart_beat::HeartBeat;
use crate::value::{Key, Value};
use bruit_proto::PeerId;
use std::collections::BTreeMap;

/// What a node last said of its own life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Status {
    /// It runs.
    #[default]
    Running,
    /// It said goodbye; only a higher generation comes back.
    Shutdown,
    /// Somebody removed it; only a higher generation comes back.
    Removed,
}

/// All that is known of one node, as its owner said it.
#[doc(alias = "EndpointState")]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Endpoint {
    /// Which life, and how far.
    pub heart_beat: HeartBeat,
    /// Running, or how it ended.
    pub status: Status,
    /// Most say nothing, most of the time.
    values: Option<Box<Values>>,
}

/// What a node said, beside that it is there.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Values {
    by_key: BTreeMap<Key, Value>,
    bytes: usize,
    /// The highest version of a value; values are replaced by later ones alone.
    latest: u64,
}

/// The endpoint would hold more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overfull;

impl Endpoint {
    /// The most values of one node: 256.
    pub const MAX_VALUES: usize = 256;
    /// The most bytes of the values of one node, encoded: 64 KiB, sixty packets.
    pub const MAX_BYTES: usize = 64 << 10;

    /// The number up to which everything is here: the heartbeat's or the latest value's.
    pub fn max_version(&self) -> u64 {
        if self.status == Status::Removed {
            return HeartBeat::REMOVED;
        }
        self.heart_beat.version.max(self.values.as_ref().map_or(0, |values| values.latest))
    }

    /// Whether nothing was ever said: a peer that is known by name only.
    pub fn is_blank(&self) -> bool {
        self.heart_beat.generation == 0 || self.max_version() == 0
    }

    /// What stands under a key.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.values.as_ref()?.by_key.get(key)
    }

    /// All values, by key.
    pub fn values(&self) -> impl ExactSizeIterator<Item = (&Key, &Value)> {
        self.by_key().iter()
    }

    fn by_key(&self) -> &BTreeMap<Key, Value> {
        static NONE: BTreeMap<Key, Value> = BTreeMap::new();
        self.values.as_ref().map_or(&NONE, |values| &values.by_key)
    }

    /// This endpoint in a digest list.
    pub fn digest(&self, node: PeerId) -> Digest {
        Digest { node, generation: self.heart_beat.generation, version: self.max_version() }
    }

    /// The latest version of a value that is not above `version`: whoever has everything up to there misses nothing.
    pub(crate) fn floor(&self, version: u64) -> u64 {
        self.by_key().values().map(|value| value.version).filter(|v| *v <= version).max().unwrap_or(0)
    }

    /// Values above a version, in the order in which they were set.
    pub(crate) fn above(&self, version: u64) -> Vec<(&Key, &Value)> {
        let mut newer: Vec<_> = self.by_key().iter().filter(|x| x.1.version > version).collect();
        newer.sort_by_key(|x| x.1.version);
        newer
    }

    pub(crate) fn put(&mut self, key: Key, value: Value) -> Result<(), Overfull> {
        let (had, held) = (self.by_key().len(), self.values.as_ref().map_or(0, |values| values.bytes));
        let old = self.get(&key).map_or(0, |old| old.size(&key));
        let bytes = held - old + value.size(&key);
        let len = had + usize::from(old == 0);
        if bytes > Endpoint::MAX_BYTES || len > Endpoint::MAX_VALUES {
            return Err(Overfull);
        }
        let values = self.values.get_or_insert_default();
        values.bytes = bytes;
        values.latest = values.latest.max(value.version);
        values.by_key.insert(key, value);
        Ok(())
    }

    /// Forgets the values of a namespace, but not how far it knew; whether there were any.
    pub(crate) fn forget(&mut self, namespace: &str) -> bool {
        let Some(values) = &mut self.values else { return false };
        let before = values.by_key.len();
        values.by_key.retain(|key, _| &*key.namespace != namespace);
        values.bytes = values.by_key.iter().map(|(key, value)| value.size(key)).sum();
        values.by_key.len() < before
    }

    /// Another life: nothing of the last one holds.
    pub(crate) fn begin(&mut self, generation: u64) {
        *self = Endpoint { heart_beat: HeartBeat { generation, version: 0 }, ..Endpoint::default() };
    }
}
