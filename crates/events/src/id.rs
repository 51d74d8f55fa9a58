use bruit_proto::{Malformed, PeerId, Reader, Wire, mix, put_varint, varint_size};
use std::fmt;
use std::str::FromStr;

/// Which event: who said it, and its number in a count that starts at a random number in each process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Who said it.
    pub origin: PeerId,
    /// Its number at its origin.
    pub serial: u32,
}

/// `origin.serial`, both in hexadecimal, as [`FromStr`] reads it.
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}", self.origin.0, self.serial)
    }
}

/// No event has this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event's id reads as 1f2e3d.4c5b6a")
    }
}

impl std::error::Error for BadId {}

impl FromStr for EventId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<EventId, BadId> {
        let (origin, serial) = text.split_once('.').ok_or(BadId)?;
        let origin = u64::from_str_radix(origin, 16).map(PeerId).map_err(|_| BadId)?;
        Ok(EventId { origin, serial: u32::from_str_radix(serial, 16).map_err(|_| BadId)? })
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{:x}", self.origin, self.serial)
    }
}

/// An event and its place in the order of all: Lamport time first, then origin and serial.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Lamport time.
    pub ltime: u64,
    /// Which event.
    pub id: EventId,
}

impl Stamp {
    /// Sixty-four bits that stand for it in digests.
    pub fn hash(&self) -> u64 {
        mix(self.id.origin.0 ^ mix(self.ltime ^ mix(u64::from(self.id.serial))))
    }

    /// Thirty-two bits that stand for it in one conversation: another `salt` separates what collided in the last.
    pub fn print(&self, salt: u32) -> u32 {
        (mix(self.hash() ^ u64::from(salt)) >> 32) as u32
    }
}

/// `ltime varint | origin 8 | serial 4`.
impl Wire for Stamp {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.ltime);
        out.extend_from_slice(&self.id.origin.0.to_be_bytes());
        out.extend_from_slice(&self.id.serial.to_be_bytes());
    }

    fn decode(input: &mut Reader<'_>) -> Result<Stamp, Malformed> {
        let ltime = input.varint()?;
        let origin = PeerId(input.u64()?);
        if origin == PeerId::NONE || origin.is_contact() {
            return Err(Malformed("an event's origin is no node"));
        }
        Ok(Stamp { ltime, id: EventId { origin, serial: input.u32()? } })
    }

    fn size(&self) -> usize {
        varint_size(self.ltime) + 12
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:?}", self.ltime, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = EventId { origin: PeerId::named("node-001"), serial: 0xDEAD_BEEF };
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string(), format!("{id:?}"));
        ["", "1", "1.", ".1", "1.2.3", "x.1", "1.123456789"]
            .iter()
            .for_each(|bad| assert_eq!(bad.parse::<EventId>(), Err(BadId)));
    }
}
