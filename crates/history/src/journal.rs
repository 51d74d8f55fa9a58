use crate::book::Book;
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, EntryId};
use bruit_proto::{Batch, Malformed, Reader, Receipt, Restored};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the keys of entries begin with.
const ENTRY: u8 = b'e';
/// The key of the checkpoint.
const CHECKPOINT: &[u8] = b"c";

/// Entries in one batch: 1,024 of at most 22 + 1 + 10 + 2 x 130 bytes and 21 of key are 320 KB.
const MAX_BATCH: usize = 1_024;
/// Deletions that wait: 10,000, a whole book. What is forgotten here is deleted at the next start.
const MAX_DELETE: usize = 10_000;

/// What the disk lacks of what the book learned: at most one batch under way, the next holds all that came meanwhile.
///
/// The checkpoint is written in the batch that leaves no entry unwritten, and with it what it stands for is deleted. So
/// the disk holds a checkpoint only beside the full book that it stands below.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    due: Changes,
    writing: Option<(Receipt, Changes)>,
}

#[derive(Debug, Default)]
struct Changes {
    put: BTreeSet<EntryId>,
    delete: BTreeSet<EntryId>,
    checkpoint: bool,
}

impl Journal {
    /// An entry is in the book and not on the disk.
    pub(crate) fn put(&mut self, id: EntryId) {
        self.due.put.insert(id);
    }

    /// An entry is in the checkpoint now.
    pub(crate) fn folded(&mut self, id: EntryId) {
        self.due.checkpoint = true;
        if !self.due.put.remove(&id) && self.due.delete.len() < MAX_DELETE {
            self.due.delete.insert(id);
        }
    }

    /// The checkpoint is another.
    pub(crate) fn checkpoint(&mut self) {
        self.due.checkpoint = true;
    }

    /// Whether nothing waits, what is under way left out.
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting() == 0 && !self.due.checkpoint
    }

    /// How many changes wait, those under way left out.
    fn waiting(&self) -> usize {
        self.due.put.len() + self.due.delete.len()
    }

    /// Writes the next batch, if there is something to write and nothing under way.
    pub(crate) fn flush(&mut self, book: &Book, persist: impl FnOnce(Batch) -> Receipt) {
        if self.writing.is_some() || self.is_quiet() {
            return;
        }
        let mut now = Changes::default();
        while let Some(id) = self.due.put.pop_first() {
            now.put.insert(id);
            if now.put.len() == MAX_BATCH {
                break;
            }
        }
        if self.due.put.is_empty() {
            now.delete = std::mem::take(&mut self.due.delete);
            now.checkpoint = std::mem::take(&mut self.due.checkpoint);
        }
        let mut batch: Batch = now.put.iter().filter_map(|id| Some(record(book.get(id)?))).collect();
        batch.extend(now.delete.iter().map(|id| (key(id), None)));
        if now.checkpoint {
            batch.push((CHECKPOINT.to_vec(), book.checkpoint().map(|checkpoint| bytes(|out| checkpoint.encode(out)))));
        }
        self.writing = Some((persist(batch), now));
    }

    /// The batch under way is on the disk, or is to be written again. `None`: this receipt is another's. How many entries
    /// it held.
    pub(crate) fn stored(&mut self, book: &Book, receipt: Receipt, safe: bool) -> Option<usize> {
        let (_, changes) = self.writing.take_if(|(writing, _)| *writing == receipt)?;
        let entries = changes.put.len();
        if !safe {
            self.due.put.extend(changes.put.into_iter().filter(|id| book.get(id).is_some()));
            let room = MAX_DELETE.saturating_sub(self.due.delete.len());
            self.due.delete.extend(changes.delete.into_iter().take(room));
            self.due.checkpoint |= changes.checkpoint;
        }
        Some(entries)
    }
}

/// An entry as it lies on the disk.
pub(crate) fn record(entry: &Arc<Entry>) -> (Vec<u8>, Option<Vec<u8>>) {
    (key(&entry.id), Some(bytes(|out| entry.encode(out))))
}

/// What a disk held: entries, a checkpoint, and how many records were damaged.
pub(crate) fn restore(restored: &Restored) -> (Vec<Arc<Entry>>, Option<Checkpoint>, u64) {
    let (mut entries, mut checkpoint, mut damaged) = (Vec::new(), None, 0);
    for (name, value) in restored.iter() {
        let mut value = Reader::new(value);
        if name == CHECKPOINT {
            match whole(Checkpoint::decode(&mut value), value) {
                Ok(found) => checkpoint = Some(found),
                Err(_) => damaged += 1,
            }
        } else {
            match whole(Entry::decode(&mut value), value) {
                Ok(entry) if key(&entry.id) == name => entries.push(Arc::new(entry)),
                _ => damaged += 1,
            }
        }
    }
    (entries, checkpoint, damaged)
}

fn whole<T>(decoded: Result<T, Malformed>, rest: Reader<'_>) -> Result<T, Malformed> {
    decoded.and_then(|value| if rest.is_empty() { Ok(value) } else { Err(Malformed("more than a record")) })
}

/// Keys sort as entries do.
fn key(id: &EntryId) -> Vec<u8> {
    let fields = [&id.ltime.to_be_bytes()[..], &id.origin.0.to_be_bytes(), &id.serial.to_be_bytes()].concat();
    [&[ENTRY], &fields[..]].concat()
}

fn bytes(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::What;
    use bruit_proto::{PeerId, Rng, Wall};
    use std::collections::BTreeMap;

    const LIMIT: usize = 2_000;

    fn entry(ltime: u64) -> Arc<Entry> {
        let id = EntryId { ltime, origin: PeerId(1), serial: 1 };
        Arc::new(Entry { id, what: What::Join, node: "n".into(), by: "b".into(), at: Wall(1) })
    }

    /// Batches are lost, and come in the middle of news, more than one holds: after each the disk is one to start from,
    /// and in the end it holds the book and no more.
    #[test]
    fn the_disk_is_a_history_after_every_batch() {
        let (mut book, mut journal, mut dice) = (Book::new(LIMIT), Journal::default(), Rng::seeded(1));
        let mut disk: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let (mut next, mut receipts) = (1, 0);
        while next <= 9_000 || journal.writing.is_some() || journal.waiting() > 0 {
            for _ in 0..dice.below(900) {
                if next <= 9_000 {
                    let (_, folded) = book.insert(entry(next));
                    journal.put(entry(next).id);
                    folded.into_iter().for_each(|id| journal.folded(id));
                    next += 1;
                }
            }
            let mut batch = Batch::new();
            journal.flush(&book, |what| {
                batch = what;
                receipts += 1;
                Receipt(receipts)
            });
            let safe = dice.chance(700_000);
            for (key, value) in batch.into_iter().filter(|_| safe) {
                match value {
                    Some(value) => drop(disk.insert(key, value)),
                    None => drop(disk.remove(&key)),
                }
            }
            journal.stored(&book, Receipt(receipts), safe);
            let (entries, checkpoint, damaged) = restore(&Restored::new(disk.clone()));
            let above = entries.iter().filter(|entry| Some(entry.id) > checkpoint.map(|c| c.upto)).count();
            assert!(damaged == 0 && (checkpoint.is_none() || above >= LIMIT), "{above} entries above a checkpoint");
        }
        let (entries, checkpoint, _) = restore(&Restored::new(disk));
        assert!(entries.iter().eq(book.iter()) && checkpoint == book.checkpoint());
    }
}
