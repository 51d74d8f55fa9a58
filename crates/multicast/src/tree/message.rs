use super::stream::{Key, Report};
use bruit_proto::{Malformed, PeerId, Reader, Wire, put_bytes, put_varint, varint_size};

/// What copies of [`Tree`](crate::Tree) say to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<Item> {
    /// An item with its number, and how many hops it came.
    Data(Key, u64, u8, Item),
    /// The same, sent again; to be passed on so many hops more.
    Repair(Key, u64, u8, Item, u8),
    /// A stream goes so far; how often its origin has said so, and how many hops this came.
    Session(Key, u64, u32, u8),
    /// What I have of a stream, and whether this answers a report.
    Report(Key, Report, bool),
    /// I lack this number; how many hops this came, and how many more it is to go.
    Nak(Key, u64, u8, u8),
    /// May I be your child?
    Join,
    /// You are my child, and these are above you, the nearest first.
    Welcome(Vec<PeerId>),
    /// I have as many children as I take: ask this one.
    Full(PeerId),
    /// You are neither my parent nor my child.
    Part,
}

/// The longest line of ancestors that is said: of a fan-out of two and more far beyond any tree.
pub(crate) const MAX_PATH: usize = 64;
/// The longest bitmap: the largest window.
pub(crate) const MAX_BITMAP: usize = 1 << 7;

const DATA: u8 = 0;
const REPAIR: u8 = 1;
const SESSION: u8 = 2;
const REPORT: u8 = 3;
const ANSWER: u8 = 4;
const NAK: u8 = 5;
const JOIN: u8 = 6;
const WELCOME: u8 = 7;
const FULL: u8 = 8;
const PART: u8 = 9;

fn head(out: &mut Vec<u8>, tag: u8, key: &Key, seq: u64) {
    out.push(tag);
    out.extend(key.origin.0.to_be_bytes());
    out.extend(key.life.to_be_bytes());
    put_varint(out, seq);
}

fn key(input: &mut Reader<'_>) -> Result<Key, Malformed> {
    Ok(Key { origin: PeerId(input.u64()?), life: input.u32()? })
}

/// A number in a stream. The last of all is no number, so that there is always one more.
fn seq(input: &mut Reader<'_>) -> Result<u64, Malformed> {
    match input.varint()? {
        0 | u64::MAX => Err(Malformed("not a number of an item")),
        seq => Ok(seq),
    }
}

impl<Item: Wire> Wire for Message<Item> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Data(key, seq, hop, item) => {
                head(out, DATA, key, *seq);
                out.push(*hop);
                item.encode(out);
            }
            Message::Repair(key, seq, hop, item, left) => {
                head(out, REPAIR, key, *seq);
                out.extend([*hop, *left]);
                item.encode(out);
            }
            Message::Session(key, highest, round, hop) => {
                head(out, SESSION, key, *highest);
                out.extend(round.to_be_bytes());
                out.push(*hop);
            }
            Message::Report(key, report, answers) => {
                head(out, if *answers { ANSWER } else { REPORT }, key, report.next);
                put_bytes(out, &report.have);
            }
            Message::Nak(key, seq, hops, left) => {
                head(out, NAK, key, *seq);
                out.extend([*hops, *left]);
            }
            Message::Join => out.push(JOIN),
            Message::Welcome(path) => {
                out.extend([WELCOME, path.len() as u8]);
                path.iter().for_each(|peer| out.extend(peer.0.to_be_bytes()));
            }
            Message::Full(peer) => {
                out.push(FULL);
                out.extend(peer.0.to_be_bytes());
            }
            Message::Part => out.push(PART),
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match input.u8()? {
            DATA => Message::Data(key(input)?, seq(input)?, input.u8()?, Item::decode(input)?),
            REPAIR => {
                let (key, seq, [hop, left]) = (key(input)?, seq(input)?, input.array()?);
                Message::Repair(key, seq, hop, Item::decode(input)?, left)
            }
            SESSION => Message::Session(key(input)?, seq(input)?, input.u32()?, input.u8()?),
            tag @ (REPORT | ANSWER) => {
                let (key, next, have) = (key(input)?, seq(input)?, input.bytes(MAX_BITMAP)?.to_vec());
                if have.last() == Some(&0) || u64::MAX - next <= have.len() as u64 * 8 {
                    return Err(Malformed("not a bitmap of a stream"));
                }
                Message::Report(key, Report { next, have }, tag == ANSWER)
            }
            NAK => {
                let (key, seq, [hops, left]) = (key(input)?, seq(input)?, input.array()?);
                Message::Nak(key, seq, hops, left)
            }
            JOIN => Message::Join,
            WELCOME => {
                let len = usize::from(input.u8()?);
                if len > MAX_PATH {
                    return Err(Malformed("a tree is not so deep"));
                }
                let path = input.take(len * 8)?.chunks_exact(8);
                Message::Welcome(path.map(|id| PeerId(u64::from_be_bytes(id.try_into().expect("eight bytes")))).collect())
            }
            FULL => Message::Full(PeerId(input.u64()?)),
            PART => Message::Part,
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        let head = |seq: &u64| 1 + 12 + varint_size(*seq);
        match self {
            Message::Data(_, seq, _, item) => head(seq) + 1 + item.size(),
            Message::Repair(_, seq, _, item, _) => head(seq) + 2 + item.size(),
            Message::Session(_, highest, ..) => head(highest) + 5,
            Message::Report(_, report, _) => head(&report.next) + varint_size(report.have.len() as u64) + report.have.len(),
            Message::Nak(_, seq, ..) => head(seq) + 2,
            Message::Join | Message::Part => 1,
            Message::Welcome(path) => 2 + 8 * path.len(),
            Message::Full(_) => 9,
        }
    }
}
