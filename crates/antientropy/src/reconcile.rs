//! The four ways to find what differs. Each step is an answer to one message and needs nothing but it and the data.

use crate::antientropy::AntiEntropy;
use crate::config::Compare;
use crate::message::{Flow, How, Message, Then};
use crate::part::{FANOUT, Part};
use crate::turn::Turn;
use crate::wire::FRAME;
use bruit_kit::{Hlc, Ledger, Mark, Order, Span, Version};
use bruit_proto::{Duration, Wall, Wire};

/// More doublings than any bound of a turn allows.
const DOUBLINGS: u8 = 20;

impl<L: Ledger> AntiEntropy<L>
where
    L::Key: Wire,
    L::Item: Wire,
{
    /// Gives one item.
    pub(crate) fn give(&mut self, turn: &mut Turn<'_, '_, L>, item: L::Item) {
        let message = Message::Give(item);
        if message.size() > self.config.packet {
            self.counters.too_long += 1;
            return;
        }
        self.counters.given += u64::from(turn.say(message));
    }

    /// What the other listed: each side gets what it lacks of it.
    pub(crate) fn on_list(
        &mut self,
        turn: &mut Turn<'_, '_, L>,
        flow: Flow,
        order: Order,
        span: Span,
        mut listed: Vec<Version<L::Key>>,
    ) {
        if flow.gives {
            for version in listed.iter().filter(|version| !self.ledger.has(**version)) {
                turn.say(Message::Want(*version));
            }
        }
        if !flow.takes {
            return;
        }
        listed.sort_unstable_by_key(|version| version.key);
        let mine: Vec<_> = self.ledger.versions(order, span).filter(|mine| lacks(&listed, mine)).take(GIVEN).collect();
        for version in mine {
            let Some(item) = self.ledger.get(version) else { continue };
            if !turn.fits(self.config.packet) {
                let span = Span { from: L::mark(order, &version), ..span };
                turn.say(Message::More { flow: flow.turned(), order, span });
                return;
            }
            self.give(turn, item);
        }
    }

    /// What comes after a list.
    pub(crate) fn on_then(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, order: Order, span: Span, then: Then) {
        let mine = flow.turned();
        match then {
            Then::Stop => {}
            Then::Next(stop) => {
                turn.say(Message::More { flow: mine, order, span: Span { from: span.upto, upto: stop } });
            }
            Then::Heard => {
                turn.say(Message::Heard { flow: mine, since: span.from });
            }
            Then::Peel(sum, _) if older(&self.ledger, span.from) == sum => self.counters.equal += 1,
            Then::Peel(_, step) => self.peel(turn, mine, span.from, step.saturating_add(1)),
        }
    }

    /// Says the sum of what is older than a mark.
    pub(crate) fn check(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, how: How, upto: Mark) {
        turn.say(Message::Check { flow, how, upto, sum: older(&self.ledger, upto) });
    }

    pub(crate) fn on_check(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, how: How, upto: Mark, sum: u64) {
        if older(&self.ledger, upto) == sum {
            self.counters.equal += 1;
            return;
        }
        let mine = flow.turned();
        match how {
            How::Full => {
                self.counters.full += 1;
                self.list_all(turn, mine);
            }
            How::PeelBack => self.peel(turn, mine, upto, 0),
            How::Merkle => self.say_sums(turn, mine, Part::ALL),
        }
    }

    /// Full exchange. It begins anywhere, so that one which does not come to its end serves all places alike.
    pub(crate) fn list_all(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow) {
        let begin = Mark(turn.cx.rng.bits(), 0);
        self.list_on(turn, flow, Order::Place, Span { from: begin, upto: begin });
    }

    /// Lists a span, going round at the edge if it ends where or before it begins; as much of it as a turn may say.
    pub(crate) fn list_on(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, order: Order, Span { from, upto: stop }: Span) {
        let rounds = stop != Mark::EDGE && stop <= from;
        let first = Span { from, upto: if rounds { Mark::EDGE } else { stop } };
        let second = rounds.then_some(Span { from: Mark::EDGE, upto: stop });
        for whole in std::iter::once(first).chain(second) {
            let mut rest = whole;
            loop {
                let (versions, upto) = self.fitting(order, rest);
                let ends = upto == whole.upto;
                let span = Span { upto, ..rest };
                let then =
                    if (ends && upto == stop) || turn.fits(2 * self.config.packet) { Then::Stop } else { Then::Next(stop) };
                turn.say(Message::List { flow, order, span, versions, then });
                if let Then::Next(_) = then {
                    return;
                }
                if ends {
                    break;
                }
                rest.from = upto;
            }
        }
    }

    /// The first versions of a span, as many as fit into a message, and where they end. Of equal marks all or none.
    fn fitting(&self, order: Order, span: Span) -> (Vec<Version<L::Key>>, Mark) {
        let (mut versions, mut room, mut last) = (Vec::new(), self.config.packet - FRAME, span.from);
        for version in self.ledger.versions(order, span) {
            let (size, mark) = (version.size(), L::mark(order, &version));
            if size > room && mark != last && !versions.is_empty() {
                return (versions, mark);
            }
            (room, last) = (room.saturating_sub(size), mark);
            versions.push(version);
        }
        (versions, span.upto)
    }

    /// Lists what is young and older than `upto`, from the newest back; when that was heard, more, and in the end the sum of
    /// what is not young.
    pub(crate) fn list_recent(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, upto: Mark) {
        let from = match self.config.compare {
            Compare::Recent { within } => young(turn.cx.wall, within),
            _ => upto,
        };
        if upto == Mark::EDGE || from < upto {
            self.list_back(turn, flow, Span { from, upto }, self.config.burst, |_, from| match from {
                // All was young: nothing is left to compare.
                Mark::EDGE => Then::Stop,
                _ => Then::Heard,
            });
        } else {
            self.check(turn, flow, How::Full, upto);
        }
    }

    /// Lists on, from the newest older than `upto` back: twice as much at each step.
    pub(crate) fn peel(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, upto: Mark, step: u8) {
        let bytes = (self.config.packet << step.min(DOUBLINGS)).min(self.config.burst);
        self.list_back(turn, flow, before(upto), bytes, |ledger, from| match from {
            Mark::EDGE => Then::Stop,
            from => Then::Peel(older(ledger, from), step),
        });
    }

    /// Lists a span of time from its end back, in so many bytes at most; `then` says what follows where it came to.
    fn list_back(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, whole: Span, bytes: usize, then: impl Fn(&L, Mark) -> Then) {
        let (order, mut upto, mut left) = (Order::Time, whole.upto, bytes);
        loop {
            let (versions, from) = self.fitting_back(Span { upto, ..whole });
            left = left.saturating_sub(self.config.packet);
            let ends = from == whole.from || left < self.config.packet || !turn.fits(2 * self.config.packet);
            let then = if ends { then(&self.ledger, from) } else { Then::Stop };
            turn.say(Message::List { flow, order, span: Span { from, upto }, versions, then });
            if ends {
                return;
            }
            upto = from;
        }
    }

    /// The last versions of a span of time, as many as fit into a message, and where they begin.
    fn fitting_back(&self, span: Span) -> (Vec<Version<L::Key>>, Mark) {
        let (mut versions, mut room, mut last) = (Vec::new(), self.config.packet - FRAME, span.upto);
        for version in self.ledger.versions(Order::Time, span).rev() {
            let (size, mark) = (version.size(), L::mark(Order::Time, &version));
            if size > room && mark != last && !versions.is_empty() {
                return (versions, last);
            }
            (room, last) = (room.saturating_sub(size), mark);
            versions.push(version);
        }
        (versions, span.from)
    }

    fn say_sums(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, part: Part) {
        let mut sums = [0; FANOUT];
        sums.iter_mut().zip(part.parts()).for_each(|(sum, part)| *sum = self.ledger.sum(Order::Place, part.span()).prints);
        turn.say(Message::Sums { flow, part, sums });
    }

    /// Parts with equal sums cost nothing; the others are divided until they are short enough to be listed.
    pub(crate) fn on_sums(&mut self, turn: &mut Turn<'_, '_, L>, flow: Flow, part: Part, theirs: &[u64; FANOUT]) {
        for (part, theirs) in part.parts().zip(theirs) {
            let (span, order) = (part.span(), Order::Place);
            let mine = self.ledger.sum(order, span);
            if mine.prints == *theirs {
            } else if *theirs == 0 {
                // The sum of nothing: as if an empty list had come.
                self.on_list(turn, flow, order, span, Vec::new());
            } else if mine.count <= u64::from(self.config.leaf) || part.is_single() {
                self.list_on(turn, flow.turned(), order, span);
            } else {
                self.say_sums(turn, flow.turned(), part);
            }
        }
    }
}

/// More than a turn can give.
const GIVEN: usize = bruit_proto::MAX_PER_TURN as usize;

/// Whether who listed these, sorted by key, neither has this version nor one that makes it obsolete.
fn lacks<K: Copy + Ord>(listed: &[Version<K>], mine: &Version<K>) -> bool {
    let at = listed.partition_point(|theirs| theirs.key < mine.key);
    !listed[at..].iter().take_while(|theirs| theirs.key == mine.key).any(|theirs| theirs == mine || theirs.supersedes(mine))
}

/// The first mark in time of what is younger than this.
fn young(wall: Wall, within: Duration) -> Mark {
    let age = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    Mark(Hlc::at(Wall(wall.0.saturating_sub(age))).0, 0)
}

/// Of time, what is older than a mark; all, if that is the edge.
fn before(upto: Mark) -> Span {
    Span { from: Mark::EDGE, upto }
}

/// The sum of the prints of what is older than a mark.
fn older<L: Ledger>(ledger: &L, upto: Mark) -> u64 {
    ledger.sum(Order::Time, before(upto)).prints
}
