//! Who is let in, and who serves whom. A joiner asks for everything; a node serves a bounded number at once and sends
//! the rest on to those. When many join together it waits a moment first, so that those it serves get nearly all of
//! them, and they serve the others: a storm of N costs each about one table.

use crate::{Member, Message, Status, Swim, Timer, Update, earlier};
use bruit_proto::{Context, Duration, Origin, Path, PeerId, Record, StreamId, Time};
use std::sync::Arc;

/// Joiners that wait at once; further ones are sent on right away.
const MAX_WAITING: usize = 1024;
/// Joins this close together are a storm.
const STORM: Duration = Duration::from_millis(500);
/// A storm is served once nobody came for this long, or the first has waited for the second.
const QUIET: Duration = Duration::from_millis(30);
const PATIENCE: Duration = Duration::from_millis(120);
/// Names in dispute at once.
const MAX_CLAIMS: usize = 64;
/// The holder of a claimed name is asked this often, this far apart.
const ASKED: u32 = 3;
const ASK_EVERY: Duration = Duration::from_millis(150);

/// Joiners.
pub(crate) struct Admission {
    waiting: Vec<Waiting>,
    serving: Vec<StreamId>,
    /// Whom we served last: others are sent to them.
    served: Vec<PeerId>,
    next: usize,
    last: Option<Time>,
    /// Joiners of a storm that only this node was told of: news once the storm is served.
    untold: Vec<PeerId>,
    claims: Vec<Claim>,
}

bruit_kit::idle!(Admission {
    waiting: Vec::new(),
    serving: Vec::new(),
    served: Vec::new(),
    next: 0,
    last: None,
    untold: Vec::new(),
    claims: Vec::new(),
});

struct Waiting {
    stream: StreamId,
    peer: PeerId,
    since: Time,
}

/// A process wants a name that another one holds.
struct Claim {
    path: Path,
    peer: PeerId,
    session: u64,
    seq: u32,
    asked: u32,
    at: Time,
    free: bool,
}

impl Admission {
    pub(crate) fn knows(&self, stream: StreamId) -> bool {
        let claimed = |c: &Claim| c.path.stream() == Some(stream);
        self.waiting.iter().any(|w| w.stream == stream) || self.serving.contains(&stream) || self.claims.iter().any(claimed)
    }

    pub(crate) fn forget(&mut self, stream: StreamId) {
        self.waiting.retain(|w| w.stream != stream);
        self.serving.retain(|s| *s != stream);
        self.claims.retain(|c| c.path.stream() != Some(stream));
    }
}

impl Swim {
    /// Somebody wants to join (DESIGN: order is one incarnation; which process it is says the session).
    pub(crate) fn on_join(&mut self, cx: &mut Context<'_, Self>, from: Origin, incarnation: u64, record: Arc<Record>) {
        let Some(stream) = from.path.stream() else { return cx.reject(from, "a join outside a conversation") };
        let peer = record.id();
        if peer == self.id() {
            let _ = cx.write(stream, Message::Taken);
            return cx.close(stream);
        }
        if !self.talk_on(stream) {
            let _ = cx.write(stream, Message::Busy { ask: None });
            return cx.close(stream);
        }
        if let Some(held) = self.members.get(peer) {
            if self.is_disputed(held, &record) {
                return self.begin_claim(cx, from.path, &record);
            }
            let old = (held.incarnation, held.status) >= (incarnation, Status::Alive);
            if old && (held.record.digest() != record.digest() || held.status != Status::Alive) {
                let above = Message::Above { incarnation: held.incarnation };
                return self.say(cx, stream, above);
            }
        }
        let calm = self.is_calm(cx.now);
        self.busy.admission.last = Some(cx.now);
        // Whoever joined just now itself is in a storm, and those who joined with it find each other by settling.
        let storm = !calm || self.is_new(cx.now);
        if storm && !self.members.status(peer).is_some_and(Status::is_live) {
            self.mute(stream);
            self.busy.admission.untold.push(peer);
            cx.set(Timer::Admission, self.untold_for());
        }
        self.on_update(cx, from, Update::Alive { incarnation, record });
        if calm { self.serve(cx, stream, peer) } else { self.hold(cx, stream, peer) }
    }

    /// Nobody else joins, and this node itself is in.
    fn is_calm(&self, now: Time) -> bool {
        let quiet = self.busy.admission.last.is_none_or(|last| now.since(last) > STORM);
        quiet && self.busy.admission.waiting.is_empty() && !self.busy.join.is_young(now)
    }

    fn hold(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, peer: PeerId) {
        if self.busy.admission.waiting.len() < MAX_WAITING {
            self.busy.admission.waiting.push(Waiting { stream, peer, since: cx.now });
            self.wait_for_quiet(cx);
        } else {
            self.send_on(cx, stream, peer);
        }
    }

    fn wait_for_quiet(&mut self, cx: &mut Context<'_, Self>) {
        let Some(first) = self.busy.admission.waiting.first() else { return };
        let patience = PATIENCE.saturating_sub(cx.now.since(first.since));
        cx.set(Timer::Admission, QUIET.min(patience));
    }

