use crate::{Message, Swim, Timer, Update};
use bruit_kit::{Backlog, Offered};
use bruit_proto::{Context, Duration, PeerId, Room, Time, mutant};

/// News that waits for spare room: one piece a member, 4,096 members at most.
pub(crate) const MAX_NEWS: usize = 4096;
/// Pieces of news that fit one packet; more of them at once are left to deltas.
const CROWD: usize = 24;
/// News that comes within this after some was told waits for company. A tenth of the gossip interval.
const GAP: u32 = 10;

/// A piece of news and who told it, who need not hear it back.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    update: Update,
    from: Option<PeerId>,
}

/// What is to be told, and when it last was.
pub(crate) struct News {
    backlog: Backlog<PeerId, Piece>,
    told: Option<Time>,
    /// Whose packet then began with news about whom: it need not be in that packet twice.
    openers: Vec<(PeerId, PeerId)>,
    waiting: bool,
    /// When a member's state last changed here; while it does, views differ by nature.
    pub(crate) last: Time,
}

bruit_kit::idle!(News { backlog: Backlog::new(MAX_NEWS), told: None, openers: Vec::new(), waiting: false, last: Time::ZERO });

impl News {
    /// What waited is no news any more.
    pub(crate) fn forget_all(&mut self) {
        self.backlog = Backlog::new(MAX_NEWS);
    }

    fn put(&mut self, update: Update, from: Option<PeerId>) {
        let about = update.about();
        self.openers.retain(|(_, opened)| *opened != about);
        self.backlog.put(about, Piece { update, from });
    }

    /// About whom is what the packet begins with that leaves for `peer` now.
    fn opened(&self, peer: PeerId, now: Time) -> Option<PeerId> {
        let (_, about) = self.openers.iter().find(|(to, _)| *to == peer)?;
        (self.told == Some(now)).then_some(*about)
    }
}

impl Swim {
    /// News: it is told at once, or, if some was told just now, after a short wait for company; or it waits for a ride.
    pub(crate) fn spread(&mut self, cx: &mut Context<'_, Self>, update: Update, from: Option<PeerId>) {
        self.busy.news.last = cx.now;
        self.busy.news.put(update, from);
        let dropped = self.busy.news.backlog.dropped();
        if dropped > self.busy.counters.news_dropped {
            self.busy.counters.news_dropped = dropped;
        }
        if self.config.gossip && !std::mem::replace(&mut self.busy.news.waiting, true) {
            let wait = self.busy.news.told.map_or(Duration::ZERO, |told| self.gap().saturating_sub(cx.now.since(told)));
            cx.set(Timer::News, wait);
        }
    }

    /// This node's own record, to everybody.
    pub(crate) fn tell_of_me(&mut self, cx: &mut Context<'_, Self>) {
        let update = self.my_update();
        self.spread(cx, update, None);
    }

    /// What this node says of itself.
    pub(crate) fn my_update(&self) -> Update {
        self.me().alive()
    }

    /// Tells what is least told to the relay targets; `fill` adds as much as fits their packets.
    pub(crate) fn tell(&mut self, cx: &mut Context<'_, Self>) {
        self.busy.news.waiting = false;
        self.busy.news.told = Some(cx.now);
        self.busy.news.openers.clear();
        for peer in self.targets(cx) {
            if let Some(first) = self.next_piece(peer) {
                self.busy.news.openers.push((peer, first.about()));
                cx.send(peer, Message::Update(first));
            }
        }
        let again = if self.native() { self.busy.news.backlog.has_untold() } else { !self.busy.news.backlog.is_empty() };
        if again {
            self.busy.news.waiting = true;
            cx.set(Timer::News, self.gap());
        }
    }

    /// How far apart two tellings are.
    fn gap(&self) -> Duration {
        self.config.gossip_every / if self.native() { GAP } else { 1 }
    }

    fn targets(&mut self, cx: &mut Context<'_, Self>) -> Vec<PeerId> {
        let me = self.id();
        if self.is_crowded() {
            crate::pick_live(&self.members, cx.rng, 1, |_| false)
        } else if self.native() {
            let mut out = Vec::new();
            bruit_kit::targets(&*self, cx.rng, me, self.config.relay, None, &mut out);
            out
        } else {
            crate::pick_live(&self.members, cx.rng, 3, |_| false)
        }
    }

    /// So much is news that views differ in bulk: a copy for everybody would cost more than the deltas that compare.
    fn is_crowded(&self) -> bool {
        self.native() && self.busy.news.backlog.len() > CROWD
    }

    /// How often one piece is told (SWIM section 4.1: lambda log n).
    fn limit(&self) -> u32 {
        if mutant("transmit limit zero") {
            return 0;
        }
        if self.is_crowded() {
            return 1;
        }
        bruit_kit::transmit_limit(self.config.retransmit, self.members.count())
    }

    fn next_piece(&mut self, peer: PeerId) -> Option<Update> {
        let mut taken = None;
        let limit = self.limit();
        self.busy.news.backlog.offer(limit, |piece| match piece {
            piece if piece.from == Some(peer) => Offered::Skipped,
            _ if taken.is_some() => Offered::Full,
            piece => {
                taken = Some(piece.update.clone());
                Offered::Taken
            }
        });
        taken
    }

    /// The spare room of a packet: the least told news that the receiver has not told us (SWIM section 4.1).
    pub(crate) fn fill_packet(&mut self, now: Time, peer: PeerId, room: &mut Room<'_, Message>) {
        if let Some(goodbye) = self.goodbye()
            && room.offer(Message::Update(goodbye)).is_err()
        {
            return;
        }
        if self.busy.news.backlog.is_empty() {
            return;
        }
        let limit = self.limit();
        let opened = self.busy.news.opened(peer, now);
        self.busy.news.backlog.offer(limit, |piece| match piece {
            piece if piece.from == Some(peer) || opened == Some(piece.update.about()) => Offered::Skipped,
            piece if room.offer(Message::Update(piece.update.clone())).is_ok() => Offered::Taken,
            _ => Offered::Full,
        });
    }

    /// Somebody else tells the same: one telling less is needed (feedback, Demers et al. 1987, section 1.4).
    pub(crate) fn heard_again(&mut self, peer: PeerId) {
        if !self.busy.news.backlog.is_empty() && self.native() {
            let limit = self.limit();
            self.busy.news.backlog.count(&peer, 1, limit);
        }
    }

    /// Whether this node still tells what it last heard of a member.
    pub fn tells(&self, peer: PeerId) -> bool {
        self.busy.news.backlog.get(&peer).is_some()
    }

    pub(crate) fn forget_news(&mut self, peer: PeerId) {
        if self.busy.news.backlog.is_empty() {
            return;
        }
        self.busy.news.backlog.remove(&peer);
    }
}
