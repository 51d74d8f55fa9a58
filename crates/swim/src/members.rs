use crate::member::{Member, Status};
use bruit_kit::Roster;
use bruit_proto::{PeerId, Record, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view that many nodes begin with and share, everyone alive in it. Empty in production; the lab's large clusters
/// would hold N x N members without.
#[derive(Default)]
pub struct Base {
    roster: Arc<Roster>,
    /// In its order.
    members: Vec<Member>,
    digest: u64,
}

impl Base {
    /// Everyone alive at incarnation 1; of two records of one name the first.
    pub fn new(records: impl IntoIterator<Item = Arc<Record>>) -> Base {
        let mut members: Vec<Member> = records.into_iter().map(|r| Member::new(r, 1, Status::Alive, Time::ZERO)).collect();
        members.sort_by_key(Member::id);
        members.dedup_by_key(|m| m.id);
        let digest = members.iter().fold(0, |sum: u64, m| sum.wrapping_add(m.hash()));
        Base { roster: Arc::new(Roster::new(members.iter().map(Member::id))), members, digest }
    }

    /// Who is in it.
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }
}

/// The table of members: what is shared, and what this node knows otherwise.
pub(crate) struct Members {
    base: Arc<Base>,
    /// Self's place in the base.
    my_place: u32,
    /// Nothing while the base is all that there is to know, self included.
    own: Option<Box<Own>>,
}

/// Members that differ from the base, or are not in it.
struct Own {
    me: Member,
    /// Sum of the live members' hashes, self and the base included.
    digest: u64,
    slots: Vec<Option<Member>>,
    free: Vec<u32>,
    index: BTreeMap<PeerId, u32>,
    /// Live ones, in no order, for picking.
    live: Vec<PeerId>,
    /// The gone, by id.
    gone: BTreeMap<PeerId, u32>,
    /// Places in the base that own slots stand for, sorted.
    hidden: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Members {
    /// Self and the base.
    pub(crate) fn new(base: Arc<Base>, record: Arc<Record>) -> Members {
        if let Some(place) = base.roster.place(record.id()) {
            return Members { base, my_place: place as u32, own: None };
        }
        let me = Member::new(record, 0, Status::Alive, Time::ZERO);
        let digest = base.digest.wrapping_add(me.hash());
        Members { base, my_place: NOWHERE, own: Some(Box::new(Own::new(me, digest, Vec::new()))) }
    }

    fn own(&mut self) -> &mut Own {
        let (base, place) = (&self.base, self.my_place);
        self.own.get_or_insert_with(|| Box::new(Own::new(base.members[place as usize].clone(), base.digest, vec![place])))
    }

    pub(crate) fn me(&self) -> &Member {
        self.own.as_ref().map_or_else(|| &self.base.members[self.my_place as usize], |own| &own.me)
    }

    pub(crate) fn get(&self, id: PeerId) -> Option<&Member> {
        let own = self.own.as_ref().and_then(|own| own.get(id));
        own.or_else(|| Some(&self.base.members[self.base.roster.place(id)?]))
    }

    /// What is believed of a member. Whoever is in the base is not looked at for it: it is alive there.
    pub(crate) fn status(&self, id: PeerId) -> Option<Status> {
        let own = self.own.as_ref().and_then(|own| own.get(id));
        own.map(|m| m.status).or_else(|| self.base.roster.place(id).map(|_| Status::Alive))
    }

    /// How many members the table holds.
    pub(crate) fn len(&self) -> usize {
        let base = self.base.roster.len();
        self.own.as_ref().map_or(base, |own| 1 + own.index.len() + base - own.hidden.len())
    }

    /// The live other that stands `k` places after the next one to self on the ring of ids, for `k` below
    /// [`live_count`](Members::live_count): another one for each `k`.
    ///
    /// Where a base is shared, its places come first, and those of the gone stand for their successors.
    pub(crate) fn nth_after_me(&self, k: u32) -> PeerId {
        let base = self.base.roster.len() as u32;
        if base == 0 {
            let own = self.own.as_ref().expect("somebody else is live");
            return own.round(own.me.id).filter(|p| !own.gone.contains_key(p)).nth(k as usize).expect("k is below their number");
        }
        let others = base - u32::from(self.my_place != NOWHERE);
        if k >= others {
            let own = self.own.iter().flat_map(|own| &own.live);
            let new = own.filter(|p| self.base.roster.place(**p).is_none()).nth((k - others) as usize);
            return *new.expect("what the base has not is live");
        }
        let start = if self.my_place == NOWHERE { 0 } else { self.my_place + 1 };
        let place = (start + k) % base;
        let id = self.base.roster.id(place as usize);
        let own = self.own.as_ref().and_then(|own| own.get(id));
        let gone = self.is_hidden(place) && !own.is_some_and(Member::is_live);
        if gone { self.next(id).unwrap_or(id) } else { id }
    }

    /// Self first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        let base = self.base.members.iter().zip(0..).filter(|(_, place)| !self.is_hidden(*place)).map(|x| x.0);
        let own = self.own.iter().flat_map(|own| own.slots.iter().flatten());
        std::iter::once(self.me()).chain(base).chain(own)
    }

