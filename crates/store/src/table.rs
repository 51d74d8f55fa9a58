use crate::medium::{Medium, Memory};
use crate::record::{self, MAGIC, MAX_RECORD};
use bruit_proto::{Batch, Rng};
use std::collections::BTreeMap;
use std::{fmt, io};

/// What is kept, by key.
pub type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// A log no longer than this is not written anew: 256 KiB, which a disk reads in a few milliseconds.
pub const SHORT: usize = 256 << 10;
/// Bytes of rows in one record of a log that is written anew.
const CHUNK: usize = 64 << 10;

/// What of a log could not be read. The table goes on with what lay before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong with the first byte that is not good.
    pub why: &'static str,
    /// How many bytes are good.
    pub good: usize,
    /// How many follow.
    pub lost: usize,
    /// What the whole log is called now.
    pub aside: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { why, good, lost, aside } = self;
        write!(f, "{why} at byte {good}: {lost} bytes are lost, and the others know what they said; all of it is in {aside}")
    }
}

/// Rows on a medium.
#[derive(Clone, Debug)]
pub struct Table<M> {
    medium: M,
    rows: Rows,
    /// Bytes of the log.
    length: usize,
    /// From this length on the log is to be written anew.
    long: usize,
    /// Whether the log ends in a whole record: only then may one be appended.
    whole: bool,
}

impl<M: Medium> Table<M> {
    /// The table on this medium, and what of it was damaged.
    ///
    /// # Errors
    /// The medium's: it cannot be read, or what is damaged cannot be set aside. Nothing was changed.
    pub fn open(mut medium: M) -> io::Result<(Table<M>, Option<Damage>)> {
        let log = medium.read()?;
        let (rows, good, wrong) = log.as_deref().map_or((Rows::new(), 0, None), record::read);
        let mut damage = None;
        if let (Some(why), Some(log)) = (wrong, &log) {
            let aside = medium.set_aside()?;
            damage = Some(Damage { why, good, lost: log.len() - good, aside });
        }
        let mut table = Table { medium, rows, length: good, long: 0, whole: true };
        if damage.is_some() || log.is_none() {
            table.write_anew(|_| {})?;
        }
        table.long = SHORT.max(2 * table.size());
        Ok((table, damage))
    }

    /// What is kept.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The medium, to look at.
    pub fn medium(&self) -> &M {
        &self.medium
    }

    /// The medium, to do something to it.
    pub fn medium_mut(&mut self) -> &mut M {
        &mut self.medium
    }

    /// Bytes of the log.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Keeps batches, in order, each as a whole.
    ///
    /// # Errors
    /// The medium's, or that one is larger than [`MAX_RECORD`]: none of them is kept.
    pub fn keep(&mut self, batches: Vec<Batch>) -> io::Result<()> {
        if batches.iter().any(|batch| record::size(batch) > MAX_RECORD) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a batch of more than 16 MiB"));
        }
        if !self.whole {
            // What follows half a record cannot be read.
            return self.write_anew(|rows| batches.into_iter().for_each(|batch| record::apply(rows, batch)));
        }
        let mut bytes = Vec::new();
        batches.iter().for_each(|batch| record::put(&mut bytes, batch));
        if let Err(why) = self.medium.append(&bytes) {
            self.whole = false;
            // Lost is lost: if it can be, whatever was written of it goes at once.
            let _ = self.write_anew(|_| {});
            return Err(why);
        }
        self.length += bytes.len();
        batches.into_iter().for_each(|batch| record::apply(&mut self.rows, batch));
        if self.length >= self.long && self.write_anew(|_| {}).is_err() {
            // It is safe where it is, only long: tried again when there is twice as much of it.
            self.long = 2 * self.length;
        }
        Ok(())
    }

    /// Bytes of all rows.
    fn size(&self) -> usize {
        self.rows.iter().map(|(key, value)| key.len() + value.len() + 8).sum()
    }

    /// Writes the rows, changed like this, as a log without a past.
    fn write_anew(&mut self, change: impl FnOnce(&mut Rows)) -> io::Result<()> {
        let mut rows = self.rows.clone();
        change(&mut rows);
        let (mut log, mut chunk, mut size) = (MAGIC.to_vec(), Batch::new(), 0);
        for (key, value) in &rows {
            size += key.len() + value.len();
            chunk.push((key.clone(), Some(value.clone())));
            if size >= CHUNK {
                record::put(&mut log, &std::mem::take(&mut chunk));
                size = 0;
            }
        }
        if !chunk.is_empty() {
            record::put(&mut log, &chunk);
        }
        self.medium.replace(&log)?;
        (self.rows, self.length, self.whole) = (rows, log.len(), true);
        self.long = SHORT.max(2 * log.len());
        Ok(())
    }
}

impl Table<Memory> {
    /// The process ended while this was being written: some of its bytes are there, none or all of them as well.
    pub fn tear(&mut self, batch: &Batch, dice: &mut Rng) {
        let mut bytes = Vec::new();
        record::put(&mut bytes, batch);
        bytes.truncate(dice.below(bytes.len() as u32 + 1) as usize);
        self.whole = false;
        // A full medium takes none of it.
        let _ = self.medium.append(&bytes);
    }
}
