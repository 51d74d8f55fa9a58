use crate::table::Rows;
use bruit_proto::{Batch, Malformed, Reader, put_bytes, put_varint};

/// What a log begins with.
pub const MAGIC: &[u8] = b"bruit 1\n";
/// The most bytes that a batch may have: 16 MiB. The largest of ours, 1,024 entries of history, has 330 KB.
pub const MAX_RECORD: usize = 16 << 20;

/// Length and sum.
const HEADER: usize = 8;
const GONE: u8 = 0;
const VALUE: u8 = 1;

/// Appends one batch as a record.
pub(crate) fn put(out: &mut Vec<u8>, batch: &Batch) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    for (key, value) in batch {
        put_bytes(out, key);
        match value {
            None => put_varint(out, GONE.into()),
            Some(value) => {
                out.push(VALUE);
                put_bytes(out, value);
            }
        }
    }
    let length = ((out.len() - start - HEADER) as u32).to_le_bytes();
    let sum = sum(length, &out[start + HEADER..]).to_le_bytes();
    out[start..start + 4].copy_from_slice(&length);
    out[start + 4..start + HEADER].copy_from_slice(&sum);
}

/// Bytes of the record of a batch, at most.
pub(crate) fn size(batch: &Batch) -> usize {
    let change = |(key, value): &(Vec<u8>, Option<Vec<u8>>)| 11 + key.len() + value.as_ref().map_or(0, Vec::len);
    HEADER + batch.iter().map(change).sum::<usize>()
}

/// The rows of a log, how many of its bytes are good, and what is wrong with the next.
pub(crate) fn read(log: &[u8]) -> (Rows, usize, Option<&'static str>) {
    let mut rows = Rows::new();
    if !log.starts_with(MAGIC) {
        return (rows, 0, Some("not the beginning of a table"));
    }
    let mut good = MAGIC.len();
    while good < log.len() {
        match record(&log[good..]) {
            Ok((batch, size)) => {
                apply(&mut rows, batch);
                good += size;
            }
            Err(Malformed(why)) => return (rows, good, Some(why)),
        }
    }
    (rows, good, None)
}

/// One batch off the front, and its size.
fn record(log: &[u8]) -> Result<(Batch, usize), Malformed> {
    let mut input = Reader::new(log);
    let (length, wanted) = (input.array::<4>()?, u32::from_le_bytes(input.array()?));
    let size = u32::from_le_bytes(length) as usize;
    let body = input.take(size).map_err(|_| Malformed("a torn record"))?;
    if sum(length, body) != wanted {
        return Err(Malformed("a record with a wrong checksum"));
    }
    Ok((changes(body)?, HEADER + size))
}

fn changes(body: &[u8]) -> Result<Batch, Malformed> {
    let (mut input, mut batch) = (Reader::new(body), Batch::new());
    while !input.is_empty() {
        let key = input.bytes(MAX_RECORD)?.to_vec();
        let value = match input.u8()? {
            GONE => None,
            VALUE => Some(input.bytes(MAX_RECORD)?.to_vec()),
            _ => return Err(Malformed("an unknown change")),
        };
        batch.push((key, value));
    }
    Ok(batch)
}

pub(crate) fn apply(rows: &mut Rows, batch: Batch) {
    for (key, value) in batch {
        match value {
            Some(value) => drop(rows.insert(key, value)),
            None => drop(rows.remove(&key)),
        }
    }
}

fn sum(length: [u8; 4], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), body)
}
