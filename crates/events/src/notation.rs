//! How messages are written down.

use crate::message::{Have, Message};
use bruit_proto::{Notation, PeerId};

impl Notation for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Event { .. } => "event",
            Message::Digest { .. } => "events.digest",
            Message::Check => "events.check",
            Message::Checked => "events.checked",
            Message::Hello(_) => "events.hello",
            Message::Reply(_) => "events.reply",
            Message::Want(_) => "events.want",
            Message::Busy => "events.busy",
            Message::Report(_) => "events.report",
            Message::Answer { .. } => "events.answer",
            Message::Trace(_) => "events.trace",
            Message::Traced { .. } => "events.traced",
        }
    }

    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String {
        match self {
            Message::Event { event, .. } => {
                let stamp = event.stamp;
                format!("event {:?} by {} at {}, {} B", event.name, name(stamp.id.origin), stamp.ltime, event.payload.len())
            }
            Message::Digest(digest) => format!("events {digest:08x}"),
            Message::Check => "events, did the last reach you?".into(),
            Message::Checked => "events, see the digest".into(),
            Message::Hello(hello) => format!("events hello, {} recent", hello.recent.len()),
            Message::Reply(reply) => format!("events reply, {} wanted", reply.want.len()),
            Message::Want(want) => format!("events, {} wanted", want.len()),
            Message::Busy => "events busy".into(),
            Message::Report(report) => format!("report {} of {}, {}", report.seq, report.id, had(&report.have)),
            Message::Answer { id, seq, answer } => format!("answer to {seq} of {id}: {answer:?}").to_lowercase(),
            Message::Trace(id) => format!("trace {id}?"),
            Message::Traced { id, trace: Some(trace) } => {
                let via = trace.via.map_or_else(|| "nobody".into(), name);
                format!("trace {id}: hop {} via {via}", trace.hop)
            }
            Message::Traced { id, trace: None } => format!("trace {id}: not here"),
        }
    }
}

fn had(have: &Have) -> String {
    let n = match have {
        Have::Count(n) => *n,
        Have::Ids(ids) => ids.len() as u32,
        Have::Bits { bits, .. } => bits.iter().map(|byte| byte.count_ones()).sum(),
    };
    format!("{n} have it")
}
