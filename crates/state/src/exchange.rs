//! SYN, ACK, ACK2; and how two that differ find out where.

use crate::config::Detector;
use crate::delta::{Delta, bound};
use crate::digest::{Digest, Verdict, compare};
use crate::message::{Ack, Ack2, Message, Sums, Syn};
use crate::notation::Exchange;
use crate::spread::Spread;
use crate::state::State;
use crate::wire::{SUM_MASK, base, digest_size};
use bruit_proto::{Context, Origin, Path, PeerId};

/// The least id and the greatest.
const LOW: PeerId = PeerId(1);
const HIGH: PeerId = PeerId(u64::MAX >> 1);
/// Nodes of which digests are compared one by one: 16, a message of 200 bytes; sums of more are split first.
const LEAF: usize = 16;
/// The head of a SYN: tag, range, base, count. That of an ACK is smaller: tag, flags, base, two counts.
const HEAD: usize = 1 + 16 + 7 + 2;

/// Where a SYN goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Peer(PeerId),
    Back(Origin),
}

impl<S: Spread> State<S> {
    /// All that this node knows of a range, in as many SYNs as that takes.
    pub(crate) fn send_syns(&mut self, cx: &mut Context<'_, Self>, to: To, mut from: PeerId, last: PeerId) {
        let digests: Vec<Digest> = self.table.digests(from, last).collect();
        if self.config.trace
            && let Some(with) = match to {
                To::Peer(peer) => Some(peer),
                To::Back(origin) => origin.peer,
            }
        {
            self.open = Some(Exchange { with, syn: digests.clone(), ..Exchange::default() });
        }
        let (base, mut rest) = (base(&digests, &[]), &digests[..]);
        loop {
            let mut size = HEAD;
            let fits = rest.iter().take_while(|digest| {
                size += digest_size(digest, base);
                size <= self.config.packet
            });
            let (digests, later) = rest.split_at(fits.count());
            let end = if later.is_empty() { last } else { digests.last().map_or(last, |digest| digest.node) };
            self.counters.syns += 1;
            let syn = Message::Syn(Syn { from, to: end, digests: digests.to_vec() });
            match to {
                To::Peer(peer) => cx.send(peer, syn),
                To::Back(origin) => cx.reply(origin.path, syn),
            }
            if later.is_empty() {
                return;
            }
            from = PeerId(end.0 + 1);
            rest = later;
        }
    }

    pub(crate) fn send_all_syns(&mut self, cx: &mut Context<'_, Self>, to: PeerId) {
        self.send_syns(cx, To::Peer(to), LOW, HIGH);
    }

    /// A peer knows something else. While news is on its way that is no reason to ask; once a round is often enough.
    pub(crate) fn on_sum(&mut self, cx: &mut Context<'_, Self>, from: Origin, sum: u64) {
        if sum == self.table.sum() & SUM_MASK || self.config.beats() {
            return;
        }
        self.counters.differing += 1;
        let fresh = self.config.spread && self.news.is_some_and(|news| cx.now.since(news) < self.config.every / 5);
        if !fresh && cx.now >= self.next {
            self.next = cx.now + self.config.every / 2;
            self.differ(cx, from, LOW, HIGH);
        }
    }

    pub(crate) fn on_sums(&mut self, cx: &mut Context<'_, Self>, from: Origin, sums: &Sums) {
        let mut low = sums.from;
        for (last, sum) in &sums.parts {
            if self.table.range(low, *last).1 != *sum {
                self.differ(cx, from, low, *last);
            }
            low = PeerId(last.0 + 1);
        }
    }

    /// We differ in this range: digests if there are few, sums over parts of it if there are many.
    fn differ(&mut self, cx: &mut Context<'_, Self>, from: Origin, low: PeerId, high: PeerId) {
        let nodes: Vec<PeerId> = self.table.digests(low, high).map(|digest| digest.node).collect();
        if nodes.len() <= LEAF {
            return self.send_syns(cx, To::Back(from), low, high);
        }
        let mut ends: Vec<PeerId> = nodes.chunks(nodes.len().div_ceil(Sums::PARTS)).map(|part| part[part.len() - 1]).collect();
        ends.pop();
        ends.push(high);
        let mut start = low;
        let part = |end: PeerId| {
            let sum = self.table.range(start, end).1;
            start = PeerId(end.0 + 1);
            (end, sum)
        };
        let parts = ends.into_iter().map(part).collect();
        cx.reply(from.path, Message::Sums(Sums { from: low, parts }));
    }