    /// The storm has passed, or has lasted long enough.
    pub(crate) fn admit_waiting(&mut self, cx: &mut Context<'_, Self>) {
        if self.busy.join.is_young(cx.now) {
            return cx.set(Timer::Admission, QUIET);
        }
        let waiting = std::mem::take(&mut self.busy.admission.waiting);
        if waiting.is_empty() {
            return self.tell_of_joiners(cx);
        }
        cx.set(Timer::Admission, self.untold_for());
        let room = (self.config.admit as usize).saturating_sub(self.busy.admission.serving.len());
        if room > 0 {
            self.busy.admission.served.clear();
        }
        for (i, joiner) in waiting.into_iter().enumerate() {
            if i < room { self.serve(cx, joiner.stream, joiner.peer) } else { self.send_on(cx, joiner.stream, joiner.peer) }
        }
    }

    /// How long the joiners of a storm are given to find each other.
    fn untold_for(&self) -> Duration {
        self.config.gossip_every * 2
    }

    /// The joiners of a storm know each other by now: what is told of them reaches those who were here before, and
    /// ends at the others.
    fn tell_of_joiners(&mut self, cx: &mut Context<'_, Self>) {
        for peer in std::mem::take(&mut self.busy.admission.untold) {
            if let Some(update) = self.members.get(peer).filter(|m| m.is_live()).map(Member::alive) {
                self.spread(cx, update, Some(peer));
            }
        }
    }

    fn serve(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, peer: PeerId) {
        self.busy.counters.full_syncs += 1;
        self.busy.admission.serving.push(stream);
        self.busy.admission.served.push(peer);
        let keep = self.busy.admission.served.len().saturating_sub(self.config.admit as usize);
        self.busy.admission.served.drain(..keep);
        self.say_everything(cx, stream, peer);
    }

    /// In turn to each of those that we serve, else to anybody.
    fn send_on(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, joiner: PeerId) {
        self.busy.counters.sent_on += 1;
        self.busy.admission.next += 1;
        let served = &self.busy.admission.served;
        let to = (!served.is_empty()).then(|| served[self.busy.admission.next % served.len()]);
        let to = to.or_else(|| crate::pick_live(&self.members, cx.rng, 1, |p| p == joiner).first().copied());
        let ask = to.filter(|p| *p != joiner).and_then(|p| self.members.get(p)).map(|m| m.record.clone());
        let _ = cx.write(stream, Message::Busy { ask });
        cx.close(stream);
    }
}

/// Names that two processes want.
impl Swim {
    /// Another process holds this name, at another address, and seems to be alive: it is asked. At the same address
    /// it cannot be, so a restart replaces it at once.
    fn is_disputed(&self, held: &Member, record: &Record) -> bool {
        let other = held.record.session() != record.session();
        let elsewhere = held.record.addresses() != record.addresses();
        let freed = |c: &Claim| c.peer == held.id() && c.session == record.session() && c.free;
        other && elsewhere && held.is_live() && !self.busy.admission.claims.iter().any(freed)
    }

    fn begin_claim(&mut self, cx: &mut Context<'_, Self>, path: Path, record: &Record) {
        if self.busy.admission.claims.len() >= MAX_CLAIMS {
            self.busy.admission.claims.remove(0);
        }
        let seq = self.next_seq();
        let claim = Claim { path, peer: record.id(), session: record.session(), seq, asked: 0, at: cx.now, free: false };
        self.busy.admission.claims.push(claim);
        self.go_on_claims(cx);
    }

    /// Asks the holders again; one that stays silent has lost its name.
    pub(crate) fn go_on_claims(&mut self, cx: &mut Context<'_, Self>) {
        let (now, mut next) = (cx.now, None);
        let mut claims = std::mem::take(&mut self.busy.admission.claims);
        for claim in claims.iter_mut().filter(|c| !c.free) {
            if claim.at <= now {
                let held = self.members.get(claim.peer);
                if claim.asked == ASKED || held.is_none() {
                    claim.free = true;
                    let above = Message::Above { incarnation: held.map_or(0, |m| m.incarnation) };
                    if let Some(stream) = claim.path.stream() {
                        self.say(cx, stream, above);
                    }
                    continue;
                }
                let session = held.map_or(0, |m| m.record.session());
                cx.send(claim.peer, Message::Check { seq: claim.seq, session });
                claim.asked += 1;
                claim.at = now + ASK_EVERY;
            }
            next = earlier(next, Some(claim.at));
        }
        self.busy.admission.claims = claims;
        if let Some(at) = next {
            cx.set(Timer::Claim, at.since(now));
        }
    }

    pub(crate) fn on_check(&mut self, cx: &mut Context<'_, Self>, from: Origin, seq: u32, session: u64) {
        if session == self.me().record.session() && !self.is_leaving() {
            cx.reply(from.path, Message::Here { seq });
        }
    }

    /// The holder answers: the incumbent wins, the claimant is told.
    pub(crate) fn on_here(&mut self, cx: &mut Context<'_, Self>, from: Origin, seq: u32) {
        let claims = &mut self.busy.admission.claims;
        let Some(i) = claims.iter().position(|c| c.seq == seq && Some(c.peer) == from.peer && !c.free) else { return };
        let claim = claims.swap_remove(i);
        if let Some(stream) = claim.path.stream() {
            let _ = cx.write(stream, Message::Taken);
            cx.close(stream);
        }
    }
}
