//! Core beside one more protocol, or two, of ours or of the user's own: one line runs all on the same sockets.

use crate::carrier;
use crate::core::{self, Core};
use crate::never::Never;
use Event as Said;
use bruit_proto::{
    Change, Composition, Context, Duration, Lost, Malformed, Notation, Origin, Outlet, PeerId, Protocol, Reader, Receipt, Rng,
    Room, StreamId, StreamNews, Wire, Wiring, part,
};
use std::marker::PhantomData;
use std::ops::RangeInclusive;

/// The first tag that is none of Core's.
const OWN: u8 = 48;
/// The tags of the one beside those, where there is one.
const ALSO: RangeInclusive<u8> = 56..=63;

/// A protocol beside [`Core`], on the same sockets, and maybe another beside both: a user's own, or one of ours that Core
/// does without.
///
/// A user's messages have tags from 128 on. Core's membership is the table of peers of all, and what Core says of a peer they
/// are told. They know nothing of each other. The second may be missing: then nobody hears of it.
pub struct Beside<Q: Protocol, R: Protocol = Never> {
    core: Core,
    own: Q,
    also: Option<R>,
    dice: (Rng, Rng, Rng),
    wiring: Wiring<Event<Q::Event, R::Event>>,
}

/// A part's message; which one's, its tag says.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<M, N = Never> {
    /// Tags below 48, and those of what carries events: 64, 80 and 81.
    Core(core::Message),
    /// Tags 48-55; a user's own from 128.
    Own(M),
    /// Tags 56-63.
    Also(N),
}

/// A part's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer<T, U = Never> {
    /// Of Core.
    Core(core::Timer),
    /// Of the user's own.
    Own(T),
    /// Of the second.
    Also(U),
}

/// What this node's user is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<E, F = Never> {
    /// By Core.
    Core(core::Event),
    /// By the user's own.
    Own(E),
    /// By the second.
    Also(F),
}

/// Core's place.
#[derive(Debug)]
pub struct InCore<Q, R = Never>(PhantomData<(Q, R)>);

/// The place of the user's own.
#[derive(Debug)]
pub struct InOwn<Q, R = Never>(PhantomData<(Q, R)>);

/// The place of the second.
#[derive(Debug)]
pub struct InAlso<Q, R>(PhantomData<(Q, R)>);

part!([Q: Protocol, R: Protocol], InCore<Q, R>, Beside<Q, R>, Core, Core, CORE, Said<Q::Event, R::Event>);
part!([Q: Protocol, R: Protocol], InOwn<Q, R>, Beside<Q, R>, Q, Own, MINE, Said<Q::Event, R::Event>);
part!([Q: Protocol, R: Protocol], InAlso<Q, R>, Beside<Q, R>, R, Also, SECOND, Said<Q::Event, R::Event>);

/// Lanes as the tables of streams and receipts, and the disk, name them.
const CORE: u8 = 0;
const MINE: u8 = 1;
const SECOND: u8 = 2;

impl<Q: Protocol> Beside<Q> {
    /// One node; `seed` gives the dice of the user's own.
    pub fn new(seed: u64, core: Core, own: Q) -> Beside<Q> {
        Beside::with(seed, core, own, None)
    }
}

impl<Q: Protocol, R: Protocol> Beside<Q, R> {
    /// As [`new`](Beside::new), with the second or without it.
    pub fn with(seed: u64, core: Core, own: Q, also: Option<R>) -> Self {
        let me = core.swim().me().id();
        let dice = (Rng::named(seed, me, "core"), Rng::named(seed, me, "own"), Rng::named(seed, me, "also"));
        Beside { core, own, also, dice, wiring: Wiring::default() }
    }

    /// With the second, before the start.
    #[cfg(feature = "state")]
    pub(crate) fn add(&mut self, also: R) {
        self.also = Some(also);
    }

    /// Core, to look at.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The user's own, to look at.
    pub fn own(&self) -> &Q {
        &self.own
    }

    /// The second, to look at, if it is there.
    pub fn also(&self) -> Option<&R> {
        self.also.as_ref()
    }

    /// A command to Core: `node.command(now, |both, cx| both.in_core(cx, |core, cx| core.join(cx, &contacts)))`.
    pub fn in_core<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Core, &mut Context<'_, Core>) -> T) -> T {
        let result = self.lend_core(cx, f);
        self.drain(cx);
        result
    }

    /// A command to the user's own.
    pub fn in_own<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Q, &mut Context<'_, Q>) -> T) -> T {
        let result = self.lend_own(cx, f);
        self.drain(cx);
        result
    }

    /// A command to the second; nothing if it is not there.
    pub fn in_also<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut R, &mut Context<'_, R>) -> T) -> Option<T> {
        let result = self.lend_also(cx, f);
        self.drain(cx);
        result
    }

    fn lend_core<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Core, &mut Context<'_, Core>) -> T) -> T {
        let outer = cx.peers;
        cx.lend::<InCore<Q, R>, _>(&mut self.wiring, &mut self.dice.0, outer, |cx| f(&mut self.core, cx))
    }

    fn lend_own<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Q, &mut Context<'_, Q>) -> T) -> T {
        cx.lend::<InOwn<Q, R>, _>(&mut self.wiring, &mut self.dice.1, self.core.swim(), |cx| f(&mut self.own, cx))
    }

    fn lend_also<T>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut R, &mut Context<'_, R>) -> T) -> Option<T> {
        let also = self.also.as_mut()?;
        Some(cx.lend::<InAlso<Q, R>, _>(&mut self.wiring, &mut self.dice.2, self.core.swim(), |cx| f(also, cx)))
    }

    /// Things said, in order. Every entry ends here.
    fn drain(&mut self, cx: &mut Context<'_, Self>) {
        while let Some(said) = self.wiring.next_said() {
            let change = match &said {
                Event::Core(core::Event::Member { peer, change }) => Some((*peer, *change)),
                Event::Core(core::Event::Suspected { peer, .. }) => Some((*peer, Change::Suspected)),
                _ => None,
            };
            if let Some((peer, change)) = change {
                self.lend_own(cx, |own, cx| own.on_peer(cx, peer, change));
                self.lend_also(cx, |also, cx| also.on_peer(cx, peer, change));
            }
            cx.notify(said);
        }
    }
}

