use crate::carrier::{self, Came, Carrier, Spread};
use bruit_events::{self as events, Delivered, EventId, Events, Filter};
use bruit_proto::{
    Change, Composition, Context, Duration, Lost, Malformed, Notation, Origin, Outlet, Part, PeerId, Protocol, Reader, Receipt,
    Record, Restored, Rng, Room, StreamId, StreamNews, Tags, Why, Wire, Wiring, part,
};
use bruit_swim::{self as swim, Swim};
use std::sync::Arc;

/// Membership and events: the default stack.
///
/// `swim` is the table of peers that `events` asks; what `swim` says of a peer, `events` is told. Where events do not carry
/// themselves, a carrier takes what its own node says and brings what others say; what it misses, `events` repairs.
pub struct Core {
    swim: Swim,
    events: Events,
    /// Behind a box: most nodes have none.
    carrier: Option<Box<Carrier>>,
    dice: (Rng, Rng, Rng),
    wiring: Wiring<Said>,
}

/// The settings of its parts.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// Shared by all nodes of a process.
    pub swim: Arc<swim::Config>,
    /// Of events.
    pub events: events::Config,
    /// How events travel. Nodes of one cluster should agree: what comes otherwise is taken, and goes on in the own way.
    pub spread: Spread,
}

impl CoreConfig {
    /// The defaults for a network.
    pub fn of(profile: swim::Profile) -> CoreConfig {
        let quiet = Duration::from_millis(match profile {
            swim::Profile::Local => 50,
            swim::Profile::Lan => 150,
            // Ten steps of a tenth of a second are a second; most copies need less than half of them.
            swim::Profile::Wan => 600,
        });
        let events = events::Config { quiet, ..events::Config::default() };
        CoreConfig { swim: Arc::new(swim::Config::of(profile)), events, spread: Spread::default() }
    }
}

impl Default for CoreConfig {
    fn default() -> Self {
        CoreConfig::of(swim::Profile::default())
    }
}

/// A part's message; which one's, its tag says.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Tags 1-31.
    Swim(swim::Message),
    /// Tags 32-47.
    Events(events::Message),
    /// Tags 64, 80 and 81.
    Carrier(carrier::Message),
}

/// A part's timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Of membership.
    Swim(swim::Timer),
    /// Of events.
    Events(events::Timer),
    /// Of what carries them.
    Carrier(carrier::Timer),
}

/// What this node's user is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A member came, went or changed.
    Member {
        /// Who.
        peer: PeerId,
        /// What happened to it.
        change: Change,
    },
    /// A member does not answer; it may still refute.
    Suspected {
        /// Who.
        peer: PeerId,
        /// Who says so first.
        by: PeerId,
    },
    /// It did.
    Refuted {
        /// Who.
        peer: PeerId,
    },
    /// A join reached the cluster.
    Joined {
        /// Through whom.
        contact: PeerId,
    },
    /// A join did not.
    JoinFailed {
        /// Through whom.
        contact: PeerId,
        /// Why not.
        why: Why,
    },
    /// A member that was pinged answered, after so long, or did not.
    Pinged {
        /// Who.
        peer: PeerId,
        /// Which ping.
        seq: u32,
        /// `None` if it was silent.
        rtt: Option<Duration>,
    },
    /// Another process holds this name and was there first: stop this node.
    NameTaken,
    /// The leave has reached the cluster, or its deadline passed: the process may end.
    Gone,
    /// Nobody answers any more, or somebody does again.
    Isolated(bool),
    /// An event for this node.
    Delivered(Delivered),
    /// This node does not tell this event any more.
    Quiet(EventId),
    /// More is known of who has an event that this node waits for.
    Covered(EventId),
    /// A member that was asked how an event came to it has answered.
    Traced {
        /// Who.
        peer: PeerId,
        /// Which event.
        id: EventId,
        /// How; nothing if it does not keep the event.
        trace: Option<events::Trace>,
    },
}

/// What the parts say.
#[derive(Debug)]
pub enum Said {
    /// Membership.
    Swim(swim::Event),
    /// Events.
    Events(events::Event),
    /// What carries them.
    Carrier(Came),
}

/// Membership's place in [`Core`].
#[derive(Debug)]
pub enum InSwim {}

/// Events' place in [`Core`].
#[derive(Debug)]
pub enum InEvents {}

/// The carrier's place in [`Core`].
#[derive(Debug)]
pub enum InCarrier {}

