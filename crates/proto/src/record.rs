use crate::mix;
use crate::peer::PeerId;
use crate::wire::{Malformed, Reader, Wire, put_bytes, put_varint};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Tags of a node, sorted by key, keys unique.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// The most bytes that all keys and values may have together: 512, as in Serf.
    pub const MAX: usize = 512;

    /// The value of a tag.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|x| x.0 == key).map(|x| x.1.as_str())
    }

    /// All of them, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// Bytes of all keys and values.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(k, v)| k.len() + v.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    /// Later values win.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let map: std::collections::BTreeMap<String, String> = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Tags(map.into_iter().collect())
    }
}

/// Who and where a member is: immutable, shared, the same bytes on every node.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    name: Box<str>,
    session: u64,
    addresses: Addresses,
    tags: Option<Box<Tags>>,
    digest: u64,
}

/// Where a member is: nearly always one address, which needs no memory of its own.
#[derive(Clone, PartialEq, Eq)]
enum Addresses {
    One(SocketAddr),
    Many(Box<[SocketAddr]>),
}

static NO_TAGS: Tags = Tags(Vec::new());

/// The caller's mistake: no record can be made of this. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadRecord {
    /// A name is 1 to 128 bytes.
    Name(String),
    /// A member has 1 to 8 addresses.
    Addresses(usize),
    /// Tags have at most [`Tags::MAX`] bytes together.
    Tags(usize),
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadRecord::Name(name) => write!(f, "name {name:?} has {} bytes; give one of 1 to {}", name.len(), Record::MAX_NAME),
            BadRecord::Addresses(n) => write!(f, "{n} addresses; advertise 1 to {}", Record::MAX_ADDRESSES),
            BadRecord::Tags(n) => write!(f, "tags have {n} bytes together; shorten them to {}", Tags::MAX),
        }
    }
}

impl std::error::Error for BadRecord {}

impl Record {
    /// The longest name, in bytes of UTF-8.
    pub const MAX_NAME: usize = 128;
    /// The most addresses that a member advertises.
    pub const MAX_ADDRESSES: usize = 8;

    /// A record: name, the random number of this process start, addresses in order of preference, tags.
    ///
    /// # Errors
    /// [`BadRecord`] when one of them is out of its bounds.
    pub fn new(name: &str, session: u64, addresses: Vec<SocketAddr>, tags: Tags) -> Result<Record, BadRecord> {
        if name.is_empty() || name.len() > Record::MAX_NAME {
            return Err(BadRecord::Name(name.into()));
        }
        if addresses.is_empty() || addresses.len() > Record::MAX_ADDRESSES {
            return Err(BadRecord::Addresses(addresses.len()));
        }
        if tags.size() > Tags::MAX {
            return Err(BadRecord::Tags(tags.size()));
        }
        let addresses = match addresses[..] {
            [one] => Addresses::One(one),
            _ => Addresses::Many(addresses.into()),
        };
        let tags = (!tags.is_empty()).then(|| Box::new(tags));
        let mut record = Record { name: name.into(), session, addresses, tags, digest: 0 };
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        record.digest = bytes.chunks(8).fold(0, |h, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(h ^ u64::from_le_bytes(word)).wrapping_add(chunk.len() as u64)
        });
        Ok(record)
    }

    /// The same member with other tags.
    ///
    /// # Errors
    /// [`BadRecord::Tags`] if they are too long together.
    pub fn with_tags(&self, tags: Tags) -> Result<Record, BadRecord> {
        Record::new(&self.name, self.session, self.addresses().to_vec(), tags)
    }

    /// Its name, unique in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id that its name hashes to.
    pub fn id(&self) -> PeerId {
        PeerId::named(&self.name)
    }

    /// Which process it is: random at each start.
    pub fn session(&self) -> u64 {
        self.session
    }

    /// Where it is, in order of preference; never empty.
    pub fn addresses(&self) -> &[SocketAddr] {
        match &self.addresses {
            Addresses::One(address) => std::slice::from_ref(address),
            Addresses::Many(addresses) => addresses,
        }
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        self.tags.as_deref().unwrap_or(&NO_TAGS)
    }

    /// A hash of all of it; equal on every node.
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:x}@{}", self.name, self.session, self.addresses()[0])?;
        self.tags().iter().try_for_each(|(k, v)| write!(f, " {k}={v}"))
    }
}