    pub(crate) fn on_syn(&mut self, cx: &mut Context<'_, Self>, from: Origin, syn: &Syn) {
        let (mut wants, mut tells, mut next) = (Vec::new(), Vec::new(), syn.from);
        let unlisted = |this: &Self, low: PeerId, high: PeerId, tells: &mut Vec<(PeerId, u64)>| {
            if low <= high {
                tells.extend(this.table.digests(low, high).map(|digest| (digest.node, 0)));
            }
        };
        for digest in &syn.digests {
            unlisted(self, next, PeerId(digest.node.0 - 1), &mut tells);
            next = PeerId(digest.node.0 + 1);
            self.hear_of_me(cx, *digest);
            let mine = self.table.get(digest.node).filter(|entry| !entry.endpoint.is_blank());
            match compare(mine.map(|entry| entry.endpoint.digest(digest.node)), *digest) {
                Verdict::Ask(version) if digest.generation > 0 && digest.node != self.me => {
                    wants.push(Digest { version, ..*digest });
                }
                Verdict::Tell(above) => tells.push((digest.node, above)),
                Verdict::Ask(_) | Verdict::Equal => {}
            }
        }
        unlisted(self, next, syn.to, &mut tells);
        wants.retain(|want| !self.is_quarantined(cx, want.node, want.generation));
        let (deltas, more) = self.deltas(cx, &wants, &tells);
        if wants.is_empty() && deltas.is_empty() && self.config.detector == Detector::Swim {
            return;
        }
        self.counters.acks += 1;
        cx.reply(from.path, Message::Ack(Ack { wants, deltas, more, shadow: false }));
    }

    /// What is above these versions, as much as fits beside these wants; whether something was left out.
    fn deltas(&mut self, cx: &mut Context<'_, Self>, wants: &[Digest], tells: &[(PeerId, u64)]) -> (Vec<Delta>, bool) {
        let all: Vec<Delta> = tells.iter().filter_map(|(node, above)| self.table.delta(*node, *above, cx.now)).collect();
        let (base, count) = (base(wants, &all), all.len());
        let size = HEAD + wants.iter().map(|want| digest_size(want, base)).sum::<usize>();
        let (deltas, cut) = bound(all, base, self.config.packet.saturating_sub(size), &self.config, cx.rng);
        let more = cut || deltas.len() < count;
        (deltas, more)
    }

    pub(crate) fn on_ack(&mut self, cx: &mut Context<'_, Self>, from: Origin, ack: Ack) {
        let mut tells = Vec::new();
        for want in &ack.wants {
            let Some(entry) = self.table.get(want.node) else { continue };
            // A life that began meanwhile is told from its start.
            let held = entry.endpoint.heart_beat.generation;
            if held >= want.generation {
                tells.push((want.node, if held == want.generation { want.version } else { 0 }));
            }
        }
        let progress = self.learn_all(cx, from, &ack.deltas);
        let (deltas, more) = self.deltas(cx, &[], &tells);
        if self.open.as_ref().is_some_and(|open| Some(open.with) == from.peer)
            && let Some(open) = self.open.take()
        {
            let Ack { wants, deltas: ack, .. } = ack;
            self.trace = Some(Exchange { wants, ack, ack2: deltas.clone(), ..open });
        }
        if !deltas.is_empty() || self.config.detector != Detector::Swim {
            self.counters.ack2s += 1;
            cx.reply(from.path, Message::Ack2(Ack2 { deltas, more }));
        }
        self.go_on(cx, from, ack.more && progress);
    }

