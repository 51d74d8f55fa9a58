use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, EntryId};
use crate::message::{Holds, Message, Range, Sum, Turn};
use bruit_proto::{Malformed, Reader, Wire, put_varint, varint_size};
use std::sync::Arc;

const DIGEST: u8 = 48;
const ENTRY: u8 = 49;
const TURN: u8 = 50;
const BUSY: u8 = 51;

const SKIP: u8 = 0;
const SUM: u8 = 1;
const LIST: u8 = 2;

/// ```text
/// 48 digest  2
/// 49 entry   id | change 1 (1 join, 2 leave, 3 force-leave, 4 prune) | wall varint, ms | node | by
/// 50 turn    0, or 1 and a checkpoint | ranges | ids
/// 51 busy
///    id          ltime varint | origin 8 | serial 4
///    checkpoint  id | count varint | sum 8
///    ranges      count varint, then each: id | 0; or 1, count varint, sum 8; or 2, ids
///    ids         count varint, then each
///    node, by    length varint, then bytes (at most 128 each)
/// ```
/// The ends of ranges ascend, and so do the ids of a list, within their range. Ranges, listed and wanted ids are at most
/// 4,096 together.
impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Digest(digest) => {
                out.push(DIGEST);
                out.extend_from_slice(&digest.to_be_bytes());
            }
            Message::Entry(entry) => {
                out.push(ENTRY);
                entry.encode(out);
            }
            Message::Turn(turn) => {
                out.push(TURN);
                out.push(u8::from(turn.checkpoint.is_some()));
                turn.checkpoint.iter().for_each(|checkpoint| checkpoint.encode(out));
                put_varint(out, turn.ranges.len() as u64);
                turn.ranges.iter().for_each(|range| put_range(out, range));
                put_ids(out, &turn.want);
            }
            Message::Busy => out.push(BUSY),
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        Ok(match input.u8()? {
            DIGEST => Message::Digest(input.u16()?),
            ENTRY => Message::Entry(Arc::new(Entry::decode(input)?)),
            TURN => Message::Turn(turn(input)?),
            BUSY => Message::Busy,
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        let ids = |ids: &Vec<EntryId>| varint_size(ids.len() as u64) + ids.iter().map(EntryId::size).sum::<usize>();
        let range = |range: &Range| {
            let holds = match &range.holds {
                Holds::Skip => 0,
                Holds::Sum(sum) => varint_size(sum.count.into()) + 8,
                Holds::List(list) => ids(list),
            };
            range.upto.size() + 1 + holds
        };
        1 + match self {
            Message::Digest(_) => 2,
            Message::Entry(entry) => entry.size(),
            Message::Turn(turn) => {
                let ranges = varint_size(turn.ranges.len() as u64) + turn.ranges.iter().map(range).sum::<usize>();
                1 + turn.checkpoint.map_or(0, |checkpoint| checkpoint.size()) + ranges + ids(&turn.want)
            }
            Message::Busy => 0,
        }
    }
}

fn put_range(out: &mut Vec<u8>, range: &Range) {
    range.upto.encode(out);
    match &range.holds {
        Holds::Skip => out.push(SKIP),
        Holds::Sum(sum) => {
            out.push(SUM);
            put_varint(out, sum.count.into());
            out.extend_from_slice(&sum.sum.to_be_bytes());
        }
        Holds::List(list) => {
            out.push(LIST);
            put_ids(out, list);
        }
    }
}

fn put_ids(out: &mut Vec<u8>, ids: &[EntryId]) {
    put_varint(out, ids.len() as u64);
    ids.iter().for_each(|id| id.encode(out));
}

/// Counts down what a turn may hold.
struct Pieces(usize);

impl Pieces {
    fn take(&mut self, input: &mut Reader<'_>) -> Result<usize, Malformed> {
        let count = usize::try_from(input.varint()?).ok().filter(|count| *count <= self.0);
        let count = count.ok_or(Malformed("more pieces than a turn may have"))?;
        self.0 -= count;
        Ok(count)
    }

    /// Ids, of which each takes at least 13 bytes: there is no list longer than what came.
    fn ids(&mut self, input: &mut Reader<'_>) -> Result<Vec<EntryId>, Malformed> {
        let count = self.take(input)?;
        (0..count).map(|_| EntryId::decode(input)).collect()
    }
}

fn turn(input: &mut Reader<'_>) -> Result<Turn, Malformed> {
    let checkpoint = match input.u8()? {
        0 => None,
        1 => Some(Checkpoint::decode(input)?),
        _ => return Err(Malformed("a flag is 0 or 1")),
    };
    let mut pieces = Pieces(Turn::MAX_PIECES);
    let (mut ranges, mut from) = (Vec::new(), None);
    for _ in 0..pieces.take(input)? {
        let range = range(input, &mut pieces, from)?;
        from = Some(range.upto);
        ranges.push(range);
    }
    Ok(Turn { checkpoint, ranges, want: pieces.ids(input)? })
}

