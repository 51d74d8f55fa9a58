use crate::message::Message;
use bruit_proto::{Malformed, Reader, Wire, put_varint};

const TELL: u8 = 0;
const NEWS: u8 = 1;
const OLD: u8 = 2;
const ASK: u8 = 3;
const HAVE: u8 = 4;
const KNOWN: u8 = 5;
const WANT: u8 = 6;
const CALL: u8 = 7;
const ACCEPT: u8 = 8;
const BUSY: u8 = 9;

impl<Id: Wire, Item: Wire> Wire for Message<Id, Item> {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut named = |tag, id: &Id, counter: Option<u32>| {
            out.push(tag);
            id.encode(out);
            counter.into_iter().for_each(|counter| put_varint(out, counter.into()));
        };
        match self {
            Message::Heard(id, true) => named(NEWS, id, None),
            Message::Heard(id, false) => named(OLD, id, None),
            Message::Have(id, counter) => named(HAVE, id, Some(*counter)),
            Message::Known(id, counter) => named(KNOWN, id, Some(*counter)),
            Message::Want(id) => named(WANT, id, None),
            Message::Tell(item, hop) => {
                out.extend([TELL, *hop]);
                item.encode(out);
            }
            Message::Ask => out.push(ASK),
            Message::Call => out.push(CALL),
            Message::Accept => out.push(ACCEPT),
            Message::Busy => out.push(BUSY),
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match input.u8()? {
            TELL => {
                let hop = input.u8()?;
                Message::Tell(Item::decode(input)?, hop)
            }
            NEWS => Message::Heard(Id::decode(input)?, true),
            OLD => Message::Heard(Id::decode(input)?, false),
            ASK => Message::Ask,
            HAVE => Message::Have(Id::decode(input)?, counter(input)?),
            KNOWN => Message::Known(Id::decode(input)?, counter(input)?),
            WANT => Message::Want(Id::decode(input)?),
            CALL => Message::Call,
            ACCEPT => Message::Accept,
            BUSY => Message::Busy,
            _ => return Err(Malformed("no such rumor message")),
        })
    }
}

fn counter(input: &mut Reader<'_>) -> Result<u32, Malformed> {
    u32::try_from(input.varint()?).map_err(|_| Malformed("counter too large"))
}