    /// Live others.
    pub(crate) fn live_count(&self) -> u32 {
        let base = self.base.roster.len();
        let others = match &self.own {
            Some(own) => base - own.hidden.len() + own.live.len(),
            None => base - 1,
        };
        others as u32
    }

    /// The `i`-th live other, in no order.
    pub(crate) fn live_at(&self, i: u32) -> PeerId {
        let Some(own) = &self.own else { return self.base.roster.id(i as usize + usize::from(i >= self.my_place)) };
        let shown = (self.base.roster.len() - own.hidden.len()) as u32;
        if i >= shown {
            return own.live[(i - shown) as usize];
        }
        // The place that has `i` shown places before it: hidden[k] - k of them lie before hidden[k].
        let (mut low, mut high) = (0, own.hidden.len());
        while low < high {
            let k = (low + high) / 2;
            if own.hidden[k] - k as u32 <= i { low = k + 1 } else { high = k }
        }
        self.base.roster.id(i as usize + low)
    }

    /// Live members, self included while it has not left: the n of every formula.
    pub(crate) fn count(&self) -> u32 {
        self.live_count() + u32::from(self.me().is_live())
    }

    /// Dead and left others, tombstones included, by id.
    pub(crate) fn gone_ones(&self) -> impl Iterator<Item = &Member> {
        self.own.iter().flat_map(|own| own.gone.values().filter_map(|slot| own.slots[*slot as usize].as_ref()))
    }

    /// How many they are.
    pub(crate) fn gone(&self) -> usize {
        self.own.as_ref().map_or(0, |own| own.gone.len())
    }

    /// Equal for equal live views, on every node.
    pub(crate) fn digest(&self) -> u32 {
        let digest = self.own.as_ref().map_or(self.base.digest, |own| own.digest);
        (digest ^ digest >> 32) as u32
    }

    /// A member that was not known.
    pub(crate) fn insert(&mut self, record: Arc<Record>, incarnation: u64, status: Status, now: Time) {
        assert!(self.get(record.id()).is_none(), "{record:?} is in the table already");
        self.own().take_in(Member::new(record, incarnation, status, now));
    }

    /// Changes a member; the digest and the list of live peers follow.
    pub(crate) fn update(&mut self, id: PeerId, change: impl FnOnce(&mut Member)) {
        let own = self.own();
        if id == own.me.id {
            own.digest = own.digest.wrapping_sub(own.me.hash());
            change(&mut own.me);
            own.digest = own.digest.wrapping_add(own.me.hash());
        } else if let Some(mut member) = self.take_out(id) {
            change(&mut member);
            self.own().take_in(member);
        }
    }

