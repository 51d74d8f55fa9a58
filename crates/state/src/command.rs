//! What the user of a node may ask for.

use crate::config::Detector;
use crate::endpoint::Status;
use crate::event::{Event, Refused};
use crate::message::Message;
use crate::spread::Spread;
use crate::state::{Phase, State};
use crate::table::Quiet;
use crate::value::{Key, Value};
use bruit_proto::{Context, PeerId, mutant};

/// Peers that are told of a shutdown at once: 1,000; they tell the rest.
const FAREWELLS: usize = 1_000;

impl<S: Spread> State<S> {
    /// Says something under one of this node's own keys; its version.
    ///
    /// # Errors
    /// [`Refused`] when key or value are out of bounds, or when this node has stopped; nothing changed.
    pub fn set(&mut self, cx: &mut Context<'_, Self>, key: &str, value: &str) -> Result<u64, Refused> {
        check_name(key)?;
        self.write(cx, Key::own(key), value)
    }

    /// Writes a key of the cluster: all nodes show the latest value, whoever wrote it. It lives in this node's state, and
    /// as long as that.
    ///
    /// # Errors
    /// As [`set`](State::set).
    pub fn set_in(&mut self, cx: &mut Context<'_, Self>, namespace: &str, key: &str, value: &str) -> Result<u64, Refused> {
        check_name(namespace)?;
        check_name(key)?;
        self.write(cx, Key::shared(namespace, key), value)
    }

    fn write(&mut self, cx: &mut Context<'_, Self>, key: Key, text: &str) -> Result<u64, Refused> {
        if matches!(self.phase, Phase::Stopped) {
            return Err(Refused::Stopped);
        }
        if text.len() > self.config.value {
            return Err(Refused::Value { size: text.len(), limit: self.config.value });
        }
        let (me, above, version) = (self.me, self.own().max_version(), self.clock + 1);
        let stamp = key.is_shared().then(|| self.stamps.tick(cx.wall));
        let value = Value { value: text.into(), version, stamp };
        if let Err(breach) = self.guard.check(me, &key, &value, cx.now, true) {
            return Err(Refused::Schema { key, value: value.value, breach });
        }
        let same = self.own().get(&key).is_some_and(|old| old.value == value.value);
        self.table.put(me, &key, value.clone()).map_err(|_| Refused::Full)?;
        self.tick();
        self.keep_shared(cx, &key);
        self.news = Some(cx.now);
        if !same {
            cx.notify(Event::Changed { node: me, key, value: value.value });
        }
        if self.is_running() {
            self.tell(cx, me, above, None);
        }
        Ok(version)
    }

    /// Says goodbye: peers hold this node for dead at once, and believe no later word of this life. Then stop it.
    pub fn shutdown(&mut self, cx: &mut Context<'_, Self>) {
        if !self.is_running() {
            return self.stop(cx);
        }
        let (me, above) = (self.me, self.own().max_version());
        self.beat();
        self.table.change(me, |own| own.status = Status::Shutdown);
        if let Some(delta) = self.table.delta(me, above, cx.now) {
            for peer in self.live.iter().take(FAREWELLS) {
                cx.send(*peer, Message::News(delta.clone()));
            }
        }
        self.stop(cx);
    }

    /// Removes a node that is dead, from here and everywhere: only another life of it comes back.
    ///
    /// # Errors
    /// [`Refused`] when nobody knows it, when it is alive or this node itself, or when membership decides.
    pub fn assassinate(&mut self, cx: &mut Context<'_, Self>, node: PeerId) -> Result<(), Refused> {
        if self.config.detector != Detector::Phi {
            return Err(Refused::Membership);
        }
        if node == self.me {
            return Err(Refused::Own);
        }
        if !self.is_running() {
            return Err(Refused::Stopped);
        }
        let entry = self.table.get(node).ok_or(Refused::Unknown(node))?;
        if entry.alive {
            return Err(Refused::Alive(node));
        }
        if entry.endpoint.status == Status::Removed {
            return Ok(());
        }
        let generation = entry.endpoint.heart_beat.generation;
        if mutant("a removal is a drop") {
            self.table.remove(node);
        } else {
            self.table.bury(node, generation);
            self.table.grow_old(node, Quiet::from(cx.now));
        }
        self.guard.forget(node);
        self.spread.forget(node);
        cx.notify(Event::Removed(node));
        self.tell(cx, node, 0, None);
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), Refused> {
    if (1..=Key::MAX).contains(&name.len()) { Ok(()) } else { Err(Refused::Name(name.len())) }
}