impl<Q: Protocol, R: Protocol> Protocol for Beside<Q, R> {
    type Message = Message<Q::Message, R::Message>;
    type Timer = Timer<Q::Timer, R::Timer>;
    type Event = Event<Q::Event, R::Event>;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.lend_core(cx, |core, cx| core.on_start(cx));
        self.lend_own(cx, |own, cx| own.on_start(cx));
        self.lend_also(cx, |also, cx| also.on_start(cx));
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
            Message::Also(message) if self.also.is_some() => {
                self.wiring.claim(from.path, SECOND);
                self.lend_also(cx, |also, cx| also.on_message(cx, from, message));
            }
            Message::Also(_) => cx.reject(from, "for a protocol that is not here"),
        }
        self.drain(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Self::Timer) {
        match timer {
            Timer::Core(timer) => self.lend_core(cx, |core, cx| core.on_timer(cx, timer)),
            Timer::Own(timer) => self.lend_own(cx, |own, cx| own.on_timer(cx, timer)),
            Timer::Also(timer) => drop(self.lend_also(cx, |also, cx| also.on_timer(cx, timer))),
        }
        self.drain(cx);
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.lend_core(cx, |core, cx| core.on_peer(cx, peer, change));
        self.lend_own(cx, |own, cx| own.on_peer(cx, peer, change));
        self.lend_also(cx, |also, cx| also.on_peer(cx, peer, change));
        self.drain(cx);
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match self.wiring.stream(stream, what) {
            Some(CORE) => self.lend_core(cx, |core, cx| core.on_stream(cx, stream, what)),
            Some(MINE) => self.lend_own(cx, |own, cx| own.on_stream(cx, stream, what)),
            Some(SECOND) => drop(self.lend_also(cx, |also, cx| also.on_stream(cx, stream, what))),
            _ => {}
        }
        self.drain(cx);
    }

    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        match self.wiring.receipt(receipt) {
            Some(CORE) => self.lend_core(cx, |core, cx| core.on_stored(cx, receipt, outcome)),
            Some(MINE) => self.lend_own(cx, |own, cx| own.on_stored(cx, receipt, outcome)),
            Some(SECOND) => drop(self.lend_also(cx, |also, cx| also.on_stored(cx, receipt, outcome))),
            _ => {}
        }
        self.drain(cx);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.lend_core(cx, |core, cx| core.on_pause(cx, lost));
        self.lend_own(cx, |own, cx| own.on_pause(cx, lost));
        self.lend_also(cx, |also, cx| also.on_pause(cx, lost));
        self.drain(cx);
    }

    /// Core first: its digests must be in every ping.
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Self::Message>) {
        let owner = match to {
            Outlet::Packet(_) => None,
            Outlet::Stream(stream) => Some(self.wiring.owner(stream)),
        };
        if owner.is_none_or(|of| of == Some(CORE)) {
            room.lend::<InCore<Q, R>, _>(|room| self.lend_core(cx, |core, cx| core.fill(cx, to, room)));
        }
        if owner.is_none_or(|of| of == Some(MINE)) {
            room.lend::<InOwn<Q, R>, _>(|room| self.lend_own(cx, |own, cx| own.fill(cx, to, room)));
        }
        if owner.is_none_or(|of| of == Some(SECOND)) {
            room.lend::<InAlso<Q, R>, _>(|room| self.lend_also(cx, |also, cx| also.fill(cx, to, room)));
        }
        self.drain(cx);
    }
}

impl<Q: Protocol, R: Protocol> Composition for Beside<Q, R> {
    const PARTS: u8 = 3;
    fn reached(&mut self) -> u32 {
        // What is not there misses nothing.
        let missing = if self.also.is_none() { 1 << SECOND } else { 0 };
        self.wiring.take_reached() | missing
    }
    fn drained(&self) -> bool {
        self.wiring.is_drained()
    }
}

impl<M: Wire, N: Wire> Wire for Message<M, N> {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Core(message) => message.encode(out),
            Message::Own(message) => message.encode(out),
            Message::Also(message) => message.encode(out),
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Message<M, N>, Malformed> {
        match input.peek() {
            Some(tag) if ALSO.contains(&tag) => Ok(Message::Also(N::decode(input)?)),
            Some(tag) if tag >= OWN && !carrier::owns(tag) => Ok(Message::Own(M::decode(input)?)),
            _ => Ok(Message::Core(core::Message::decode(input)?)),
        }
    }
    fn for_group(&self) -> bool {
        match self {
            Message::Core(message) => message.for_group(),
            Message::Own(message) => message.for_group(),
            Message::Also(message) => message.for_group(),
        }
    }
    fn size(&self) -> usize {
        match self {
            Message::Core(message) => message.size(),
            Message::Own(message) => message.size(),
            Message::Also(message) => message.size(),
        }
    }
}

impl<M: Notation, N: Notation> Notation for Message<M, N> {
    fn kind(&self) -> &'static str {
        match self {
            Message::Core(message) => message.kind(),
            Message::Own(message) => message.kind(),
            Message::Also(message) => message.kind(),
        }
    }
    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String {
        match self {
            Message::Core(message) => message.note(name),
            Message::Own(message) => message.note(name),
            Message::Also(message) => message.note(name),
        }
    }
}
