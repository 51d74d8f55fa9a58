use crate::config::Config;
use crate::counters::Counters;
use crate::filter::Filter;
use crate::id::EventId;
use crate::message::Message;
use crate::spread::{Relay, Spread};
use crate::store::Store;
use crate::user_event::{Delivered, Refused};
use bruit_proto::{Context, Origin, Outlet, PeerId, Protocol, Room, Tags};

/// The names of its timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Conversations that have said all are closed.
    Finish,
    /// Events that were held back are said.
    Release,
}

/// What it tells its composer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An event for this node's user.
    Delivered(Delivered),
}

/// User events.
#[derive(Debug)]
pub struct Events<S: Spread = Relay> {
    me: PeerId,
    config: Config,
    tags: Tags,
    store: Store,
    spread: S,
    counters: Counters,
}

impl<S: Spread + Default> Events<S> {
    /// One node; `session` is the random number of this process start.
    ///
    /// # Panics
    /// If `config` is out of its bounds: [`Config::check`] it first.
    pub fn new(me: PeerId, session: u64, config: Config) -> Self {
        config.check().expect("a checked configuration");
        let store = Store::new(config.window, config.window_bytes);
        let _ = session;
        Events { me, config, tags: Tags::default(), store, spread: S::default(), counters: Counters::default() }
    }
}

impl<S: Spread> Events<S> {
    /// Says an event to all, or to the nodes that `filter` names.
    ///
    /// # Errors
    /// [`Refused`] when it is too large, or when too much is held back already.
    pub fn event(&mut self, cx: &mut Context<'_, Self>, name: &str, payload: &[u8], filter: Filter) -> Result<EventId, Refused> {
        let _ = (cx, name, payload, filter, &self.config, &self.spread);
        Err(Refused::Joining)
    }

    /// This node's own tags, for filters.
    pub fn set_tags(&mut self, tags: Tags) {
        self.tags = tags;
    }

    /// What is kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        let _ = self.me;
        self.counters
    }
}

impl<S: Spread> Protocol for Events<S> {
    type Message = Message;
    type Timer = Timer;
    type Event = Event;

    fn on_start(&mut self, _: &mut Context<'_, Self>) {}
    fn on_message(&mut self, _: &mut Context<'_, Self>, _: Origin, _: Message) {}
    fn on_timer(&mut self, _: &mut Context<'_, Self>, _: Timer) {}
    fn fill(&mut self, _: &mut Context<'_, Self>, _: Outlet, _: &mut Room<'_, Message>) {}
}
