//! How an exchange is written down.

use crate::delta::Delta;
use crate::digest::Digest;
use crate::endpoint::Status;
use crate::heart_beat::HeartBeat;
use bruit_proto::PeerId;
use std::fmt::Write;

/// One exchange as its initiator saw it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exchange {
    /// With whom.
    pub with: PeerId,
    /// What I said I know.
    pub syn: Vec<Digest>,
    /// What they wanted.
    pub wants: Vec<Digest>,
    /// What they told me.
    pub ack: Vec<Delta>,
    /// What I told them.
    pub ack2: Vec<Delta>,
}

impl Exchange {
    /// The three messages, a line each, in the notation of Cassandra's architecture wiki: digests and wants as
    /// `node:generation:version`, news as `node:generation` with values as `key=value:version` and the heartbeat.
    pub fn lines(&self, name: &dyn Fn(PeerId) -> String) -> [String; 3] {
        let news = |deltas: &[Delta]| join(deltas.iter().map(|delta| news(delta, name)));
        let wants = join(self.wants.iter().map(|want| digest(want, name)));
        [
            join(self.syn.iter().map(|known| digest(known, name))),
            [wants, news(&self.ack)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | "),
            news(&self.ack2),
        ]
    }
}

/// A digest as `node:generation:version`.
pub fn digest(digest: &Digest, name: &dyn Fn(PeerId) -> String) -> String {
    format!("{}:{:?}", name(digest.node), HeartBeat { generation: digest.generation, version: digest.version })
}

/// News as `node:generation key=value:version heartbeat:version`.
pub fn news(delta: &Delta, name: &dyn Fn(PeerId) -> String) -> String {
    let mut out = format!("{}:{}", name(delta.node), delta.generation);
    // Writing to a string does not fail.
    let _ = delta.values.iter().try_for_each(|(key, value)| write!(out, " {key}={}:{}", value.value, value.version));
    if delta.heartbeat > 0 {
        let _ = write!(out, " heartbeat:{}", delta.heartbeat);
    }
    match delta.status {
        Status::Running => {}
        Status::Shutdown => out.push_str(" shutdown"),
        Status::Removed => out.push_str(" removed"),
    }
    out
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}
