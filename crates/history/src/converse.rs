use crate::compare::Answer;
use crate::history::{Event, History, Timer};
use crate::message::{Message, Turn};
use crate::talk::{Say, Talk};
use bruit_proto::{Class, Context, Duration, Origin, PeerId, Room, StreamId, Time, Why};

/// Conversations of others answered at once: 4. Each queues at most 14,096 ids of 24 bytes, 340 KB.
const MAX_ANSWERED: usize = 4;

/// Two calls cross that begin this close together: a second is three slow round trips. An older call of ours that nobody
/// has answered met a cut, and the other's may be the one that gets through.
const AT_ONCE: Duration = Duration::from_secs(1);

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

    pub(crate) fn finish(&mut self, mut close: impl FnMut(StreamId)) {
        for talk in self.mine.iter_mut().chain(&mut self.theirs) {
            if talk.shuts() {
                close(talk.stream);
            }
        }
    }

    /// Gives up what takes too long, silent or not: nobody holds a conversation for ever. A call of ours that nobody has
    /// answered in [`AT_ONCE`] keeps others waiting.
    fn give_up(&mut self, now: Time, longest: Duration, mut close: impl FnMut(StreamId)) {
        let mut lasts = |talk: &mut Talk, longest: Duration| {
            let lasts = now.since(talk.begun) < longest;
            if !lasts {
                talk.end();
                talk.shuts().then(|| close(talk.stream));
            }
            lasts
        };
        self.mine.take_if(|talk| !lasts(talk, if talk.is_unheard() { AT_ONCE } else { longest }));
        self.theirs.retain_mut(|talk| lasts(talk, longest));
    }

    fn get(&mut self, stream: StreamId) -> Option<&mut Talk> {
        self.mine.iter_mut().chain(&mut self.theirs).find(|talk| talk.stream == stream)
    }

    fn get_mine(&mut self, stream: StreamId) -> Option<&mut Talk> {
        self.mine.as_mut().filter(|talk| talk.stream == stream)
    }
}

impl History {
    /// Begins a conversation, if it is time for one.
    pub(crate) fn ask(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        if cx.now >= self.talks.next {
            self.ask_now(cx, peer);
        }
    }

    /// Begins a conversation, unless one of ours is under way.
    pub(crate) fn ask_now(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        self.talks.give_up(cx.now, self.config.longest, |stream| cx.close(stream));
        if self.talks.mine.is_some() {
            return;
        }
        self.counters.asked += 1;
        let stream = cx.open(peer, Class::Bulk, self.config.silence);
        self.talks.mine = Some(Talk::dialled(stream, peer, cx.now));
    }

    pub(crate) fn on_opened(&mut self, cx: &mut Context<'_, Self>, stream: StreamId) {
        let book = &self.book;
        if let Some(talk) = self.talks.get_mine(stream).filter(|talk| talk.is_dialled()) {
            talk.speak(Answer::opening(book));
            cx.wake(stream);
        }
    }

    /// A word of a conversation.
    pub(crate) fn on_word(&mut self, cx: &mut Context<'_, Self>, from: Origin, stream: StreamId, message: Message) {
        match message {
            Message::Turn(turn) => self.on_turn(cx, from, stream, &turn),
            Message::Entry(entry) => {
                if self.talks.get(stream).is_none() {
                    return cx.reject(from, "an entry in no conversation");
                }
                let news = self.learn(cx, from, entry);
                if let Some(talk) = self.talks.get(stream) {
                    talk.moved |= news;
                }
            }
            Message::Busy => match self.talks.get_mine(stream) {
                Some(talk) => {
                    talk.end();
                    cx.set(Timer::Finish, Duration::ZERO);
                }
                None => cx.reject(from, "busy, but nobody asked"),
            },
            Message::Digest(_) => cx.reject(from, "part of a packet in a conversation"),
        }
    }

    fn on_turn(&mut self, cx: &mut Context<'_, Self>, from: Origin, stream: StreamId, turn: &Turn) {
        if self.talks.get(stream).is_none() && !self.admit(cx, from, stream) {
            return;
        }
        if !self.talks.get(stream).is_some_and(Talk::hears) {
            return cx.reject(from, "a turn out of turn");
        }
        let adopted = turn.checkpoint.is_some_and(|checkpoint| self.book.adopt(checkpoint));
        if adopted {
            self.counters.adopted += 1;
            self.journal.checkpoint();
            self.flush(cx);
        }
        let book = &self.book;
        let Some(talk) = self.talks.get(stream) else { return };
        talk.moved |= adopted;
        if turn.is_last() {
            talk.end();
            cx.set(Timer::Finish, Duration::ZERO);
        } else {
            talk.speak(Answer::to(book, turn));
            cx.wake(stream);
        }
    }

    /// A conversation of somebody else begins, if there is room for it.
    fn admit(&mut self, cx: &mut Context<'_, Self>, from: Origin, stream: StreamId) -> bool {
        self.talks.give_up(cx.now, self.config.longest, |stream| cx.close(stream));
        // Two that call each other at once need one conversation: that of the greater id.
        let at_once = |talk: &Talk| talk.is_unheard() && cx.now.since(talk.begun) < AT_ONCE;
        let crossing = self.talks.mine.as_ref().is_some_and(|talk| at_once(talk) && talk.peer == from.peer);
        let room = self.talks.theirs.len() < MAX_ANSWERED && !(crossing && from.peer < Some(self.me));
        if room {
            self.counters.answered += 1;
            self.talks.theirs.push(Talk::answered(stream, from.peer, cx.now));
        } else {
            self.counters.turned_away += 1;
            cx.reply(from.path, Message::Busy);
            cx.close(stream);
        }
        room
    }

    /// A conversation has credit.
    pub(crate) fn fill_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, room: &mut Room<'_, Message>) {
        let Some(talk) = self.talks.get(stream) else { return };
        while let Some(say) = talk.next() {
            let message = match say {
                Say::Turn { ranges, want } => {
                    let checkpoint = self.book.checkpoint();
                    Message::Turn(Turn { checkpoint, ranges: ranges.clone(), want: want.clone() })
                }
                Say::Entry(id) => match self.book.get(id) {
                    Some(entry) => Message::Entry(entry.clone()),
                    None => {
                        talk.skip();
                        continue;
                    }
                },
            };
            if room.offer(message).is_err() {
                return;
            }
            let entry = matches!(talk.next(), Some(Say::Entry(id)) if Some(*id) == self.unshared);
            self.counters.given += u64::from(talk.said());
            if entry && let Some(id) = self.unshared.take() {
                cx.notify(Event::Shared(id));
            }
        }
        if talk.is_done() {
            cx.set(Timer::Finish, Duration::ZERO);
        }
    }

    /// Whatever a conversation of ours came to, the next must wait: longer each time that it brought nothing.
    pub(crate) fn on_closed(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, why: Why) {
        self.met |= why == Why::Done && self.talks.get(stream).is_some_and(|talk| !talk.is_unheard());
        self.talks.theirs.retain(|talk| talk.stream != stream);
        let Some(talk) = self.talks.mine.take_if(|talk| talk.stream == stream) else { return };
        let talks = &mut self.talks;
        self.counters.failed += u64::from(why != Why::Done);
        talks.wait = if talk.moved { self.config.every } else { (2 * talks.wait).min(self.config.every_max) };
        talks.next = cx.now + cx.rng.between(talks.wait, talks.wait + talks.wait / 2);
    }
}
