//! Core beside the history of what operators asked for: what an agent runs, and the library's node.

use crate::beside::{Beside, Event, InCore, InOwn};
use crate::core::{Core, CoreConfig};
use bruit_events::{self as events, EventId, Filter};
use bruit_history::{self as history, EntryId, History, What};
use bruit_proto::{Context, PeerId, Record, Restored, Tags};
use bruit_swim as swim;
use std::sync::Arc;

/// Membership, events and history.
pub type Full = Beside<History>;

/// What this node's user is told.
pub type FullEvent = Event<history::Event>;

impl Full {
    /// One node, which persists what must survive its process, and begins with what earlier ones of its name `restored`.
    /// `record` is its own; `seed` gives the dice of all parts.
    ///
    /// # Panics
    /// If the settings are out of their bounds: check them first.
    pub fn full(seed: u64, core: CoreConfig, history: history::Config, record: Arc<Record>, restored: &Restored) -> Full {
        let (me, session) = (record.id(), record.session());
        let core = Core::new(seed, core, record).keep(&restored.part::<InCore<History>>());
        let history = History::new(me, session, history, &restored.part::<InOwn<History>>());
        Beside::new(seed, core, history)
    }

    /// Membership, to look at.
    pub fn swim(&self) -> &swim::Swim {
        self.core().swim()
    }

    /// Events, to look at.
    pub fn events(&self) -> &events::Events {
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

    /// As [`History::append`]: an operator `by` asked for this. Nothing but the history follows from it.
    ///
    /// # Errors
    /// See there.
    pub fn append(&mut self, cx: &mut Context<'_, Self>, what: What, node: &str, by: &str) -> Result<EntryId, history::Refused> {
        self.in_own(cx, |history, cx| history.append(cx, what, node, by))
    }
}
