//! How the others see a node.

use crate::picture::View;
use bruit::{PeerId, Status};
use std::fmt;

/// By how many of the others, each status.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) alive: usize,
    pub(super) suspect: usize,
    pub(super) dead: usize,
    pub(super) left: usize,
    pub(super) unknown: usize,
    /// The highest incarnation that anyone knows.
    pub(super) incarnation: u64,
    /// The most that anyone accuses it by its silence.
    pub(super) phi: Option<f64>,
    /// The most accusers that anyone knows.
    pub(super) witnesses: usize,
}

impl Seen {
    /// What these, the views of others, hold of the node of this name.
    pub(super) fn by<'a>(views: impl Iterator<Item = &'a View>, name: &str) -> Seen {
        let (mut seen, id) = (Seen::default(), PeerId::named(name));
        for view in views {
            let Some(belief) = view.get(&id) else {
                seen.unknown += 1;
                continue;
            };
            match belief.status {
                Status::Alive => seen.alive += 1,
                Status::Suspect => seen.suspect += 1,
                Status::Dead => seen.dead += 1,
                Status::Left => seen.left += 1,
            }
            seen.incarnation = seen.incarnation.max(belief.incarnation);
            seen.witnesses = seen.witnesses.max(belief.by.len());
            let phi = belief.phi.filter(|phi| phi.is_finite());
            seen.phi = [seen.phi, phi].into_iter().flatten().reduce(f64::max);
        }
        seen
    }

    /// Which statuses somebody holds.
    pub(super) fn words(&self) -> [bool; 5] {
        [self.alive, self.suspect, self.dead, self.left, self.unknown].map(|by| by > 0)
    }

    /// How many others look.
    pub(super) fn of(&self) -> usize {
        self.alive + self.suspect + self.dead + self.left + self.unknown
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("alive", self.alive),
            ("suspect", self.suspect),
            ("dead", self.dead),
            ("left", self.left),
            ("unknown", self.unknown),
        ];
        let mut some = all.iter().filter(|x| x.1 > 0).peekable();
        while let Some((what, by)) = some.next() {
            let comma = if some.peek().is_some() { ", " } else { "" };
            write!(f, "{what} {by}/{}{comma}", self.of())?;
        }
        Ok(())
    }
}
