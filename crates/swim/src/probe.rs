use crate::cases::{Step, Tried, step};
use crate::pings::Asked;
use crate::{Event, Message, Order, Swim, Timer, earlier, pick_live};
use bruit_kit::Permutation;
use bruit_proto::{Class, Context, Duration, Origin, Path, PeerId, StreamId, StreamNews, Time, Wall, mix, mutant};

/// Pings relayed for others at once: 256, which is what 80 neighbours with k = 3 could ask for in one timeout.
const MAX_RELAYS: usize = 256;

/// Whom this node probes, and for whom it does.
#[derive(Default)]
pub(crate) struct Probe {
    /// Number of the last period that had a probe.
    period: u64,
    seq: u32,
    current: Option<Current>,
    /// Periods in a row in which nobody answered.
    pub(crate) unanswered: u32,
}

/// The probe of this period.
struct Current {
    target: PeerId,
    seq: u32,
    /// When it began, in milliseconds modulo 2^16: no probe lasts for 65 s, and these two bytes were padding.
    began: u16,
    /// Whether it is the second of its period: there is no third.
    second: bool,
    /// Set once the direct ping was not answered in time.
    indirect: Option<Box<Indirect>>,
}

/// What is tried when a direct ping fails.
#[derive(Default)]
struct Indirect {
    helpers: Vec<PeerId>,
    nacks: Vec<PeerId>,
    stream: Option<StreamId>,
    /// Neither a datagram nor a stream can reach it any more in this period.
    stream_failed: bool,
    /// What was tried, for whoever asks why.
    steps: Vec<Step>,
}

impl Probe {
    /// Of the probe under way.
    pub(crate) fn target(&self) -> Option<PeerId> {
        self.current.as_ref().map(|current| current.target)
    }
}

impl Current {
    fn began(&self, now: Time) -> Time {
        now - Duration::from_millis(millis(now).wrapping_sub(self.began).into())
    }

    /// One more step of a probe that has come to its helpers.
    fn step(&mut self, at: Time, what: Tried) {
        if let Some(indirect) = &mut self.indirect {
            step(&mut indirect.steps, at, what);
        }
    }
}

/// Milliseconds modulo 2^16.
fn millis(now: Time) -> u16 {
    (now.0 / 1000) as u16
}

/// Pings that are no probes of this node's own.
pub(crate) struct Errands {
    /// For others.
    relays: Vec<Relay>,
    /// For the user.
    pub(crate) asked: Vec<Asked>,
}

bruit_kit::idle!(Errands { relays: Vec::new(), asked: Vec::new() });

/// A ping made for somebody else (SWIM section 3.1).
struct Relay {
    seq: u32,
    asker: Path,
    theirs: u32,
    until: Time,
}

impl Swim {
    /// The first probe comes at a random moment of the first period: nodes that start together do not probe together.
    pub(crate) fn start_probing(&mut self, cx: &mut Context<'_, Self>) {
        self.probe.seq = cx.rng.below(1 << 14);
        let wait = cx.rng.between(Duration::ZERO, self.config.probe_every);
        cx.set(Timer::Probe, wait);
    }

    /// Forgets the probe under way: this node stood still, so silence means nothing.
    pub(crate) fn restart_probing(&mut self, cx: &mut Context<'_, Self>) {
        self.drop_probe(cx);
        if !self.busy.errands.relays.is_empty() {
            self.busy.errands.relays.clear();
        }
        cx.cancel(Timer::Relay);
        cx.set(Timer::Probe, self.config.probe_every);
    }

    /// Another process took the place of this member, or it is forgotten: silence so far says nothing about who is there now.
    pub(crate) fn cease_probing(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        if self.probe.target() == Some(peer) {
            self.drop_probe(cx);
        }
    }

    fn drop_probe(&mut self, cx: &mut Context<'_, Self>) {
        cx.cancel(Timer::Indirect);
        if let Some(stream) = self.probe.current.take().and_then(|c| c.indirect?.stream) {
            cx.close(stream);
        }
    }

