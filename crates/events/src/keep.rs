//! What survives the process: the clock, and which events were delivered, so that none is delivered again.

use crate::events::{Events, Timer};
use crate::id::{EventId, Stamp};
use crate::spread::Spread;
use bruit_proto::{Batch, Context, Duration, Lost, PeerId, Reader, Receipt, Restored};
use std::collections::BTreeSet;

/// Stamps that are kept: 512, as many events as a window holds by default. Older ones were delivered before the oldest that
/// anybody still passes on.
const MAX_KEPT: usize = 512;
/// How long stamps wait for company: an event a second is a write a second, a thousand are five. What was delivered within
/// this time before a crash is delivered again only if a copy of it is still under way when the next process is up.
const WAIT: Duration = Duration::from_millis(200);

/// What is on the disk, and what of it is not there yet.
#[derive(Debug, Default)]
pub(crate) struct Keep {
    /// Delivered, here or in an earlier process.
    stamps: BTreeSet<Stamp>,
    /// Of them, those that are not on the disk; and those that are and need not be.
    put: BTreeSet<Stamp>,
    delete: BTreeSet<Stamp>,
    writing: Option<(Receipt, BTreeSet<Stamp>, BTreeSet<Stamp>)>,
}

impl<S: Spread> Events<S> {
    /// From now on what must survive this process is persisted; begins with what earlier ones of its node `restored`. What
    /// cannot be read is counted.
    pub fn keep(mut self, restored: &Restored) -> Self {
        let mut keep = Keep::default();
        for (key, _) in restored.iter() {
            match stamp(key) {
                Some(stamp) if self.clock.witness(stamp.ltime).is_ok() => drop(keep.stamps.insert(stamp)),
                _ => self.counters.unreadable += 1,
            }
        }
        let over = keep.stamps.len().saturating_sub(MAX_KEPT);
        keep.delete.extend((0..over).filter_map(|_| keep.stamps.pop_first()));
        self.kept = Some(Box::new(keep));
        self
    }

    /// Whether an earlier process delivered this.
    pub(crate) fn was_delivered(&self, stamp: &Stamp) -> bool {
        self.kept.as_ref().is_some_and(|keep| keep.stamps.contains(stamp))
    }

    /// This was delivered now.
    pub(crate) fn keep_delivered(&mut self, cx: &mut Context<'_, Self>, stamp: Stamp) {
        let Some(keep) = &mut self.kept else { return };
        if keep.put.is_empty() {
            cx.set(Timer::Keep, WAIT);
        }
        keep.stamps.insert(stamp);
        keep.put.insert(stamp);
        if keep.stamps.len() > MAX_KEPT
            && let Some(least) = keep.stamps.pop_first()
            && !keep.put.remove(&least)
        {
            keep.delete.insert(least);
        }
    }

    /// Writes what has changed, unless that is under way.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_, Self>) {
        let Some(keep) = self.kept.as_mut().filter(|keep| keep.writing.is_none() && !keep.put.is_empty()) else { return };
        let (put, delete) = (std::mem::take(&mut keep.put), std::mem::take(&mut keep.delete));
        let mut batch: Batch = put.iter().map(|stamp| (key(stamp), Some(Vec::new()))).collect();
        batch.extend(delete.iter().map(|stamp| (key(stamp), None)));
        keep.writing = Some((cx.persist(batch), put, delete));
    }

    pub(crate) fn stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        let Some(keep) = &mut self.kept else { return };
        let Some((_, put, delete)) = keep.writing.take_if(|writing| writing.0 == receipt) else { return };
        if outcome.is_err() {
            self.counters.unsaved += 1;
            keep.put.extend(put.into_iter().filter(|stamp| keep.stamps.contains(stamp)));
            keep.delete.extend(delete);
        }
        if !keep.put.is_empty() {
            cx.set(Timer::Keep, WAIT);
        }
    }
}

/// Keys sort as stamps do.
fn key(stamp: &Stamp) -> Vec<u8> {
    [&stamp.ltime.to_be_bytes()[..], &stamp.id.origin.0.to_be_bytes(), &stamp.id.serial.to_be_bytes()].concat()
}

fn stamp(key: &[u8]) -> Option<Stamp> {
    let mut input = Reader::new(key);
    let (ltime, origin, serial) = (input.u64().ok()?, PeerId(input.u64().ok()?), input.u32().ok()?);
    input.is_empty().then_some(Stamp { ltime, id: EventId { origin, serial } })
}
