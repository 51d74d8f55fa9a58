use crate::context::{Context, Lost, Receipt};
use crate::peer::{Change, PeerId};
use crate::room::Room;
use crate::stream::{Origin, Outlet, StreamId, StreamNews};
use std::fmt::Debug;
use std::time::Duration;

/// A gossip protocol: a state machine without I/O.
///
/// Each method is one *turn*. What a turn says to one peer on the datagram lane leaves as one packet and is lost as
/// one.
pub trait Protocol: Sized {
    /// What copies of this protocol say to each other: one fact each, the packer makes lists.
    type Message: Debug;
    /// The *names* of its timers: setting one again moves it, so a stale timer cannot exist. Hold O(1) of them.
    type Timer: Copy + Ord + Debug;
    /// What it tells whoever composed it.
    type Event: Debug;

    /// The first call, once: set the first timer here.
    fn on_start(&mut self, cx: &mut Context<'_, Self>);

    /// A message came. It may be from anyone and say anything: refuse with [`Context::reject`], never panic.
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Self::Message);

    /// A timer that was set is due; it is not set any more.
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Self::Timer);

    /// The membership says so. [`Context::peers`] already shows it.
    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        let _ = (cx, peer, change);
    }

    /// A conversation of ours was answered or is over.
    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        let _ = (cx, stream, what);
    }

    /// What [`Context::persist`] was asked to keep is safe, or lost. Receipts may come in any order.
    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        let _ = (cx, receipt, outcome);
    }

    /// This node stood still for `lost`: whoever was silent meanwhile may just not have been heard.
    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        let _ = (cx, lost);
    }

    /// A packet is about to leave, or a stream has credit: offer what is worth it, until `offer` gives one back.
    ///
    /// In here a protocol offers, sets timers and notifies; anything else is asserted against.
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Self::Message>) {
        let _ = (cx, to, room);
    }
}
