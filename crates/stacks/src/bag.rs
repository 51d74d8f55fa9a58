use bruit_events::{Config, Parcel, Stamp, UserEvent};
use bruit_kit::{Seen, Set, Window};
use bruit_proto::Time;
use std::sync::Arc;

/// The events that a carrier has: as many as events keep, so that it can hand over what is asked for.
#[derive(Debug)]
pub struct Bag {
    window: Window<Stamp, Held>,
    /// The time of this turn: an event is older in each.
    pub(crate) now: Time,
}

/// An event, how old it was when it came, and when that was.
#[derive(Debug)]
struct Held {
    parcel: Parcel,
    came: Time,
}

impl Bag {
    pub(crate) fn new(config: &Config) -> Bag {
        Bag { window: Window::new(config.window, config.window_bytes), now: Time::ZERO }
    }
}

impl Set for Bag {
    type Id = Stamp;
    type Item = Parcel;

    fn id(item: &Parcel) -> Stamp {
        item.event.stamp
    }

    fn has(&self, id: Stamp) -> bool {
        self.window.seen(&id) != Seen::New
    }

    fn get(&self, id: Stamp) -> Option<Parcel> {
        let Held { parcel: Parcel { event, age }, came } = self.window.get(&id)?;
        Some(Parcel { event: Arc::clone(event), age: *age + self.now.since(*came) })
    }

    fn insert(&mut self, item: Parcel) -> bool {
        let (stamp, cost) = (item.event.stamp, UserEvent::size(&item.event));
        let seen = self.window.insert(stamp, Held { parcel: item, came: self.now }, cost);
        while self.window.shrink().is_some() {}
        seen == Seen::New
    }
}
