//! How an event spread: collected from the members, a few at a time.

use crate::error::Stopped;
use crate::event::Event;
use crate::node::Node;
use bruit_proto::{PeerId, Peers};
use bruit_stacks::Full;
use bruit_stacks::events::{EventId, Infection, Trace};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Members that are asked at once: 8 datagrams of some 60 bytes under way, each way.
const AT_ONCE: usize = 8;
/// A member that has not answered is asked again after this, so often in all: at 20 % loss one in 60 stays silent.
const AGAIN: Duration = Duration::from_millis(250);
const TRIES: u32 = 4;
/// The most members that are asked: 2,000 x 2 datagrams of some 60 bytes are 240 kB. If they answer within 10 ms, that takes
/// 2,000 / 8 x 10 ms = 2.5 s; if none does, it takes as long as it may.
const MAX_ASKED: usize = 2_000;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is recent at one node.
#[derive(Clone, Debug)]
pub struct Recent {
    /// The events that it keeps, oldest first.
    pub events: Vec<Infection>,
    /// How many more it is known to lack: a peer has said that it holds them, and has not sent them yet.
    pub lacking: usize,
}

/// How an event came to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Who.
    pub node: Arc<str>,
    /// Who handed it over; nobody at its origin.
    pub via: Option<Arc<str>>,
    /// How often it was handed over.
    pub hop: u8,
    /// How long ago it came, by that member's clock: durations compare, whatever its clock says.
    pub ago: Duration,
}

/// The infection tree of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// Which event.
    pub id: EventId,
    /// Who has it, in the order of hops and names.
    pub branches: Vec<Branch>,
    /// Members that answered and do not keep it, by name.
    pub lacking: Vec<Arc<str>>,
    /// Members that did not answer, or were not asked for want of time or number.
    pub silent: Vec<Arc<str>>,
}

/// Who is asked, and what they said.
struct Survey {
    names: BTreeMap<PeerId, Arc<str>>,
    waiting: VecDeque<(PeerId, u32)>,
    asked: Vec<(PeerId, u32, Instant)>,
    tree: Tree,
}

impl Node {
    /// The events that this node keeps, and how each stands here.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn recent_events(&self) -> Result<Recent, Stopped> {
        let now = self.now();
        let look = move |full: &Full| Recent {
            events: full.events().infections(now, full.swim().len()).collect(),
            lacking: full.events().lacking(),
        };
        self.handle().look(look).await
    }

    /// Asks the live members, eight at a time and 2,000 at most, how this event came to them; takes twenty seconds at most.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nobody else is asked.
    pub async fn event_tree(&self, id: EventId) -> Result<Tree, Stopped> {
        let (mut news, now) = (self.events(), self.now());
        let end = Instant::now() + PATIENCE;
        let mut survey = self.handle().look(move |full| Survey::new(full, id, now)).await?;
        while Instant::now() < end && !survey.is_over() {
            for peer in survey.next() {
                self.handle().command(move |full, cx| full.in_events(cx, |events, cx| events.trace(cx, id, peer))).await?;
            }
            let due = survey.asked.iter().map(|x| x.2 + AGAIN).min().unwrap_or(end);
            match timeout_at(due.min(end), news.next()).await {
                Ok(None) => return Err(Stopped),
                Ok(Some(Event::Traced { peer, id: of, trace })) if of == id => survey.answered(peer, trace),
                Ok(Some(_)) => {}
                Err(_) => survey.late(),
            }
        }
        Ok(survey.end())
    }
}

impl Survey {
    fn new(full: &Full, id: EventId, now: bruit_proto::Time) -> Survey {
        let names: BTreeMap<_, Arc<str>> = full.swim().members().map(|m| (m.id(), m.record.name().into())).collect();
        let me = full.swim().me().id();
        let others = full.swim().members().filter(|m| m.is_live() && m.id() != me);
        let waiting = others.map(|m| (m.id(), 0)).collect();
        let tree = Tree { id, branches: Vec::new(), lacking: Vec::new(), silent: Vec::new() };
        let mut survey = Survey { names, waiting, asked: vec![(me, 0, Instant::now())], tree };
        while survey.waiting.len() > MAX_ASKED
            && let Some((peer, _)) = survey.waiting.pop_back()
        {
            survey.tree.silent.push(survey.name(peer));
        }
        survey.answered(me, full.events().traced(id, now));
        survey
    }

    fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty()
    }

    /// Whom to ask now.
    fn next(&mut self) -> Vec<PeerId> {
        let free = AT_ONCE.saturating_sub(self.asked.len()).min(self.waiting.len());
        let next: Vec<_> = self.waiting.drain(..free).collect();
        self.asked.extend(next.iter().map(|(peer, tries)| (*peer, tries + 1, Instant::now())));
        next.into_iter().map(|x| x.0).collect()
    }

    fn answered(&mut self, peer: PeerId, trace: Option<Trace>) {
        let before = (self.asked.len(), self.waiting.len());
        self.asked.retain(|x| x.0 != peer);
        // It may answer when it is to be asked again.
        self.waiting.retain(|x| x.0 != peer || x.1 == 0);
        if before == (self.asked.len(), self.waiting.len()) {
            return;
        }
        let node = self.name(peer);
        match trace {
            Some(Trace { via, hop, held }) => {
                let (via, ago) = (via.map(|via| self.name(via)), Duration::from_millis(held.into()));
                self.tree.branches.push(Branch { node, via, hop, ago });
            }
            None => self.tree.lacking.push(node),
        }
    }

    fn late(&mut self) {
        let now = Instant::now();
        for (peer, tries, _) in self.asked.extract_if(.., |x| x.2 + AGAIN <= now).collect::<Vec<_>>() {
            if tries < TRIES {
                self.waiting.push_back((peer, tries));
            } else {
                self.tree.silent.push(self.name(peer));
            }
        }
    }

    fn name(&self, peer: PeerId) -> Arc<str> {
        self.names.get(&peer).cloned().unwrap_or_else(|| format!("{peer:?}").into())
    }

    fn end(mut self) -> Tree {
        let unanswered: Vec<PeerId> = self.waiting.iter().map(|x| x.0).chain(self.asked.iter().map(|x| x.0)).collect();
        let unanswered: Vec<_> = unanswered.into_iter().map(|peer| self.name(peer)).collect();
        let Tree { branches, lacking, silent, .. } = &mut self.tree;
        silent.extend(unanswered);
        branches.sort_by(|a, b| (a.hop, &a.node).cmp(&(b.hop, &b.node)));
        lacking.sort_unstable();
        silent.sort_unstable();
        self.tree
    }
}
