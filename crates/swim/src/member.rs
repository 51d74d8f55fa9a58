use crate::Update;
use bruit_proto::{PeerId, Record, Time, mix, mutant};
use std::sync::Arc;

/// What is believed of a member. The order is the override order at equal incarnation (SWIM section 4.2; *left* is
/// ours, above *dead*: a goodbye is not undone by an accusation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It answers.
    Alive,
    /// It did not answer somebody; it may still refute.
    Suspect,
    /// It failed.
    Dead,
    /// It said goodbye, or an operator did for it.
    Left,
}

impl Status {
    /// Alive or suspect: one may talk to it.
    pub fn is_live(self) -> bool {
        self <= Status::Suspect
    }
}

/// One member as this node sees it.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who and where.
    pub record: Arc<Record>,
    /// Its own counter: only the member itself raises it.
    pub incarnation: u64,
    /// What is believed of it.
    pub status: Status,
    /// Since when, by this node's clock.
    pub since: Time,
    /// When this node last had word from it or of it.
    pub heard: Time,
    /// Stamp of the last leave, force-leave or prune that named it.
    pub intent: u64,
    /// Forgotten on an operator's word: kept as a tombstone only, not listed and not contacted.
    pub(crate) pruned: bool,
    pub(crate) id: PeerId,
    /// Where it stands in the list of live peers, if it is there.
    pub(crate) place: u32,
}

impl Member {
    pub(crate) fn new(record: Arc<Record>, incarnation: u64, status: Status, now: Time) -> Member {
        let id = record.id();
        Member { record, incarnation, status, since: now, heard: now, intent: 0, pruned: false, id, place: u32::MAX }
    }

    /// Its id.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// Alive or suspect: one may talk to it.
    pub fn is_live(&self) -> bool {
        self.status.is_live()
    }

    /// What it says of itself, to be passed on.
    pub(crate) fn alive(&self) -> Update {
        Update::Alive { incarnation: self.incarnation, record: self.record.clone() }
    }

    /// What this member adds to the digest of a view: nothing unless it is live; suspicion does not count, it passes.
    pub(crate) fn hash(&self) -> u64 {
        if self.is_live() { fingerprint(self.id, self.incarnation, self.record.digest()) } else { 0 }
    }
}

/// A hash of one version of one member, equal on every node.
pub(crate) fn fingerprint(id: PeerId, incarnation: u64, record: u64) -> u64 {
    mix(id.0 ^ mix(incarnation ^ mix(record)))
}

/// A member raises its incarnation by one at a time; further ahead than this is no member's word.
const MAX_JUMP: u64 = 1 << 20;

/// Whether a claimed incarnation is too far above the one that is known.
pub(crate) fn is_far_ahead(claim: u64, known: u64) -> bool {
    claim.saturating_sub(known) > MAX_JUMP
}

/// Whether a claim beats what is held: SWIM section 4.2, with *left* on top.
///
/// A higher incarnation wins whatever it says; at the same one the higher status does.
pub fn beats(claim: (u64, Status), held: (u64, Status)) -> bool {
    if mutant("dead overrides a higher incarnation") && claim.1 == Status::Dead && held.1 < Status::Dead {
        return true;
    }
    if mutant("left turned into dead by a late accusation") && claim.1 == Status::Dead && held.1 == Status::Left {
        return claim.0 >= held.0;
    }
    claim.0 > held.0 || claim.0 == held.0 && claim.1 > held.1
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 4] = [Status::Alive, Status::Suspect, Status::Dead, Status::Left];

    /// SWIM section 4.2, every pair: {Alive,i} beats Suspect and Alive of lower j; {Suspect,i} beats Suspect of lower
    /// j and Alive of j up to i; {Confirm,i} beats all of j up to i (the paper says any j; a restarted member needs
    /// more, so ours stops at i).
    #[test]
    fn override_order_of_the_paper() {
        for i in 0..4 {
            for j in 0..4 {
                assert_eq!(beats((i, Status::Alive), (j, Status::Alive)), i > j);
                assert_eq!(beats((i, Status::Alive), (j, Status::Suspect)), i > j);
                assert_eq!(beats((i, Status::Suspect), (j, Status::Suspect)), i > j);
                assert_eq!(beats((i, Status::Suspect), (j, Status::Alive)), i >= j);
                assert_eq!(beats((i, Status::Dead), (j, Status::Alive)), i >= j);
                assert_eq!(beats((i, Status::Dead), (j, Status::Suspect)), i >= j);
                assert_eq!(beats((i, Status::Dead), (j, Status::Left)), i > j);
                assert_eq!(beats((i, Status::Left), (j, Status::Dead)), i >= j);
            }
        }
    }

    /// A total order: merging is commutative, associative and idempotent, whatever arrives in whatever order.
    #[test]
    fn order_is_total() {
        let claims: Vec<_> = (0..4).flat_map(|i| ALL.map(|s| (i, s))).collect();
        for a in &claims {
            assert!(!beats(*a, *a));
            for b in &claims {
                assert_eq!(beats(*a, *b), a != b && !beats(*b, *a));
                for c in &claims {
                    assert!(!(beats(*a, *b) && beats(*b, *c)) || beats(*a, *c));
                }
            }
        }
    }
}
