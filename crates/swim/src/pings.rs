use crate::{Event, Message, Refused, Swim, Timer, earlier};
use bruit_proto::{Context, Duration, PeerId, Time};

/// Pings under way at once: 256, so that a caller who wants to reach a thousand members asks in four goes.
pub const MAX_PINGS: usize = 256;

/// A ping that the user asked for. It is no probe: nobody is accused and health stays what it is, whatever comes.
pub(crate) struct Asked {
    peer: PeerId,
    seq: u32,
    sent: Time,
    until: Time,
}

impl Swim {
    /// Pings this member directly, whatever is believed of it; [`Event::Pinged`] tells of the answer or, a period later,
    /// of its silence. The number tells which ping it was.
    ///
    /// # Errors
    /// [`Refused::Unknown`] if no other member has this name, [`Refused::Busy`] if [`MAX_PINGS`] are under way.
    pub fn ping(&mut self, cx: &mut Context<'_, Self>, name: &str) -> Result<u32, Refused> {
        let peer = PeerId::named(name);
        if self.member(peer).is_none_or(|m| m.record.name() != name) || peer == self.id() {
            return Err(Refused::Unknown(name.into()));
        }
        if self.busy.errands.asked.len() >= MAX_PINGS {
            return Err(Refused::Busy);
        }
        let seq = self.next_seq();
        cx.send(peer, Message::Ping { seq, digest: self.digest_to_show() });
        self.busy.errands.asked.push(Asked { peer, seq, sent: cx.now, until: cx.now + self.config.probe_every });
        self.wait_for_pings(cx);
        Ok(seq)
    }

    /// An ack; whether it is one to such a ping.
    pub(crate) fn answers_ping(&mut self, cx: &mut Context<'_, Self>, from: PeerId, seq: u32) -> bool {
        let Some(i) = self.busy.errands.asked.iter().position(|w| (w.peer, w.seq) == (from, seq)) else { return false };
        let Asked { peer, seq, sent, .. } = self.busy.errands.asked.swap_remove(i);
        cx.notify(Event::Pinged { peer, seq, rtt: Some(cx.now.since(sent)) });
        self.wait_for_pings(cx);
        true
    }

    /// Whoever has not answered by now is silent.
    pub(crate) fn end_pings(&mut self, cx: &mut Context<'_, Self>) {
        let now = cx.now;
        for Asked { peer, seq, .. } in self.busy.errands.asked.extract_if(.., |w| w.until <= now) {
            cx.notify(Event::Pinged { peer, seq, rtt: None });
        }
        self.wait_for_pings(cx);
    }

    /// This node stood still for so long: that is no part of a round trip, and silence in it means nothing.
    pub(crate) fn shift_pings(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        if self.busy.errands.asked.is_empty() {
            return;
        }
        for asked in &mut self.busy.errands.asked {
            asked.sent = asked.sent + lost;
            asked.until = asked.until + lost;
        }
        self.wait_for_pings(cx);
    }

    fn wait_for_pings(&mut self, cx: &mut Context<'_, Self>) {
        match self.busy.errands.asked.iter().fold(None, |next, w| earlier(next, Some(w.until))) {
            Some(at) => cx.set(Timer::Ping, at.since(cx.now)),
            None => cx.cancel(Timer::Ping),
        }
    }
}
