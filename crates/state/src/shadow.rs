//! The shadow round: who was I? Nothing that is heard in it is applied, but for the generation.

use crate::message::{Ack, Message, Syn};
use crate::spread::Spread;
use crate::state::{Phase, State, Timer};
use crate::value::{Key, Value};
use bruit_proto::{Context, Origin, PeerId, Time};
use std::collections::BTreeSet;

/// What a node in its shadow round knows.
#[derive(Debug)]
pub(crate) struct Shadow {
    until: Time,
    seen: Option<u64>,
    /// Shared values of its last life: one packet of them, from whoever answers first.
    values: Vec<(Key, Value)>,
    /// Who knows nothing either: at most one each seed.
    clueless: BTreeSet<PeerId>,
}

impl<S: Spread> State<S> {
    pub(crate) fn begin_shadow(&mut self, cx: &mut Context<'_, Self>) {
        let until = cx.now + self.config.shadow_limit;
        self.phase = Phase::Shadow(Shadow { until, seen: None, values: Vec::new(), clueless: BTreeSet::new() });
        self.ask_seeds(cx);
    }

    fn ask_seeds(&mut self, cx: &mut Context<'_, Self>) {
        cx.set(Timer::Shadow, self.config.shadow_every);
        for seed in &self.seeds {
            self.counters.syns += 1;
            cx.send(*seed, Message::Syn(Syn { from: self.me, to: self.me, digests: Vec::new() }));
        }
    }

    /// Nobody who knows has answered: again, or alone. One that may not start without its seeds is a trap
    /// (cadence#4359: all of them had to answer).
    pub(crate) fn ask_again(&mut self, cx: &mut Context<'_, Self>) {
        match &self.phase {
            Phase::Shadow(shadow) if cx.now >= shadow.until => self.end_shadow(cx),
            Phase::Shadow(_) => self.ask_seeds(cx),
            Phase::Running | Phase::Stopped => {}
        }
    }

    pub(crate) fn in_shadow(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Ack(ack) => self.on_shadow_answer(cx, from, ack),
            // Two that start at once: neither knows anything.
            Message::Syn(syn) if syn.digests.is_empty() && Some(syn.from) == from.peer && syn.from == syn.to => {
                self.counters.acks += 1;
                cx.reply(from.path, Message::Ack(Ack { shadow: true, ..Ack::default() }));
            }
            _ => {}
        }
    }

    fn on_shadow_answer(&mut self, cx: &mut Context<'_, Self>, from: Origin, ack: Ack) {
        let (me, seeds) = (self.me, self.seeds.len());
        let Phase::Shadow(shadow) = &mut self.phase else { return };
        for delta in ack.deltas.into_iter().filter(|delta| delta.node == me) {
            shadow.seen = shadow.seen.max(Some(delta.generation));
            shadow.values = delta.values;
        }
        shadow.clueless.extend(from.peer.filter(|_| ack.shadow && shadow.clueless.len() < seeds));
        if !ack.shadow || shadow.clueless.len() == seeds {
            self.end_shadow(cx);
        }
    }

    fn end_shadow(&mut self, cx: &mut Context<'_, Self>) {
        cx.cancel(Timer::Shadow);
        if let Phase::Shadow(shadow) = std::mem::replace(&mut self.phase, Phase::Running) {
            self.begin(cx, shadow.seen);
            self.adopt(cx, &shadow.values);
        }
    }
}
