use crate::busy::Busy;
use crate::member::Status;
use crate::{Config, Event, Message, Swim};
use bruit_proto::{Context, Duration, Origin, PeerId, Time};

/// The dead and left that are remembered with their addresses.
const MAX_GONE: usize = 4096;
/// Periods without any answer after which a node says that it may be isolated.
const ISOLATED: u32 = 5;

/// What comes round by itself: looked after at the beginning of a period, so that it costs no wake-up of its own.
#[derive(Default)]
pub(crate) struct Care {
    at: Time,
    seeds_at: Time,
}

/// What a node that is well has none of.
pub(crate) struct Trouble {
    pub(crate) isolated: bool,
    /// Since when what comes is a sign of life: not what had waited while this node slept for long.
    pub(crate) awake: Time,
    /// The last ping before this node woke, while none after it has been answered.
    asleep: Option<u32>,
    /// Times that another process spoke under this node's name.
    pub(crate) wars: u32,
    mismatch: Mismatch,
}

bruit_kit::idle!(Trouble {
    isolated: false,
    awake: Time::ZERO,
    asleep: None,
    wars: 0,
    mismatch: Mismatch { contacts: 0, since: Time::ZERO }
});

/// Contacts in a row whose view differs from ours.
struct Mismatch {
    contacts: u32,
    since: Time,
}

/// A view that changed this recently differs from others by nature.
const FRESH: Duration = Duration::from_millis(400);
/// Periods in which a node that slept is through with what its socket kept, even if nobody answers it: the agent's buffer
/// holds 1,000 packets, so it takes 17 a second or more.
const DROWSY: u32 = 60;
/// A mismatch this old is one, whatever changes meanwhile.
const OLD: Duration = Duration::from_secs(3);

impl Swim {
    pub(crate) fn start_care(&mut self, cx: &mut Context<'_, Self>) {
        self.care.at = cx.now + self.config.reconnect_every;
        self.care.seeds_at = cx.now + self.config.seeds_every;
    }

    /// This node slept for so long that others may have forgotten who died meanwhile. It vouches for nobody whom it has not
    /// heard of anew. What its socket kept for it is over when a ping of now is answered, for the answer stood behind it.
    ///
    /// An eighth of the tombstone time, not half: word may wait in one sleeper after another, and all its waits together
    /// must stay below half.
    pub(crate) fn wake(&mut self, now: Time, lost: Duration) {
        if lost >= self.config.tombstone / 8 {
            self.busy.trouble.awake = now + (self.config.probe_every * DROWSY).min(self.config.tombstone / 2);
            self.busy.trouble.asleep = Some(self.last_seq());
            self.busy.news.forget_all();
        }
    }

    /// A datagram answers the ping of this number.
    pub(crate) fn answered(&mut self, now: Time, seq: u32) {
        let Some(before) = self.busy.trouble.asleep else { return };
        if (1..=self.last_seq().wrapping_sub(before)).contains(&seq.wrapping_sub(before)) {
            let trouble = &mut self.busy.trouble;
            (trouble.awake, trouble.asleep) = (trouble.awake.min(now), None);
        }
    }

    /// Whether what comes may have waited in a socket for longer than anybody remembers.
    pub(crate) fn is_drowsy(&self, now: Time) -> bool {
        now < self.busy.trouble.awake
    }

    pub(crate) fn take_care(&mut self, cx: &mut Context<'_, Self>) {
        if cx.now < self.care.at {
            return;
        }
        self.care.at = cx.now + self.config.reconnect_every;
        self.call_the_dead(cx);
        self.rejoin_when_alone(cx);
        if let Some(seed) = self.seed_to_call(cx) {
            let seq = self.next_seq();
            cx.send(seed, Message::Ping { seq, digest: self.members.digest() });
        }
        self.reap(cx);
        if self.probe.unanswered >= ISOLATED && !self.busy.trouble.isolated {
            self.busy.trouble.isolated = true;
            cx.notify(Event::Isolated(true));
        }
        if !self.native() {
            self.exchange_everything(cx);
        }
        self.flush(cx);
    }

    /// One dead member is contacted, so that two halves of a healed partition find each other again.
    fn call_the_dead(&mut self, cx: &mut Context<'_, Self>) {
        let dead = |m: &&crate::Member| m.status == Status::Dead && !m.pruned;
        let count = self.members.gone_ones().filter(dead).count();
        if count == 0 {
            return;
        }
        let i = cx.rng.below(count as u32) as usize;
        let peer = self.members.gone_ones().filter(dead).nth(i).expect("counted").id();
        let seq = self.next_seq();
        cx.send(peer, Message::Ping { seq, digest: self.members.digest() });
    }

    fn seed_to_call(&mut self, cx: &mut Context<'_, Self>) -> Option<PeerId> {
        if self.busy.join.has_unasked() {
            return self.busy.join.next_unasked();
        }
        if cx.now < self.care.seeds_at {
            return self.known_to_call(cx);
        }
        self.care.seeds_at = cx.now + self.config.seeds_every;
        self.busy.join.some_seed(cx.rng)
    }

