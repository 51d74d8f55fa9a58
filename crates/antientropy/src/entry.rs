use bruit_kit::{Hlc, Version};
use bruit_proto::{Malformed, PeerId, Reader, Wire, put_varint, varint_size};
use std::fmt::Debug;
use std::sync::Arc;

/// Names an item of a [`Database`](crate::Database): short enough that a list of some fits a packet.
pub trait Key: Copy + Ord + Debug + Wire {
    /// Its place among all: 64 random bits, the same at all nodes. [`bruit_proto::mix`] of a hash will do.
    fn place(self) -> u64;
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<V> {
    /// A value.
    Value(V),
    /// A death certificate: the item is deleted (Demers et al. 1987, section 2). These nodes keep it when others forget it.
    Deleted(Arc<[PeerId]>),
}

/// An item of a [`Database`](crate::Database).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<K, V> {
    /// Which item, and when it was written.
    pub version: Version<K>,
    /// What it is.
    pub body: Body<V>,
}

impl<K, V> Entry<K, V> {
    /// The most retention sites of a certificate; more than a dozen make it no safer.
    pub const SITES: usize = 16;

    /// A value written at this time.
    pub fn value(key: K, at: Hlc, value: V) -> Self {
        Entry { version: Version::new(key, at), body: Body::Value(value) }
    }

    /// A death certificate written at this time. The first [`SITES`](Entry::SITES) of these nodes are its retention sites: a
    /// few chosen at random, of which all must be lost for the item to come back.
    pub fn deleted(key: K, at: Hlc, sites: &[PeerId]) -> Self {
        let sites = &sites[..sites.len().min(Entry::<K, V>::SITES)];
        Entry { version: Version::new(key, at), body: Body::Deleted(sites.into()) }
    }

    /// Whether it is a death certificate.
    pub fn is_deleted(&self) -> bool {
        matches!(self.body, Body::Deleted(_))
    }
}

const VALUE: u8 = 0;

/// The version; then zero and the value, or one more than the number of retention sites and eight bytes for each.
impl<K: Wire, V: Wire> Wire for Entry<K, V> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.version.encode(out);
        match &self.body {
            Body::Value(value) => {
                out.push(VALUE);
                value.encode(out);
            }
            Body::Deleted(sites) => {
                put_varint(out, sites.len() as u64 + 1);
                sites.iter().for_each(|site| out.extend(site.0.to_be_bytes()));
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let version = Version::decode(input)?;
        let body = match input.u8()? {
            VALUE => Body::Value(V::decode(input)?),
            sites if usize::from(sites) <= Entry::<K, V>::SITES + 1 => {
                Body::Deleted((1..sites).map(|_| input.u64().map(PeerId)).collect::<Result<_, _>>()?)
            }
            _ => return Err(Malformed("too many retention sites")),
        };
        Ok(Entry { version, body })
    }

    fn size(&self) -> usize {
        self.version.size()
            + match &self.body {
                Body::Value(value) => 1 + value.size(),
                Body::Deleted(sites) => varint_size(sites.len() as u64 + 1) + 8 * sites.len(),
            }
    }
}
