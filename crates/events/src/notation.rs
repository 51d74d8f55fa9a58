//! How messages are written down.

use crate::message::Message;
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
        }
    }
}