fn range(input: &mut Reader<'_>, pieces: &mut Pieces, from: Option<EntryId>) -> Result<Range, Malformed> {
    let upto = EntryId::decode(input)?;
    if from >= Some(upto) {
        return Err(Malformed("ranges out of order"));
    }
    let holds = match input.u8()? {
        SKIP => Holds::Skip,
        SUM => {
            let count = u32::try_from(input.varint()?).map_err(|_| Malformed("a count beyond all bounds"))?;
            Holds::Sum(Sum { count, sum: input.u64()? })
        }
        LIST => {
            let list = pieces.ids(input)?;
            let (first, last) = (list.first().copied(), list.last().copied());
            let within = first.is_none() || (from < first && last <= Some(upto));
            if !within || list.windows(2).any(|pair| pair[0] >= pair[1]) {
                return Err(Malformed("a list out of order"));
            }
            Holds::List(list)
        }
        _ => return Err(Malformed("an unknown kind of range")),
    };
    Ok(Range { upto, holds })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::What;
    use bruit_proto::{PeerId, Wall};

    fn id(ltime: u64) -> EntryId {
        EntryId { ltime, origin: PeerId::named("node-001"), serial: 0xDEAD_BEEF }
    }

    fn entry(node: &str, by: &str) -> Message {
        let entry = Entry { id: id(300), what: What::ForceLeave, node: node.into(), by: by.into(), at: Wall(5) };
        Message::Entry(Arc::new(entry))
    }

    fn turn() -> Turn {
        let range = |ltime, holds| Range { upto: id(ltime), holds };
        let ranges = vec![
            range(1, Holds::Skip),
            range(2, Holds::Sum(Sum { count: 300, sum: 7 })),
            range(9, Holds::List(vec![id(8), id(9)])),
        ];
        Turn { checkpoint: Some(Checkpoint { upto: id(1), count: 1, sum: 2 }), ranges, want: vec![id(4)] }
    }

    fn bytes(message: &Message) -> Vec<u8> {
        let mut out = Vec::new();
        message.encode(&mut out);
        out
    }

    #[test]
    fn round_trips() {
        let longest = "n".repeat(128);
        let turns = [Message::Turn(turn()), Message::Turn(Turn::default())];
        for message in [Message::Digest(7), Message::Busy, entry("n", ""), entry(&longest, &longest)].iter().chain(&turns) {
            let out = bytes(message);
            assert_eq!(out.len(), message.size(), "{message:?}");
            let mut input = Reader::new(&out);
            assert_eq!(Message::decode(&mut input).as_ref(), Ok(message));
            assert!(input.is_empty());
            for cut in 0..out.len() {
                assert!(Message::decode(&mut Reader::new(&out[..cut])).is_err(), "{message:?} cut at {cut}");
            }
        }
    }

    /// The bytes of one of each, for whoever writes another codec.
    #[test]
    fn vectors() {
        let hex = |message: &Message| bytes(message).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let tail = "490d5a3a4498a0c6deadbeef";
        assert_eq!(hex(&Message::Digest(0x0102)), "300102");
        assert_eq!(hex(&entry("n", "ops")), format!("31ac02{tail}0305016e036f7073"));
        let ranges = format!("0301{tail}0002{tail}01ac02000000000000000709{tail}020208{tail}09{tail}");
        assert_eq!(hex(&Message::Turn(turn())), format!("320101{tail}010000000000000002{ranges}0104{tail}"));
        assert_eq!(hex(&Message::Turn(Turn::default())), "32000000");
        assert_eq!(hex(&Message::Busy), "33");
    }

    #[test]
    fn bounds_hold_at_the_door() {
        let refuses = |message: Message| Message::decode(&mut Reader::new(&bytes(&message))).unwrap_err().0;
        let ranges = |ranges: Vec<Range>| Message::Turn(Turn { ranges, ..Turn::default() });
        let skip = |ltime| Range { upto: id(ltime), holds: Holds::Skip };
        let list = |ids: Vec<EntryId>| Range { upto: id(9), holds: Holds::List(ids) };
        assert_eq!(refuses(ranges(vec![skip(2), skip(2)])), "ranges out of order");
        assert_eq!(refuses(ranges(vec![list(vec![id(3), id(3)])])), "a list out of order");
        assert_eq!(refuses(ranges(vec![list(vec![id(10)])])), "a list out of order");
        assert_eq!(refuses(ranges(vec![skip(2), list(vec![id(2)])])), "a list out of order");
        let want = (0..4_096).map(id).collect();
        assert_eq!(
            refuses(Message::Turn(Turn { ranges: vec![skip(1)], want, checkpoint: None })),
            "more pieces than a turn may have"
        );
        assert_eq!(refuses(entry("", "ops")), "an entry about nobody");
        assert_eq!(refuses(entry(&"n".repeat(129), "ops")), "longer than its bound");
        let at = |id| Entry { id, what: What::Join, node: "n".into(), by: "".into(), at: Wall(0) };
        for id in [id(0), id(1 << 49), EntryId { origin: PeerId::NONE, ..id(1) }, EntryId { origin: PeerId::contact(1), ..id(1) }]
        {
            assert_eq!(refuses(Message::Entry(Arc::new(at(id)))), "an entry of no node or no time");
        }
        assert_eq!(Message::decode(&mut Reader::new(&[52])), Err(Malformed::UNKNOWN));
    }
}