part!(InSwim, Core, Swim, Swim, 0);
part!(InEvents, Core, Events, Events, 1);
part!(InCarrier, Core, Carrier, Carrier, 2);

impl Core {
    /// One node. `record` is its own; `seed` gives the dice of both parts.
    ///
    /// # Panics
    /// If the settings of events, or of how they travel, are out of their bounds: check them first.
    pub fn new(seed: u64, config: CoreConfig, record: Arc<Record>) -> Core {
        let me = record.id();
        let carrier = Carrier::new(me, config.spread, &config.events).map(Box::new);
        let mut events = Events::new(me, record.session(), config.events);
        if carrier.is_some() {
            events = events.carried();
        }
        events.set_name(record.name());
        events.set_tags(record.tags().clone());
        Core {
            swim: Swim::new(config.swim, record),
            events,
            carrier,
            dice: (Rng::named(seed, me, "swim"), Rng::named(seed, me, "events"), Rng::named(seed, me, "carrier")),
            wiring: Wiring::default(),
        }
    }

    /// From now on what must survive this process is persisted; begins with what earlier ones of its node `restored`.
    pub fn keep(mut self, restored: &Restored) -> Core {
        self.swim = self.swim.keep(&restored.part::<InSwim>());
        self.events = self.events.keep(&restored.part::<InEvents>());
        self
    }

    /// Membership, to look at; the table of peers for whoever composes this.
    pub fn swim(&self) -> &Swim {
        &self.swim
    }

    /// Events, to look at.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// What carries events, to look at; nothing where they carry themselves.
    pub fn carrier(&self) -> Option<&Carrier> {
        self.carrier.as_deref()
    }

    /// As [`Swim::join`].
    pub fn join(&mut self, cx: &mut Context<'_, Self>, contacts: &[PeerId]) {
        self.in_swim(cx, |swim, cx| swim.join(cx, contacts));
        self.drain(cx);
    }

    /// As [`Swim::leave`].
    pub fn leave(&mut self, cx: &mut Context<'_, Self>) {
        self.in_swim(cx, |swim, cx| swim.leave(cx));
        self.drain(cx);
    }

    /// As [`Swim::force_leave`].
    ///
    /// # Errors
    /// See there.
    pub fn force_leave(&mut self, cx: &mut Context<'_, Self>, name: &str, prune: bool) -> Result<(), swim::Refused> {
        let result = self.in_swim(cx, |swim, cx| swim.force_leave(cx, name, prune));
        self.drain(cx);
        result
    }

    /// As [`Swim::ping`].
    ///
    /// # Errors
    /// See there.
    pub fn ping(&mut self, cx: &mut Context<'_, Self>, name: &str) -> Result<u32, swim::Refused> {
        let result = self.in_swim(cx, |swim, cx| swim.ping(cx, name));
        self.drain(cx);
        result
    }

    /// As [`Swim::set_tags`]; events to groups heed them at once.
    ///
    /// # Errors
    /// See there.
    pub fn set_tags(&mut self, cx: &mut Context<'_, Self>, tags: Tags) -> Result<(), swim::Refused> {
        let result = self.in_swim(cx, |swim, cx| swim.set_tags(cx, tags.clone()));
        if result.is_ok() {
            self.events.set_tags(tags);
        }
        self.drain(cx);
        result
    }

    /// As [`Events::event`].
    ///
    /// # Errors
    /// See there.
    pub fn event(
        &mut self,
        cx: &mut Context<'_, Self>,
        name: &str,
        payload: &[u8],
        filter: Filter,
    ) -> Result<EventId, events::Refused> {
        self.in_events(cx, |events, cx| events.event(cx, name, payload, filter))
    }

