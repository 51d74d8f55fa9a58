//! What survives the process: its own incarnation, the clock of intents, and whom to join through next time.
//!
//! Those who were members are no members at the next start: what became of them meanwhile others know. They are asked,
//! like seeds, so that a restart needs none.

use crate::Swim;
use crate::member::Status;
use crate::members::Members;
use bruit_proto::{Batch, Context, Lost, Malformed, PeerId, Reader, Receipt, Record, Restored, Wire, put_varint};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Members whose addresses are kept: 256. When all of them are elsewhere, so is the cluster. Written anew, which a change
/// of all of them needs, they are 256 x 60 bytes with short names; with the longest names and tags 256 x 800.
const MAX_KEPT: usize = 256;
const ME: &[u8] = b"me";
/// What the keys of members begin with.
const MEMBER: u8 = b'm';

/// What is on the disk, or soon will be.
#[derive(Clone, Default)]
struct Kept {
    /// Own incarnation and clock.
    me: Option<(u64, u64)>,
    /// Members by id, with the digest of what is kept of each.
    members: BTreeMap<PeerId, u64>,
}

/// A node's memory beyond its process.
#[derive(Default)]
pub(crate) struct Keep {
    kept: Kept,
    /// The view that the members were chosen from: its digest, and how many are gone.
    seen: Option<(u32, usize)>,
    /// The batch under way, and what is there if it is lost.
    writing: Option<(Receipt, Kept)>,
    /// Records of an earlier process, to join through; taken at the start.
    restored: Vec<Arc<Record>>,
}

impl Swim {
    /// From now on what must survive this process is persisted; begins above what earlier ones of its name `restored`, and
    /// rejoins through whom they knew.
    pub fn keep(mut self, restored: &Restored) -> Swim {
        let mut keep = Keep::default();
        let (mut incarnation, mut unreadable) = (None, 0);
        for (key, value) in restored.iter() {
            if key == ME {
                match me(value) {
                    Ok(found) => {
                        incarnation = found.0.checked_add(1);
                        keep.kept.me = Some(found);
                    }
                    Err(_) => unreadable += 1,
                }
            } else {
                match member(value) {
                    Ok(record) if key == self::key(record.id()) => {
                        keep.kept.members.insert(record.id(), record.digest());
                        keep.restored.push(record);
                    }
                    _ => unreadable += 1,
                }
            }
        }
        let me = self.id();
        keep.restored.retain(|record| record.id() != me);
        if let Some((_, clock)) = keep.kept.me {
            self.busy.clock.approach(clock);
        }
        if let Some(incarnation) = incarnation {
            self.members.update(me, |m| m.incarnation = m.incarnation.max(incarnation));
        }
        if unreadable > 0 {
            self.busy.counters.unreadable = unreadable;
        }
        self.busy.keep = Some(keep);
        self
    }

    /// Joins through those whom an earlier process knew.
    pub(crate) fn rejoin(&mut self, cx: &mut Context<'_, Self>) {
        let Some(keep) = self.busy.get_mut().and_then(|busy| busy.keep.as_mut()) else { return };
        let records = std::mem::take(&mut keep.restored);
        records.iter().for_each(|record| cx.know(record.id(), Some(record)));
        self.join_through_known(cx, records.iter().map(|record| record.id()).collect());
    }

    /// Writes what has changed, unless that is under way. Called once in a period or two and when this node joined or left:
    /// what happens in between is written as one.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_, Self>) {
        if self.busy.keep.as_ref().is_none_or(|keep| keep.writing.is_some()) {
            return;
        }
        let now = (self.members.me().incarnation, self.busy.clock.now());
        let Some(keep) = self.busy.get_mut().and_then(|busy| busy.keep.as_mut()) else { return };
        let before = keep.kept.clone();
        let mut batch = Batch::new();
        if keep.kept.me.replace(now) != Some(now) {
            let write = |out: &mut Vec<u8>| [now.0, now.1].into_iter().for_each(|n| put_varint(out, n));
            batch.push((ME.to_vec(), Some(bytes(write))));
        }
        keep.write_members(&self.members, &mut batch);
        if !batch.is_empty() {
            keep.writing = Some((cx.persist(batch), before));
        }
    }

    pub(crate) fn stored(&mut self, receipt: Receipt, outcome: Result<(), Lost>) {
        let Some(keep) = self.busy.get_mut().and_then(|busy| busy.keep.as_mut()) else { return };
        let Some((_, before)) = keep.writing.take_if(|writing| writing.0 == receipt) else { return };
        if outcome.is_err() {
            (keep.kept, keep.seen) = (before, None);
            self.busy.counters.unsaved += 1;
        }
    }
}

impl Keep {
    /// Those who live, then those who may live again, as many as are kept; whoever is kept stays rather than another. A
    /// node that is alone knows nobody better than those whom it knew.
    fn write_members(&mut self, members: &Members, batch: &mut Batch) {
        let seen = Some((members.digest(), members.gone()));
        if members.live_count() == 0 || std::mem::replace(&mut self.seen, seen) == seen {
            return;
        }
        let me = members.me().id();
        let rank = |status: Status, id: &PeerId| (status == Status::Dead, !self.kept.members.contains_key(id));
        let others = members.iter().filter(|m| m.id() != me && m.status != Status::Left && !m.pruned);
        let mut wanted: Vec<_> = others.map(|m| (rank(m.status, &m.id()), m.id(), &m.record)).collect();
        wanted.sort_unstable_by_key(|w| (w.0, w.1));
        wanted.truncate(MAX_KEPT);
        let stays = |id: &PeerId| wanted.iter().any(|w| w.1 == *id);
        let gone: Vec<PeerId> = self.kept.members.keys().copied().filter(|id| !stays(id)).collect();
        for id in gone {
            self.kept.members.remove(&id);
            batch.push((key(id), None));
        }
        for (_, id, record) in wanted {
            if self.kept.members.insert(id, record.digest()) != Some(record.digest()) {
                batch.push((key(id), Some(bytes(|out| record.encode(out)))));
            }
        }
    }
}

fn key(id: PeerId) -> Vec<u8> {
    [&[MEMBER], &id.0.to_be_bytes()[..]].concat()
}

fn bytes(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

fn me(value: &[u8]) -> Result<(u64, u64), Malformed> {
    let mut input = Reader::new(value);
    let found = (input.varint()?, input.varint()?);
    if input.is_empty() { Ok(found) } else { Err(Malformed("more than a record")) }
}

fn member(value: &[u8]) -> Result<Arc<Record>, Malformed> {
    let mut input = Reader::new(value);
    let record = Record::decode(&mut input)?;
    if input.is_empty() { Ok(Arc::new(record)) } else { Err(Malformed("more than a record")) }
}
