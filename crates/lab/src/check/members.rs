//! What must hold of what nodes believe: M1, M2, M5, M6, L1.

use super::violation::Invariant;
use bruit_proto::PeerId;
use bruit_swim::{Member, Status, Swim};
use std::collections::BTreeMap;
use std::time::Duration;

/// A member as an observer held it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    incarnation: u64,
    status: Status,
    session: u64,
    /// Since when it has not been live, in virtual time.
    gone: Option<Duration>,
    /// The last look at which it was in the table.
    seen: u32,
}

impl Held {
    fn is(&self, member: &Member) -> bool {
        (self.incarnation, self.status, self.session) == (member.incarnation, member.status, member.record.session())
    }
}

/// What one process has believed so far.
#[derive(Debug, Default)]
pub(super) struct View {
    life: u32,
    looks: u32,
    held: BTreeMap<PeerId, Held>,
    digest: u32,
    /// Since when the digest has been this one.
    since: Duration,
}

/// What members say of themselves.
#[derive(Debug, Default)]
pub(super) struct Selves {
    /// The highest incarnation that each has issued.
    issued: BTreeMap<PeerId, u64>,
    /// When the process of each session was last seen to run and not to have left.
    ran: BTreeMap<u64, Duration>,
    /// When a process of this name was.
    lived: BTreeMap<PeerId, Duration>,
}

/// Packets and conversations under way, and looks that are far between.
const SLACK: Duration = Duration::from_secs(5);

type Found = Result<(), (Invariant, String)>;

impl Selves {
    /// All that run now.
    pub(super) fn note<'a>(&mut self, now: Duration, selves: impl Iterator<Item = &'a Member>) {
        for me in selves {
            if me.is_live() {
                self.ran.insert(me.record.session(), now);
                self.lived.insert(me.id(), now);
            }
            let issued = self.issued.entry(me.id()).or_default();
            *issued = (*issued).max(me.incarnation);
        }
    }

    fn issued(&self, id: PeerId) -> u64 {
        self.issued.get(&id).copied().unwrap_or(0)
    }
}

impl View {
    /// Since when this process has held the same members.
    pub(super) fn steady_since(&self) -> Duration {
        self.since
    }

    /// Compares what an observer holds now with what it held, and with what members say of themselves.
    pub(super) fn look(&mut self, now: Duration, life: u32, swim: &Swim, selves: &Selves, tombstone: Duration) -> Found {
        if self.life != life {
            *self = View { life, ..View::default() };
        }
        self.looks += 1;
        if std::mem::replace(&mut self.digest, swim.digest()) != self.digest {
            self.since = now;
        }
        for member in swim.members() {
            if member.status == Status::Suspect {
                independent(member.id(), swim.accusers(member.id()))?;
            }
            self.one(now, member, selves, tombstone)?;
        }
        // What is forgotten in its time is still held here: it may not return as it was.
        let too_soon = |held: &Held| held.gone.is_none_or(|gone| now < gone + tombstone - tombstone / 10);
        match self.held.iter().find(|(_, held)| held.seen < self.looks && too_soon(held)) {
            None => Ok(()),
            Some((id, held)) if held.status.is_live() => Err((Invariant::M2, format!("{id:?} was {held:?} and is forgotten"))),
            Some((id, held)) => Err((Invariant::M6, format!("{id:?} was {held:?} and its tombstone is gone"))),
        }
    }

    fn one(&mut self, at: Duration, member: &Member, selves: &Selves, tombstone: Duration) -> Found {
        let id = member.id();
        let mut gone_before = None;
        if let Some(held) = self.held.get_mut(&id) {
            // As it was at the last look, where all that follows was asked of it.
            if held.is(member) && held.seen + 1 == self.looks {
                held.seen = self.looks;
                return Ok(());
            }
            gone_before = held.gone;
        }
        let now = Held {
            incarnation: member.incarnation,
            status: member.status,
            session: member.record.session(),
            gone: (!member.is_live()).then(|| gone_before.unwrap_or(at)),
            seen: self.looks,
        };
        if now.incarnation > selves.issued(id) {
            return Err((Invariant::M1, format!("{id:?} is held at {now:?}, it issued {}", selves.issued(id))));
        }
        let Some(before) = self.held.insert(id, now) else { return Ok(()) };
        // A process that was away until everybody had forgotten its death cannot be told of it. It may come back, and so may
        // word of it that is younger than half of the tombstone time; nothing older may. Where the name lives again, its
        // packets speak for the first life too, and the second announces itself above it.
        let over = before.gone.is_some_and(|gone| at >= gone + tombstone);
        let forgotten = over || before.seen + 1 < self.looks;
        let again = selves.lived.get(&id).is_some_and(|lived| at <= *lived + SLACK);
        let word = again || selves.ran.get(&now.session).is_some_and(|ran| at <= *ran + tombstone / 2 + SLACK);
        if forgotten && word {
            return Ok(());
        }
        // The order is said anew here, not asked of swim: a checker that leans on what it checks sees nothing.
        let back = (now.incarnation, now.status) < (before.incarnation, before.status);
        match (back && before.session == now.session, before.status.is_live()) {
            (false, _) => Ok(()),
            (true, true) => Err((Invariant::M2, format!("{id:?} goes back from {before:?} to {now:?}"))),
            (true, false) => Err((Invariant::M6, format!("{id:?} returns from {before:?} as {now:?}"))),
        }
    }
}

/// Lifeguard section IV-B: what shortens a suspicion are independent accusers.
fn independent(accused: PeerId, accusers: &[PeerId]) -> Found {
    let twice = accusers.iter().enumerate().any(|(i, a)| accusers[..i].contains(a));
    if twice || accusers.contains(&accused) {
        return Err((Invariant::L1, format!("{accused:?} is accused by {accusers:?}")));
    }
    Ok(())
}

/// Who must be in every view, at which version.
pub(super) struct Truth {
    /// The living members as they see themselves, by id: incarnation and digest of the record.
    pub(super) live: BTreeMap<PeerId, (u64, u64)>,
    /// Those whose goodbye everybody could hear.
    pub(super) left: Vec<PeerId>,
}

impl Truth {
    /// Whether this view is the truth, and what of it is not.
    pub(super) fn agrees(&self, swim: &Swim) -> Result<(), String> {
        for member in swim.members() {
            let (id, status) = (member.id(), member.status);
            match self.live.get(&id) {
                Some(_) if status != Status::Alive => return Err(format!("{id:?} lives and is held {status:?}")),
                Some(truth) if *truth != (member.incarnation, member.record.digest()) => {
                    return Err(format!("{id:?} is at {}, held at {} {:?}", truth.0, member.incarnation, member.record));
                }
                None if member.is_live() => return Err(format!("{id:?} is gone and held {status:?}")),
                None if self.left.contains(&id) && status != Status::Left => {
                    return Err(format!("{id:?} left and is held {status:?}"));
                }
                _ => {}
            }
        }
        match self.live.keys().find(|id| swim.member(**id).is_none()) {
            Some(id) => Err(format!("{id:?} lives and is not known")),
            None => Ok(()),
        }
    }
}
