//! Core beside one more protocol, of ours or of the user's own: one line runs both on the same sockets.

use crate::core::{self, Core};
use bruit_proto::{
    Composition, Context, Duration, Lost, Malformed, Origin, Outlet, Part, PeerId, Protocol, Reader, Receipt, Rng, Room,
    StreamId, StreamNews, Wire, Wiring,
};
use std::marker::PhantomData;

/// The first tag that is none of Core's.
const OWN: u8 = 48;

/// A protocol beside [`Core`], on the same sockets: a user's own, or one of ours that Core does without.
///
/// A user's messages have tags from 128 on. Core's membership is its table of peers, and what Core says of a peer it is told.
pub struct Beside<Q: Protocol> {
    core: Core,
    own: Q,
    dice: (Rng, Rng),
    wiring: Wiring<Event<Q::Event>>,
}

/// A part's message; which one's, its tag says.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<M> {
    /// Tags below 48.
    Core(core::Message),
    /// Tags from 48 on; a user's own from 128.
    Own(M),
}

/// A part's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer<T> {
    /// Of Core.
    Core(core::Timer),
    /// Of the user's own.
    Own(T),
}

/// What this node's user is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<E> {
    /// By Core.
    Core(core::Event),
    /// By the user's own.
    Own(E),
}

/// Core's place.
#[derive(Debug)]
pub struct InCore<Q>(PhantomData<Q>);

/// The place of the user's own.
#[derive(Debug)]
pub struct InOwn<Q>(PhantomData<Q>);

macro_rules! part {
    ($marker:ident, $of:ty, $variant:ident, $lane:literal) => {
        impl<Q: Protocol> Part for $marker<Q> {
            type Whole = Beside<Q>;
            type Of = $of;
            type Said = Event<Q::Event>;
            const LANE: u8 = $lane;
            fn message(message: <$of as Protocol>::Message) -> Message<Q::Message> {
                Message::$variant(message)
            }
            fn back(message: Message<Q::Message>) -> Option<<$of as Protocol>::Message> {
                if let Message::$variant(message) = message { Some(message) } else { None }
            }
            fn timer(timer: <$of as Protocol>::Timer) -> Timer<Q::Timer> {
                Timer::$variant(timer)
            }
            fn said(event: <$of as Protocol>::Event) -> Event<Q::Event> {
                Event::$variant(event)
            }
        }
    };
}
part!(InCore, Core, Core, 0);
part!(InOwn, Q, Own, 1);

/// Lanes as the tables of streams and receipts name them.
const CORE: u8 = 0;
const MINE: u8 = 1;

impl<Q: Protocol> Beside<Q> {
    /// One node; `seed` gives the dice of the user's own.
    pub fn new(seed: u64, core: Core, own: Q) -> Beside<Q> {
        let me = core.swim().me().id();
        Beside { core, own, dice: (Rng::named(seed, me, "core"), Rng::named(seed, me, "own")), wiring: Wiring::default() }
    }

    /// Core, to look at.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The user's own, to look at.
    pub fn own(&self) -> &Q {
        &self.own
    }

    /// A command to Core: `node.command(now, |both, cx| both.in_core(cx, |core, cx| core.join(cx, &contacts)))`.
    pub fn in_core<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Core, &mut Context<'_, Core>) -> R) -> R {
        let result = self.lend_core(cx, f);
        self.drain(cx);
        result
    }

    /// A command to the user's own.
    pub fn in_own<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Q, &mut Context<'_, Q>) -> R) -> R {
        let result = self.lend_own(cx, f);
        self.drain(cx);
        result
    }

    fn lend_core<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Core, &mut Context<'_, Core>) -> R) -> R {
        let outer = cx.peers;
        cx.lend::<InCore<Q>, _>(&mut self.wiring, &mut self.dice.0, outer, |cx| f(&mut self.core, cx))
    }

    fn lend_own<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Q, &mut Context<'_, Q>) -> R) -> R {
        cx.lend::<InOwn<Q>, _>(&mut self.wiring, &mut self.dice.1, self.core.swim(), |cx| f(&mut self.own, cx))
    }

    /// Things said, in order. Every entry ends here.
    fn drain(&mut self, cx: &mut Context<'_, Self>) {
        while let Some(said) = self.wiring.next_said() {
            if let Event::Core(core::Event::Member { peer, change }) = said {
                self.lend_own(cx, |own, cx| own.on_peer(cx, peer, change));
            }
            cx.notify(said);
        }
    }
}

