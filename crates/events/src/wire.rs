use crate::config::Config;
use crate::cover::{MAX_IDS, MAX_NAMED};
use crate::id::{EventId, Stamp};
use crate::message::{Answer, Have, Hello, Message, Reply, Report, Trace};
use crate::user_event::UserEvent;
use bruit_proto::{Malformed, PeerId, Reader, Wire, put_bytes, put_varint, varint_size};
use std::sync::Arc;

const EVENT: u8 = 32;
const DIGEST: u8 = 33;
const HELLO: u8 = 34;
const REPLY: u8 = 35;
const WANT: u8 = 36;
const BUSY: u8 = 37;
const CHECK: u8 = 38;
const CHECKED: u8 = 39;
const REPORT: u8 = 40;
const ANSWER: u8 = 41;
const TRACE: u8 = 42;
const TRACED: u8 = 43;

const ANSWERS: [Answer; 4] = [Answer::Taken, Answer::NotMine, Answer::OtherView, Answer::Over];

/// ```text
/// 32 event   age varint, ms | hop 1 | stamp | to | name | payload
/// 33 digest  4
/// 34 hello   clock varint | floor | salt 4 | since varint | recent prints | older 4
/// 35 reply   clock varint | floor | want prints | 0, or 1 and rest prints
/// 36 want    prints
/// 37 busy
/// 38 check
/// 39 checked
/// 40 report  id | hop 1 | seq varint | have
/// 41 answer  id | seq varint | 0 taken, 1 not mine, 2 other view, 3 over
/// 42 trace   id
/// 43 traced  id | 0, or 1 and via 8 (0 at the origin), hop 1, held varint, ms
///    stamp   ltime varint | origin 8 | serial 4
///    id      origin 8 | serial 4
///    to      terms 1 (+ 08: a glob for names; + 10: coverage by name, + 20: by number) | glob | key and glob each
///    have    0 count varint | 1 ids: count varint (at most 128), 8 each | 2 view 4, bits: length varint (at most 250), bytes
///    floor   0, or 1 and a stamp
///    prints  count varint (at most 4,096), then 4 each
///    key, glob, name, payload: length varint, then bytes (at most 128, 128, 128, 900; the event at most 1,100 in all)
/// ```
impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Event { age, hop, event } => {
                out.push(EVENT);
                put_varint(out, u64::from(*age));
                out.push(*hop);
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
            Message::Report(report) => {
                out.push(REPORT);
                put_id(out, report.id);
                out.push(report.hop);
                put_varint(out, u64::from(report.seq));
                put_have(out, &report.have);
            }
            Message::Answer { id, seq, answer } => {
                out.push(ANSWER);
                put_id(out, *id);
                put_varint(out, u64::from(*seq));
                out.extend(ANSWERS.iter().position(|x| x == answer).map(|i| i as u8));
            }
            Message::Trace(id) => {
                out.push(TRACE);
                put_id(out, *id);
            }
            Message::Traced { id, trace } => {
                out.push(TRACED);
                put_id(out, *id);
                out.push(u8::from(trace.is_some()));
                trace.iter().for_each(|trace| put_trace(out, trace));
            }
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        Ok(match input.u8()? {
            EVENT => {
                let age = u32::try_from(input.varint()?).map_err(|_| Malformed("age too large"))?;
                Message::Event { age, hop: input.u8()?, event: Arc::new(UserEvent::decode(input)?) }
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
            REPORT => Message::Report(Report { id: id(input)?, hop: input.u8()?, seq: short(input)?, have: have(input)? }),
            ANSWER => {
                let (id, seq) = (id(input)?, short(input)?);
                let answer = *ANSWERS.get(usize::from(input.u8()?)).ok_or(Malformed("no such answer"))?;
                Message::Answer { id, seq, answer }
            }
            TRACE => Message::Trace(id(input)?),
            TRACED => Message::Traced { id: id(input)?, trace: flag(input)?.then(|| trace(input)).transpose()? },
            _ => return Err(Malformed::UNKNOWN),
        })
    }

    fn for_group(&self) -> bool {
        matches!(self, Message::Event { .. })
    }
    fn size(&self) -> usize {
        let list = |prints: &Vec<u32>| varint_size(prints.len() as u64) + 4 * prints.len();
        let stamp = |floor: &Option<Stamp>| 1 + floor.as_ref().map_or(0, Stamp::size);
        1 + match self {
            Message::Event { age, event, .. } => varint_size(u64::from(*age)) + 1 + event.size(),
            Message::Digest(_) => 4,
            Message::Hello(x) => varint_size(x.clock) + stamp(&x.floor) + 4 + varint_size(x.since) + list(&x.recent) + 4,
            Message::Reply(x) => varint_size(x.clock) + stamp(&x.floor) + list(&x.want) + 1 + x.rest.as_ref().map_or(0, list),
            Message::Want(prints) => list(prints),
            Message::Busy | Message::Check | Message::Checked => 0,
            Message::Report(x) => ID + 1 + varint_size(u64::from(x.seq)) + have_size(&x.have),
            Message::Answer { seq, .. } => ID + varint_size(u64::from(*seq)) + 1,
            Message::Trace(_) => ID,
            Message::Traced { trace, .. } => ID + 1 + trace.map_or(0, |x| 9 + varint_size(u64::from(x.held))),
        }
    }
}

