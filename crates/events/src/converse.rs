use crate::events::{Events, Timer};
use crate::id::Stamp;
use crate::message::{Hello, Message, Reply};
use crate::spread::Spread;
use crate::store::{Arrival, How};
use crate::talk::{Say, Talk};
use bruit_kit::Seen;
use bruit_proto::{Class, Context, Duration, Origin, PeerId, Room, StreamId, Time, Why};

/// Conversations of others answered at once: 4. Each may carry a whole window, 256 KiB by default.
const MAX_ANSWERED: usize = 4;

/// The conversations of a node: one of its own at a time, and a few of others.
#[derive(Debug)]
pub(crate) struct Talks {
    mine: Option<Talk>,
    theirs: Vec<Talk>,
    /// No conversation of ours before this.
    next: Time,
    /// How long to wait after one.
    wait: Duration,
}

impl Talks {
    pub(crate) fn new(wait: Duration) -> Talks {
        Talks { mine: None, theirs: Vec::new(), next: Time::ZERO, wait }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.mine.is_none() && self.theirs.is_empty()
    }

    pub(crate) fn lacking(&self) -> usize {
        self.mine.iter().chain(&self.theirs).map(Talk::lacking).sum()
    }

    pub(crate) fn finish(&mut self, mut close: impl FnMut(StreamId)) {
        for talk in self.mine.iter_mut().chain(&mut self.theirs) {
            if talk.shuts() {
                close(talk.stream);
            }
        }
    }

    fn get(&mut self, stream: StreamId) -> Option<&mut Talk> {
        self.mine.iter_mut().chain(&mut self.theirs).find(|talk| talk.stream == stream)
    }

    fn get_mine(&mut self, stream: StreamId) -> Option<&mut Talk> {
        self.mine.as_mut().filter(|talk| talk.stream == stream)
    }

    fn get_theirs(&mut self, stream: StreamId) -> Option<&mut Talk> {
        self.theirs.iter_mut().find(|talk| talk.stream == stream)
    }
}

impl<S: Spread> Events<S> {
    /// Begins a conversation, if it is time for one.
    pub(crate) fn ask(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        if self.talks.mine.is_some() || cx.now < self.talks.next {
            return;
        }
        self.counters.asked += 1;
        let stream = cx.open(peer, Class::Ask, self.config.deadline);
        self.talks.mine = Some(Talk::new(stream, Some(peer), cx.now, (cx.rng.bits() >> 32) as u32));
    }

    pub(crate) fn on_opened(&mut self, cx: &mut Context<'_, Self>, stream: StreamId) {
        let (store, clock) = (&self.store, self.clock.now());
        if let Some(talk) = self.talks.get_mine(stream) {
            talk.hello(store, clock);
            cx.wake(stream);
        }
    }

    /// A word of a conversation.
    pub(crate) fn on_word(&mut self, cx: &mut Context<'_, Self>, from: Origin, stream: StreamId, message: Message) {
        match message {
            Message::Hello(hello) => self.on_hello(cx, from, stream, &hello),
            Message::Reply(reply) => self.on_reply(cx, from, stream, &reply),
            Message::Want(prints) => match self.talks.get_theirs(stream) {
                Some(talk) if talk.awaits_answer() => {
                    talk.wanted(&self.store, &prints);
                    cx.wake(stream);
                    cx.set(Timer::Finish, Duration::ZERO);
                }
                _ => cx.reject(from, "a want that answers nothing"),
            },
            Message::Event { age, hop, event } => {
                let Some(peer) = self.talks.get(stream).map(|talk| talk.peer) else {
                    return cx.reject(from, "an event in no conversation");
                };
                if self.clock.witness(event.stamp.ltime).is_err() {
                    self.counters.too_far += 1;
                    return cx.reject(from, "event from too far ahead");
                }
                let stamp = event.stamp;
                let seen = self.learn(cx, event, Arrival { age: Duration::from_millis(age.into()), via: peer, hop }, How::Repair);
                if let Some(talk) = self.talks.get(stream) {
                    talk.came(&stamp, seen == Seen::New);
                }
            }
            Message::Busy => match self.talks.get_mine(stream) {
                Some(talk) => {
                    talk.said_all();
                    cx.set(Timer::Finish, Duration::ZERO);
                }
                None => cx.reject(from, "busy, but nobody asked"),
            },
            _ => cx.reject(from, "part of a packet in a conversation"),
        }
    }

