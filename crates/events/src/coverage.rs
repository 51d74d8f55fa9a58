//! Who has an event whose origin waits: reports up the infection tree, confirmed one by one.

use crate::cover::{Cover, Known, MAX_IDS, MAX_NAMED};
use crate::events::{Event, Events, Timer};
use crate::id::EventId;
use crate::message::{Answer, Have, Message, Report};
use crate::ranks::{of_bits, to_bits, view, view_digest};
use crate::spread::Spread;
use crate::store::Arrival;
use crate::user_event::{UserEvent, Wait};
use bruit_proto::{Context, Duration, Origin, PeerId, Time, mutant};
use std::collections::{BTreeMap, BTreeSet};

/// Events that are covered at once: 32, of at most 2 x 2,000 ids of 8 bytes, so a MiB at the very most, and at few nodes.
const MAX_COVERS: usize = 32;
/// Steps in which news goes through a thousand nodes, and reports back: what [`Config::quiet`](crate::Config::quiet) is for.
const STEPS: u32 = 10;
/// Steps until a report is repeated; a round trip is one or two.
const REPEAT: u32 = 3;
/// The longest pause before a repetition.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// What the origin of a waited-for event knows: who has delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covered {
    /// These nodes.
    Named(BTreeSet<PeerId>),
    /// So many, in a cluster too large to name them.
    Counted(u32),
}

impl<S: Spread> Events<S> {
    /// For how long who has an event is reported; it is the longest that one can wait for.
    pub const COVERED_FOR: Duration = Duration::from_secs(60);

    /// Who has delivered this event, at its origin and while it is waited for; nothing of others.
    pub fn covered(&self, id: EventId) -> Option<Covered> {
        let cover = self.covers.iter().find(|cover| cover.id == id && id.origin == self.me && !cover.over)?;
        Some(match &cover.known {
            Known::Named(named) => Covered::Named(named.clone()),
            counted => Covered::Counted(counted.count()),
        })
    }

    /// This node waits for it no more; whoever reports is told so, and falls silent.
    pub fn forget(&mut self, id: EventId) {
        self.covers.iter_mut().filter(|cover| cover.id == id).for_each(Cover::end);
    }

    /// How far news is covered: named in small clusters.
    pub(crate) fn way_to_wait(&self, peers: u32) -> Wait {
        if (peers as usize) < MAX_NAMED { Wait::Named } else { Wait::Counted }
    }

    /// An event came that somebody waits for; `here`: this node delivered it.
    pub(crate) fn cover(&mut self, cx: &mut Context<'_, Self>, event: &UserEvent, arrival: Arrival, here: bool) {
        let me = Some(self.me).filter(|_| here);
        let known = match event.wait {
            // An own event that comes back was said by an earlier process: nobody waits.
            _ if event.stamp.id.origin == self.me && arrival.via.is_some() => return,
            Wait::No => return,
            Wait::Named => Known::Named(me.into_iter().collect()),
            Wait::Counted => Known::Counted { here, children: BTreeMap::new() },
        };
        self.expire(cx.now);
        if self.covers.len() >= MAX_COVERS {
            // First what is over, then what its receiver knows all of, then the oldest.
            let me = self.me;
            let spare = |cover: &Cover| !cover.is_behind() && cover.id.origin != me;
            let over = self.covers.iter().position(|cover| cover.over);
            let first = over.or_else(|| self.covers.iter().position(spare)).unwrap_or(0);
            self.covers.remove(first);
            self.counters.covers_dropped += 1;
        }
        // A node at depth h waits for those below it: log2 n is deeper than any of them.
        let depth = (cx.peers.len() + 1).ilog2().saturating_sub(u32::from(arrival.hop)).max(1);
        let (id, wait) = (event.stamp.id, self.step() * depth);
        self.covers.push(Cover::new(id, cx.now, arrival.hop, arrival.via, known, wait));
        if id.origin == self.me && here {
            cx.notify(Event::Covered(id));
        }
        self.wake_covers(cx);
    }

    /// The fault of taking a copy that was sent for one that came.
    pub(crate) fn count_told(&mut self, id: EventId, told: &[PeerId]) {
        if mutant("told counts as covered")
            && let Some(cover) = self.covers.iter_mut().find(|cover| cover.id == id)
        {
            cover.add(told.iter().copied());
        }
    }

    pub(crate) fn on_report(&mut self, cx: &mut Context<'_, Self>, from: Origin, report: Report) {
        let Some(peer) = from.peer.filter(|peer| *peer != self.me && cx.peers.contains(*peer)) else {
            return cx.reject(from, "report by a stranger");
        };
        self.counters.reports += 1;
        let (id, seq) = (report.id, report.seq);
        let answer = self.note(cx, peer, report);
        cx.send(peer, Message::Answer { id, seq, answer });
    }

