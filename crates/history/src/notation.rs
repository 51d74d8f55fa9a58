//! How messages are written down.

use crate::message::Message;
use bruit_proto::{Notation, PeerId};

impl Notation for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Digest(_) => "history.digest",
            Message::Entry(_) => "history.entry",
            Message::Turn(_) => "history.turn",
            Message::Busy => "history.busy",
        }
    }

    fn note(&self, _: &dyn Fn(PeerId) -> String) -> String {
        match self {
            Message::Digest(digest) => format!("history {digest:04x}"),
            Message::Entry(entry) => format!("history {} {} by {}", entry.what, entry.node, entry.by),
            Message::Turn(turn) => format!("history, {} ranges, {} wanted", turn.ranges.len(), turn.want.len()),
            Message::Busy => "history busy".into(),
        }
    }
}
