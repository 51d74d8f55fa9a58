//! Core beside the history of what operators asked for and, with the feature `state`, endpoint state: what an agent runs, and
//! the library's node.

#[cfg(feature = "state")]
use crate::beside::InAlso;
use crate::beside::{Beside, Event, InCore, InOwn};
use crate::core::{Core, CoreConfig};
use bruit_events::{self as events, EventId, Events, Filter};
use bruit_history::{self as history, EntryId, History, What};
use bruit_proto::{Context, PeerId, Protocol, Record, Restored, Tags};
#[cfg(feature = "state")]
use bruit_state::{self as state, State};
use bruit_swim as swim;
use std::sync::Arc;

/// What stands beside history: endpoint state.
#[cfg(feature = "state")]
pub type Third = State;
/// What stands beside history: nothing, without the feature `state`.
#[cfg(not(feature = "state"))]
pub type Third = crate::never::Never;

/// Membership, events and history; with the feature `state` there is room for endpoint state, which a node has once it is
/// given.
pub type Full = Beside<History, Third>;

/// What this node's user is told.
pub type FullEvent = Event<history::Event, <Third as Protocol>::Event>;

impl Full {
    /// One node, which persists what must survive its process, and begins with what earlier ones of its name `restored`.
    /// `record` is its own; `seed` gives the dice of all parts.
    ///
    /// # Panics
    /// If the settings are out of their bounds: check them first.
    pub fn full(seed: u64, core: CoreConfig, history: history::Config, record: Arc<Record>, restored: &Restored) -> Full {
        let (me, session) = (record.id(), record.session());
        let core = Core::new(seed, core, record).keep(&restored.part::<InCore<History, Third>>());
        let history = History::new(me, session, history, &restored.part::<InOwn<History, Third>>());
        Beside::with(seed, core, history, None)
    }

    /// Membership, to look at.
    pub fn swim(&self) -> &swim::Swim {
        self.core().swim()
    }

    /// Events, to look at.
    pub fn events(&self) -> &Events {
        self.core().events()
    }

    /// History, to look at.
    pub fn history(&self) -> &History {
        self.own()
    }

    /// As [`Core::join`].
    pub fn join(&mut self, cx: &mut Context<'_, Self>, contacts: &[PeerId]) {
        self.in_core(cx, |core, cx| core.join(cx, contacts));
    }

    /// As [`Core::leave`].
    pub fn leave(&mut self, cx: &mut Context<'_, Self>) {
        self.in_core(cx, Core::leave);
    }

    /// As [`Core::force_leave`].
    ///
    /// # Errors
    /// See there.
    pub fn force_leave(&mut self, cx: &mut Context<'_, Self>, name: &str, prune: bool) -> Result<(), swim::Refused> {
        self.in_core(cx, |core, cx| core.force_leave(cx, name, prune))
    }

    /// As [`Core::ping`].
    ///
    /// # Errors
    /// See there.
    pub fn ping(&mut self, cx: &mut Context<'_, Self>, name: &str) -> Result<u32, swim::Refused> {
        self.in_core(cx, |core, cx| core.ping(cx, name))
    }

    /// As [`Core::set_tags`].
    ///
    /// # Errors
    /// See there.
    pub fn set_tags(&mut self, cx: &mut Context<'_, Self>, tags: Tags) -> Result<(), swim::Refused> {
        self.in_core(cx, |core, cx| core.set_tags(cx, tags))
    }

    /// As [`Core::event`].
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
        self.in_core(cx, |core, cx| core.event(cx, name, payload, filter))
    }

    /// A command to events.
    pub fn in_events<R>(&mut self, cx: &mut Context<'_, Self>, f: impl FnOnce(&mut Events, &mut Context<'_, Events>) -> R) -> R {
        self.in_core(cx, |core, cx| core.in_events(cx, f))
    }

    /// As [`History::append`]: an operator `by` asked for this. Nothing but the history follows from it.
    ///
    /// # Errors
    /// See there.
    pub fn append(&mut self, cx: &mut Context<'_, Self>, what: What, node: &str, by: &str) -> Result<EntryId, history::Refused> {
        self.in_own(cx, |history, cx| history.append(cx, what, node, by))
    }
}

#[cfg(feature = "state")]
impl Full {
    /// With endpoint state, before the start. It persists its generation and what it shares, and begins with what earlier
    /// processes `restored`; all of the node's rows, as for [`full`](Full::full).
    ///
    /// # Panics
    /// If the settings are out of their bounds: [`state::Config::check`] them first.
    #[must_use]
    pub fn with_state(mut self, config: Arc<state::Config>, restored: &Restored) -> Full {
        let me = self.swim().me().id();
        self.add(State::new(me, config).keep(&restored.part::<InAlso<History, Third>>()));
        self
    }

    /// Endpoint state, to look at; nothing if this node was made without. Commands go by [`in_also`](Beside::in_also).
    pub fn state(&self) -> Option<&State> {
        self.also()
    }
}
