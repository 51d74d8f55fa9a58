use crate::config::Config;
use crate::id::Stamp;
use crate::message::{Hello, Message, Reply};
use crate::user_event::UserEvent;
use bruit_proto::{Malformed, Reader, Wire, put_varint, varint_size};
use std::sync::Arc;

const EVENT: u8 = 32;
const DIGEST: u8 = 33;
const HELLO: u8 = 34;
const REPLY: u8 = 35;
const WANT: u8 = 36;
const BUSY: u8 = 37;
const CHECK: u8 = 38;
const CHECKED: u8 = 39;

/// ```text
/// 32 event   age varint, ms | stamp | terms 1, then key and glob each | name | payload
/// 33 digest  4
/// 34 hello   clock varint | floor | salt 4 | since varint | recent prints | older 4
/// 35 reply   clock varint | floor | want prints | 0, or 1 and rest prints
/// 36 want    prints
/// 37 busy
/// 38 check
/// 39 checked
///    stamp   ltime varint | origin 8 | serial 4
///    floor   0, or 1 and a stamp
///    prints  count varint (at most 4,096), then 4 each
///    key, glob, name, payload: length varint, then bytes (at most 128, 128, 128, 900; the event at most 1,100 in all)
/// ```
impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Event { age, event } => {
                out.push(EVENT);
                put_varint(out, u64::from(*age));
                event.encode(out);
            }
            Message::Digest(digest) => {
                out.push(DIGEST);
                out.extend_from_slice(&digest.to_be_bytes());
            }
            Message::Hello(hello) => {
                out.push(HELLO);
                put_varint(out, hello.clock);
                put_floor(out, hello.floor);
                out.extend_from_slice(&hello.salt.to_be_bytes());
                put_varint(out, hello.since);
                put_prints(out, &hello.recent);
                out.extend_from_slice(&hello.older.to_be_bytes());
            }
            Message::Reply(reply) => {
                out.push(REPLY);
                put_varint(out, reply.clock);
                put_floor(out, reply.floor);
                put_prints(out, &reply.want);
                out.push(u8::from(reply.rest.is_some()));
                reply.rest.iter().for_each(|rest| put_prints(out, rest));
            }
            Message::Want(prints) => {
                out.push(WANT);
                put_prints(out, prints);
            }
            Message::Busy => out.push(BUSY),
            Message::Check => out.push(CHECK),
            Message::Checked => out.push(CHECKED),
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        Ok(match input.u8()? {
            EVENT => {
                let age = u32::try_from(input.varint()?).map_err(|_| Malformed("age too large"))?;
                Message::Event { age, event: Arc::new(UserEvent::decode(input)?) }
            }
            DIGEST => Message::Digest(input.u32()?),
            HELLO => Message::Hello(Hello {
                clock: input.varint()?,
                floor: floor(input)?,
                salt: input.u32()?,
                since: input.varint()?,
                recent: prints(input)?,
                older: input.u32()?,
            }),
            REPLY => Message::Reply(Reply {
                clock: input.varint()?,
                floor: floor(input)?,
                want: prints(input)?,
                rest: flag(input)?.then(|| prints(input)).transpose()?,
            }),
            WANT => Message::Want(prints(input)?),
            BUSY => Message::Busy,
            CHECK => Message::Check,
            CHECKED => Message::Checked,
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn size(&self) -> usize {
        let list = |prints: &Vec<u32>| varint_size(prints.len() as u64) + 4 * prints.len();
        let stamp = |floor: &Option<Stamp>| 1 + floor.as_ref().map_or(0, Stamp::size);
        1 + match self {
            Message::Event { age, event } => varint_size(u64::from(*age)) + event.size(),
            Message::Digest(_) => 4,
            Message::Hello(x) => varint_size(x.clock) + stamp(&x.floor) + 4 + varint_size(x.since) + list(&x.recent) + 4,
            Message::Reply(x) => varint_size(x.clock) + stamp(&x.floor) + list(&x.want) + 1 + x.rest.as_ref().map_or(0, list),
            Message::Want(prints) => list(prints),
            Message::Busy | Message::Check | Message::Checked => 0,
        }
    }
}

fn put_floor(out: &mut Vec<u8>, floor: Option<Stamp>) {
    out.push(u8::from(floor.is_some()));
    floor.iter().for_each(|stamp| stamp.encode(out));
}

fn put_prints(out: &mut Vec<u8>, prints: &[u32]) {
    put_varint(out, prints.len() as u64);
    prints.iter().for_each(|print| out.extend_from_slice(&print.to_be_bytes()));
}

fn flag(input: &mut Reader<'_>) -> Result<bool, Malformed> {
    match input.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed("a flag is 0 or 1")),
    }
}

