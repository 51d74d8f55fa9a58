//! How an exchange is written down.

use crate::delta::Delta;
use crate::digest::Digest;
use crate::endpoint::Status;
use crate::heart_beat::HeartBeat;
use crate::message::{Ack, Ack2, Message, Syn};
use bruit_proto::{Notation, PeerId, Wire};
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
    /// The three messages, a line each: [`cards`](Exchange::cards), joined; what an ACK wants and what it tells apart by a bar.
    pub fn lines(&self, name: &dyn Fn(PeerId) -> String) -> [String; 3] {
        let [syn, mut ack, ack2] = self.cards(name);
        if !self.wants.is_empty() && !self.ack.is_empty() {
            ack.insert(self.wants.len(), "|".into());
        }
        [syn, ack, ack2].map(|card| card.join(" "))
    }

    /// The three messages, what each says piece by piece, in the notation of Cassandra's architecture wiki: digests and wants
    /// as `node:generation:version`, news as `node:generation` with values as `key=value:version` and the heartbeat.
    pub fn cards(&self, name: &dyn Fn(PeerId) -> String) -> [Vec<String>; 3] {
        [digests(&self.syn, name), [digests(&self.wants, name), told(&self.ack, name)].concat(), told(&self.ack2, name)]
    }

    /// How many bytes each of the three messages takes, without its envelope; a SYN that was cut into packets as if it were one.
    pub fn sizes(&self) -> [usize; 3] {
        let syn = Syn { from: PeerId::NONE, to: PeerId::NONE, digests: self.syn.clone() };
        let ack = Ack { wants: self.wants.clone(), deltas: self.ack.clone(), ..Ack::default() };
        let ack2 = Ack2 { deltas: self.ack2.clone(), ..Ack2::default() };
        [Message::Syn(syn), Message::Ack(ack), Message::Ack2(ack2)].map(|message| message.size())
    }
}

impl Notation for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Sum(_) => "state.sum",
            Message::Sums(_) => "state.sums",
            Message::Syn(_) => "state.syn",
            Message::Ack(_) => "state.ack",
            Message::Ack2(_) => "state.ack2",
            Message::News(_) => "state.news",
            Message::Echo(_) => "state.echo",
            Message::Echoed(_) => "state.echoed",
        }
    }

    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String {
        let listed = |word: &str, parts: Vec<String>| [vec![word.to_owned()], parts].concat().join(" ");
        match self {
            Message::Sum(sum) => format!("state {sum:012x}"),
            Message::Sums(sums) => format!("state, sums of {} ranges", sums.parts.len()),
            Message::Syn(syn) => listed("SYN", digests(&syn.digests, name)),
            Message::Ack(ack) => {
                let bar = if ack.wants.is_empty() || ack.deltas.is_empty() { Vec::new() } else { vec!["|".into()] };
                listed("ACK", [digests(&ack.wants, name), bar, told(&ack.deltas, name)].concat())
            }
            Message::Ack2(ack2) => listed("ACK2", told(&ack2.deltas, name)),
            Message::News(delta) => format!("state {}", news(delta, name)),
            Message::Echo(generation) => format!("echo {generation}"),
            Message::Echoed(generation) => format!("echoed {generation}"),
        }
    }
}

fn digests(of: &[Digest], name: &dyn Fn(PeerId) -> String) -> Vec<String> {
    of.iter().map(|one| digest(one, name)).collect()
}

fn told(of: &[Delta], name: &dyn Fn(PeerId) -> String) -> Vec<String> {
    of.iter().map(|one| news(one, name)).collect()
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