/// Bytes of an event's id.
const ID: usize = 12;

fn put_id(out: &mut Vec<u8>, id: EventId) {
    out.extend_from_slice(&id.origin.0.to_be_bytes());
    out.extend_from_slice(&id.serial.to_be_bytes());
}

fn id(input: &mut Reader<'_>) -> Result<EventId, Malformed> {
    Ok(EventId { origin: node(input)?, serial: input.u32()? })
}

fn node(input: &mut Reader<'_>) -> Result<PeerId, Malformed> {
    let peer = PeerId(input.u64()?);
    if peer == PeerId::NONE || peer.is_contact() { Err(Malformed("no node has this id")) } else { Ok(peer) }
}

fn short(input: &mut Reader<'_>) -> Result<u32, Malformed> {
    u32::try_from(input.varint()?).map_err(|_| Malformed("number too large"))
}

fn put_have(out: &mut Vec<u8>, have: &Have) {
    match have {
        Have::Count(count) => {
            out.push(0);
            put_varint(out, u64::from(*count));
        }
        Have::Ids(ids) => {
            out.push(1);
            put_varint(out, ids.len() as u64);
            ids.iter().for_each(|id| out.extend_from_slice(&id.0.to_be_bytes()));
        }
        Have::Bits { view, bits } => {
            out.push(2);
            out.extend_from_slice(&view.to_be_bytes());
            put_bytes(out, bits);
        }
    }
}

fn have(input: &mut Reader<'_>) -> Result<Have, Malformed> {
    Ok(match input.u8()? {
        0 => Have::Count(short(input)?),
        1 => {
            let count = input.varint()?;
            if count > MAX_IDS as u64 {
                return Err(Malformed("more ids than a report holds"));
            }
            Have::Ids((0..count).map(|_| node(input)).collect::<Result<_, _>>()?)
        }
        2 => Have::Bits { view: input.u32()?, bits: input.bytes(MAX_NAMED / 8)?.to_vec() },
        _ => return Err(Malformed("no such report")),
    })
}

fn have_size(have: &Have) -> usize {
    let list = |count: usize, each: usize| varint_size(count as u64) + count * each;
    1 + match have {
        Have::Count(count) => varint_size(u64::from(*count)),
        Have::Ids(ids) => list(ids.len(), 8),
        Have::Bits { bits, .. } => 4 + list(bits.len(), 1),
    }
}

fn put_trace(out: &mut Vec<u8>, trace: &Trace) {
    out.extend_from_slice(&trace.via.unwrap_or(PeerId::NONE).0.to_be_bytes());
    out.push(trace.hop);
    put_varint(out, u64::from(trace.held));
}

