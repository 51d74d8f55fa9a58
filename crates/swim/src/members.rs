use crate::member::{Member, Status};
use bruit_proto::{PeerId, Record, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The table of members, self in slot 0.
///
/// A slot keeps its number as long as its member is known, so a lap of probes over slot numbers meets everyone.
pub(crate) struct Members {
    slots: Vec<Option<Member>>,
    free: Vec<u32>,
    index: BTreeMap<PeerId, u32>,
    /// Live others, in no order, for picking.
    live: Vec<PeerId>,
    /// Sum of the live members' hashes, self included.
    digest: u64,
    gone: usize,
}

const NOWHERE: u32 = u32::MAX;

impl Members {
    /// Self alone.
    pub(crate) fn new(record: Arc<Record>) -> Members {
        let mut members =
            Members { slots: Vec::new(), free: Vec::new(), index: BTreeMap::new(), live: Vec::new(), digest: 0, gone: 0 };
        members.insert(record, 0, Status::Alive, Time::ZERO);
        members
    }

    pub(crate) fn me(&self) -> &Member {
        self.slots[0].as_ref().expect("self is in slot 0")
    }

    pub(crate) fn get(&self, id: PeerId) -> Option<&Member> {
        self.slots[*self.index.get(&id)? as usize].as_ref()
    }

    /// How many slots a lap of probes has to visit.
    pub(crate) fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    pub(crate) fn slot(&self, i: u32) -> Option<&Member> {
        self.slots.get(i as usize)?.as_ref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.slots.iter().flatten()
    }

    /// Live others.
    pub(crate) fn live(&self) -> &[PeerId] {
        &self.live
    }

    /// Live members, self included while it has not left: the n of every formula.
    pub(crate) fn count(&self) -> u32 {
        self.live.len() as u32 + u32::from(self.me().is_live())
    }

    /// Dead and left ones, tombstones included.
    pub(crate) fn gone(&self) -> usize {
        self.gone
    }

    /// Equal for equal live views, on every node.
    pub(crate) fn digest(&self) -> u32 {
        (self.digest ^ self.digest >> 32) as u32
    }

    /// A member that was not known.
    pub(crate) fn insert(&mut self, record: Arc<Record>, incarnation: u64, status: Status, now: Time) {
        let id = record.id();
        let member = Member { record, incarnation, status, since: now, heard: now, intent: 0, pruned: false, id, place: NOWHERE };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        let old = self.index.insert(id, slot);
        assert!(old.is_none(), "{id:?} is in the table already");
        self.slots[slot as usize] = Some(member);
        self.count_in(slot);
    }

    /// Changes a member; the digest and the list of live peers follow.
    pub(crate) fn update(&mut self, id: PeerId, change: impl FnOnce(&mut Member)) {
        let Some(slot) = self.index.get(&id).copied() else { return };
        self.count_out(slot);
        change(self.slots[slot as usize].as_mut().expect("indexed slots are taken"));
        self.count_in(slot);
    }

    /// Notes that there was word of this member; costs no more than finding it.
    pub(crate) fn touch(&mut self, id: PeerId, now: Time) {
        if let Some(slot) = self.index.get(&id) {
            self.slots[*slot as usize].as_mut().expect("indexed slots are taken").heard = now;
        }
    }

    /// Forgets a member; its slot waits for another.
    pub(crate) fn remove(&mut self, id: PeerId) -> Option<Member> {
        let slot = self.index.remove(&id)?;
        self.count_out(slot);
        self.free.push(slot);
        self.slots[slot as usize].take()
    }

    /// The first live other after `id` on the ring of ids.
    pub(crate) fn next(&self, id: PeerId) -> Option<PeerId> {
        use std::ops::Bound::{Excluded, Unbounded};
        let after = self.index.range((Excluded(id), Unbounded));
        after.chain(self.index.range(..=id)).map(|(id, slot)| (*id, *slot)).find(|(_, s)| self.is_live_other(*s)).map(|x| x.0)
    }

    /// The last live other before `id` on the ring of ids.
    pub(crate) fn previous(&self, id: PeerId) -> Option<PeerId> {
        let before = self.index.range(..id).rev();
        before
            .chain(self.index.range(id..).rev())
            .map(|(id, slot)| (*id, *slot))
            .find(|(_, s)| self.is_live_other(*s))
            .map(|x| x.0)
    }

    fn is_live_other(&self, slot: u32) -> bool {
        slot != 0 && self.slots[slot as usize].as_ref().is_some_and(Member::is_live)
    }

    fn count_in(&mut self, slot: u32) {
        let member = self.slots[slot as usize].as_mut().expect("the slot is taken");
        self.digest = self.digest.wrapping_add(member.hash());
        if !member.is_live() {
            self.gone += 1;
        } else if slot != 0 {
            member.place = self.live.len() as u32;
            self.live.push(member.id);
        }
    }

    fn count_out(&mut self, slot: u32) {
        let member = self.slots[slot as usize].as_mut().expect("the slot is taken");
        self.digest = self.digest.wrapping_sub(member.hash());
        if !member.is_live() {
            self.gone -= 1;
            return;
        }
        let place = std::mem::replace(&mut member.place, NOWHERE);
        if place != NOWHERE {
            self.live.swap_remove(place as usize);
            if let Some(moved) = self.live.get(place as usize) {
                let slot = self.index[moved];
                self.slots[slot as usize].as_mut().expect("indexed slots are taken").place = place;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Tags;

    fn record(name: &str) -> Arc<Record> {
        Arc::new(Record::new(name, 1, vec!["10.0.0.1:7946".parse().unwrap()], Tags::default()).unwrap())
    }

    #[test]
    fn digest_and_live_list_follow_every_change() {
        let mut a = Members::new(record("me"));
        let mut b = Members::new(record("me"));
        for i in 0..20 {
            a.insert(record(&format!("n{i}")), i, Status::Alive, Time::ZERO);
        }
        for i in (0..20).rev() {
            b.insert(record(&format!("n{i}")), i, Status::Alive, Time(5));
        }
        assert_eq!(a.digest(), b.digest());
        let third = record("n3").id();
        a.update(third, |m| m.status = Status::Suspect);
        assert_eq!(a.digest(), b.digest(), "suspicion passes");
        a.update(third, |m| m.status = Status::Dead);
        assert_ne!(a.digest(), b.digest());
        assert!(a.live().len() == 19 && !a.live().contains(&third) && a.gone() == 1);
        a.remove(third);
        b.remove(third);
        assert_eq!((a.digest(), a.gone()), (b.digest(), 0));
        for id in a.live() {
            assert_eq!(a.live()[a.get(*id).unwrap().place as usize], *id);
        }
    }

    #[test]
    fn the_ring_goes_round_and_skips_the_gone() {
        let mut m = Members::new(record("me"));
        (0..9).for_each(|i| m.insert(record(&format!("n{i}")), 0, Status::Alive, Time::ZERO));
        m.update(record("n4").id(), |m| m.status = Status::Left);
        let me = m.me().id();
        let mut ids: Vec<_> = m.live().to_vec();
        ids.sort();
        let mut at = me;
        let mut met: Vec<_> = (0..8)
            .map(|_| {
                at = m.next(at).unwrap();
                at
            })
            .collect();
        assert_eq!(m.previous(met[0]), Some(met[7]));
        met.sort();
        assert_eq!(met, ids);
    }
}