    pub(crate) fn next_seq(&mut self) -> u32 {
        self.probe.seq = self.probe.seq.wrapping_add(1);
        self.probe.seq
    }

    /// The number of the last ping.
    pub(crate) fn last_seq(&self) -> u32 {
        self.probe.seq
    }

    /// A protocol period (SWIM section 3.1): ends the last probe, begins the next.
    pub(crate) fn begin_period(&mut self, cx: &mut Context<'_, Self>) {
        if self.is_leaving() {
            return;
        }
        if self.probe.current.is_some() {
            self.probe_failed(cx);
        }
        cx.set(Timer::Probe, self.health.scale(self.config.probe_every));
        self.take_care(cx);
        self.probe_somebody(cx, false);
    }

    fn probe_somebody(&mut self, cx: &mut Context<'_, Self>, second: bool) {
        let Some(target) = self.next_target(cx) else { return };
        let seq = self.next_seq();
        self.probe.current = Some(Current { target, seq, began: millis(cx.now), second, indirect: None });
        self.probes += 1;
        self.send_ping(cx, target, seq);
        cx.set(Timer::Indirect, self.config.probe_timeout);
    }

    /// A ping; one that is suspected is told so with it (Lifeguard section IV-C, the buddy system).
    pub(crate) fn send_ping(&mut self, cx: &mut Context<'_, Self>, target: PeerId, seq: u32) {
        cx.send(target, Message::Ping { seq, digest: self.digest_to_show() });
        if let Some(accusation) = self.busy.suspicions.as_update(target).filter(|_| self.config.buddy) {
            cx.send(target, Message::Update(accusation));
        }
    }

    /// Round-robin in random order (SWIM section 4.3), and by default together: whom a node probes follows from the number of the
    /// period, its own place on the ring of ids and the size of its view.
    ///
    /// In period t everybody probes whoever stands `offset(t)` places after it, where a lap of offsets is a keyed
    /// permutation of `0..n-1` and each lap has another key. So everybody is probed once in every period, not e^-1 of
    /// all by nobody: the first probe of a crashed member comes within one period instead of one on average. Each
    /// meets each once in a lap, so between two probes lie at most 2N-1 periods while the membership stands. The
    /// number comes from the wall clock; where clocks or views differ, targets are as good as random.
    fn next_target(&mut self, cx: &mut Context<'_, Self>) -> Option<PeerId> {
        let others = u64::from(self.members.live_count());
        let slots = others - u64::from(others > 1 && mutant("probe order skips the last slot"));
        if slots == 0 {
            return None;
        }
        let (shared, last) = (self.config.order == Order::Shared, self.probe.period);
        let (period, own) = if shared { (self.period(cx.wall), 0) } else { (last + 1, self.id().0) };
        // A number that was missed, because health made a period long, is made up for: its member would wait a lap. And a
        // clock that stands or was set back a little must not probe the same member again and again.
        let period = if period.abs_diff(last) <= 2 * slots { last + 1 } else { period };
        self.probe.period = period;
        let lap = Permutation::new(mix((period / slots) ^ own) ^ slots, slots as u32);
        Some(self.members.nth_after_me(lap.get((period % slots) as u32)))
    }

    fn period(&self, wall: Wall) -> u64 {
        wall.0 / (self.config.probe_every.as_millis() as u64).max(1)
    }

    /// A probe was answered early: if this node is behind the others, it probes one more in this period.
    fn catch_up(&mut self, cx: &mut Context<'_, Self>) {
        let behind = self.config.order == Order::Shared && self.period(cx.wall) > self.probe.period;
        if behind && !self.is_leaving() {
            self.probe_somebody(cx, true);
        }
    }

