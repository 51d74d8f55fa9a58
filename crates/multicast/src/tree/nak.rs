use super::message::Message;
use super::stream::{Key, Stream};
use super::{Config, Cx, MAX_HOPS, Send, Timer, Tree};
use crate::config::{Repair, Scope};
use bruit_kit::Set;
use bruit_proto::{Duration, Origin, PeerId, Rng, Time};
use std::collections::BTreeMap;

/// Rounds after which a request is not made again until somebody says once more that there is something to ask for.
const ROUNDS: u32 = 12;

/// A request to be made.
#[derive(Clone, Copy, Debug)]
struct Ask {
    due: Time,
    /// How often it was made, by whomever.
    round: u32,
    /// Until then another's is of the same round.
    quiet: Time,
}

/// A repair to be made, or one that was and is not made again for a while.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Due(Time),
    Held(Time),
}

/// What a node waits to ask for and to answer.
#[derive(Debug, Default)]
pub(super) struct Naks {
    asks: BTreeMap<(Key, u64), Ask>,
    answers: BTreeMap<(Key, u64), Answer>,
}

impl Naks {
    pub(super) fn is_empty(&self) -> bool {
        self.asks.is_empty() && !self.answers.values().any(|answer| matches!(answer, Answer::Due(_)))
    }

    pub(super) fn len(&self) -> usize {
        self.asks.len() + self.answers.len()
    }

    pub(super) fn forget(&mut self, gone: Key) {
        self.asks.retain(|name, _| name.0 != gone);
        self.answers.retain(|name, _| name.0 != gone);
    }

    /// When the first is due.
    fn next(&self) -> Option<Time> {
        let answers = self.answers.values().filter_map(|answer| if let Answer::Due(due) = answer { Some(*due) } else { None });
        self.asks.values().map(|ask| ask.due).chain(answers).min()
    }

    /// A place for one more answer; what is not held any more makes room.
    fn room(&mut self, now: Time) -> bool {
        self.answers.retain(|_, answer| !matches!(answer, Answer::Held(until) if *until <= now));
        self.answers.len() < Config::PENDING
    }
}

/// U[from d, (from + spread) d].
fn delay(rng: &mut Rng, [from, spread]: [u32; 2], d: Duration) -> Duration {
    rng.between(d * from, d * (from + spread))
}

/// Repair by whoever has it, after SRM: requests and repairs wait for a random time, and another's makes them needless.
impl<S: Set> Tree<S> {
    /// How many hops a request goes.
    pub(super) fn reach(&self) -> u8 {
        if let Repair::Nak { scope: Scope::Hops(hops), .. } = self.config.repair { hops.min(MAX_HOPS) } else { 0 }
    }

    /// Plans a request for each item that lacks in the `i`-th stream.
    pub(super) fn ask_for_gaps(&mut self, cx: Cx<'_, '_, S>, i: usize) {
        let Repair::Nak { ask, hop, .. } = self.config.repair else { return };
        let stream = &self.streams[i];
        let d = hop * u32::from(stream.hop.max(1));
        for name in stream.missing().map(|seq| (stream.key, seq)) {
            if self.naks.asks.len() < Config::PENDING {
                let due = cx.now + delay(cx.rng, ask, d);
                self.naks.asks.entry(name).or_insert(Ask { due, round: 0, quiet: Time::ZERO });
            }
        }
        self.plan(cx);
    }

    /// Waits for whatever is due first.
    fn plan(&self, cx: Cx<'_, '_, S>) {
        let session = self.find(self.own()).and_then(|i| self.streams[i].session);
        match self.naks.next().into_iter().chain(session).min() {
            Some(due) => cx.set(Timer::Delay, due.since(cx.now)),
            None => cx.cancel(Timer::Delay),
        }
    }