impl<Q: Protocol> Protocol for Beside<Q> {
    type Message = Message<Q::Message>;
    type Timer = Timer<Q::Timer>;
    type Event = Event<Q::Event>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.lend_core(cx, |core, cx| core.on_start(cx));
        self.lend_own(cx, |own, cx| own.on_start(cx));
        self.drain(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Self::Message) {
        match message {
            Message::Core(message) => {
                self.wiring.claim(from.path, CORE);
                self.lend_core(cx, |core, cx| core.on_message(cx, from, message));
            }
            Message::Own(message) => {
                self.wiring.claim(from.path, MINE);
                self.lend_own(cx, |own, cx| own.on_message(cx, from, message));
            }
        }
        self.drain(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Self::Timer) {
        match timer {
            Timer::Core(timer) => self.lend_core(cx, |core, cx| core.on_timer(cx, timer)),
            Timer::Own(timer) => self.lend_own(cx, |own, cx| own.on_timer(cx, timer)),
        }
        self.drain(cx);
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: bruit_proto::Change) {
        self.lend_core(cx, |core, cx| core.on_peer(cx, peer, change));
        self.lend_own(cx, |own, cx| own.on_peer(cx, peer, change));
        self.drain(cx);
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match self.wiring.stream(stream, what) {
            Some(CORE) => self.lend_core(cx, |core, cx| core.on_stream(cx, stream, what)),
            Some(MINE) => self.lend_own(cx, |own, cx| own.on_stream(cx, stream, what)),
            _ => {}
        }
        self.drain(cx);
    }

    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        match self.wiring.receipt(receipt) {
            Some(CORE) => self.lend_core(cx, |core, cx| core.on_stored(cx, receipt, outcome)),
            Some(MINE) => self.lend_own(cx, |own, cx| own.on_stored(cx, receipt, outcome)),
            _ => {}
        }
        self.drain(cx);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.lend_core(cx, |core, cx| core.on_pause(cx, lost));
        self.lend_own(cx, |own, cx| own.on_pause(cx, lost));
        self.drain(cx);
    }

    /// Core first: its digests must be in every ping.
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Self::Message>) {
        let owner = match to {
            Outlet::Packet(_) => None,
            Outlet::Stream(stream) => Some(self.wiring.owner(stream)),
        };
        if owner.is_none_or(|of| of == Some(CORE)) {
            room.lend::<InCore<Q>, _>(|room| self.lend_core(cx, |core, cx| core.fill(cx, to, room)));
        }
        if owner.is_none_or(|of| of == Some(MINE)) {
            room.lend::<InOwn<Q>, _>(|room| self.lend_own(cx, |own, cx| own.fill(cx, to, room)));
        }
        self.drain(cx);
    }
}

impl<Q: Protocol> Composition for Beside<Q> {
    const PARTS: u8 = 2;
    fn reached(&mut self) -> u32 {
        self.wiring.take_reached()
    }
    fn drained(&self) -> bool {
        self.wiring.is_drained()
    }
}

impl<M: Wire> Wire for Message<M> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Core(message) => message.encode(out),
            Message::Own(message) => message.encode(out),
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Message<M>, Malformed> {
        if input.peek().is_some_and(|tag| tag >= OWN) {
            Ok(Message::Own(M::decode(input)?))
        } else {
            Ok(Message::Core(core::Message::decode(input)?))
        }
    }
    fn size(&self) -> usize {
        match self {
            Message::Core(message) => message.size(),
            Message::Own(message) => message.size(),
        }
    }
}
