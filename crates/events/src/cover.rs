use crate::id::EventId;
use bruit_proto::{Duration, PeerId, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Members that coverage names, in bitmaps of at most 250 bytes; in larger clusters they are counted.
pub(crate) const MAX_NAMED: usize = 2_000;
/// The most ids in one report: 128 of 8 bytes, a packet's worth.
pub(crate) const MAX_IDS: usize = 128;
/// The most tree children whose counts are kept: a node tells an event to fewer than 16 at once or later.
const MAX_CHILDREN: usize = 64;
/// Unconfirmed reports to one receiver until another is tried: at 20 % loss a report and its confirmation fail together
/// with probability 0.36, four times in a row in 1.7 % of all cases.
const TRIES: u32 = 4;
/// Random peers that are tried before the origin itself: those far from it are many, and most others are nearer to it than
/// they; those near to it are few.
const DETOURS: u32 = 3;

/// Who has an event, as far as one node of its infection tree knows, and how much of that its parent knows.
///
/// Knowledge goes up the tree: to whom the event came from, after a delay that shrinks with depth, so that a node has mostly
/// heard its subtree when it speaks. A report is what the receiver has not confirmed yet; it is repeated until it has. When
/// the receiver is silent, another one takes it over that is *nearer* to the origin, in the order of (hop, id): no cycle can
/// swallow knowledge, and only few are near enough to turn to the origin itself.
#[derive(Debug)]
pub(crate) struct Cover {
    pub(crate) id: EventId,
    pub(crate) begun: Time,
    pub(crate) hop: u8,
    /// Who handed the event over; nobody at the origin.
    via: Option<PeerId>,
    pub(crate) known: Known,
    /// Whom reports go to now, and how many were in vain in a row.
    to: Option<PeerId>,
    tries: u32,
    detours: u32,
    /// What the receiver has confirmed, what is on its way to it, and under which number.
    confirmed: BTreeSet<PeerId>,
    flying: Option<Known>,
    pub(crate) seq: u32,
    confirmed_count: u32,
    /// The receiver's table is another: ranks mean nothing to it.
    pub(crate) spell: bool,
    /// Reports since the last that was confirmed.
    vain: u32,
    /// Nobody waits any more.
    pub(crate) over: bool,
    /// When to speak next.
    pub(crate) due: Time,
}

/// Who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// These, at most [`MAX_NAMED`].
    Named(BTreeSet<PeerId>),
    /// So many: this node, and what each child has said of its subtree.
    Counted { here: bool, children: BTreeMap<PeerId, u32> },
}

impl Known {
    pub(crate) fn count(&self) -> u32 {
        match self {
            Known::Named(named) => named.len() as u32,
            Known::Counted { here, children } => {
                children.values().fold(u32::from(*here), |sum, count| sum.saturating_add(*count))
            }
        }
    }
}

impl Cover {
    pub(crate) fn new(id: EventId, now: Time, hop: u8, via: Option<PeerId>, known: Known, wait: Duration) -> Cover {
        Cover {
            id,
            begun: now,
            hop,
            via,
            known,
            to: via,
            tries: 0,
            detours: 0,
            confirmed: BTreeSet::new(),
            flying: None,
            seq: 0,
            confirmed_count: 0,
            spell: false,
            vain: 0,
            over: false,
            due: now + wait,
        }
    }

    /// These have it; whether that is news, and whether there was room to note it.
    pub(crate) fn add(&mut self, ids: impl IntoIterator<Item = PeerId>) -> (bool, bool) {
        let Known::Named(named) = &mut self.known else { return (false, true) };
        let old = named.len();
        let mut fits = true;
        for id in ids {
            fits &= named.len() < MAX_NAMED || named.contains(&id);
            if fits {
                named.insert(id);
            }
        }
        (named.len() > old, fits)
    }

    /// So many in this child's subtree; whether that is more than before. The greatest count of a child holds: reports come
    /// in any order and again.
    pub(crate) fn add_count(&mut self, child: PeerId, count: u32) -> (bool, bool) {
        let Known::Counted { children, .. } = &mut self.known else { return (false, true) };
        if children.len() >= MAX_CHILDREN && !children.contains_key(&child) {
            return (false, false);
        }
        let old = children.entry(child).or_default();
        let more = count > *old;
        *old = count.max(*old);
        (more, true)
    }

    /// Whether the receiver lacks something; the origin has none.
    pub(crate) fn is_behind(&self) -> bool {
        self.via.is_some()
            && !self.over
            && match &self.known {
                Known::Named(named) => named.len() > self.confirmed.len(),
                known => known.count() > self.confirmed_count,
            }
    }

