//! What becomes of news, of others and of oneself.

use crate::counters::Counters;
use crate::delta::{Delta, bound};
use crate::digest::Digest;
use crate::endpoint::Status;
use crate::event::Event;
use crate::heart_beat::HeartBeat;
use crate::message::{Ack2, Message};
use crate::schema::Guard;
use crate::spread::Spread;
use crate::state::{Phase, State, Timer};
use crate::table::Taken;
use crate::value::{Key, Value};
use bruit_kit::Hlc;
use bruit_proto::{Context, Origin, PeerId, Time, Wall, mutant};

impl<S: Spread> State<S> {
    /// Takes news of a node. `push`: it came as a change, and travels on as one. Whether it was news.
    pub(crate) fn learn(
        &mut self,
        cx: &mut Context<'_, Self>,
        from: Origin,
        delta: &Delta,
        push: bool,
        gaps: &mut Vec<Digest>,
    ) -> bool {
        let node = delta.node;
        if node == self.me {
            self.hear_of_me(cx, delta.digest());
            self.adopt(cx, &delta.values);
            return false;
        }
        if !self.is_heard(cx, delta) {
            return false;
        }
        self.restore(cx, delta);
        let (held, max) = self
            .table
            .get(node)
            .map_or((HeartBeat::default(), 0), |entry| (entry.endpoint.heart_beat, entry.endpoint.max_version()));
        let later = delta.generation > held.generation;
        if later && delta.above == 0 {
            self.guard.forget(node);
        }
        let State { table, guard, stamps, counters, .. } = self;
        let outcome =
            table.take(delta, cx.now, &mut |key, value| admits(guard, stamps, counters, (cx.now, cx.wall), node, key, value));
        if !self.heed(cx, from, delta, outcome.taken, gaps) {
            return false;
        }
        self.counters.news += 1;
        if push || !delta.values.is_empty() {
            self.news = Some(cx.now);
        }
        for (key, value) in outcome.changed {
            cx.notify(Event::Changed { node, key, value });
        }
        if self.config.beats() && delta.age == 0 {
            self.sign_of_life(cx, node, later);
        }
        self.sweep_later(cx);
        if push {
            self.tell(cx, node, if later { 0 } else { max }, from.peer);
        }
        true
    }

    /// Whether anything is heard of a node in this life: not if it was dropped a moment ago, or is too old.
    fn is_heard(&mut self, cx: &Context<'_, Self>, delta: &Delta) -> bool {
        let dropped = self.is_quarantined(cx, delta.node, delta.generation);
        let old = u64::from(delta.age) >= self.config.expire.as_secs();
        self.counters.quarantined += u64::from(dropped);
        self.counters.expired += u64::from(old && !dropped);
        !dropped && !old
    }

    /// What follows from what became of news; whether it was news.
    fn heed(&mut self, cx: &mut Context<'_, Self>, from: Origin, delta: &Delta, taken: Taken, gaps: &mut Vec<Digest>) -> bool {
        let node = delta.node;
        match taken {
            Taken::Same => {
                self.counters.same += 1;
                self.spread.again(node, self.peers(cx));
                return false;
            }
            Taken::Gap(version) => {
                self.counters.gaps += 1;
                gaps.push(Digest { node, generation: delta.generation, version });
                return false;
            }
            Taken::Refused(why) => {
                self.counters.refused += 1;
                cx.reject(from, why);
                return false;
            }
            Taken::Joined => cx.notify(Event::Joined(node)),
            Taken::Began { restarted, lost } => {
                self.spread.forget(node);
                if restarted {
                    cx.notify(Event::Restarted(node));
                    self.hand_back(cx, from, delta, lost);
                }
                self.began(cx, node, delta.status);
            }
            Taken::Newer => {}
            Taken::Shutdown => self.dead(cx, node),
            Taken::Removed => {
                self.live.retain(|peer| *peer != node);
                self.guard.forget(node);
                self.spread.forget(node);
                cx.notify(Event::Removed(node));
            }
        }
        true
    }