    /// An item came: it is not asked for any more, and if it was sent again, nobody else need do so.
    pub(super) fn answered(&mut self, cx: Cx<'_, '_, S>, key: Key, seq: u64, again: bool) {
        let Repair::Nak { hop, .. } = self.config.repair else { return };
        self.naks.asks.remove(&(key, seq));
        if again && (self.naks.answers.contains_key(&(key, seq)) || self.naks.room(cx.now)) {
            self.naks.answers.insert((key, seq), Answer::Held(cx.now + hop * 3));
        }
    }

    pub(super) fn on_delay(&mut self, cx: Cx<'_, '_, S>) {
        let now = cx.now;
        let asks: Vec<_> = self.naks.asks.iter().filter(|(_, ask)| ask.due <= now).map(|x| *x.0).collect();
        asks.into_iter().for_each(|name| self.ask(cx, name));
        let due = |answer: &Answer| matches!(answer, Answer::Due(due) if *due <= now);
        let answers: Vec<_> = self.naks.answers.iter().filter(|(_, answer)| due(answer)).map(|x| *x.0).collect();
        answers.into_iter().for_each(|name| self.repair(cx, name));
        self.say_session(cx);
        self.plan(cx);
    }

    fn ask(&mut self, cx: Cx<'_, '_, S>, name: (Key, u64)) {
        let (key, seq) = name;
        let lacks = self.find(key).is_some_and(|i| !self.streams[i].has(seq));
        if !lacks || self.naks.asks.get(&name).is_none_or(|ask| ask.round >= ROUNDS) {
            self.naks.asks.remove(&name);
            return;
        }
        self.counters.requests += 1;
        let reach = self.reach();
        for to in self.scope(cx, key, None) {
            self.say(cx, to, Message::Nak(key, seq, 1, reach.saturating_sub(1)));
        }
        self.back_off(cx, name);
    }

    /// A request of this round was made: the next waits twice as long.
    fn back_off(&mut self, cx: Cx<'_, '_, S>, name: (Key, u64)) {
        let Repair::Nak { ask, hop, .. } = self.config.repair else { return };
        let d = hop * self.find(name.0).map_or(1, |i| u32::from(self.streams[i].hop.max(1)));
        let Some(wait) = self.naks.asks.get_mut(&name).filter(|wait| wait.quiet <= cx.now) else { return };
        wait.round += 1;
        let after = delay(cx.rng, ask, d) * (1 << wait.round.min(ROUNDS));
        (wait.due, wait.quiet) = (cx.now + after, cx.now + after / 2);
    }

    /// Whom requests and repairs go to.
    fn scope(&self, cx: Cx<'_, '_, S>, key: Key, but: Option<PeerId>) -> Vec<PeerId> {
        if !self.repairs_group() {
            return self.neighbours(cx, key.origin, but);
        }
        let all = std::iter::successors(cx.peers.next(self.me), |peer| cx.peers.next(*peer));
        all.take(cx.peers.len().min(Config::GROUP) as usize).collect()
    }

    pub(super) fn on_nak(&mut self, cx: Cx<'_, '_, S>, from: Origin, name: (Key, u64), hops: u8, left: u8) {
        let (key, seq) = name;
        let Repair::Nak { answer, hop, .. } = self.config.repair else {
            return cx.reject(from, "nobody repairs by request");
        };
        let Some((i, _)) = self.learn(cx, from, key, seq) else { return };
        if let Some(left) = left.min(self.reach()).checked_sub(1).filter(|_| hops < MAX_HOPS) {
            for to in self.neighbours(cx, key.origin, from.peer) {
                self.say(cx, to, Message::Nak(key, seq, hops + 1, left));
            }
        }
        if self.streams[i].get(seq).is_some() {
            let held = matches!(self.naks.answers.get(&name), Some(Answer::Due(_)))
                || matches!(self.naks.answers.get(&name), Some(Answer::Held(until)) if *until > cx.now);
            if !held && self.naks.room(cx.now) {
                let due = cx.now + delay(cx.rng, answer, hop * u32::from(hops.clamp(1, MAX_HOPS)));
                self.naks.answers.insert(name, Answer::Due(due));
            }
        } else {
            self.ask_for_gaps(cx, i);
            // Of restricted scope, what a child asks did not reach whoever could answer here.
            if self.repairs_group() || from.peer == self.edges(cx.peers, key.origin).up {
                self.back_off(cx, name);
            }
        }
        self.plan(cx);
    }