    /// Notes that there was word of this member; one in the base needs no note.
    pub(crate) fn touch(&mut self, id: PeerId, now: Time) {
        if let Some(own) = &mut self.own
            && let Some(slot) = own.index.get(&id)
        {
            own.slots[*slot as usize].as_mut().expect("indexed slots are taken").heard = now;
        }
    }

    /// Forgets a member; its slot waits for another.
    pub(crate) fn remove(&mut self, id: PeerId) {
        self.take_out(id);
    }

    /// Takes a member out of its own slot, or hides its place in the base; the digest follows.
    fn take_out(&mut self, id: PeerId) -> Option<Member> {
        let own = self.own();
        if let Some(slot) = own.index.get(&id).copied() {
            return Some(own.take_out(slot));
        }
        let place = self.base.roster.place(id)?;
        let member = self.base.members[place].clone();
        self.own().hide(place as u32, member.hash()).then_some(member)
    }

    /// The first live other after `id` on the ring of ids.
    pub(crate) fn next(&self, id: PeerId) -> Option<PeerId> {
        let places = self.base.roster.upto(id);
        let around = (places..self.base.roster.len()).chain(0..places);
        let base = around.filter(|p| !self.is_hidden(*p as u32)).map(|p| self.base.roster.id(p)).next();
        let own = self.own.as_ref().and_then(|own| own.next(id));
        // Distance upwards from just above `id`, going round.
        [base, own].into_iter().flatten().min_by_key(|p| p.0.wrapping_sub(id.0).wrapping_sub(1))
    }

    /// The last live other before `id` on the ring of ids.
    pub(crate) fn previous(&self, id: PeerId) -> Option<PeerId> {
        let places = self.base.roster.before(id);
        let around = (0..places).rev().chain((places..self.base.roster.len()).rev());
        let base = around.filter(|p| !self.is_hidden(*p as u32)).map(|p| self.base.roster.id(p)).next();
        let own = self.own.as_ref().and_then(|own| own.previous(id));
        [base, own].into_iter().flatten().min_by_key(|p| id.0.wrapping_sub(p.0).wrapping_sub(1))
    }

    fn is_hidden(&self, place: u32) -> bool {
        match &self.own {
            Some(own) => own.hidden.binary_search(&place).is_ok(),
            None => place == self.my_place,
        }
    }
}

impl Own {
    fn new(me: Member, digest: u64, hidden: Vec<u32>) -> Own {
        let (index, gone) = (BTreeMap::new(), BTreeMap::new());
        Own { me, digest, slots: Vec::new(), free: Vec::new(), index, live: Vec::new(), gone, hidden }
    }

    fn get(&self, id: PeerId) -> Option<&Member> {
        if id == self.me.id { Some(&self.me) } else { self.slots[*self.index.get(&id)? as usize].as_ref() }
    }

