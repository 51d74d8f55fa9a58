use crate::peer::PeerId;
use crate::stream::StreamId;
use crate::time::Time;

/// One side of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) site: PeerId,
    pub(super) stream: StreamId,
}

struct Pipe {
    ends: [Option<End>; 2],
    shut: [bool; 2],
    last: Time,
}

/// All conversations of a harness.
#[derive(Default)]
pub(super) struct Pipes(Vec<Pipe>);

impl Pipes {
    pub(super) fn open(&mut self, end: End, now: Time) {
        self.0.push(Pipe { ends: [Some(end), None], shut: [false; 2], last: now });
    }

    pub(super) fn join(&mut self, from: End, to: End, now: Time) {
        if let Some((pipe, _)) = self.find(from) {
            pipe.ends[1] = Some(to);
            pipe.last = now;
        }
    }

    pub(super) fn knows(&self, end: End) -> bool {
        self.0.iter().any(|p| p.ends.contains(&Some(end)))
    }

    pub(super) fn is_open(&self, end: End) -> bool {
        self.other(end).is_some()
    }

    pub(super) fn other(&self, end: End) -> Option<End> {
        let pipe = self.0.iter().find(|p| p.ends.contains(&Some(end)))?;
        if pipe.ends[0] == Some(end) { pipe.ends[1] } else { pipe.ends[0] }
    }

    pub(super) fn touch(&mut self, end: End, now: Time) {
        if let Some((pipe, _)) = self.find(end) {
            pipe.last = now;
        }
    }

    pub(super) fn last(&self, end: End) -> Option<Time> {
        self.0.iter().find(|p| p.ends.contains(&Some(end))).map(|p| p.last)
    }

    /// `end` closed its side and the other side has seen it; whether both have now, and `end` is to be told.
    pub(super) fn shut(&mut self, end: End) -> bool {
        let Some((pipe, side)) = self.find(end) else { return false };
        pipe.shut[side] = true;
        pipe.shut[1 - side] || pipe.ends[1 - side].is_none()
    }

    pub(super) fn forget(&mut self, end: End) {
        if let Some((pipe, side)) = self.find(end) {
            pipe.ends[side] = None;
        }
        self.0.retain(|p| p.ends != [None, None]);
    }

    pub(super) fn of(&self, site: PeerId) -> Vec<(End, End)> {
        let at = |e: Option<End>| e.filter(|e| e.site == site);
        let both = |p: &Pipe| match p.ends {
            [a, b] if at(a).is_some() => Some((a?, b?)),
            [a, b] if at(b).is_some() => Some((b?, a?)),
            _ => None,
        };
        self.0.iter().filter_map(both).collect()
    }

    fn find(&mut self, end: End) -> Option<(&mut Pipe, usize)> {
        self.0.iter_mut().find_map(|p| {
            let side = p.ends.iter().position(|e| *e == Some(end))?;
            Some((p, side))
        })
    }
}
