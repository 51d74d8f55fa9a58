use crate::member::is_far_ahead;
use crate::sync::{HEDGE, SILENCE};
use crate::{Event, Message, Swim, Timer};
use bruit_proto::{Class, Context, Duration, Origin, PeerId, Record, Rng, StreamId, StreamNews, Time, Why};
use std::sync::Arc;

/// Seeds remembered.
const MAX_SEEDS: usize = 64;
/// Dials at once.
const MAX_DIALS: usize = 4;
/// Sent on more often than this, a join begins anew.
const MAX_HOPS: u32 = 16;
/// Calls to each of those who were known, before they are given up: one or two may be lost.
const CALLS: usize = 3;
/// The first pause after a join that failed, doubled up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));

/// How this node gets into a cluster.
pub(crate) struct Join {
    /// Contacts to join through, never forgotten.
    seeds: Vec<PeerId>,
    /// Whom an earlier process knew and this one has not met: asked in turn with the seeds until somebody lets us in, and
    /// then called, so often.
    known: Vec<PeerId>,
    called: usize,
    dials: Vec<Dial>,
    /// The dial that was answered first and carries the join.
    stream: Option<StreamId>,
    under_way: bool,
    at: usize,
    hops: u32,
    failures: u32,
    pub(crate) joined: bool,
    /// Members in whose hands others put us, to be asked next.
    ask: Vec<PeerId>,
    since: Time,
    /// Seeds that were not asked for their view since the last join.
    unasked: usize,
}

struct Dial {
    stream: StreamId,
    to: PeerId,
}

bruit_kit::idle!(Join {
    seeds: Vec::new(),
    known: Vec::new(),
    called: 0,
    dials: Vec::new(),
    stream: None,
    under_way: false,
    at: 0,
    hops: 0,
    failures: 0,
    joined: false,
    ask: Vec::new(),
    since: Time::ZERO,
    unasked: 0,
});

impl Join {
    pub(crate) fn some_seed(&self, rng: &mut Rng) -> Option<PeerId> {
        (!self.seeds.is_empty()).then(|| self.seeds[rng.below(self.seeds.len() as u32) as usize])
    }

    /// Whom to ask, `at` being counted up: seeds and those who were known in turn.
    fn candidate(&self, at: usize) -> Option<PeerId> {
        let of = |peers: &[PeerId], at: usize| peers.get(at % peers.len().max(1)).copied();
        match (self.seeds.is_empty(), self.known.is_empty()) {
            (false, false) => of(if at.is_multiple_of(2) { &self.seeds } else { &self.known }, at / 2),
            (_, true) => of(&self.seeds, at),
            (true, false) => of(&self.known, at),
        }
    }

    fn knows_nobody(&self) -> bool {
        self.seeds.is_empty() && self.known.is_empty()
    }

    pub(crate) fn has_unasked(&self) -> bool {
        self.unasked > 0
    }

    /// The next seed that was not asked since the last join. Nodes that start together find each other first and may be an
    /// island; whom else the seeds know is found within seconds so.
    pub(crate) fn next_unasked(&mut self) -> Option<PeerId> {
        self.unasked = self.unasked.checked_sub(1)?;
        self.seeds.get(self.unasked).copied()
    }

    /// All seeds but the one that a join went through are yet to be asked.
    fn joined_through(&mut self, contact: PeerId) {
        let last = self.seeds.len().saturating_sub(1);
        let through = self.seeds.iter().position(|seed| *seed == contact);
        if let Some(i) = through {
            self.seeds.swap(i, last);
        }
        self.unasked = self.seeds.len() - usize::from(through.is_some());
    }

    /// A join that began less than a second ago may still bring more than this node knows.
    pub(crate) fn is_young(&self, now: Time) -> bool {
        self.under_way && now.since(self.since) < Duration::from_secs(1)
    }
}