    /// No direct ack in time: k helpers and, in parallel, a ping by stream (memberlist's fallback for hosts that lose
    /// datagrams only).
    pub(crate) fn ask_helpers(&mut self, cx: &mut Context<'_, Self>) {
        let Some(current) = &self.probe.current else { return };
        let (target, seq, asked) = (current.target, current.seq, current.indirect.is_some());
        let again = self.native();
        if again {
            // Ours: the direct way is tried again beside the others. A packet that was lost is the likeliest reason for
            // silence, and a suspicion costs the whole cluster what a ping costs two.
            self.send_ping(cx, target, seq);
        }
        if asked {
            if let Some(current) = self.probe.current.as_mut().filter(|_| again) {
                current.step(cx.now, Tried::Ping);
            }
            return;
        }
        if self.native() {
            cx.set(Timer::Indirect, self.config.probe_timeout / 2);
        }
        let Some(current) = &mut self.probe.current else { return };
        self.busy.counters.probes_indirect += 1;
        let began = current.began(cx.now);
        let indirect = current.indirect.insert(Box::default());
        step(&mut indirect.steps, began, Tried::Ping);
        if again {
            step(&mut indirect.steps, cx.now, Tried::Ping);
        }
        indirect.helpers = pick_live(&self.members, cx.rng, self.config.helpers, |p| p == target);
        for helper in &indirect.helpers {
            cx.send(*helper, Message::PingReq { seq, target });
            step(&mut indirect.steps, cx.now, Tried::Helper(*helper));
        }
        step(&mut indirect.steps, cx.now, Tried::Stream);
        let left = self.health.scale(self.config.probe_every).saturating_sub(self.config.probe_timeout);
        let stream = cx.open(target, Class::Ask, left.max(self.config.probe_timeout));
        let digest = self.members.digest();
        match cx.write(stream, Message::Ping { seq, digest }) {
            Ok(()) => indirect.stream = Some(stream),
            Err(_) => {
                indirect.stream_failed = true;
                step(&mut indirect.steps, cx.now, Tried::StreamFailed);
            }
        }
    }

