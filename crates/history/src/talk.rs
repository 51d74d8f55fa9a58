use crate::compare::Answer;
use crate::entry::EntryId;
use crate::message::Range;
use bruit_proto::{PeerId, StreamId, Time};
use std::collections::VecDeque;

/// Turns of the other side in one conversation: 16. Each side's split divides by eight what it holds of a range, so three
/// of each side's are enough for 10,000 entries, whatever the two hold; then a list, then what was wanted, then the end.
const MAX_TURNS: u8 = 16;

/// Something to say. Of a turn the checkpoint is added when it is said.
#[derive(Debug)]
pub(crate) enum Say {
    /// Looked up when it is said; if it has been folded by then, it is passed over.
    Entry(EntryId),
    Turn {
        ranges: Vec<Range>,
        want: Vec<EntryId>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The other side has not answered the dial.
    Dialled,
    /// My turn is queued.
    Speaking,
    /// My turn is said.
    Listening,
    /// Nothing will be added to the queue.
    Ending,
    /// My side is closed.
    Shut,
}

/// One conversation, in turns.
///
/// ```text
///   opener                                         other
///   turn: sum of the older, the newest listed -->
///                                             <--  entries that the opener lacks
///                                             <--  turn: sums of eighths of what differs, lists, wants
///   entries; turn: sums of eighths of those   -->
///                                             <--  entries; an empty turn: nothing left; close
///   close                                     -->
/// ```
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) stream: StreamId,
    pub(crate) peer: Option<PeerId>,
    pub(crate) begun: Time,
    /// Whether something moved, in either direction.
    pub(crate) moved: bool,
    /// Entries to give, at most a book and what a turn may want, 10,000 + 4,096; then one turn.
    queue: VecDeque<Say>,
    heard: u8,
    stage: Stage,
}

impl Talk {
    /// One of mine.
    pub(crate) fn dialled(stream: StreamId, peer: PeerId, begun: Time) -> Talk {
        Talk { stream, peer: Some(peer), begun, moved: false, queue: VecDeque::new(), heard: 0, stage: Stage::Dialled }
    }

    /// One of somebody else's, who speaks first.
    pub(crate) fn answered(stream: StreamId, peer: Option<PeerId>, begun: Time) -> Talk {
        Talk { stream, peer, begun, moved: false, queue: VecDeque::new(), heard: 0, stage: Stage::Listening }
    }

    pub(crate) fn is_dialled(&self) -> bool {
        self.stage == Stage::Dialled
    }

    /// Whether the other side has not said a turn yet.
    pub(crate) fn is_unheard(&self) -> bool {
        self.heard == 0
    }

    /// A turn came. False if it is not the other's turn, or if there were too many.
    pub(crate) fn hears(&mut self) -> bool {
        let due = self.stage == Stage::Listening && self.heard < MAX_TURNS;
        self.heard += u8::from(due);
        due
    }

    /// My turn. An empty one is my last.
    pub(crate) fn speak(&mut self, answer: Answer) {
        let Answer { give, ranges, want, .. } = answer;
        self.queue.extend(give.into_iter().map(Say::Entry));
        self.queue.push_back(Say::Turn { ranges, want });
        self.stage = Stage::Speaking;
    }

    /// The other side is done, and so am I.
    pub(crate) fn end(&mut self) {
        self.queue.clear();
        if self.stage != Stage::Shut {
            self.stage = Stage::Ending;
        }
    }

    /// What to say next.
    pub(crate) fn next(&self) -> Option<&Say> {
        self.queue.front()
    }

    /// It was said; whether it was an entry.
    pub(crate) fn said(&mut self) -> bool {
        match self.queue.pop_front() {
            Some(Say::Entry(_)) => {
                self.moved = true;
                true
            }
            Some(Say::Turn { ranges, want }) => {
                self.stage = if ranges.is_empty() && want.is_empty() { Stage::Ending } else { Stage::Listening };
                false
            }
            None => false,
        }
    }

    /// It is gone.
    pub(crate) fn skip(&mut self) {
        self.queue.pop_front();
    }

    /// Whether all has been said, and my side is not closed yet.
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Ending
    }

    /// Whether my side is to be closed now. True once.
    pub(crate) fn shuts(&mut self) -> bool {
        let done = self.is_done();
        if done {
            self.stage = Stage::Shut;
        }
        done
    }
}