    fn repair(&mut self, cx: Cx<'_, '_, S>, name: (Key, u64)) {
        let (key, seq) = name;
        let Repair::Nak { hop, .. } = self.config.repair else { return };
        self.naks.answers.insert(name, Answer::Held(cx.now + hop * 3));
        let again = Some(self.reach().saturating_sub(1));
        for to in self.scope(cx, key, None) {
            self.enqueue(Send { to, key, seq, again });
        }
        self.burst(cx);
    }

    /// Session messages of this node's own stream begin again: there is an item more, or the tree is another.
    pub(super) fn begin_sessions(&mut self, cx: Cx<'_, '_, S>) {
        let Repair::Nak { session, .. } = self.config.repair else { return };
        if let Some(i) = self.find(self.own()) {
            (self.streams[i].said, self.streams[i].session) = (0, Some(cx.now + session));
            self.plan(cx);
        }
    }

    /// A session message, if one is due; the next after twice the time (the variable heartbeat of Holbrook, Singhal, Cheriton
    /// 1995, "Log-based receiver-reliable multicast").
    fn say_session(&mut self, cx: Cx<'_, '_, S>) {
        let Repair::Nak { session, sessions, .. } = self.config.repair else { return };
        let Some(i) = self.find(self.own()) else { return };
        let stream = &mut self.streams[i];
        if stream.session.is_none_or(|due| due > cx.now) {
            return;
        }
        stream.said += 1;
        stream.round = stream.round.saturating_add(1);
        stream.session = (stream.said < sessions).then_some(cx.now + session * (1 << stream.said));
        self.announce(cx, i, None);
    }

    /// Tells neighbours how far a stream goes.
    fn announce(&mut self, cx: Cx<'_, '_, S>, i: usize, but: Option<PeerId>) {
        let Stream { key, round, hop, .. } = self.streams[i];
        let highest = self.streams[i].highest();
        for to in self.neighbours(cx, key.origin, but) {
            self.say(cx, to, Message::Session(key, highest, round, hop.saturating_add(1)));
        }
    }

    /// An origin is gone: whoever has something of it says how far it goes, once.
    pub(super) fn speak_for(&mut self, cx: Cx<'_, '_, S>, origin: PeerId) {
        if matches!(self.config.repair, Repair::Nak { .. }) {
            let streams = (0..self.streams.len()).filter(|i| self.streams[*i].key.origin == origin).collect::<Vec<_>>();
            streams.into_iter().for_each(|i| self.announce(cx, i, None));
        }
    }

    /// A stream goes so far. Whatever of it is new here goes on: how far, or that the origin says so again.
    pub(super) fn on_session(&mut self, cx: Cx<'_, '_, S>, from: Origin, (key, highest, round): (Key, u64, u32), hop: u8) {
        let own = self.own();
        let Some((i, news)) = self.learn(cx, from, key, highest) else { return };
        match self.config.repair {
            Repair::None => {}
            Repair::Ack { .. } => {
                self.streams[i].dirty = false;
                let report = self.streams[i].report();
                self.counters.control += 1;
                cx.reply(from.path, Message::Report(key, report, false));
                self.beat_soon(cx);
            }
            Repair::Nak { .. } => {
                let stream = &mut self.streams[i];
                if (news || round > stream.round) && key != own && hop < MAX_HOPS {
                    (stream.round, stream.hop) = (round.max(stream.round), hop);
                    self.announce(cx, i, from.peer);
                }
                self.ask_for_gaps(cx, i);
            }
        }
    }
}
