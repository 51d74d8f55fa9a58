//! What operators were promised: H1.

use bruit_stacks::history::{EntryId, Event, History};
use std::collections::BTreeSet;

/// What nodes acknowledged, by host. The disk of a host is its word.
#[derive(Debug, Default)]
pub(super) struct Asked(BTreeSet<(u32, EntryId)>);

impl Asked {
    pub(super) fn hear(&mut self, node: u32, event: &Event) {
        if let Event::Stored(id) = event {
            self.0.insert((node, *id));
        }
    }

    /// This host's disk was lost, and with it what others may not have heard.
    pub(super) fn wiped(&mut self, node: u32) {
        self.0.retain(|asked| asked.0 != node);
    }

    /// Whether all histories are equal and none lacks what one of these hosts acknowledged; whose does, and what.
    pub(super) fn agree<'a>(&self, histories: impl Iterator<Item = (u32, &'a History)>) -> Result<(), (u32, String)> {
        let histories: Vec<_> = histories.collect();
        let Some((first, one)) = histories.first() else { return Ok(()) };
        let of = |history: &'a History| (history.book().iter(), history.book().checkpoint());
        for (node, other) in &histories {
            let ((a, b), (c, d)) = (of(one), of(other));
            if !a.eq(c) || b != d {
                let (here, there) = (other.book().len(), one.book().len());
                return Err((*node, format!("has a history of {here} entries that is not that of node {first}, of {there}")));
            }
        }
        let lost = self.0.iter().find(|(host, id)| histories.iter().any(|h| h.0 == *host) && one.book().get(id).is_none());
        lost.map_or(Ok(()), |(host, id)| Err((*host, format!("acknowledged {id:?}, which is lost"))))
    }
}
