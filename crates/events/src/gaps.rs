use crate::events::{Events, Timer};
use crate::message::Message;
use crate::spread::Spread;
use crate::user_event::UserEvent;
use bruit_proto::{Context, Duration, PeerId, Wire, mutant};

/// Differing digests in a row that are answered with the newest events; from the second on there is a conversation too.
const PUSHES: u32 = 3;
/// What a differing digest is answered with: events that came within this time.
const RECENT: Duration = Duration::from_secs(5);
/// The most bytes of them: one event of the largest size with its tag, age and hop, which is one packet's worth.
const PUSH_BYTES: usize = UserEvent::MAX_SIZE + 7;
/// The most events looked at to find them.
const PUSH_LOOK: usize = 64;
/// Digests that differ for so long mean that something is missing, however much news comes.
const PATIENCE: Duration = Duration::from_secs(1);

impl<S: Spread> Events<S> {
    /// A digest came on a packet. A mismatch while news is on its way is nothing; one that stays is a gap, here or there.
    pub(crate) fn compare(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, digest: u32) {
        if digest == self.store.digest() || mutant("digest compares equal always") {
            self.differing = 0;
            self.differing_since = None;
            if self.check.equal(cx.peers, self.me, peer) {
                cx.cancel(Timer::Check);
                self.settle(cx);
            }
            return self.has_joined(cx);
        }
        self.counters.differing += 1;
        let since = *self.differing_since.get_or_insert(cx.now);
        let quiet = self.news.is_none_or(|news| cx.now.since(news) >= self.config.quiet);
        if !quiet && cx.now.since(since) < PATIENCE {
            return;
        }
        self.differing = self.differing.saturating_add(1);
        if self.differing <= PUSHES {
            self.push_recent(cx, peer);
        }
        if self.differing > 1 || !self.joined {
            self.ask(cx, peer);
        }
    }

    /// The newest events to a peer whose digest differs: most often that closes the gap at once, for one datagram.
    fn push_recent(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        let mut room = PUSH_BYTES;
        let (now, look) = (cx.now, self.store.held().rev().take(PUSH_LOOK));
        for held in look.filter(|held| now.since(held.heard) < RECENT) {
            let message = held.message(now);
            let Some(left) = room.checked_sub(message.size()) else { return };
            room = left;
            self.counters.pushed += 1;
            cx.send(peer, message);
        }
    }

    /// Asks the ring neighbours that may have been missed.
    pub(crate) fn ask_neighbours(&mut self, cx: &mut Context<'_, Self>) {
        let (unsure, again) = self.check.round(cx.peers, self.me);
        for peer in unsure.into_iter().flatten() {
            self.counters.checked += 1;
            cx.send(peer, Message::Check);
        }
        if again {
            cx.set(Timer::Check, self.config.quiet);
        } else {
            self.settle(cx);
        }
    }
}
