//! When each node is to wake. Moving an alarm leaves its old entry behind, which then finds nothing to wake for: to unlink it
//! would touch its neighbours, nodes far away in memory.
//!
//! A hashed timing wheel (Varghese, Lauck 1987, "Hashed and hierarchical timing wheels", scheme 6): what lies further ahead
//! than the wheel is round waits for its lap.

/// Slots: at half a millisecond each one second, the period of most protocols.
const SLOTS: usize = 1 << 11;
const NONE: u32 = u32::MAX;

pub(super) struct Alarms {
    width: u64,
    /// The nodes of each slot.
    slots: Vec<Vec<u32>>,
    /// In which bucket each node is looked at next.
    next: Vec<u32>,
    /// Memory of slots that were taken, for those that are set next.
    spare: Vec<Vec<u32>>,
}

impl Alarms {
    /// For `nodes`, none of them set; buckets of `width` microseconds.
    pub(super) fn new(nodes: usize, width: u64) -> Alarms {
        Alarms { width, slots: vec![Vec::new(); SLOTS], next: vec![NONE; nodes], spare: Vec::new() }
    }

    /// Sees to it that a node is looked at in the bucket of `at`, or before.
    pub(super) fn set(&mut self, node: u32, at: u64) {
        let bucket = u32::try_from(at / self.width).unwrap_or(NONE);
        let next = &mut self.next[node as usize];
        if bucket < *next {
            *next = bucket;
            self.put(bucket as usize % SLOTS, node);
        }
    }

    fn put(&mut self, slot: usize, node: u32) {
        let slot = &mut self.slots[slot];
        if slot.capacity() == 0 {
            *slot = self.spare.pop().unwrap_or_default();
        }
        slot.push(node);
    }

    /// Adds to `due` the nodes that are to be looked at in the bucket that begins at `start`; whoever has nothing to do there
    /// is to be set anew.
    pub(super) fn take(&mut self, start: u64, due: &mut Vec<u32>) {
        let bucket = u32::try_from(start / self.width).unwrap_or(NONE);
        let slot = bucket as usize % SLOTS;
        let mut taken = std::mem::take(&mut self.slots[slot]);
        for node in taken.drain(..) {
            let next = &mut self.next[node as usize];
            if *next == bucket {
                *next = NONE;
                due.push(node);
            } else if *next != NONE && *next as usize % SLOTS == slot {
                self.put(slot, node);
            }
        }
        if taken.capacity() > 0 {
            self.spare.push(taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;

    /// However alarms are set, moved and taken back, each bucket gives those that lie in it, laps ahead or not, once.
    #[test]
    fn agrees_with_a_list() {
        let (mut alarms, mut rng, width) = (Alarms::new(40, 500), Rng::seeded(3), 500);
        let mut model = [u64::MAX; 40];
        for start in (0..20_000).map(|bucket| bucket * width) {
            for _ in 0..rng.below(4) {
                let node = rng.below(40);
                let reach = [1_000, 100_000, 5_000_000][rng.below(3) as usize];
                let at = if rng.chance(200_000) { u64::MAX } else { start + u64::from(rng.below(reach)) };
                model[node as usize] = at;
                alarms.set(node, at);
            }
            let (mut due, mut expected) = (Vec::new(), Vec::new());
            alarms.take(start, &mut due);
            for node in &due {
                if model[*node as usize] >= start + width {
                    alarms.set(*node, model[*node as usize]);
                }
            }
            due.retain(|node| model[*node as usize] < start + width);
            for (node, at) in (0..).zip(&mut model).filter(|(_, at)| **at < start + width) {
                expected.push(node);
                *at = u64::MAX;
            }
            due.sort_unstable();
            assert_eq!(due, expected, "at {start}");
        }
    }
}
