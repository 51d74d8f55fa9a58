use crate::message::{Flow, How, Message, Then};
use crate::part::{FANOUT, Part};
use bruit_kit::{Mark, Order, Span, Version};
use bruit_proto::{Malformed, Reader, Wire, put_varint, varint_size};

const GIVE: u8 = 0;
const WANT: u8 = 1;
const LIST: u8 = 2;
const MORE: u8 = 3;
const CHECK: u8 = 4;
const HEARD: u8 = 5;
const SUMS: u8 = 6;
/// The low three bits are the tag; above them lie the flow, an order or a way to go on, and what follows.
const TAG: u8 = 0b111;
const GIVES: u8 = 1 << 3;
const TAKES: u8 = 1 << 4;
const TIME: u8 = 1 << 5;
const WHAT: u8 = 6;
/// What a message takes beside its versions at most: head, two marks, a third or a sum with its step, a count.
pub(crate) const FRAME: usize = 1 + 3 * 17 + 3;

fn head(tag: u8, flow: Flow, order: Order, what: u8) -> u8 {
    let bit = |set, bit| if set { bit } else { 0 };
    tag | bit(flow.gives, GIVES) | bit(flow.takes, TAKES) | bit(order == Order::Time, TIME) | what << WHAT
}

/// Sixteen bytes without the zeros that they end with: marks are the begins of parts, mostly.
fn put_mark(out: &mut Vec<u8>, mark: Mark) {
    let all = (u128::from(mark.0) << 64 | u128::from(mark.1)).to_be_bytes();
    let long = mark_size(mark) - 1;
    out.push(long as u8);
    out.extend(&all[..long]);
}

fn mark_size(mark: Mark) -> usize {
    let all = u128::from(mark.0) << 64 | u128::from(mark.1);
    1 + 16 - (all.trailing_zeros() as usize / 8).min(16)
}

fn mark(input: &mut Reader<'_>) -> Result<Mark, Malformed> {
    let given = input.bytes(16)?;
    if given.last() == Some(&0) {
        return Err(Malformed("a mark not in its shortest form"));
    }
    let mut all = [0; 16];
    all[..given.len()].copy_from_slice(given);
    let all = u128::from_be_bytes(all);
    Ok(Mark((all >> 64) as u64, all as u64))
}

fn put_span(out: &mut Vec<u8>, span: Span) {
    put_mark(out, span.from);
    put_mark(out, span.upto);
}

fn span(input: &mut Reader<'_>) -> Result<Span, Malformed> {
    Ok(Span { from: mark(input)?, upto: mark(input)? })
}

fn span_size(span: Span) -> usize {
    mark_size(span.from) + mark_size(span.upto)
}

impl Then {
    fn code(self) -> u8 {
        match self {
            Then::Stop => 0,
            Then::Next(_) => 1,
            Then::Heard => 2,
            Then::Peel(..) => 3,
        }
    }

    fn encode(self, out: &mut Vec<u8>) {
        match self {
            Then::Stop | Then::Heard => {}
            Then::Next(stop) => put_mark(out, stop),
            Then::Peel(sum, step) => {
                out.extend(sum.to_be_bytes());
                out.push(step);
            }
        }
    }

    fn decode(code: u8, input: &mut Reader<'_>) -> Result<Then, Malformed> {
        Ok(match code {
            0 => Then::Stop,
            1 => Then::Next(mark(input)?),
            2 => Then::Heard,
            _ => Then::Peel(input.u64()?, input.u8()?),
        })
    }

    fn size(self) -> usize {
        match self {
            Then::Stop | Then::Heard => 0,
            Then::Next(stop) => mark_size(stop),
            Then::Peel(..) => 9,
        }
    }
}

impl How {
    const ALL: [How; 3] = [How::Full, How::PeelBack, How::Merkle];

    fn of_code(code: u8) -> Result<How, Malformed> {
        How::ALL.get(usize::from(code)).copied().ok_or(Malformed("no such way to compare"))
    }
}

impl<K: Wire, Item: Wire> Wire for Message<K, Item> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Give(item) => {
                out.push(GIVE);
                item.encode(out);
            }
            Message::Want(version) => {
                out.push(WANT);
                version.encode(out);
            }
            Message::List { flow, order, span, versions, then } => {
                out.push(head(LIST, *flow, *order, then.code()));
                put_span(out, *span);
                then.encode(out);
                put_varint(out, versions.len() as u64);
                versions.iter().for_each(|version| version.encode(out));
            }
            Message::More { flow, order, span } => {
                out.push(head(MORE, *flow, *order, 0));
                put_span(out, *span);
            }
            Message::Check { flow, how, upto, sum } => {
                out.push(head(CHECK, *flow, Order::Place, *how as u8));
                put_mark(out, *upto);
                out.extend(sum.to_be_bytes());
            }
            Message::Heard { flow, since } => {
                out.push(head(HEARD, *flow, Order::Place, 0));
                put_mark(out, *since);
            }
            Message::Sums { flow, part, sums } => {
                out.push(head(SUMS, *flow, Order::Place, 0));
                part.encode(out);
                sums.iter().for_each(|sum| out.extend(sum.to_be_bytes()));
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let head = input.u8()?;
        let flow = Flow { gives: head & GIVES != 0, takes: head & TAKES != 0 };
        let order = if head & TIME != 0 { Order::Time } else { Order::Place };
        Ok(match head & TAG {
            GIVE => Message::Give(Item::decode(input)?),
            WANT => Message::Want(Version::decode(input)?),
            LIST => {
                let span = span(input)?;
                let then = Then::decode(head >> WHAT, input)?;
                Message::List { flow, order, span, versions: versions(input)?, then }
            }
            MORE => Message::More { flow, order, span: span(input)? },
            CHECK => Message::Check { flow, how: How::of_code(head >> WHAT)?, upto: mark(input)?, sum: input.u64()? },
            HEARD => Message::Heard { flow, since: mark(input)? },
            SUMS => {
                let (part, mut sums) = (Part::decode(input)?, [0; FANOUT]);
                for sum in &mut sums {
                    *sum = input.u64()?;
                }
                Message::Sums { flow, part, sums }
            }
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        match self {
            Message::Give(item) => 1 + item.size(),
            Message::Want(version) => 1 + version.size(),
            Message::List { span, versions, then, .. } => {
                let versions_size: usize = versions.iter().map(Wire::size).sum();
                1 + span_size(*span) + then.size() + varint_size(versions.len() as u64) + versions_size
            }
            Message::More { span, .. } => 1 + span_size(*span),
            Message::Check { upto, .. } => 1 + mark_size(*upto) + 8,
            Message::Heard { since, .. } => 1 + mark_size(*since),
            Message::Sums { part, .. } => 1 + part.size() + 8 * FANOUT,
        }
    }
}

/// As many as the bytes that there are may hold, nine each at least.
fn versions<K: Wire>(input: &mut Reader<'_>) -> Result<Vec<Version<K>>, Malformed> {
    let n = input.varint()?;
    if n > input.rest().len() as u64 / 9 {
        return Err(Malformed("more versions than bytes"));
    }
    (0..n).map(|_| Version::decode(input)).collect()
}
