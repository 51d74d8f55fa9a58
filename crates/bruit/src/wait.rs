//! An event that one waits for: until those who are addressed have it.

use crate::error::{CallError, Stopped};
use crate::event::Event;
use crate::node::Node;
use bruit_proto::PeerId;
use bruit_stacks::Full;
use bruit_stacks::events::{Covered, EventId, Events, Filter};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How many of the addressed members must have an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Each of them.
    All,
    /// So many.
    Count(u32),
    /// So many in a hundred, rounded up; at most 100.
    Percent(u8),
}

/// The caller's mistake: this is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadShare;

impl fmt::Display for BadShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("give `all`, a number of members, or a percentage of at most 100%")
    }
}

impl std::error::Error for BadShare {}

/// As [`FromStr`] reads it.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Share::All => f.write_str("all"),
            Share::Count(n) => write!(f, "{n}"),
            Share::Percent(p) => write!(f, "{p}%"),
        }
    }
}

impl FromStr for Share {
    type Err = BadShare;

    fn from_str(text: &str) -> Result<Share, BadShare> {
        let percent = |n: &str| n.parse().ok().filter(|n| *n <= 100).map(Share::Percent);
        match text.strip_suffix('%') {
            Some(n) => percent(n).ok_or(BadShare),
            None if text == "all" => Ok(Share::All),
            None => text.parse().map(Share::Count).map_err(|_| BadShare),
        }
    }
}

impl Share {
    fn of(self, addressed: usize) -> usize {
        match self {
            Share::All => addressed,
            Share::Count(n) => n as usize,
            Share::Percent(p) => (addressed * usize::from(p)).div_ceil(100),
        }
    }
}

/// Who had an event when the wait was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Which event.
    pub id: EventId,
    /// Members that were alive and meant when it was said, this node included if it was.
    pub addressed: usize,
    /// Of them, those that are known to have delivered it.
    pub covered: usize,
    /// Names of the others, sorted; nothing in clusters of more than 2,000 members, where they are counted only.
    pub missing: Option<Vec<Arc<str>>>,
    /// From when it was said until the share was met, or until the deadline.
    pub took: Duration,
    /// Whether the share was met.
    pub met: bool,
}

/// Who is meant, by id and name.
type Addressed = Vec<(PeerId, Arc<str>)>;

impl Node {
    /// Says something to the members that `group` names, and waits until `share` of them have delivered it, or `deadline` is
    /// over, [`EVENT_WAIT_MAX`](Node::EVENT_WAIT_MAX) at most. Who has it is reported up the tree in which it spreads: this
    /// node hears from a few members, not from all.
    ///
    /// A member that fails meanwhile stays missing. In clusters above 2,000 members a count is reported; if nodes fail while
    /// it is, it may stay too small, and is never too large.
    ///
    /// # Errors
    /// [`CallError`] if it is too long, or the node has stopped; a deadline that passes is no error: see [`Waited::met`].
    ///
    /// Cancellation: it was said, or not; who has it is reported in vain for a minute at most.
    pub async fn event_wait(
        &self,
        group: Filter,
        name: &str,
        payload: impl AsRef<[u8]>,
        share: Share,
        deadline: Duration,
    ) -> Result<Waited, CallError> {
        let mut news = self.events();
        let (name, payload) = (name.to_owned(), payload.as_ref().to_vec());
        let said = self.handle().command(move |full, cx| {
            let addressed = addressed(full, &group);
            full.in_events(cx, |events, cx| events.event_covered(cx, &name, &payload, group)).map(|id| (id, addressed))
        });
        let (id, addressed) = said.await??;
        let start = Instant::now();
        let end = start + deadline.min(Node::EVENT_WAIT_MAX);
        let mut seen = None;
        loop {
            seen = self.handle().look(move |full| full.events().covered(id)).await?.or(seen);
            let waited = waited(id, &addressed, seen.as_ref(), share, start.elapsed());
            if waited.met || Instant::now() >= end {
                self.handle().command(move |full, cx| full.in_events(cx, |events, _| events.forget(id))).await?;
                return Ok(waited);
            }
            let more = async {
                loop {
                    match news.next().await.ok_or(Stopped)? {
                        Event::Covered(of) if of == id => return Ok::<_, Stopped>(()),
                        // The news may be among what was lost.
                        Event::Lagged(_) => return Ok(()),
                        _ => {}
                    }
                }
            };
            // Late: one last look.
            if let Ok(more) = timeout_at(end, more).await {
                more?;
            }
        }
    }

    /// The longest that one can wait for an event: a minute, then nobody reports any more.
    pub const EVENT_WAIT_MAX: Duration = Events::<bruit_stacks::events::Relay>::COVERED_FOR;
}

fn addressed(full: &Full, group: &Filter) -> Addressed {
    let meant = full.swim().members().filter(|m| m.is_live() && group.matches(m.record.name(), m.record.tags()));
    meant.map(|m| (m.id(), m.record.name().into())).collect()
}

fn waited(id: EventId, addressed: &Addressed, seen: Option<&Covered>, share: Share, took: Duration) -> Waited {
    let (covered, missing) = match seen {
        Some(Covered::Counted(n)) => (addressed.len().min(*n as usize), None),
        named => {
            let has = |peer: &PeerId| matches!(named, Some(Covered::Named(ids)) if ids.contains(peer));
            let mut missing: Vec<Arc<str>> = addressed.iter().filter(|x| !has(&x.0)).map(|x| Arc::clone(&x.1)).collect();
            missing.sort_unstable();
            (addressed.len() - missing.len(), Some(missing))
        }
    };
    Waited { id, addressed: addressed.len(), covered, missing, took, met: covered >= share.of(addressed.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_as_they_are_written() {
        let of = |text: &str| text.parse::<Share>().map(|share| share.of(31));
        ["all", "5", "50%"]
            .iter()
            .for_each(|text| assert_eq!(text.parse::<Share>().map(|s| s.to_string()).as_deref(), Ok(*text)));
        assert_eq!([of("all"), of("5"), of("50%"), of("0%"), of("100%")], [31, 5, 16, 0, 31].map(Ok));
        ["", "some", "101%", "-1", "%", "5 %"].iter().for_each(|bad| assert_eq!(of(bad), Err(BadShare), "{bad}"));
    }

    #[test]
    fn only_who_is_addressed_counts() {
        let id = EventId { origin: PeerId(1), serial: 1 };
        let all: Addressed = (1..=3).map(|i| (PeerId(i), format!("n{i}").into())).collect();
        let of = |covered: &Covered, share| waited(id, &all, Some(covered), share, Duration::ZERO);
        let two = of(&Covered::Named([2, 9, 10].map(PeerId).into()), Share::All);
        assert_eq!((two.covered, two.met, two.missing), (1, false, Some(vec!["n1".into(), "n3".into()])));
        let more = of(&Covered::Counted(9), Share::All);
        assert_eq!((more.covered, more.met, more.missing), (3, true, None));
        assert!(!waited(id, &all, None, Share::Count(1), Duration::ZERO).met);
    }
}