fn floor(input: &mut Reader<'_>) -> Result<Option<Stamp>, Malformed> {
    flag(input)?.then(|| Stamp::decode(input)).transpose()
}

fn prints(input: &mut Reader<'_>) -> Result<Vec<u32>, Malformed> {
    let count = input.varint()?;
    if count > Config::MAX_WINDOW as u64 {
        return Err(Malformed("more prints than a window holds"));
    }
    let bytes = input.take(4 * count as usize)?;
    Ok(bytes.as_chunks().0.iter().map(|chunk| u32::from_be_bytes(*chunk)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EventId, Filter};
    use bruit_proto::PeerId;

    fn event(payload: usize, filter: Filter) -> Message {
        let id = EventId { origin: PeerId::named("node-001"), serial: 0xDEAD_BEEF };
        let stamp = Stamp { ltime: 300, id };
        let event = UserEvent { stamp, filter, name: "x".into(), payload: vec![7; payload].into() };
        Message::Event { age: 5, event: Arc::new(event) }
    }

    fn check(message: &Message) -> usize {
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out.len(), message.size());
        let mut input = Reader::new(&out);
        assert_eq!(Message::decode(&mut input).as_ref(), Ok(message));
        assert!(input.is_empty());
        for cut in 0..out.len() {
            assert!(Message::decode(&mut Reader::new(&out[..cut])).is_err(), "{message:?} cut at {cut}");
        }
        out.len()
    }

    #[test]
    fn round_trips() {
        let Message::Event { event: inner, .. } = event(1, Filter::all()) else { unreachable!() };
        let floor = Some(inner.stamp);
        check(&event(0, Filter::parse(["role=web", "zone=eu-*"]).unwrap()));
        check(&Message::Hello(Hello { clock: 9, floor, salt: 1, since: 7, recent: vec![1, 2], older: 3 }));
        check(&Message::Hello(Hello { clock: 9, floor: None, salt: 1, since: 7, recent: vec![], older: 3 }));
        check(&Message::Reply(Reply { clock: 9, floor, want: vec![4], rest: Some(vec![]) }));
        check(&Message::Reply(Reply { clock: 9, floor, want: vec![4], rest: None }));
        check(&Message::Want(vec![u32::MAX]));
        check(&Message::Busy);
        check(&Message::Check);
        check(&Message::Checked);
    }

    /// The bytes of one of each, for whoever writes another codec.
    #[test]
    fn vectors() {
        let hex = |message: &Message| {
            let mut out = Vec::new();
            message.encode(&mut out);
            out.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let Message::Event { event, .. } = event(2, Filter::parse(["a=b*"]).unwrap()) else { unreachable!() };
        let floor = Some(event.stamp);
        let stamp = "ac02490d5a3a4498a0c6deadbeef";
        assert_eq!(hex(&Message::Event { age: 200, event }), format!("20c801{stamp}01016102622a0178020707"));
        assert_eq!(hex(&Message::Digest(0x0102_0304)), "2101020304");
        let hello = Hello { clock: 300, floor, salt: 1, since: 7, recent: vec![0xA0B0_C0D0], older: 3 };
        assert_eq!(hex(&Message::Hello(hello)), format!("22ac0201{stamp}000000010701a0b0c0d000000003"));
        let reply = Reply { clock: 1, floor: None, want: vec![2], rest: Some(vec![]) };
        assert_eq!(hex(&Message::Reply(reply)), "23010001000000020100");
        assert_eq!(hex(&Message::Want(vec![5])), "240100000005");
        assert_eq!([Message::Busy, Message::Check, Message::Checked].map(|m| hex(&m)), ["25", "26", "27"]);
    }

    #[test]
    fn sizes() {
        assert_eq!(check(&Message::Digest(7)), 5);
        assert_eq!(check(&event(64, Filter::all())), 84);
    }

    #[test]
    fn bounds_hold_at_the_door() {
        let refuses = |bytes: &[u8]| Message::decode(&mut Reader::new(bytes)).unwrap_err().0;
        assert_eq!(refuses(&[WANT, 0xFF, 0xFF, 0xFF, 0x7F]), "more prints than a window holds");
        assert_eq!(refuses(&[31]), Malformed::UNKNOWN.0);
        let mut out = Vec::new();
        event(901, Filter::all()).encode(&mut out);
        assert_eq!(refuses(&out), "longer than its bound");
        let mut nobody = vec![EVENT, 0, 1];
        nobody.extend([0; 12]);
        assert_eq!(refuses(&nobody), "an event's origin is no node");
    }
}