    /// A command to events.
    pub fn in_events<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Events, &mut Context<'_, Events>) -> R) -> R {
        let result = self.lend_events(cx, f);
        self.drain(cx);
        result
    }

    /// Its own table of peers is the outer one: `swim` is the table, and asks itself.
    fn in_swim<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Swim, &mut Context<'_, Swim>) -> R) -> R {
        let outer = cx.peers;
        cx.lend::<InSwim, _>(&mut self.wiring, &mut self.dice.0, outer, |cx| f(&mut self.swim, cx))
    }

    fn lend_events<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Events, &mut Context<'_, Events>) -> R) -> R {
        cx.lend::<InEvents, _>(&mut self.wiring, &mut self.dice.1, &self.swim, |cx| f(&mut self.events, cx))
    }

    fn lend_carrier(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Carrier, &mut Context<'_, Carrier>)) {
        let Some(carrier) = &mut self.carrier else { return };
        cx.lend::<InCarrier, _>(&mut self.wiring, &mut self.dice.2, &self.swim, |cx| f(carrier, cx));
    }

    /// An event that comes in another way than this node's own is taken, and goes on in that.
    fn on_carried(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: carrier::Message) {
        if let Some((parcel, hop)) = message.parcel() {
            if !self.events.admits(parcel) {
                return cx.reject(from, "event from too far ahead");
            }
            if !self.carrier.as_ref().is_some_and(|carrier| carrier.speaks(&message)) {
                let parcel = parcel.clone();
                return self.lend_events(cx, |events, cx| events.take(cx, parcel, from.peer, hop));
            }
        }
        self.lend_carrier(cx, |carrier, cx| carrier.on_message(cx, from, message));
    }

    /// What was said here goes to the carrier, and what that has told is told.
    fn hand_over(&mut self, cx: &mut Context<'_, Self>) {
        // Looked at first: most turns have nothing of this.
        if !self.events.has_carried() {
            return;
        }
        for parcel in self.lend_events(cx, |events, cx| events.hand_over(cx)) {
            self.lend_carrier(cx, |carrier, cx| carrier.begin(cx, parcel));
        }
        if let Some(telling) = self.carrier().map(Carrier::telling) {
            self.lend_events(cx, |events, cx| events.still_told(cx, &telling));
        }
    }

    /// Things said, in order. Every entry ends here.
    fn drain(&mut self, cx: &mut Context<'_, Self>) {
        self.hand_over(cx);
        while let Some(said) = self.wiring.next_said() {
            let event = match said {
                Said::Swim(swim::Event::Peer { peer, change }) => {
                    self.lend_events(cx, |events, cx| events.on_peer(cx, peer, change));
                    self.lend_carrier(cx, |carrier, cx| carrier.on_peer(cx, peer, change));
                    Event::Member { peer, change }
                }
                Said::Swim(swim::Event::Suspected { peer, by }) => {
                    self.lend_events(cx, |events, cx| events.on_peer(cx, peer, Change::Suspected));
                    self.lend_carrier(cx, |carrier, cx| carrier.on_peer(cx, peer, Change::Suspected));
                    Event::Suspected { peer, by }
                }
                Said::Swim(swim::Event::Refuted { peer }) => Event::Refuted { peer },
                Said::Swim(swim::Event::Joined { contact }) => Event::Joined { contact },
                Said::Swim(swim::Event::JoinFailed { contact, why }) => Event::JoinFailed { contact, why },
                Said::Swim(swim::Event::Pinged { peer, seq, rtt }) => Event::Pinged { peer, seq, rtt },
                Said::Swim(swim::Event::NameTaken) => Event::NameTaken,
                Said::Swim(swim::Event::Gone) => Event::Gone,
                Said::Swim(swim::Event::Isolated(is)) => Event::Isolated(is),
                Said::Carrier(Came { parcel, via, hop }) => {
                    self.lend_events(cx, |events, cx| events.take(cx, parcel, via, hop));
                    self.hand_over(cx);
                    continue;
                }
                Said::Events(events::Event::Delivered(delivered)) => Event::Delivered(delivered),
                Said::Events(events::Event::Quiet(id)) => Event::Quiet(id),
                Said::Events(events::Event::Covered(id)) => Event::Covered(id),
                Said::Events(events::Event::Traced { peer, id, trace }) => Event::Traced { peer, id, trace },
            };
            cx.notify(event);
        }
    }
}

impl Protocol for Core {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.in_swim(cx, |swim, cx| swim.on_start(cx));
        self.lend_events(cx, |events, cx| events.on_start(cx));
        self.lend_carrier(cx, |carrier, cx| carrier.on_start(cx));
        self.drain(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, message: Message) {
        match message {
            Message::Swim(message) => {
                self.wiring.claim(from.path, InSwim::LANE);
                self.in_swim(cx, |swim, cx| swim.on_message(cx, from, message));
            }
            Message::Events(message) => {
                self.wiring.claim(from.path, InEvents::LANE);
                self.lend_events(cx, |events, cx| events.on_message(cx, from, message));
            }
            Message::Carrier(message) => self.on_carried(cx, from, message),
        }
        self.drain(cx);
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {
            Timer::Swim(timer) => self.in_swim(cx, |swim, cx| swim.on_timer(cx, timer)),
            Timer::Events(timer) => self.lend_events(cx, |events, cx| events.on_timer(cx, timer)),
            Timer::Carrier(timer) => self.lend_carrier(cx, |carrier, cx| carrier.on_timer(cx, timer)),
        }
        self.drain(cx);
    }