    pub(crate) fn on_ack2(&mut self, cx: &mut Context<'_, Self>, from: Origin, ack2: Ack2) {
        let progress = self.learn_all(cx, from, &ack2.deltas);
        self.go_on(cx, from, ack2.more && progress);
    }

    /// More is there than fitted. With heartbeats the next round has it; without, nobody else would ask.
    fn go_on(&mut self, cx: &mut Context<'_, Self>, from: Origin, more: bool) {
        if more && !self.config.beats() {
            self.differ(cx, from, LOW, HIGH);
        }
    }

    /// Takes all news of a message, asks for what is missing before some of it; whether anything was news.
    fn learn_all(&mut self, cx: &mut Context<'_, Self>, from: Origin, deltas: &[Delta]) -> bool {
        let mut gaps = Vec::new();
        let mut news = false;
        for delta in deltas {
            news |= self.learn(cx, from, delta, false, &mut gaps);
        }
        self.ask_for(cx, from.path, gaps);
        news
    }

    pub(crate) fn on_news(&mut self, cx: &mut Context<'_, Self>, from: Origin, delta: &Delta) {
        let mut gaps = Vec::new();
        self.learn(cx, from, delta, true, &mut gaps);
        self.ask_for(cx, from.path, gaps);
    }

    fn ask_for(&mut self, cx: &mut Context<'_, Self>, path: Path, wants: Vec<Digest>) {
        if !wants.is_empty() {
            self.counters.acks += 1;
            cx.reply(path, Message::Ack(Ack { wants, ..Ack::default() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiki::{hold, node, turn};
    use bruit_proto::Wire;

    const NODES: u64 = 5_000;

    fn large() -> State {
        let mut state = node(1, &[(1, 1_900_000_000, 600_000)]);
        (2..=NODES).for_each(|id| hold(&mut state.table, PeerId(id * 7_919), 1_900_000_000 + id % 90_000, 600_000));
        state
    }

    /// Digests of 5,000 nodes: several SYNs that cover all ids without a gap, none larger than a packet.
    #[test]
    fn a_syn_larger_than_a_packet_is_several_each_of_its_own() {
        let mut state = large();
        let said = turn(&mut state, |state, cx| state.send_all_syns(cx, PeerId(2)));
        let (mut next, mut listed) = (LOW, 0);
        for message in &said {
            assert!(message.size() <= state.config.packet, "{} bytes", message.size());
            let Message::Syn(syn) = message else { panic!("{message:?}") };
            assert_eq!(syn.from, next);
            next = PeerId(syn.to.0 + 1);
            listed += syn.digests.len() as u64;
        }
        assert_eq!((next.0 - 1, listed), (HIGH.0, NODES));
        let full = NODES as usize * 13 / state.config.packet;
        assert!((full..full + 8).contains(&said.len()), "{} packets, {full} of them full", said.len());
    }

    /// One who knows nothing asks one who knows 5,000: each answer is one packet.
    #[test]
    fn no_answer_is_larger_than_a_packet() {
        let (mut small, mut large) = (node(2, &[(2, 1_900_000_000, 5)]), large());
        let packet = large.config.packet;
        let from = |id| Origin { peer: Some(PeerId(id)), path: Path::new(id, None) };
        let syns = turn(&mut small, |state, cx| state.send_all_syns(cx, PeerId(1)));
        let acks: Vec<Message> =
            syns.into_iter().flat_map(|syn| turn(&mut large, |state, cx| state.on_word(cx, from(2), syn))).collect();
        assert_eq!(acks.len(), 1);
        assert!(acks[0].size() <= packet && acks[0].size() > packet - 30, "{}", acks[0].size());
        let back = turn(&mut large, |state, cx| state.send_all_syns(cx, PeerId(2)));
        for syn in back {
            for ack in turn(&mut small, |state, cx| state.on_word(cx, from(1), syn)) {
                assert!(ack.size() <= packet, "{}", ack.size());
                for ack2 in turn(&mut large, |state, cx| state.on_word(cx, from(2), ack)) {
                    assert!(ack2.size() <= packet, "{}", ack2.size());
                }
            }
        }
    }
}
