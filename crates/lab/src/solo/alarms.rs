//! When each node is to wake: one alarm a node. Moving it leaves nothing behind, so nobody is woken for nothing.
//!
//! A hashed timing wheel (Varghese, Lauck 1987, "Hashed and hierarchical timing wheels", scheme 6). The alarms of a slot
//! are a list that runs through the nodes' own links; what lies further ahead than the wheel is round waits for its lap.

/// Slots: at half a millisecond each one second, the period of most protocols.
const SLOTS: u64 = 1 << 11;
const NONE: u32 = u32::MAX;

pub(super) struct Alarms {
    width: u64,
    /// The first alarm of each slot.
    heads: Vec<u32>,
    alarms: Vec<Alarm>,
}

#[derive(Clone, Copy)]
struct Alarm {
    /// When, in microseconds; `u64::MAX` if never.
    at: u64,
    /// Its neighbours in its slot.
    next: u32,
    previous: u32,
}

impl Alarms {
    /// For `nodes`, none of them set; buckets of `width` microseconds.
    pub(super) fn new(nodes: usize, width: u64) -> Alarms {
        let never = Alarm { at: u64::MAX, next: NONE, previous: NONE };
        Alarms { width, heads: vec![NONE; SLOTS as usize], alarms: vec![never; nodes] }
    }

    /// Sets the alarm of a node, moves it, or with `u64::MAX` takes it back.
    pub(super) fn set(&mut self, node: u32, at: u64) {
        if self.alarms[node as usize].at == at {
            return;
        }
        self.unlink(node);
        self.alarms[node as usize].at = at;
        if at != u64::MAX {
            self.link(node);
        }
    }

    /// Adds to `due` the nodes whose alarms lie in the bucket that begins at `start`, and takes those alarms back.
    pub(super) fn take(&mut self, start: u64, due: &mut Vec<u32>) {
        let mut node = self.heads[self.slot(start)];
        while node != NONE {
            let Alarm { at, next, .. } = self.alarms[node as usize];
            if at < start + self.width {
                due.push(node);
                self.set(node, u64::MAX);
            }
            node = next;
        }
    }

    fn link(&mut self, node: u32) {
        let slot = self.slot(self.alarms[node as usize].at);
        let next = std::mem::replace(&mut self.heads[slot], node);
        if next != NONE {
            self.alarms[next as usize].previous = node;
        }
        let alarm = &mut self.alarms[node as usize];
        (alarm.next, alarm.previous) = (next, NONE);
    }

    fn unlink(&mut self, node: u32) {
        let Alarm { at, next, previous } = self.alarms[node as usize];
        if at == u64::MAX {
            return;
        }
        if next != NONE {
            self.alarms[next as usize].previous = previous;
        }
        if previous == NONE {
            let slot = self.slot(at);
            self.heads[slot] = next;
        } else {
            self.alarms[previous as usize].next = next;
        }
    }

    fn slot(&self, at: u64) -> usize {
        (at / self.width % SLOTS) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Rng;

    /// However alarms are set, moved and taken back, each bucket gives those that lie in it, laps ahead or not.
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
            for (node, at) in (0..).zip(&mut model).filter(|(_, at)| **at < start + width) {
                expected.push(node);
                *at = u64::MAX;
            }
            due.sort_unstable();
            assert_eq!(due, expected, "at {start}");
        }
    }
}