    /// memberlist's periodic full exchange, in its dialect only.
    fn exchange_everything(&mut self, cx: &mut Context<'_, Self>) {
        let every = Config::push_pull_every(self.members.count());
        match self.busy.sync.exchange_at {
            Some(at) if cx.now >= at => {
                self.busy.sync.exchange_at = None;
                if let Some(peer) = crate::pick_live(&self.members, cx.rng, 1, |_| false).first() {
                    self.start_delta(cx, *peer);
                }
            }
            Some(_) => {}
            None => self.busy.sync.exchange_at = Some(cx.now + cx.rng.between(every / 2, every * 3 / 2)),
        }
    }

    /// Tombstones end: everybody has heard by now, and nobody passes on what is older than half of this.
    fn reap(&mut self, cx: &mut Context<'_, Self>) {
        let old = |m: &&crate::Member| cx.now.since(m.since) > self.config.tombstone;
        let over: Vec<PeerId> = self.members.gone_ones().filter(old).map(crate::Member::id).collect();
        over.into_iter().for_each(|peer| self.forget(cx, peer));
    }

    /// Keeps the number of the gone within its bound: the oldest goes.
    pub(crate) fn keep_few_tombstones(&mut self, cx: &mut Context<'_, Self>) {
        if self.members.gone() > MAX_GONE {
            let oldest = self.members.gone_ones().min_by_key(|m| (m.since, m.id())).map(crate::Member::id);
            if let Some(peer) = oldest {
                self.forget(cx, peer);
            }
        }
    }

    fn forget(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        self.members.remove(peer);
        self.cease_probing(cx, peer);
        self.forget_news(peer);
        cx.know(peer, None);
    }

    /// Something came from this peer: it lives, whatever we believe.
    pub(crate) fn hear(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        self.members.touch(peer, cx.now);
    }

    /// Its digest against ours: equal costs nothing; a mismatch that lasts two contacts starts a delta.
    pub(crate) fn compare(&mut self, cx: &mut Context<'_, Self>, from: Origin, digest: u32) {
        let Some(peer) = from.peer else { return };
        match self.members.status(peer) {
            // Among joiners strangers are many, and deltas bring them.
            None if self.is_settling() => {}
            None => return cx.reply(from.path, Message::Who),
            Some(status) if self.tells_the_dead(status) => {
                let epitaph = self.members.get(peer).map(|held| self.epitaph(held));
                return epitaph.into_iter().for_each(|epitaph| cx.reply(from.path, Message::Update(epitaph)));
            }
            Some(_) => {}
        }
        if !self.native() || self.is_leaving() {
            return;
        }
        if digest == self.digest_to_show() {
            if self.busy.trouble.mismatch.contacts > 0 {
                self.busy.trouble.mismatch.contacts = 0;
            }
            return;
        }
        let Busy { trouble: Trouble { mismatch, .. }, news, .. } = &mut *self.busy;
        if mismatch.contacts == 0 {
            mismatch.since = cx.now;
        }
        mismatch.contacts += 1;
        let changing = cx.now.since(news.last) <= FRESH && cx.now.since(mismatch.since) <= OLD;
        let lasts = mismatch.contacts >= 2 && !changing;
        if (lasts || self.is_settling()) && self.members.status(peer).is_some() {
            self.busy.trouble.mismatch.contacts = 0;
            self.disagreed();
            self.start_delta(cx, peer);
        }
    }

    /// The digest of this node's live view, as pings and acks carry it.
    pub(crate) fn digest_to_show(&self) -> u32 {
        if bruit_proto::mutant("digest compares equal always") { 0 } else { self.members.digest() }
    }

    pub(crate) fn on_who(&mut self, cx: &mut Context<'_, Self>, from: Origin) {
        let answer = if self.is_leaving() { self.goodbye() } else { Some(self.my_update()) };
        if let Some(answer) = answer {
            cx.reply(from.path, Message::Update(answer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bruit_proto::{Record, Tags};
    use std::sync::Arc;

    const MINUTE: Duration = Duration::from_secs(60);

    fn woken(tombstone: Duration, lost: Duration) -> Swim {
        let record = Record::new("n1", 1, vec!["127.0.0.1:1".parse().unwrap()], Tags::default()).unwrap();
        let mut swim = Swim::new(Arc::new(Config { tombstone, ..Config::of(crate::Profile::Lan) }), Arc::new(record));
        swim.next_seq();
        swim.wake(Time::ZERO, lost);
        swim
    }

    fn after(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn who_slept_is_awake_when_a_ping_of_later_is_answered() {
        let mut swim = woken(MINUTE, MINUTE);
        let before = swim.last_seq();
        for unasked in [before, before.wrapping_sub(1), before.wrapping_add(1)] {
            swim.answered(after(5), unasked);
            assert!(swim.is_drowsy(after(5)), "a ping of before, or none");
        }
        let asked = swim.next_seq();
        swim.answered(after(6), asked);
        assert!(swim.is_drowsy(after(5)) && !swim.is_drowsy(after(6)));
    }

    #[test]
    fn who_slept_and_is_never_answered_is_drowsy_for_a_while_only() {
        let ends = |tombstone| (0..100).find(|s| !woken(tombstone, tombstone).is_drowsy(after(*s)));
        assert_eq!([MINUTE, 60 * MINUTE].map(ends), [Some(30), Some(60)]);
    }

    #[test]
    fn a_nap_is_none() {
        assert!(!woken(MINUTE, MINUTE / 9).is_drowsy(Time::ZERO));
    }
}
