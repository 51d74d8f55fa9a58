//! How messages are written down: members as `name:incarnation`.

use crate::message::{Message, Update};
use bruit_proto::{Notation, PeerId};

impl Notation for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Ping { .. } => "swim.ping",
            Message::Ack { .. } => "swim.ack",
            Message::PingReq { .. } => "swim.ping-req",
            Message::Nack { .. } => "swim.nack",
            Message::Update(Update::Alive { .. }) => "swim.alive",
            Message::Update(Update::Suspect { .. }) => "swim.suspect",
            Message::Update(Update::Dead { .. }) => "swim.dead",
            Message::Update(Update::Left { .. }) => "swim.left",
            Message::Who => "swim.who",
            Message::Check { .. } => "swim.check",
            Message::Here { .. } => "swim.here",
            Message::Join { .. } => "swim.join",
            Message::Above { .. } => "swim.above",
            Message::Taken => "swim.taken",
            Message::Busy { .. } => "swim.busy",
            Message::Recent { .. } => "swim.recent",
            Message::Want { .. } => "swim.want",
            Message::Sent { .. } => "swim.sent",
            Message::Sums { .. } => "swim.sums",
            Message::Buckets { .. } => "swim.buckets",
        }
    }

    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String {
        match self {
            Message::Ping { seq, .. } => format!("ping {seq}"),
            Message::Ack { seq, .. } => format!("ack {seq}"),
            Message::PingReq { seq, target } => format!("ping-req {seq} {}", name(*target)),
            Message::Nack { seq } => format!("nack {seq}"),
            Message::Update(update) => stated(update, name),
            Message::Who => "who".into(),
            Message::Check { seq, session } => format!("check {seq} session {session:x}"),
            Message::Here { seq } => format!("here {seq}"),
            Message::Join { incarnation, record } => format!("join {}:{incarnation}", record.name()),
            Message::Above { incarnation } => format!("above {incarnation}"),
            Message::Taken => "taken".into(),
            Message::Busy { ask: Some(record) } => format!("busy, ask {}", record.name()),
            Message::Busy { ask: None } => "busy".into(),
            Message::Recent { asks, fingerprints } => {
                format!("recent {} members{}", fingerprints.len(), if *asks { ", and yours?" } else { "" })
            }
            Message::Want { fingerprints } => format!("want {} members", fingerprints.len()),
            Message::Sent { digest, clock } => format!("sent digest {digest:08x} clock {clock}"),
            Message::Sums { sums, .. } => format!("sums of {} buckets", sums.len()),
            Message::Buckets { buckets, fingerprints, .. } => {
                format!("{} buckets with {} members", buckets.len(), fingerprints.len())
            }
        }
    }
}

fn stated(update: &Update, name: &dyn Fn(PeerId) -> String) -> String {
    match update {
        Update::Alive { incarnation, record } => format!("alive {}:{incarnation}", record.name()),
        Update::Suspect { peer, incarnation, accusers } => {
            let by: Vec<String> = accusers.iter().map(|accuser| name(*accuser)).collect();
            format!("suspect {}:{incarnation} by {}", name(*peer), by.join(","))
        }
        Update::Dead { peer, incarnation, by } => format!("dead {}:{incarnation} by {}", name(*peer), name(*by)),
        Update::Left { peer, incarnation, prune, .. } => {
            format!("left {}:{incarnation}{}", name(*peer), if *prune { " pruned" } else { "" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_as_the_literature_does() {
        let check = |message: Message, written: &str| assert_eq!(message.note(&|id| format!("n{}", id.0)), written);
        check(Message::Ping { seq: 12, digest: 1 }, "ping 12");
        check(Message::PingReq { seq: 12, target: PeerId(3) }, "ping-req 12 n3");
        let accusers = vec![PeerId(7), PeerId(8)];
        check(Message::Update(Update::Suspect { peer: PeerId(3), incarnation: 4, accusers }), "suspect n3:4 by n7,n8");
        check(Message::Update(Update::Dead { peer: PeerId(3), incarnation: 4, by: PeerId(7) }), "dead n3:4 by n7");
    }
}