    fn on_hello(&mut self, cx: &mut Context<'_, Self>, from: Origin, stream: StreamId, hello: &Hello) {
        if self.talks.get(stream).is_some() {
            return cx.reject(from, "a second hello");
        }
        // The desk ends every conversation; this bound holds even if it did not.
        let (now, longest) = (cx.now, 2 * self.config.deadline);
        self.talks.theirs.retain(|talk| now.since(talk.begun) < longest);
        // Two that call each other at once need one conversation: that of the greater id.
        let crossing = self.talks.mine.as_ref().is_some_and(|talk| talk.awaits_answer() && talk.peer == from.peer);
        if self.talks.theirs.len() >= MAX_ANSWERED || (crossing && from.peer < Some(self.me)) {
            self.counters.turned_away += 1;
            cx.reply(from.path, Message::Busy);
            return cx.close(stream);
        }
        self.counters.answered += 1;
        self.meet(hello.clock, hello.floor);
        let mut talk = Talk::new(stream, from.peer, now, hello.salt);
        talk.reply(&self.store, self.clock.now(), hello);
        self.talks.theirs.push(talk);
        cx.wake(stream);
    }

    fn on_reply(&mut self, cx: &mut Context<'_, Self>, from: Origin, stream: StreamId, reply: &Reply) {
        if !self.talks.get_mine(stream).is_some_and(|talk| talk.awaits_answer()) {
            return cx.reject(from, "a reply to nothing");
        }
        self.meet(reply.clock, reply.floor);
        let store = &self.store;
        if let Some(talk) = self.talks.get_mine(stream) {
            talk.want(store, reply);
            cx.wake(stream);
        }
        self.has_joined(cx);
    }

    /// Clocks and floors meet at the higher one. A floor beyond the clock would keep out what is still to come.
    fn meet(&mut self, clock: u64, floor: Option<Stamp>) {
        self.clock.approach(clock);
        if let Some(floor) = floor.filter(|floor| floor.ltime <= self.clock.now()) {
            self.store.raise(floor);
        }
    }

    /// A conversation has credit.
    pub(crate) fn fill_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, room: &mut Room<'_, Message>) {
        let Some(talk) = self.talks.get(stream) else { return };
        while let Some(say) = talk.next() {
            let message = match say {
                Say::Word(word) => word.clone(),
                Say::Event(stamp) => match self.store.get(stamp) {
                    Some(held) => held.message(cx.now),
                    None => {
                        talk.skip();
                        continue;
                    }
                },
            };
            if room.offer(message).is_err() {
                return;
            }
            self.counters.repaired += u64::from(talk.said());
        }
        if talk.is_done() {
            cx.set(Timer::Finish, Duration::ZERO);
        }
    }

    /// Whatever a conversation of ours came to, the next must wait: longer each time that it brought nothing.
    pub(crate) fn on_closed(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, why: Why) {
        self.talks.theirs.retain(|talk| talk.stream != stream);
        let Some(talk) = self.talks.mine.take_if(|talk| talk.stream == stream) else { return };
        let talks = &mut self.talks;
        self.counters.failed += u64::from(why != Why::Done);
        talks.wait = if talk.moved { self.config.every } else { (2 * talks.wait).min(self.config.every_max) };
        talks.next = cx.now + cx.rng.between(talks.wait, talks.wait + talks.wait / 2);
        self.differing = 0;
        self.differing_since = None;
    }
}
