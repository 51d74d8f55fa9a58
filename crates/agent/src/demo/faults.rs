//! Who is cut off from whom.

use super::cluster::Slot;
use super::order::Way;
use bruit::Cut;

/// Cuts that were made. Two nodes are apart if one cut has the one inside and the other outside.
#[derive(Debug, Default)]
pub(super) struct Islands(Vec<(Vec<usize>, Way)>);

impl Islands {
    pub(super) fn add(&mut self, island: Vec<usize>, way: Way) {
        self.0.push((island, way));
    }

    /// Whether this one is in one.
    pub(super) fn hold(&self, i: usize) -> bool {
        self.0.iter().any(|(island, _)| island.contains(&i))
    }

    /// What is cut around node `i`. Both ends of a link are told, so that connections end, too.
    pub(super) fn around(&self, i: usize, slots: &[Slot]) -> Cut {
        let lost = |from: usize, to: usize| {
            self.0.iter().any(|(island, way)| match (island.contains(&from), island.contains(&to)) {
                (true, false) => *way != Way::In,
                (false, true) => *way != Way::Out,
                _ => false,
            })
        };
        let others = || (0..slots.len()).filter(|j| *j != i);
        let from: Vec<_> = others().filter(|j| lost(*j, i)).map(|j| slots[j].at).collect();
        let to: Vec<_> = others().filter(|j| lost(i, *j)).map(|j| slots[j].at).collect();
        if from.is_empty() && to.is_empty() { Cut::Nobody } else { Cut::OneWay { from, to } }
    }
}