    /// News of the fallback ping's stream.
    pub(crate) fn probe_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        if what == StreamNews::Opened {
            return;
        }
        let indirect = self.probe.current.as_mut().and_then(|c| c.indirect.as_mut());
        if let Some(indirect) = indirect.filter(|i| i.stream == Some(stream)) {
            indirect.stream = None;
            indirect.stream_failed = true;
            step(&mut indirect.steps, cx.now, Tried::StreamFailed);
            self.fail_early(cx);
        }
    }

    /// All helpers nacked and the stream failed: nothing more can come in this period.
    fn fail_early(&mut self, cx: &mut Context<'_, Self>) {
        let over = |i: &Indirect| i.stream_failed && !i.helpers.is_empty() && i.nacks.len() == i.helpers.len();
        let indirect = self.probe.current.as_ref().and_then(|c| c.indirect.as_deref());
        if self.nacks_accuse() && indirect.is_some_and(over) {
            self.probe_failed(cx);
        }
    }

    /// Nobody reached the target in this period.
    fn probe_failed(&mut self, cx: &mut Context<'_, Self>) {
        let Some(current) = &mut self.probe.current else { return };
        let target = current.target;
        current.step(cx.now, Tried::Silence);
        let (helpers, nacks, steps) =
            current.indirect.take().map_or((0, vec![], vec![]), |i| (i.helpers.len(), i.nacks, i.steps));
        let health = self.health.score();
        let missed = if helpers == 0 { 1 } else { helpers - nacks.len() };
        self.health.worse(missed as u8);
        self.busy.counters.probes_failed += 1;
        self.probe.unanswered += 1;
        let mut accusers = vec![self.id()];
        if self.nacks_accuse() {
            accusers.extend(nacks);
        }
        self.drop_probe(cx);
        let probed = self.members.get(target).filter(|m| m.is_live());
        if let Some(incarnation) = probed.map(|m| m.incarnation) {
            self.accuse(cx, target, incarnation, &accusers, None);
            self.busy.suspicions.cases.probed(target, steps, health);
        }
    }

    pub(crate) fn on_ping(&mut self, cx: &mut Context<'_, Self>, from: Origin, seq: u32, digest: u32) {
        cx.reply(from.path, Message::Ack { seq, digest: self.digest_to_show() });
        match from.path.stream() {
            Some(stream) => {
                self.say_goodbye(cx, stream);
                cx.close(stream);
            }
            None => self.compare(cx, from, digest),
        }
    }

    pub(crate) fn on_ack(&mut self, cx: &mut Context<'_, Self>, from: Origin, seq: u32, digest: u32) {
        if from.path.stream().is_none() {
            self.answered(cx.now, seq);
            self.compare(cx, from, digest);
            if digest == self.digest_to_show() {
                self.agrees(cx, seq);
            }
        }
        if from.peer.is_some_and(|peer| self.answers_ping(cx, peer, seq)) {
            return;
        }
        if let Some(i) = self.busy.errands.relays.iter().position(|r| r.seq == seq) {
            let relay = self.busy.errands.relays.swap_remove(i);
            let answer = Message::Ack { seq: relay.theirs, digest: self.digest_to_show() };
            return cx.reply(relay.asker, answer);
        }
        if let Some(second) = self.probe.current.as_ref().filter(|c| c.seq == seq).map(|c| c.second) {
            self.drop_probe(cx);
            self.health.better();
            self.probe.unanswered = 0;
            if self.busy.trouble.isolated {
                self.busy.trouble.isolated = false;
                cx.notify(Event::Isolated(false));
            }
            if !second {
                self.catch_up(cx);
            }
        } else if let Some(peer) = from.peer {
            self.left_word_arrived(cx, peer, seq);
        }
    }

    pub(crate) fn on_ping_req(&mut self, cx: &mut Context<'_, Self>, from: Origin, seq: u32, target: PeerId) {
        if target == self.id() {
            return cx.reply(from.path, Message::Ack { seq, digest: self.digest_to_show() });
        }
        if self.members.status(target).is_none() {
            return; // cannot tell: the asker counts a missing nack
        }
        if self.busy.errands.relays.len() >= MAX_RELAYS {
            self.busy.counters.relays_refused += 1;
            return;
        }
        let mine = self.next_seq();
        // Lifeguard section IV-A: the nack leaves at 80 % of the timeout.
        let until = cx.now + self.config.probe_timeout * 4 / 5;
        self.busy.errands.relays.push(Relay { seq: mine, asker: from.path, theirs: seq, until });
        self.send_ping(cx, target, mine);
        self.wait_for_relays(cx);
    }

    fn wait_for_relays(&mut self, cx: &mut Context<'_, Self>) {
        let next = self.busy.errands.relays.iter().fold(None, |next, r| earlier(next, Some(r.until)));
        match next {
            Some(at) => cx.set(Timer::Relay, at.since(cx.now)),
            None => cx.cancel(Timer::Relay),
        }
    }

    /// The targets of relayed pings are silent: their askers hear that we, at least, are there.
    pub(crate) fn nack_relays(&mut self, cx: &mut Context<'_, Self>) {
        let now = cx.now;
        self.busy.errands.relays.retain(|relay| {
            let waits = relay.until > now;
            if !waits {
                cx.reply(relay.asker, Message::Nack { seq: relay.theirs });
            }
            waits
        });
        self.wait_for_relays(cx);
    }

    pub(crate) fn on_nack(&mut self, cx: &mut Context<'_, Self>, from: Origin, seq: u32) {
        let Some(helper) = from.peer else { return };
        let current = self.probe.current.as_mut().filter(|c| c.seq == seq);
        let Some(indirect) = current.and_then(|c| c.indirect.as_mut()) else { return };
        if indirect.helpers.contains(&helper) && !indirect.nacks.contains(&helper) {
            indirect.nacks.push(helper);
            step(&mut indirect.steps, cx.now, Tried::Nack(helper));
            self.fail_early(cx);
        }
    }
}
