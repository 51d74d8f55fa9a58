use bruit_kit::Hlc;
use bruit_proto::varint_size;
use std::fmt;
use std::sync::Arc;

/// A key: a node's own, or one of a namespace, which is the whole cluster's.
#[doc(alias = "ApplicationState")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace; empty for a node's own keys.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl Key {
    /// The longest namespace and the longest name, in bytes of UTF-8: 64 each.
    pub const MAX: usize = 64;

    /// A node's own key: only its owner writes it.
    pub fn own(name: &str) -> Key {
        Key { namespace: "".into(), name: name.into() }
    }

    /// A key of the cluster: anybody writes it, the latest value is shown.
    pub fn shared(namespace: &str, name: &str) -> Key {
        Key { namespace: namespace.into(), name: name.into() }
    }

    /// Whether it is the cluster's.
    pub fn is_shared(&self) -> bool {
        !self.namespace.is_empty()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_shared() { write!(f, "{}/{}", self.namespace, self.name) } else { f.write_str(&self.name) }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What an owner says under a key, and when in its life.
#[doc(alias = "VersionedValue")]
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    /// What it says.
    pub value: Arc<str>,
    /// Its number in the owner's life; heartbeats and values share one counter.
    pub version: u64,
    /// Of a shared key: when it was written, to tell whose value is the latest.
    pub stamp: Option<Hlc>,
}

impl Value {
    /// The longest value that any configuration may allow: 800 bytes. With the longest key, lengths, version and stamp
    /// that is 800 + 128 + 4 + 7 + 8 = 947 bytes, and with a delta's header of 50 it fits into every packet.
    pub const MAX: usize = 800;

    /// Bytes of the layout, under this key.
    pub(crate) fn size(&self, key: &Key) -> usize {
        let text = |n: usize| varint_size(n as u64) + n;
        let stamp = if key.is_shared() { 8 } else { 0 };
        text(key.namespace.len()) + text(key.name.len()) + varint_size(self.version) + stamp + text(self.value.len())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}", self.value, self.version)?;
        self.stamp.iter().try_for_each(|stamp| write!(f, "@{stamp:?}"))
    }
}
