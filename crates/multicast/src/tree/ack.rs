use super::message::Message;
use super::stream::{Key, Report, Side};
use super::{Cx, Send, Timer, Tree};
use crate::config::Repair;
use bruit_kit::Set;
use bruit_proto::{Origin, PeerId};
use std::collections::BTreeSet;

/// Repair by the parent, after RMTP: status messages with a bitmap go up, what lacks comes down from a cache. Unlike there, a
/// node says nothing while nothing came since its last word.
impl<S: Set> Tree<S> {
    /// Sees to it that acknowledgements are due.
    pub(super) fn beat_soon(&mut self, cx: Cx<'_, '_, S>) {
        if let Repair::Ack { every, .. } = self.config.repair
            && !self.beating
            && !self.streams.is_empty()
        {
            self.beating = true;
            cx.set(Timer::Beat, every);
        }
    }

    /// Acknowledges what came, and asks whoever is to have it and is silent: children, in a shared tree the parent as well.
    pub(super) fn on_beat(&mut self, cx: Cx<'_, '_, S>) {
        self.beating = false;
        let Repair::Ack { tries, .. } = self.config.repair else { return };
        let mut busy = false;
        for i in 0..self.streams.len() {
            let stream = &self.streams[i];
            let (key, dirty, highest) = (stream.key, stream.dirty, stream.highest());
            let edges = self.edges(cx.peers, key.origin);
            let up = edges.up.filter(|_| self.is_shared());
            self.streams[i].adopt(&edges.down, up);
            if let Some(up) = edges.up.filter(|_| dirty) {
                let report = self.streams[i].report();
                self.say(cx, up, Message::Report(key, report, false));
            }
            self.streams[i].dirty = false;
            for s in 0..self.streams[i].sides.len() {
                let side = &mut self.streams[i].sides[s];
                if side.next > highest || side.silent > tries {
                    continue;
                }
                side.silent += 1;
                busy = true;
                // It had one beat to acknowledge by itself.
                if side.silent > 1 {
                    let peer = side.peer;
                    self.say(cx, peer, Message::Session(key, highest, 0, 1));
                }
            }
        }
        if busy {
            self.beat_soon(cx);
        }
    }

    /// Sends what the other side lacks; if it has what lacks here, says so once.
    pub(super) fn on_report(&mut self, cx: Cx<'_, '_, S>, from: Origin, key: Key, report: &Report, answers: bool) {
        if !matches!(self.config.repair, Repair::Ack { .. }) {
            return cx.reject(from, "nobody asked for acknowledgements");
        }
        // Items go to members only, whoever asks.
        let Some(peer) = from.peer.filter(|peer| cx.peers.contains(*peer)) else { return };
        let Some((i, _)) = self.learn(cx, from, key, report.highest()) else { return };
        let stream = &mut self.streams[i];
        if let Some(side) = stream.sides.iter_mut().find(|side| side.peer == peer) {
            (side.next, side.silent) = (report.next, 0);
        }
        let lacks: Vec<u64> = stream.present().filter(|seq| !report.has(*seq)).collect();
        let helps = stream.missing().any(|seq| report.has(seq));
        let mine = (helps && !answers).then(|| stream.report());
        let queued = self.outbox.iter().filter(|send| (send.to, send.key) == (peer, key)).map(|send| send.seq);
        let queued: BTreeSet<u64> = queued.collect();
        for seq in lacks.into_iter().filter(|seq| !queued.contains(seq)) {
            self.enqueue(Send { to: peer, key, seq, again: Some(0) });
        }
        if let Some(report) = mine {
            self.counters.control += 1;
            cx.reply(from.path, Message::Report(key, report, true));
        }
        self.burst(cx);
        self.beat_soon(cx);
    }
}

impl<Id> super::Stream<Id> {
    /// These are its neighbours now; who was one keeps what it acknowledged.
    fn adopt(&mut self, down: &[PeerId], up: Option<PeerId>) {
        let known = |peer: &PeerId| self.sides.iter().find(|side| side.peer == *peer).copied();
        let all = down.iter().chain(&up).map(|peer| known(peer).unwrap_or(Side { peer: *peer, next: 1, silent: 0 }));
        self.sides = all.collect();
    }
}