    pub(crate) fn is_quarantined(&self, cx: &Context<'_, Self>, node: PeerId, generation: u64) -> bool {
        self.quarantine.get(&node).is_some_and(|(gone, until)| generation <= *gone && cx.now < *until)
    }

    /// Somebody knows this node in a life above this one, or further in this life than it is: it was here before and has
    /// forgotten. It goes above that, whatever its clock says. Only a removal of this very life is its end.
    pub(crate) fn hear_of_me(&mut self, cx: &mut Context<'_, Self>, heard: Digest) {
        if heard.node != self.me {
            return;
        }
        let own = self.own().digest(self.me);
        if mutant("a life that was forgotten is not renewed")
            || (heard.generation, heard.version) <= (own.generation, own.version)
        {
            return;
        }
        if heard.generation == own.generation && heard.version == HeartBeat::REMOVED {
            self.stop(cx);
            cx.notify(Event::Removed(self.me));
        } else {
            self.counters.renewed += 1;
            // At the last generation there is none above it, but a version.
            if heard.generation == HeartBeat::MAX_GENERATION {
                self.clock = self.clock.max(heard.version.min(HeartBeat::MAX_VERSION / 2));
            }
            self.live_in(cx, HeartBeat::begin(Some(heard.generation), None, 0));
        }
    }

    /// The one who began another life tells it itself: it gets its shared values back, which nobody else keeps.
    fn hand_back(&mut self, cx: &mut Context<'_, Self>, from: Origin, delta: &Delta, mut values: Vec<(Key, Value)>) {
        if from.peer != Some(delta.node) || values.is_empty() {
            return;
        }
        values.sort_by_key(|x| x.1.version);
        let generation = (delta.generation - 1).max(1);
        let lost = Delta { generation, status: Status::Running, above: 0, heartbeat: 0, age: 0, values, node: delta.node };
        let (deltas, more) = bound(vec![lost], generation, self.config.packet - 16, &self.config, cx.rng);
        cx.send(delta.node, Message::Ack2(Ack2 { deltas, more }));
    }

    /// Shared values of an earlier life of this node, unless somebody wrote them since.
    pub(crate) fn adopt(&mut self, cx: &mut Context<'_, Self>, values: &[(Key, Value)]) {
        let above = self.own().max_version();
        let mut adopted = false;
        for (key, value) in values.iter().filter(|x| x.0.is_shared()) {
            let newer = self.table.shown(key).is_none_or(|(_, shown)| shown.stamp < value.stamp);
            let fine = newer && value.stamp.is_some_and(|stamp| self.stamps.witness(stamp, cx.wall).is_ok());
            if !fine || !self.guard.admits(self.me, key, value, cx.now) {
                continue;
            }
            let version = self.tick();
            if self.table.put(self.me, key, Value { version, ..value.clone() }).is_ok() {
                adopted = true;
                self.keep_shared(cx, key);
                cx.notify(Event::Changed { node: self.me, key: key.clone(), value: value.value.clone() });
            }
        }
        if adopted {
            self.tell(cx, self.me, above, None);
        }
    }

    /// Out of the exchange, until a restart.
    pub(crate) fn stop(&mut self, cx: &mut Context<'_, Self>) {
        self.phase = Phase::Stopped;
        [Timer::Round, Timer::Shadow, Timer::Sweep, Timer::Rebuild].into_iter().for_each(|timer| cx.cancel(timer));
    }
}

/// Whether a value of another node is within its bounds: not stamped from too far ahead, and as its schema says.
pub(crate) fn admits(
    guard: &mut Guard,
    stamps: &mut Hlc,
    counters: &mut Counters,
    (now, wall): (Time, Wall),
    node: PeerId,
    key: &Key,
    value: &Value,
) -> bool {
    if value.stamp.is_some_and(|stamp| stamps.witness(stamp, wall).is_err()) {
        counters.too_far += 1;
        return false;
    }
    let fine = guard.admits(node, key, value, now);
    counters.breaches += u64::from(!fine);
    fine
}