    fn note(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, report: Report) -> Answer {
        let (now, step, me) = (cx.now, self.step(), self.me);
        let Some(cover) = self.covers.iter_mut().find(|cover| cover.id == report.id) else { return Answer::NotMine };
        if cover.over {
            return Answer::Over;
        }
        // Who is no nearer to the origin than the sender could send it in a circle.
        if (cover.hop, me) >= (report.hop, peer) {
            return Answer::NotMine;
        }
        let (news, fits) = match report.have {
            Have::Count(count) => cover.add_count(peer, count),
            Have::Ids(ids) => cover.add(ids),
            Have::Bits { view: digest, bits } => {
                let view = view(cx.peers, me);
                match of_bits(&view, &bits).filter(|_| view_digest(&view) == digest) {
                    Some(ids) => cover.add(ids),
                    None => return Answer::OtherView,
                }
            }
        };
        self.counters.covers_dropped += u64::from(!fits);
        if news {
            if report.id.origin == me {
                cx.notify(Event::Covered(report.id));
            } else if cover.due <= now {
                cover.due = now + step;
            }
            self.wake_covers(cx);
        }
        if fits { Answer::Taken } else { Answer::NotMine }
    }

    pub(crate) fn on_answer(&mut self, cx: &mut Context<'_, Self>, from: Origin, id: EventId, seq: u32, answer: Answer) {
        let step = self.step();
        let Some(cover) = self.covers.iter_mut().find(|cover| cover.id == id && cover.is_asked(from.peer, seq)) else {
            return;
        };
        match answer {
            Answer::Taken => {
                cover.confirm(from.peer, seq);
                cover.due = cx.now + step;
            }
            Answer::OtherView => {
                cover.spell = true;
                cover.due = cx.now;
            }
            Answer::NotMine if from.peer != Some(id.origin) => {
                let mut out = Vec::new();
                cx.pick(1, &|_| false, &mut out);
                cover.turn_away(|| out.pop());
                cover.due = cx.now + cover.pause(step);
            }
            // An origin that knows nothing of it was restarted.
            Answer::Over | Answer::NotMine => cover.end(),
        }
        self.wake_covers(cx);
    }

    /// Some covers are due.
    pub(crate) fn report(&mut self, cx: &mut Context<'_, Self>) {
        self.expire(cx.now);
        let (now, step) = (cx.now, self.step());
        let mut covers = std::mem::take(&mut self.covers);
        for cover in covers.iter_mut().filter(|cover| cover.is_behind() && cover.due <= now) {
            let mut out = Vec::new();
            cx.pick(1, &|_| false, &mut out);
            cover.due = cx.now + cover.pause(step * REPEAT).min(MAX_PAUSE);
            let Some((to, what)) = cover.next(|| out.pop()) else { continue };
            let have = self.have(cx, cover, what);
            self.counters.reported += 1;
            cx.send(to, Message::Report(Report { id: cover.id, hop: cover.hop, seq: cover.seq, have }));
        }
        self.covers = covers;
        self.wake_covers(cx);
    }

    /// In the shortest way that the receiver can read. Ids when they take no more than the bitmap: nobody needs our view then.
    fn have(&self, cx: &Context<'_, Self>, cover: &mut Cover, what: Known) -> Have {
        let Known::Named(ids) = &what else {
            let count = what.count();
            cover.sent(what);
            return Have::Count(count);
        };
        let bytes = (cx.peers.len() as usize + 1).div_ceil(8) + 4;
        if !cover.spell && 8 * ids.len() > bytes && bytes <= MAX_NAMED / 8 + 4 {
            let view = view(cx.peers, self.me);
            let bits = to_bits(&view, ids);
            let said = of_bits(&view, &bits).expect("our own");
            if !said.is_empty() {
                cover.sent(Known::Named(said));
                return Have::Bits { view: view_digest(&view), bits };
            }
        }
        let some: BTreeSet<PeerId> = ids.iter().copied().take(MAX_IDS).collect();
        let list = some.iter().copied().collect();
        cover.sent(Known::Named(some));
        Have::Ids(list)
    }

    fn step(&self) -> Duration {
        self.config.quiet / STEPS
    }

    fn expire(&mut self, now: Time) {
        self.covers.retain(|cover| now.since(cover.begun) < Self::COVERED_FOR);
    }

    fn wake_covers(&self, cx: &mut Context<'_, Self>) {
        match self.covers.iter().filter(|cover| cover.is_behind()).map(|cover| cover.due).min() {
            Some(due) => cx.set(Timer::Cover, due.since(cx.now)),
            None => cx.cancel(Timer::Cover),
        }
    }
}
