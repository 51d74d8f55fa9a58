use crate::context::Context;
use crate::protocol::Protocol;
use crate::stream::Origin;
use std::time::Duration;

/// Does nothing but make packets, in whose spare room others ride: pings a random peer each second, and the ping is answered.
#[derive(Debug, Default)]
pub struct Beat {
    /// Pings nobody any more.
    pub off: bool,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// Are you there?
    Ping,
    /// Yes.
    Ack,
}

impl Protocol for Beat {
    type Message = Pulse;
    type Timer = ();
    type Event = ();

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        let first = cx.rng.between(Duration::ZERO, Duration::from_secs(1));
        cx.set((), first);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Pulse) {
        if message == Pulse::Ping {
            cx.reply(from.path, Pulse::Ack);
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, (): ()) {
        cx.set((), Duration::from_secs(1));
        let mut out = Vec::new();
        cx.pick(1, &|_| false, &mut out);
        out.into_iter().filter(|_| !self.off).for_each(|peer| cx.send(peer, Pulse::Ping));
    }
}
