//! Sets of members as bitmaps: a bit is a place in the table of all.

use bruit_proto::{PeerId, Peers, mix};
use std::collections::BTreeSet;

/// The members in the order of their ids, this node among them: a bit of a bitmap is a place in it.
pub(crate) fn view(peers: &dyn Peers, me: PeerId) -> Vec<PeerId> {
    let mut all: Vec<PeerId> = (0..peers.len()).map(|i| peers.get(i)).chain([me]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What two nodes compare before they read each other's bitmaps.
pub(crate) fn view_digest(view: &[PeerId]) -> u32 {
    (view.iter().fold(view.len() as u64, |sum, id| mix(sum ^ id.0)) >> 32) as u32
}

/// The bitmap of those of `ids` that are in `view`.
pub(crate) fn to_bits(view: &[PeerId], ids: &BTreeSet<PeerId>) -> Vec<u8> {
    let mut bits = vec![0; view.len().div_ceil(8)];
    for (rank, _) in view.iter().enumerate().filter(|(_, id)| ids.contains(id)) {
        bits[rank / 8] |= 1 << (rank % 8);
    }
    bits
}

/// Those whose bits are set; nothing of a bitmap of another length.
pub(crate) fn of_bits(view: &[PeerId], bits: &[u8]) -> Option<BTreeSet<PeerId>> {
    let is_set = |rank: usize| bits[rank / 8] & 1 << (rank % 8) != 0;
    (bits.len() == view.len().div_ceil(8))
        .then(|| view.iter().enumerate().filter(|(rank, _)| is_set(*rank)).map(|(_, id)| *id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Upto;

    #[test]
    fn bitmaps_are_read_in_the_same_view_alone() {
        let all = view(&Upto { n: 20, me: PeerId(7) }, PeerId(7));
        let some: BTreeSet<PeerId> = [1, 7, 8, 20].map(PeerId).into();
        assert_eq!(of_bits(&all, &to_bits(&all, &some)), Some(some.clone()));
        assert_eq!(of_bits(&all[..9], &to_bits(&all, &some)), None);
        assert_ne!(view_digest(&all), view_digest(&all[1..]));
    }
}
