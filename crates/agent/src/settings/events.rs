//! `[events]`: how events travel.

use super::Settings;
use super::keys::{Wrong, choice, only, span, wrong};
use bruit::{Profile, Spread};
use clap::ValueEnum;
use std::time::Duration;

/// How events travel, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// At once to a few, then in the spare room of packets.
    #[default]
    Backlog,
    /// As rumors.
    Rumor,
    /// By direct mail from their origin.
    Mail,
    /// Along each origin's spanning tree.
    Tree,
}

/// The words for how events travel.
pub(crate) const WAYS: [(&str, Way); 4] =
    [("backlog", Way::Backlog), ("rumor", Way::Rumor), ("mail", Way::Mail), ("tree", Way::Tree)];

/// The table of settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    pub(crate) way: Way,
    /// The cycle of rumors; the network's, unless set.
    pub(crate) rumor_every: Option<Duration>,
}

impl Events {
    /// As a stack is told, in such a network.
    pub(crate) fn spread(&self, profile: Profile) -> Spread {
        // As far apart as a few round trips, so that what is on its way is not sent again.
        let every = Duration::from_millis(match profile {
            Profile::Local => 20,
            Profile::Lan => 100,
            Profile::Wan => 500,
        });
        match self.way {
            Way::Backlog => Spread::Backlog,
            Way::Rumor => Spread::rumor(self.rumor_every.unwrap_or(every)),
            Way::Mail => Spread::mail(every),
            Way::Tree => Spread::tree(every),
        }
    }
}

pub(super) fn way(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    settings.events.way = choice(only(texts), &WAYS)?;
    Ok(())
}

pub(super) fn rumor_every(settings: &mut Settings, texts: &[String]) -> Result<(), Wrong> {
    let every = span(only(texts))?;
    Spread::rumor(every).check().map_err(|bad| wrong(bad.to_string()))?;
    settings.events.rumor_every = Some(every);
    Ok(())
}
