//! Events that another protocol carries: handed over by their origin, taken where they come.

use crate::events::Events;
use crate::id::Stamp;
use crate::parcel::Parcel;
use crate::spread::{Carried, Way};
use crate::store::{Arrival, How};
use bruit_proto::{Context, PeerId};
use std::collections::BTreeSet;

impl Events {
    /// From now on another protocol carries what is said here.
    #[must_use]
    pub fn carried(mut self) -> Self {
        self.spread = Way::Carried(Carried::default());
        self
    }

    /// Whether this event may be taken: its clock is not too far ahead of ours, which goes on to it.
    pub fn admits(&mut self, parcel: &Parcel) -> bool {
        let admits = self.clock.witness(parcel.event.stamp.ltime).is_ok();
        self.counters.too_far += u64::from(!admits);
        admits
    }

    /// Takes an event that came by another protocol, the how manieth hop of it this is. Ask whether it is
    /// [admitted](Events::admits) first.
    pub fn take(&mut self, cx: &mut Context<'_, Self>, parcel: Parcel, via: Option<PeerId>, hop: u8) {
        // Nobody hands over what is its own.
        let via = via.or(Some(parcel.event.stamp.id.origin));
        self.learn(cx, parcel.event, Arrival { age: parcel.age, via, hop }, How::Carried);
        self.has_joined(cx);
    }

    /// Whether there is anything to hand over, or still told by whoever carries it.
    pub fn has_carried(&self) -> bool {
        matches!(&self.spread, Way::Carried(carried) if !carried.told.is_empty())
    }

    /// What this node said since it was asked last, for whoever carries it.
    pub fn hand_over(&mut self, cx: &Context<'_, Self>) -> Vec<Parcel> {
        let Way::Carried(carried) = &mut self.spread else { return Vec::new() };
        let new = std::mem::take(&mut carried.new);
        let parcel = |stamp| self.store.get(&stamp).map(|held| Parcel { event: held.event.clone(), age: held.age(cx.now) });
        new.into_iter().filter_map(parcel).collect()
    }

    /// Only `these` are still told by whoever carries them.
    pub fn still_told(&mut self, cx: &mut Context<'_, Self>, these: &BTreeSet<Stamp>) {
        let Way::Carried(carried) = &mut self.spread else { return };
        carried.told.retain(|stamp| these.contains(stamp));
        self.settle(cx);
    }
}
