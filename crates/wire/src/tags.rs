//! Who owns which tag, the first byte of every message.
//!
//! Each protocol's own tags stand beside its messages; this table only keeps them apart. Tag 0 is nobody's, so that a
//! run of zero bytes is no message.

use std::ops::RangeInclusive;

/// Tags of a user's own protocols.
pub const USER: RangeInclusive<u8> = 128..=255;

/// The table: ranges in order, with the crate that owns each.
pub const OWNERS: [(RangeInclusive<u8>, &str); 14] = [
    (1..=31, "swim"),
    (32..=47, "events"),
    (48..=55, "history"),
    (56..=63, "state"),
    (64..=71, "rumor"),
    (72..=79, "antientropy"),
    (80..=87, "multicast"),
    (88..=95, "plumtree"),
    (96..=103, "hyparview"),
    (104..=107, "cyclon"),
    (108..=115, "aggregate"),
    (116..=119, "ring"),
    (120..=127, "kv"),
    (USER, "user"),
];

/// Whose message this is.
pub fn owner(tag: u8) -> Option<&'static str> {
    OWNERS.iter().find(|x| x.0.contains(&tag)).map(|x| x.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_do_not_overlap() {
        for (i, (range, name)) in OWNERS.iter().enumerate() {
            assert!(range.start() <= range.end() && *range.start() > 0, "{name}");
            let next = OWNERS.get(i + 1).map_or(256, |x| u16::from(*x.0.start()));
            assert!(u16::from(*range.end()) < next, "{name} reaches into the next range");
        }
    }

    #[test]
    fn every_tag_but_zero_has_one_owner() {
        assert_eq!(owner(0), None);
        assert!((1..=255).all(|tag| owner(tag).is_some()));
    }
}