impl Swim {
    /// Joins through these contacts, which come from the node's book; they are remembered as seeds and tried again as
    /// long as nobody else is known. [`Event::Joined`] or [`Event::JoinFailed`] follow.
    pub fn join(&mut self, cx: &mut Context<'_, Self>, contacts: &[PeerId]) {
        for contact in contacts {
            if !self.busy.join.seeds.contains(contact) && self.busy.join.seeds.len() < MAX_SEEDS {
                self.busy.join.seeds.push(*contact);
            }
        }
        if !contacts.is_empty() {
            self.begin_join(cx);
        }
    }

    /// Replaces the seeds, asked for anew by whoever owns their names; a node that is alone joins through them.
    pub fn set_seeds(&mut self, cx: &mut Context<'_, Self>, contacts: &[PeerId]) {
        if !contacts.is_empty() {
            self.busy.join.seeds = contacts.iter().take(MAX_SEEDS).copied().collect();
            if self.members.live_count() == 0 {
                self.begin_join(cx);
            }
        }
    }

    /// Everybody else is gone: the way back leads through the seeds, one of which may be there again.
    pub(crate) fn rejoin_when_alone(&mut self, cx: &mut Context<'_, Self>) {
        let waits = self.busy.join.under_way || self.busy.join.failures > 0;
        if self.members.live_count() == 0 && self.busy.join.joined && !waits && !self.busy.join.knows_nobody() {
            self.begin_join(cx);
        }
    }

    /// Joins through those whom an earlier process knew, whose records the book has.
    pub(crate) fn join_through_known(&mut self, cx: &mut Context<'_, Self>, known: Vec<PeerId>) {
        self.busy.join.known = known;
        if !self.busy.join.known.is_empty() {
            self.begin_join(cx);
        }
    }

    /// Those who restart together join in pairs and small circles: each calls those whom it has not met yet, one at a time.
    pub(crate) fn known_to_call(&mut self, cx: &mut Context<'_, Self>) -> Option<PeerId> {
        if self.busy.join.known.is_empty() || self.members.live_count() == 0 {
            return None;
        }
        let members = &self.members;
        self.busy.join.known.retain(|peer| members.status(*peer).is_none());
        let known = self.busy.join.known.len();
        if self.busy.join.called >= CALLS * known {
            std::mem::take(&mut self.busy.join.known).into_iter().for_each(|peer| cx.know(peer, None));
            return None;
        }
        let peer = self.busy.join.known[self.busy.join.called % known];
        self.busy.join.called += 1;
        Some(peer)
    }

    fn begin_join(&mut self, cx: &mut Context<'_, Self>) {
        if self.is_leaving() || std::mem::replace(&mut self.busy.join.under_way, true) {
            return;
        }
        self.busy.join.at = cx.rng.below((self.busy.join.seeds.len() + self.busy.join.known.len()) as u32) as usize;
        self.busy.join.since = cx.now;
        self.busy.join.hops = 0;
        self.dial_next(cx);
    }

    /// Dials whom we were sent to, else the next seed.
    fn dial_next(&mut self, cx: &mut Context<'_, Self>) {
        if self.busy.join.dials.len() < MAX_DIALS {
            self.busy.join.at += 1;
            let to = self.busy.join.ask.pop().or_else(|| self.busy.join.candidate(self.busy.join.at));
            let to = to.expect("a join has somebody to ask");
            let stream = cx.open(to, Class::Bulk, SILENCE);
            self.busy.join.dials.push(Dial { stream, to });
        }
        cx.set(Timer::Join, HEDGE);
    }

    /// A dial is slow, or it is time to try again.
    pub(crate) fn go_on_joining(&mut self, cx: &mut Context<'_, Self>) {
        if self.busy.join.under_way {
            if self.busy.join.stream.is_none() {
                self.dial_next(cx);
            }
        } else if self.members.live_count() == 0 && !self.busy.join.knows_nobody() {
            self.begin_join(cx);
        }
    }