    /// Puts a member into a free slot; the digest follows.
    fn take_in(&mut self, mut member: Member) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        let id = member.id;
        self.digest = self.digest.wrapping_add(member.hash());
        if member.is_live() {
            member.place = self.live.len() as u32;
            self.live.push(id);
        } else {
            self.gone.insert(id, slot);
        }
        self.index.insert(id, slot);
        self.slots[slot as usize] = Some(member);
    }

    fn take_out(&mut self, slot: u32) -> Member {
        let mut member = self.slots[slot as usize].take().expect("the slot is taken");
        self.free.push(slot);
        self.digest = self.digest.wrapping_sub(member.hash());
        self.index.remove(&member.id);
        self.gone.remove(&member.id);
        let place = std::mem::replace(&mut member.place, NOWHERE);
        if place != NOWHERE {
            self.live.swap_remove(place as usize);
            if let Some(moved) = self.live.get(place as usize) {
                let slot = self.index[moved];
                self.slots[slot as usize].as_mut().expect("indexed slots are taken").place = place;
            }
        }
        member
    }

    /// Hides a place in the base, whose member adds `hash` to the digest; whether it was shown.
    fn hide(&mut self, place: u32, hash: u64) -> bool {
        let Err(at) = self.hidden.binary_search(&place) else { return false };
        self.hidden.insert(at, place);
        self.digest = self.digest.wrapping_sub(hash);
        true
    }

    /// All, once round the ring of ids from `id`.
    fn round(&self, id: PeerId) -> impl Iterator<Item = PeerId> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.index.range((Excluded(id), Unbounded)).chain(self.index.range(..=id)).map(|x| *x.0)
    }

    fn next(&self, id: PeerId) -> Option<PeerId> {
        self.round(id).find(|p| !self.gone.contains_key(p))
    }

    fn previous(&self, id: PeerId) -> Option<PeerId> {
        let round = self.index.range(..id).rev().chain(self.index.range(id..).rev());
        round.map(|x| *x.0).find(|p| !self.gone.contains_key(p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::Tags;

    fn record(name: &str) -> Arc<Record> {
        Arc::new(Record::new(name, 1, vec!["10.0.0.1:7946".parse().unwrap()], Tags::default()).unwrap())
    }

    fn of(base: &[u32], own: &[u32]) -> Members {
        let base = Base::new(base.iter().map(|i| record(&format!("n{i}"))).chain([record("me")]));
        let mut members = Members::new(Arc::new(base), record("me"));
        own.iter().for_each(|i| members.insert(record(&format!("n{i}")), 1, Status::Alive, Time::ZERO));
        members
    }

    fn live(members: &Members) -> Vec<PeerId> {
        let mut all: Vec<_> = (0..members.live_count()).map(|i| members.live_at(i)).collect();
        all.sort();
        all
    }

    /// What is shared and what is own make no difference that shows.
    #[test]
    fn base_and_own_are_one_table() {
        let all: Vec<u32> = (0..20).collect();
        let mut tables = [of(&all, &[]), of(&all[..7], &all[7..]), of(&[], &all)];
        tables[2].update(record("me").id(), |m| m.incarnation = 1);
        let third = record("n3").id();
        let steps: [&dyn Fn(&mut Members); 5] = [
            &|_| (),
            &|m| m.update(third, |m| m.status = Status::Suspect),
            &|m| m.update(third, |m| m.status = Status::Dead),
            &|m| m.update(record("n11").id(), |m| m.incarnation = 7),
            &|m| m.remove(record("n0").id()),
        ];
        for step in steps {
            tables.iter_mut().for_each(step);
            let [a, b, c] = &tables;
            assert!(a.digest() == b.digest() && b.digest() == c.digest());
            assert!(live(a) == live(b) && live(b) == live(c));
            assert!(a.iter().count() == c.iter().count() && b.gone() == c.gone());
            let ring = |m: &Members| live(m).iter().map(|p| (m.next(*p), m.previous(*p))).collect::<Vec<_>>();
            assert!(ring(a) == ring(b) && ring(b) == ring(c));
            let met = |m: &Members| {
                let mut all: Vec<_> = (0..m.live_count()).map(|k| m.nth_after_me(k)).collect();
                all.sort();
                all
            };
            assert_eq!(met(c), live(c));
            assert!(met(a).iter().chain(&met(b)).all(|p| live(a).contains(p)));
            // As long as nobody is gone, everybody is met once, the suspect included.
            assert!(c.gone() > 0 || (met(a) == live(a) && met(b) == live(b)));
        }
    }

    #[test]
    fn a_contact_is_nobody_in_the_base() {
        let members = of(&[1, 2, 3], &[]);
        assert!((0..4096).all(|i| members.get(PeerId::contact(i << 51)).is_none()));
    }

    #[test]
    fn suspicion_does_not_change_the_digest_and_death_does() {
        let (mut a, b) = (of(&[], &[1, 2, 3]), of(&[], &[3, 2, 1]));
        assert_eq!(a.digest(), b.digest());
        a.update(record("n3").id(), |m| m.status = Status::Suspect);
        assert_eq!(a.digest(), b.digest());
        a.update(record("n3").id(), |m| m.status = Status::Dead);
        assert_ne!(a.digest(), b.digest());
    }
}