fn trace(input: &mut Reader<'_>) -> Result<Trace, Malformed> {
    let via = Some(PeerId(input.u64()?)).filter(|via| *via != PeerId::NONE);
    Ok(Trace { via, hop: input.u8()?, held: short(input)? })
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
    use crate::{Filter, Wait};

    fn event(payload: usize, filter: Filter) -> Message {
        let id = EventId { origin: PeerId::named("node-001"), serial: 0xDEAD_BEEF };
        let stamp = Stamp { ltime: 300, id };
        let event = UserEvent { stamp, filter, wait: Wait::No, name: "x".into(), payload: vec![7; payload].into() };
        Message::Event { age: 5, hop: 1, event: Arc::new(event) }
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
        check(&event(0, Filter::parse(["role=web"]).unwrap().node("n*").unwrap()));
        let id = inner.stamp.id;
        for have in [Have::Count(300), Have::Ids(vec![PeerId(7); 128]), Have::Bits { view: 9, bits: vec![1; 250] }] {
            let size = check(&Message::Report(Report { id, hop: 3, seq: 200, have }));
            assert!(size <= UserEvent::MAX_SIZE, "{size}");
        }
        for answer in ANSWERS {
            check(&Message::Answer { id, seq: 5, answer });
        }
        check(&Message::Trace(id));
        check(&Message::Traced { id, trace: None });
        check(&Message::Traced { id, trace: Some(Trace { via: None, hop: 0, held: 9 }) });
        check(&Message::Traced { id, trace: Some(Trace { via: Some(PeerId(8)), hop: 255, held: 900 }) });
    }

    /// Whether somebody waits stands in a byte that is there anyway.
    #[test]
    fn a_wait_costs_no_byte() {
        let Message::Event { age, hop, event } = event(2, Filter::parse(["a=b*"]).unwrap()) else { unreachable!() };
        for wait in [Wait::No, Wait::Named, Wait::Counted] {
            let event = UserEvent { wait, ..UserEvent::clone(&event) };
            assert_eq!(check(&Message::Event { age, hop, event: Arc::new(event) }), 28);
        }
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
        assert_eq!(hex(&Message::Event { age: 200, hop: 3, event }), format!("20c80103{stamp}01016102622a0178020707"));
        assert_eq!(hex(&Message::Digest(0x0102_0304)), "2101020304");
        let hello = Hello { clock: 300, floor, salt: 1, since: 7, recent: vec![0xA0B0_C0D0], older: 3 };
        assert_eq!(hex(&Message::Hello(hello)), format!("22ac0201{stamp}000000010701a0b0c0d000000003"));
        let reply = Reply { clock: 1, floor: None, want: vec![2], rest: Some(vec![]) };
        assert_eq!(hex(&Message::Reply(reply)), "23010001000000020100");
        assert_eq!(hex(&Message::Want(vec![5])), "240100000005");
        let id = EventId { origin: PeerId(1), serial: 2 };
        let report = |have| hex(&Message::Report(Report { id, hop: 3, seq: 4, have }));
        let head = "280000000000000001000000020304";
        assert_eq!(report(Have::Count(300)), format!("{head}00ac02"));
        assert_eq!(report(Have::Ids(vec![PeerId(5)])), format!("{head}01010000000000000005"));
        assert_eq!(report(Have::Bits { view: 6, bits: vec![7] }), format!("{head}02000000060107"));
        assert_eq!(hex(&Message::Answer { id, seq: 4, answer: Answer::Over }), "290000000000000001000000020403");
        assert_eq!(hex(&Message::Trace(id)), "2a000000000000000100000002");
        let trace = Some(Trace { via: Some(PeerId(9)), hop: 1, held: 300 });
        assert_eq!(hex(&Message::Traced { id, trace }), "2b00000000000000010000000201000000000000000901ac02");
        assert_eq!([Message::Busy, Message::Check, Message::Checked].map(|m| hex(&m)), ["25", "26", "27"]);
    }

    #[test]
    fn sizes() {
        assert_eq!(check(&Message::Digest(7)), 5);
        assert_eq!(check(&event(64, Filter::all())), 85);
    }

    #[test]
    fn bounds_hold_at_the_door() {
        let refuses = |bytes: &[u8]| Message::decode(&mut Reader::new(bytes)).unwrap_err().0;
        assert_eq!(refuses(&[WANT, 0xFF, 0xFF, 0xFF, 0x7F]), "more prints than a window holds");
        assert_eq!(refuses(&[31]), Malformed::UNKNOWN.0);
        let mut out = Vec::new();
        event(901, Filter::all()).encode(&mut out);
        assert_eq!(refuses(&out), "longer than its bound");
        let mut nobody = vec![EVENT, 0, 1, 1];
        nobody.extend([0; 12]);
        assert_eq!(refuses(&nobody), "an event's origin is no node");
    }
}