const V6: u8 = 0x10;
const TAGS: u8 = 0x20;

/// ```text
/// flags 1 (low nibble: addresses; 0x10: some are IPv6; 0x20: tags follow) | name: len, bytes | session 8
/// | per address: [0x10: family 1 (4 or 6)] ip 4 or 16, port 2 | [0x20: count, then key and value, len and bytes each]
/// ```
impl Wire for Record {
    fn encode(&self, out: &mut Vec<u8>) {
        let v6 = self.addresses().iter().any(SocketAddr::is_ipv6);
        let tags = !self.tags().is_empty();
        out.push(self.addresses().len() as u8 | if v6 { V6 } else { 0 } | if tags { TAGS } else { 0 });
        put_bytes(out, self.name.as_bytes());
        out.extend_from_slice(&self.session.to_be_bytes());
        for address in self.addresses() {
            if v6 {
                out.push(if address.is_ipv6() { 6 } else { 4 });
            }
            match address.ip() {
                IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
                IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
            }
            out.extend_from_slice(&address.port().to_be_bytes());
        }
        if tags {
            put_varint(out, self.tags().0.len() as u64);
            for (key, value) in &self.tags().0 {
                put_bytes(out, key.as_bytes());
                put_bytes(out, value.as_bytes());
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Record, Malformed> {
        let flags = input.u8()?;
        if flags & !(V6 | TAGS | 0x0F) != 0 {
            return Err(Malformed("record with unknown flags"));
        }
        let name = input.text(Record::MAX_NAME)?;
        let session = input.u64()?;
        let addresses = (0..flags & 0x0F).map(|_| address(input, flags & V6 != 0)).collect::<Result<_, _>>()?;
        let mut tags = Tags::default();
        if flags & TAGS != 0 {
            // A pair takes at least two bytes, so the count is bounded by what is there; sizes are checked below.
            for _ in 0..input.varint()? {
                let pair = (input.text(Tags::MAX)?.to_owned(), input.text(Tags::MAX)?.to_owned());
                if tags.0.last().is_some_and(|last| last.0 >= pair.0) || tags.size() > Tags::MAX {
                    return Err(Malformed("tags unsorted or too long"));
                }
                tags.0.push(pair);
            }
            if tags.is_empty() {
                return Err(Malformed("tags announced but none there"));
            }
        }
        Record::new(name, session, addresses, tags).map_err(|_| Malformed("record out of its bounds"))
    }
}

fn address(input: &mut Reader<'_>, tagged: bool) -> Result<SocketAddr, Malformed> {
    let ip: IpAddr = match if tagged { input.u8()? } else { 4 } {
        4 => Ipv4Addr::from(input.array::<4>()?).into(),
        6 => Ipv6Addr::from(input.array::<16>()?).into(),
        _ => return Err(Malformed("unknown address family")),
    };
    Ok(SocketAddr::new(ip, input.u16()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(record: &Record) -> usize {
        let mut out = Vec::new();
        record.encode(&mut out);
        let mut input = Reader::new(&out);
        assert_eq!(Record::decode(&mut input).as_ref(), Ok(record));
        assert!(input.is_empty());
        for cut in 0..out.len() {
            assert!(Record::decode(&mut Reader::new(&out[..cut])).is_err(), "cut at {cut}");
        }
        out.len()
    }

    #[test]
    fn round_trips() {
        let v4: SocketAddr = "10.0.0.1:7946".parse().unwrap();
        let v6: SocketAddr = "[::1]:7946".parse().unwrap();
        let tags: Tags = [("role", "web"), ("dc", "eu")].into_iter().collect();
        assert_eq!(round_trip(&Record::new("node-001", 7, vec![v4], Tags::default()).unwrap()), 24);
        round_trip(&Record::new("é", u64::MAX, vec![v6, v4], tags).unwrap());
    }

    #[test]
    fn bounds_are_the_callers_error() {
        let at = vec!["10.0.0.1:1".parse().unwrap()];
        assert!(matches!(Record::new("", 1, at.clone(), Tags::default()), Err(BadRecord::Name(_))));
        let long: Tags = [("k", "v".repeat(512))].into_iter().collect();
        assert_eq!(Record::new("a", 1, at, long), Err(BadRecord::Tags(513)));
    }
}
