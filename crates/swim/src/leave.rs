use crate::member::Status;
use crate::{Event, Message, Refused, Swim, Timer, Update, pick_live};
use bruit_proto::{Context, Duration, PeerId, StreamId, Time};

/// A goodbye under way.
pub(crate) struct Leave {
    until: Time,
    /// Who was told, and with which ping.
    told: Vec<(PeerId, u32)>,
    heard: u32,
    over: bool,
    /// The name goes too: not so where another process keeps it.
    goodbye: bool,
}

/// As many acknowledgements as this make a goodbye safe: they relay it at once.
const ENOUGH: u32 = 3;
/// How often it is said again to others.
const AGAIN: Duration = Duration::from_millis(100);
/// At most this many are asked to acknowledge; past it only time ends the leave.
const MAX_TOLD: usize = 64;

impl Swim {
    /// Says goodbye to the cluster; [`Event::Gone`] follows once some members have it, or in time. Idempotent.
    pub fn leave(&mut self, cx: &mut Context<'_, Self>) {
        if self.is_leaving() {
            return;
        }
        self.stop(cx, true);
        let (peer, clock) = (self.id(), self.busy.clock.tick());
        self.members.update(peer, |m| m.intent = clock);
        self.forget_news(peer);
        self.go_on_leaving(cx);
    }

    /// No more probing, refuting or joining: what is left is to say so.
    pub(crate) fn stop(&mut self, cx: &mut Context<'_, Self>, goodbye: bool) {
        let me = self.id();
        self.members.update(me, |m| {
            m.status = Status::Left;
            m.since = cx.now;
        });
        self.busy.leave = Some(Leave { until: cx.now + self.config.leave_within, told: vec![], heard: 0, over: false, goodbye });
        self.restart_probing(cx);
        for timer in [Timer::Probe, Timer::Suspicion, Timer::Join, Timer::Settle] {
            cx.cancel(timer);
        }
        self.flush(cx);
    }

    pub(crate) fn go_on_leaving(&mut self, cx: &mut Context<'_, Self>) {
        let Some(leave) = &self.busy.leave else { return };
        let enough = ENOUGH.min(self.members.live_count());
        if leave.over || leave.heard >= enough || cx.now >= leave.until {
            return self.gone(cx);
        }
        let told: Vec<PeerId> = leave.told.iter().map(|t| t.0).collect();
        let again = told.len() >= (self.members.live_count() as usize).min(MAX_TOLD);
        for peer in pick_live(&self.members, cx.rng, ENOUGH, |p| !again && told.contains(&p)) {
            let seq = self.next_seq();
            cx.send(peer, Message::Ping { seq, digest: self.members.digest() });
            let leave = self.busy.leave.as_mut().expect("a leave is under way");
            leave.told.retain(|t| t.0 != peer);
            leave.told.push((peer, seq));
        }
        cx.set(Timer::Leave, AGAIN);
    }

    /// Every datagram of one that has left carries its goodbye, or it would speak for a living one (`fill`); on a stream it
    /// is said here.
    pub(crate) fn say_goodbye(&self, cx: &mut Context<'_, Self>, stream: StreamId) {
        if let Some(goodbye) = self.goodbye() {
            let _ = cx.write(stream, Message::Update(goodbye));
        }
    }

    /// What one that has left says of itself.
    pub(crate) fn goodbye(&self) -> Option<Update> {
        self.busy.leave.as_ref().filter(|leave| leave.goodbye).map(|_| self.epitaph(self.me()))
    }

    /// Somebody acknowledges what came with a goodbye.
    pub(crate) fn left_word_arrived(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, seq: u32) {
        let Some(leave) = self.busy.get_mut().and_then(|busy| busy.leave.as_mut()) else { return };
        let before = leave.told.len();
        leave.told.retain(|t| *t != (peer, seq));
        if leave.told.len() < before {
            leave.heard += 1;
            if leave.heard >= ENOUGH.min(self.members.live_count()) {
                self.gone(cx);
            }
        }
    }

    fn gone(&mut self, cx: &mut Context<'_, Self>) {
        let Some(leave) = self.busy.get_mut().and_then(|busy| busy.leave.as_mut()) else { return };
        cx.cancel(Timer::Leave);
        if !std::mem::replace(&mut leave.over, true) {
            cx.notify(Event::Gone);
        }
    }

    /// Declares a member left that cannot say so itself; `prune` forgets it as well. One that is alive refutes.
    ///
    /// # Errors
    /// [`Refused::Unknown`] if nobody has this name, [`Refused::Leaving`] after a leave.
    pub fn force_leave(&mut self, cx: &mut Context<'_, Self>, name: &str, prune: bool) -> Result<(), Refused> {
        if self.is_leaving() {
            return Err(Refused::Leaving);
        }
        let peer = PeerId::named(name);
        let known = self.member(peer).filter(|m| m.record.name() == name && peer != self.id());
        let incarnation = known.ok_or_else(|| Refused::Unknown(name.into()))?.incarnation;
        let clock = self.busy.clock.tick();
        self.depart(cx, None, peer, incarnation, (clock, prune));
        self.remember_change(peer);
        self.spread(cx, Update::Left { peer, incarnation, clock, prune }, None);
        Ok(())
    }
}