    pub(crate) fn join_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        let Some(i) = self.busy.join.dials.iter().position(|d| d.stream == stream) else { return };
        match what {
            StreamNews::Opened if self.busy.join.stream.is_some() || !self.busy.join.under_way => cx.close(stream),
            StreamNews::Opened => {
                self.busy.join.stream = Some(stream);
                cx.cancel(Timer::Join);
                if self.talk_on(stream) {
                    self.asks_on(stream);
                    self.ask_to_join(cx, stream);
                }
            }
            StreamNews::Closed(why) => {
                let dial = self.busy.join.dials.swap_remove(i);
                if self.busy.join.stream == Some(stream) {
                    self.busy.join.stream = None;
                    self.try_again(cx, dial.to, why);
                } else if self.busy.join.under_way && self.busy.join.stream.is_none() && self.busy.join.dials.is_empty() {
                    self.try_again(cx, dial.to, why);
                }
            }
        }
    }

    fn ask_to_join(&mut self, cx: &mut Context<'_, Self>, stream: StreamId) {
        let me = self.me();
        let message = Message::Join { incarnation: me.incarnation, record: me.record.clone() };
        self.say(cx, stream, message);
    }

    /// A join went nowhere: on to whom we were sent, or, after a pause, to the seeds again.
    fn try_again(&mut self, cx: &mut Context<'_, Self>, to: PeerId, why: Why) {
        if !self.busy.join.under_way {
            return;
        }
        if !self.busy.join.ask.is_empty() && self.busy.join.hops < MAX_HOPS {
            return self.dial_next(cx);
        }
        self.busy.join.under_way = false;
        self.busy.join.ask.clear();
        if why != Why::Done {
            cx.notify(Event::JoinFailed { contact: to, why });
        }
        let pause = (RETRY.0 * 2u32.saturating_pow(self.busy.join.failures.min(8))).min(RETRY.1);
        self.busy.join.failures += 1;
        let pause = cx.rng.between(pause / 2, pause);
        cx.set(Timer::Join, pause);
    }

    /// My name is known: announce above it.
    pub(crate) fn on_above(&mut self, cx: &mut Context<'_, Self>, from: Origin, incarnation: u64) {
        let Some(stream) = from.path.stream().filter(|s| self.is_asking_on(*s)) else { return };
        if is_far_ahead(incarnation, self.me().incarnation) && self.busy.join.joined {
            return cx.reject(from, "incarnation far ahead");
        }
        let Some(next) = incarnation.checked_add(1) else { return cx.reject(from, "incarnation far ahead") };
        let me = self.id();
        self.members.update(me, |m| m.incarnation = m.incarnation.max(next));
        self.ask_to_join(cx, stream);
    }

    pub(crate) fn on_taken(&mut self, cx: &mut Context<'_, Self>, from: Origin) {
        if let Some(stream) = from.path.stream().filter(|s| self.busy.join.stream == Some(*s)) {
            cx.close(stream);
            self.busy.join.under_way = false;
            self.lose_name(cx);
        }
    }

    /// Too many ask there: ask this member instead.
    pub(crate) fn on_busy(&mut self, cx: &mut Context<'_, Self>, from: Origin, ask: Option<Arc<Record>>) {
        let Some(stream) = from.path.stream() else { return };
        cx.close(stream);
        if self.busy.join.stream != Some(stream) {
            return;
        }
        self.busy.join.hops += 1;
        if let Some(record) = ask.filter(|r| r.id() != self.id()) {
            let peer = record.id();
            if self.members.status(peer).is_none() {
                cx.know(peer, Some(&record));
            }
            self.busy.join.ask.push(peer);
        }
    }

    /// The first full sync is done.
    pub(crate) fn join_done(&mut self, cx: &mut Context<'_, Self>, stream: StreamId) {
        if self.busy.join.stream != Some(stream) {
            return;
        }
        let Some(i) = self.busy.join.dials.iter().position(|d| d.stream == stream) else { return };
        let contact = self.busy.join.dials.swap_remove(i).to;
        self.busy.join.stream = None;
        self.busy.join.under_way = false;
        self.busy.join.failures = 0;
        self.busy.join.joined = true;
        self.busy.join.joined_through(contact);
        self.busy.join.dials.drain(..).for_each(|d| cx.close(d.stream));
        cx.cancel(Timer::Join);
        cx.notify(Event::Joined { contact });
        self.flush(cx);
        self.begin_settling(cx);
    }
}