    fn on_peer(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, change: Change) {
        self.in_swim(cx, |swim, cx| swim.on_peer(cx, peer, change));
        self.lend_events(cx, |events, cx| events.on_peer(cx, peer, change));
        self.lend_carrier(cx, |carrier, cx| carrier.on_peer(cx, peer, change));
        self.drain(cx);
    }

    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        match self.wiring.stream(stream, what) {
            Some(InSwim::LANE) => self.in_swim(cx, |swim, cx| swim.on_stream(cx, stream, what)),
            Some(InEvents::LANE) => self.lend_events(cx, |events, cx| events.on_stream(cx, stream, what)),
            _ => {}
        }
        self.drain(cx);
    }

    fn on_stored(&mut self, cx: &mut Context<'_, Self>, receipt: Receipt, outcome: Result<(), Lost>) {
        match self.wiring.receipt(receipt) {
            Some(InSwim::LANE) => self.in_swim(cx, |swim, cx| swim.on_stored(cx, receipt, outcome)),
            Some(InEvents::LANE) => self.lend_events(cx, |events, cx| events.on_stored(cx, receipt, outcome)),
            _ => {}
        }
        self.drain(cx);
    }

    fn on_pause(&mut self, cx: &mut Context<'_, Self>, lost: Duration) {
        self.in_swim(cx, |swim, cx| swim.on_pause(cx, lost));
        self.lend_events(cx, |events, cx| events.on_pause(cx, lost));
        self.lend_carrier(cx, |carrier, cx| carrier.on_pause(cx, lost));
        self.drain(cx);
    }

    /// Events first: their digest takes five bytes of every packet, or it is not in every ping.
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Message>) {
        let (events, swim) = match to {
            Outlet::Packet(_) => (true, true),
            Outlet::Stream(stream) => {
                let owner = self.wiring.owner(stream);
                (owner == Some(InEvents::LANE), owner == Some(InSwim::LANE))
            }
        };
        if events {
            room.lend::<InEvents, _>(|room| self.lend_events(cx, |events, cx| events.fill(cx, to, room)));
        }
        if swim {
            room.lend::<InSwim, _>(|room| self.in_swim(cx, |swim, cx| swim.fill(cx, to, room)));
        }
        self.drain(cx);
    }
}

impl Composition for Core {
    const PARTS: u8 = 3;
    fn reached(&mut self) -> u32 {
        // What is not there misses nothing.
        let missing = if self.carrier.is_none() { 1 << InCarrier::LANE } else { 0 };
        self.wiring.take_reached() | missing
    }
    fn drained(&self) -> bool {
        self.wiring.is_drained()
    }
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Message::Swim(message) => message.encode(out),
            Message::Events(message) => message.encode(out),
            Message::Carrier(message) => message.encode(out),
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        match input.peek() {
            Some(1..=31) => Ok(Message::Swim(swim::Message::decode(input)?)),
            Some(32..=47) => Ok(Message::Events(events::Message::decode(input)?)),
            Some(tag) if carrier::owns(tag) => Ok(Message::Carrier(carrier::Message::decode(input)?)),
            Some(_) => Err(Malformed::UNKNOWN),
            None => Err(Malformed("truncated")),
        }
    }
    fn for_group(&self) -> bool {
        matches!(self, Message::Events(message) if message.for_group())
    }
    fn size(&self) -> usize {
        match self {
            Message::Swim(message) => message.size(),
            Message::Events(message) => message.size(),
            Message::Carrier(message) => message.size(),
        }
    }
}

impl Notation for Message {
    fn kind(&self) -> &'static str {
        match self {
            Message::Swim(message) => message.kind(),
            Message::Events(message) => message.kind(),
            Message::Carrier(message) => message.kind(),
        }
    }
    fn note(&self, name: &dyn Fn(PeerId) -> String) -> String {
        match self {
            Message::Swim(message) => message.note(name),
            Message::Events(message) => message.note(name),
            Message::Carrier(message) => message.note(name),
        }
    }
}