    /// What the receiver lacks, and who it is: the next receiver, if this one was silent too often.
    pub(crate) fn next(&mut self, random: impl FnOnce() -> Option<PeerId>) -> Option<(PeerId, Known)> {
        if !self.is_behind() {
            return None;
        }
        if self.tries >= TRIES {
            self.turn_away(random);
        }
        self.tries += 1;
        self.vain += 1;
        self.seq = self.seq.wrapping_add(1);
        Some((self.to?, self.pending()))
    }

    /// How long to wait for an answer: twice as long after each receiver that was silent.
    pub(crate) fn pause(&self, step: Duration) -> Duration {
        step * (1 << (self.vain / TRIES).min(5))
    }

    /// Nobody waits any more: nothing is kept but that.
    pub(crate) fn end(&mut self) {
        self.over = true;
        self.known = Known::Named(BTreeSet::new());
        self.confirmed.clear();
        self.flying = None;
    }

    fn pending(&self) -> Known {
        match &self.known {
            Known::Named(named) => Known::Named(named.difference(&self.confirmed).copied().collect()),
            counted => counted.clone(),
        }
    }

    /// Another receiver: random ones, then the origin, then the first again. A count has one receiver for good, or it would
    /// be counted twice.
    pub(crate) fn turn_away(&mut self, random: impl FnOnce() -> Option<PeerId>) {
        self.tries = 0;
        if matches!(self.known, Known::Counted { .. }) {
            return;
        }
        self.detours += 1;
        self.to = match self.detours {
            1..=DETOURS => random(),
            n if n == DETOURS + 1 => Some(self.id.origin),
            _ => {
                self.detours = 0;
                self.via
            }
        };
        self.confirmed.clear();
        self.flying = None;
        self.spell = false;
    }

    /// This is on its way.
    pub(crate) fn sent(&mut self, what: Known) {
        self.flying = Some(what);
    }

    /// The receiver has it; whether it was the one that is meant.
    pub(crate) fn confirm(&mut self, from: Option<PeerId>, seq: u32) -> bool {
        if !self.is_asked(from, seq) {
            return false;
        }
        self.tries = 0;
        self.vain = 0;
        match self.flying.take() {
            Some(Known::Named(ids)) => self.confirmed.extend(ids),
            Some(counted) => self.confirmed_count = self.confirmed_count.max(counted.count()),
            None => {}
        }
        true
    }

    /// Whether an answer is from whom the last report went to.
    pub(crate) fn is_asked(&self, from: Option<PeerId>, seq: u32) -> bool {
        from.is_some() && from == self.to && seq == self.seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: PeerId = PeerId(1);

    fn cover() -> Cover {
        let id = EventId { origin: ORIGIN, serial: 1 };
        let known = Known::Named([PeerId(5)].into());
        Cover::new(id, Time::ZERO, 3, Some(PeerId(2)), known, Duration::ZERO)
    }

    #[test]
    fn a_silent_receiver_is_left_for_random_ones_then_the_origin_then_the_first() {
        let mut cover = cover();
        let mut told = Vec::new();
        for _ in 0..24 {
            told.push(cover.next(|| Some(PeerId(9))).expect("it is behind").0.0);
        }
        told.dedup();
        assert_eq!(told, [2, 9, 1, 2]);
    }

    #[test]
    fn only_what_is_not_confirmed_is_said_and_only_the_receiver_confirms() {
        let mut cover = cover();
        let (to, what) = cover.next(|| None).expect("it is behind");
        cover.sent(what);
        assert!(!cover.confirm(Some(PeerId(3)), cover.seq) && !cover.confirm(Some(to), cover.seq + 1));
        assert!(cover.confirm(Some(to), cover.seq) && !cover.is_behind());
        assert_eq!(cover.add([PeerId(6), PeerId(5)]), (true, true));
        assert_eq!(cover.next(|| None), Some((to, Known::Named([PeerId(6)].into()))));
    }

    #[test]
    fn a_child_counts_once() {
        let mut cover = cover();
        cover.known = Known::Counted { here: true, children: BTreeMap::new() };
        for count in [3, 7, 3] {
            cover.add_count(PeerId(8), count);
        }
        assert_eq!(cover.known.count(), 8);
        let full = (0..100).map(|i| cover.add_count(PeerId(100 + i), 1)).filter(|added| !added.1).count();
        assert_eq!(full, 100 - (MAX_CHILDREN - 1));
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let mut cover = cover();
        assert_eq!(cover.add((0..5_000).map(PeerId)), (true, false));
        assert_eq!(cover.known.count() as usize, MAX_NAMED);
    }
}
