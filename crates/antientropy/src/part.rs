use bruit_kit::{Mark, Span};
use bruit_proto::{Malformed, Reader, Wire};

/// Into how many parts one is divided.
pub(crate) const FANOUT: usize = 16;
/// Divided so often, a part is a single place.
const DEEPEST: u8 = 16;

/// A part of the places: all whose first `4 x depth` bits are these. A node of the Merkle tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    depth: u8,
    /// The place at which it begins.
    first: u64,
}

impl Part {
    /// All places.
    pub const ALL: Part = Part { depth: 0, first: 0 };

    /// The sixteen that it is divided into, in order; none if it is a single place.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let depth = (self.depth + 1).min(DEEPEST);
        let parts = if self.is_single() { 0 } else { FANOUT as u64 };
        (0..parts).map(move |i| Part { depth, first: self.first | i << (64 - 4 * u32::from(depth)) })
    }

    /// Whether it cannot be divided.
    pub fn is_single(self) -> bool {
        self.depth == DEEPEST
    }

    /// The piece of the order of places that it is.
    pub fn span(self) -> Span {
        let width = 1u64.checked_shl(64 - 4 * u32::from(self.depth)).unwrap_or(0);
        // The end of the last one is that of all places, which is the edge.
        Span { from: Mark(self.first, 0), upto: Mark(self.first.wrapping_add(width), 0) }
    }

    /// The bytes that its first place begins with.
    fn bytes(depth: u8) -> usize {
        usize::from(depth).div_ceil(2)
    }
}

impl Wire for Part {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.depth);
        out.extend(&self.first.to_be_bytes()[..Part::bytes(self.depth)]);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let depth = input.u8()?;
        if depth > DEEPEST {
            return Err(Malformed("a part of a place"));
        }
        let mut first = [0; 8];
        let given = input.take(Part::bytes(depth))?;
        first[..given.len()].copy_from_slice(given);
        let first = u64::from_be_bytes(first);
        let part = Part { depth, first };
        let rest = u64::MAX.checked_shr(4 * u32::from(depth)).unwrap_or(0);
        if first & rest == 0 { Ok(part) } else { Err(Malformed("a part that begins within another")) }
    }

    fn size(&self) -> usize {
        1 + Part::bytes(self.depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_side_by_side_and_fill_the_whole() {
        let mut part = Part::ALL;
        assert_eq!(part.span(), Span::ALL);
        for depth in 0..16usize {
            let parts: Vec<Part> = part.parts().collect();
            assert_eq!((parts[0].span().from, parts[15].span().upto), (part.span().from, part.span().upto));
            assert!(parts.windows(2).all(|two| two[0].span().upto == two[1].span().from));
            part = parts[(7 * depth + 3) % 16];
            let mut bytes = Vec::new();
            part.encode(&mut bytes);
            assert_eq!((bytes.len(), Part::decode(&mut Reader::new(&bytes))), (part.size(), Ok(part)));
        }
        assert!(part.is_single() && part.parts().next().is_none());
        assert_eq!(part.span().upto.0, part.span().from.0 + 1);
    }

    #[test]
    fn a_part_that_is_none_is_refused() {
        assert!(Part::decode(&mut Reader::new(&[17, 0, 0, 0, 0, 0, 0, 0, 0])).is_err());
        assert!(Part::decode(&mut Reader::new(&[1, 0x11])).is_err());
        assert!(Part::decode(&mut Reader::new(&[1, 0x10])).is_ok());
    }
}
