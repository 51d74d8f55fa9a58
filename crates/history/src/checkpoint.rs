use crate::entry::EntryId;
use bruit_proto::{Malformed, Reader, mix, put_varint, varint_size};

/// What is left of entries that are not kept any more.
///
/// Ordered by how far it reaches; of two that reach as far, the one that counted more is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint {
    /// The greatest entry that was folded: nothing at or below it is kept or taken.
    pub upto: EntryId,
    /// How many were folded. Entries that reached nobody in time, because a partition kept them, are not counted.
    pub count: u64,
    /// The sum of their prints.
    pub sum: u64,
}

impl Checkpoint {
    /// The most entries that one may count: 2^48, as many as the clock has ticks.
    const MAX_COUNT: u64 = 1 << 48;

    /// The same after one more entry, which is greater than all in it.
    pub(crate) fn with(this: Option<Checkpoint>, id: EntryId) -> Checkpoint {
        let (count, sum) = this.map_or((0, 0), |c| (c.count, c.sum));
        Checkpoint { upto: id, count: (count + 1).min(Checkpoint::MAX_COUNT), sum: sum.wrapping_add(id.print()) }
    }

    /// Sixty-four bits that stand for it in a digest.
    pub(crate) fn print(&self) -> u64 {
        mix(self.upto.print() ^ mix(self.count ^ mix(self.sum)))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.upto.encode(out);
        put_varint(out, self.count);
        out.extend_from_slice(&self.sum.to_be_bytes());
    }

    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<Checkpoint, Malformed> {
        let checkpoint = Checkpoint { upto: EntryId::decode(input)?, count: input.varint()?, sum: input.u64()? };
        if checkpoint.count == 0 || checkpoint.count > Checkpoint::MAX_COUNT {
            return Err(Malformed("a checkpoint of nothing or of too much"));
        }
        Ok(checkpoint)
    }

    pub(crate) fn size(&self) -> usize {
        self.upto.size() + varint_size(self.count) + 8
    }
}
