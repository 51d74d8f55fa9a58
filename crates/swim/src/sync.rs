//! Delta sync: two views are made equal, and only what differs travels.
//!
//! ```text
//! asker                                   answerer
//!   Recent{fingerprints of what changed last}  ->
//!                                           <-  Recent{the same}, Want{what I lack of yours}
//!   members wanted, Want{what I lack of yours} ->
//!                                           <-  members wanted, Sent{my digest}
//!   equal: Sent, close. Not equal:
//!   Sums{of my fingerprints in 2^d buckets}    ->
//!                                           <-  Buckets{fingerprints in those that differ}
//!   members it lacks, Want{what I lack}        ->
//!                                           <-  members wanted, Sent{my digest}
//!   Sent, close                                ->  close
//! ```
//!
//! A full sync, after a join, is the second half without a question: all members, then `Sent`. Whoever is handed a
//! member that it knows to be gone answers with the epitaph. Nobody passes on a member that it has not heard of within
//! half of the tombstone time, so nobody brings back what the others have just forgotten.
//!
//! What it costs: a fingerprint is four bytes, so sums cost 4 B x 2^d with about four members a bucket (n bytes), and
//! a differing bucket costs 16 B; ten differing members of 1,000 about 1.3 kB beside their records.

use crate::member::fingerprint;
use crate::message::{MAX_DEPTH, MAX_FINGERPRINTS};
use crate::{Member, Message, Swim, Timer};
use bruit_proto::{Class, Context, Duration, Origin, PeerId, Room, StreamId, StreamNews, Time, mix, mutant};
use std::collections::{BTreeMap, VecDeque};

/// Conversations held at once: a seed's, with a thousand joiners told to wait or to go on.
const MAX_TALKS: usize = 1200;
/// A dial that is not answered within this is hedged by another: above the round trip, below a lost SYN's second.
pub(crate) const HEDGE: Duration = Duration::from_millis(250);
/// The longest silence in one.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);
/// What may wait to be said in one conversation beyond a whole table: more is asked by nobody who reads the answers.
const MAX_WAITING: usize = 64;
/// Changes that the recent-update list names.
const RECENT: usize = 16;
/// As many members learned in one conversation are news; more spread by conversation alone.
const FEW: u32 = 8;
/// As many random members must agree in a row before a joiner believes that it knows all.
const AGREED: u32 = 4;
/// Members a bucket of the digest search holds, about.
const PER_BUCKET: u32 = 4;

/// Conversations, and what changed last.
pub(crate) struct Syncs {
    talks: BTreeMap<StreamId, Talk>,
    /// The conversation that this node began, if one is going on.
    asking: Option<StreamId>,
    /// When it was dialled, until it is answered.
    dialled: Option<Time>,
    recent: VecDeque<PeerId>,
    /// Until when to compare with random members without waiting to be told.
    settling: Option<Time>,
    /// Random members in a row that held the same meanwhile, and the last ping to one.
    agreed: u32,
    settle_seq: u32,
    /// When memberlist's next full exchange is due, if that is its dialect.
    pub(crate) exchange_at: Option<Time>,
}

bruit_kit::idle!(Syncs {
    talks: BTreeMap::new(),
    asking: None,
    dialled: None,
    recent: VecDeque::new(),
    settling: None,
    agreed: 0,
    settle_seq: 0,
    exchange_at: None,
});

/// One conversation.
#[derive(Default)]
pub(crate) struct Talk {
    out: VecDeque<Saying>,
    /// Fingerprints in the other's recent list that this side lacks.
    lacks: Vec<u32>,
    searched: bool,
    learned: u32,
}

/// What waits to be said in a conversation.
enum Saying {
    Message(Message),
    Member(PeerId),
}

impl Syncs {
    pub(crate) fn talk(&mut self, stream: StreamId) -> Option<&mut Talk> {
        self.talks.get_mut(&stream)
    }
}

impl Swim {
    /// Opens a place for a conversation; whether there was one or is room for one.
    pub(crate) fn talk_on(&mut self, stream: StreamId) -> bool {
        if !self.busy.sync.talks.contains_key(&stream) && self.busy.sync.talks.len() >= MAX_TALKS {
            self.busy.counters.talks_refused += 1;
            return false;
        }
        self.busy.sync.talks.entry(stream).or_default();
        true
    }

    /// Says something in a conversation, after what waits there.
    pub(crate) fn say(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, message: Message) {
        let most = self.members.len() + MAX_WAITING;
        let Some(talk) = self.busy.sync.talks.get_mut(&stream) else { return };
        if talk.out.len() >= most {
            self.busy.counters.talks_refused += 1;
            self.busy.sync.talks.remove(&stream);
            return cx.close(stream);
        }
        talk.out.push_back(Saying::Message(message));
        cx.wake(stream);
    }

    /// A stream has credit: says what waits.
    pub(crate) fn fill_stream(&mut self, stream: StreamId, room: &mut Room<'_, Message>) {
        let Some(talk) = self.busy.sync.talks.get_mut(&stream) else { return };
        while let Some(saying) = talk.out.pop_front() {
            let message = match saying {
                Saying::Message(message) => message,
                Saying::Member(peer) => match self.members.get(peer) {
                    Some(m) => Message::Update(m.alive()),
                    None => continue,
                },
            };
            if let Err(message) = room.offer(message) {
                talk.out.push_front(Saying::Message(message));
                return;
            }
        }
    }

    /// Whether this node may vouch for a member: half of the tombstone time bounds how old its word may be.
    fn vouches(&self, member: &Member, now: Time) -> bool {
        let heard = member.heard >= self.busy.trouble.awake && now.since(member.heard) < self.config.tombstone / 2;
        let fresh = member.id() == self.id() || heard;
        member.is_live() && (fresh || mutant("sync passes on an old alive"))
    }

    /// Begins a delta with this peer, unless one is going on.
    pub(crate) fn start_delta(&mut self, cx: &mut Context<'_, Self>, peer: PeerId) {
        if self.is_leaving() || !self.give_up_slow_dial(cx) {
            return;
        }
        let stream = cx.open(peer, Class::Bulk, SILENCE);
        if self.talk_on(stream) {
            self.busy.sync.asking = Some(stream);
            self.busy.sync.dialled = Some(cx.now);
            self.busy.counters.deltas += 1;
            let fingerprints = self.recent_fingerprints();
            self.say(cx, stream, Message::Recent { asks: true, fingerprints });
        }
    }

    /// Whether this node asks nobody, or asked somebody who did not even answer the dial: another is asked then.
    fn give_up_slow_dial(&mut self, cx: &mut Context<'_, Self>) -> bool {
        let Some(stream) = self.busy.sync.asking else { return true };
        let slow = self.busy.sync.dialled.is_some_and(|at| cx.now.since(at) > HEDGE);
        if slow {
            self.busy.sync.asking = None;
            self.busy.sync.talks.remove(&stream);
            cx.close(stream);
        }
        slow
    }

    fn recent_fingerprints(&self) -> Vec<u32> {
        self.busy.sync.recent.iter().filter_map(|p| self.members.get(*p)).filter(|m| m.is_live()).map(short).collect()
    }

    /// This member's state changed: it leads the recent-update list (Demers et al. 1987, section 1.3).
    pub(crate) fn remember_change(&mut self, peer: PeerId) {
        self.busy.sync.recent.retain(|p| *p != peer);
        self.busy.sync.recent.push_front(peer);
        self.busy.sync.recent.truncate(RECENT);
    }

    /// What this conversation brings is no news for others.
    pub(crate) fn mute(&mut self, stream: StreamId) {
        if let Some(talk) = self.busy.sync.talk(stream) {
            talk.learned = FEW;
        }
    }

    /// Whether what this conversation brings is little enough to be passed on as news.
    pub(crate) fn worth_relaying(&mut self, stream: StreamId) -> bool {
        let Some(talk) = self.busy.sync.talk(stream) else { return true };
        talk.learned += 1;
        talk.learned <= FEW
    }

    pub(crate) fn on_recent(&mut self, cx: &mut Context<'_, Self>, from: Origin, asks: bool, fingerprints: &[u32]) {
        let Some(stream) = from.path.stream() else { return cx.reject(from, "a sync outside a conversation") };
        if asks && (self.is_leaving() || !self.talk_on(stream)) {
            self.say_goodbye(cx, stream);
            return cx.reply(from.path, Message::Busy { ask: None });
        }
        let lacks = self.lacking(fingerprints, |_| true);
        if asks {
            let mine = self.recent_fingerprints();
            self.say(cx, stream, Message::Recent { asks: false, fingerprints: mine });
            self.say(cx, stream, Message::Want { fingerprints: lacks });
        } else if let Some(talk) = self.busy.sync.talk(stream) {
            talk.lacks = lacks;
        }
    }

    /// Those of the given fingerprints that no live member here has, among members in buckets that `within` names.
    fn lacking(&self, fingerprints: &[u32], within: impl Fn(&Member) -> bool) -> Vec<u32> {
        let mut mine: Vec<u32> = self.members.iter().filter(|m| m.is_live() && within(m)).map(short).collect();
        mine.sort_unstable();
        fingerprints.iter().filter(|f| mine.binary_search(f).is_err()).copied().collect()
    }

    pub(crate) fn on_want(&mut self, cx: &mut Context<'_, Self>, from: Origin, fingerprints: &[u32]) {
        let Some(stream) = from.path.stream() else { return cx.reject(from, "a sync outside a conversation") };
        let now = cx.now;
        let mut wanted: Vec<u32> = fingerprints.to_vec();
        wanted.sort_unstable();
        let members = self.members.iter().filter(|m| wanted.binary_search(&short(m)).is_ok() && self.vouches(m, now));
        let ids: Vec<PeerId> = members.map(Member::id).collect();
        let asking = self.busy.sync.asking == Some(stream);
        let (digest, clock) = (self.members.digest(), self.busy.clock.now());
        let Some(talk) = self.busy.sync.talk(stream) else { return };
        if talk.out.len() < MAX_WAITING {
            talk.out.extend(ids.into_iter().map(Saying::Member));
        }
        let next = if asking {
            Message::Want { fingerprints: std::mem::take(&mut talk.lacks) }
        } else {
            Message::Sent { digest, clock }
        };
        self.say(cx, stream, next);
    }

    /// The other side has sent all that was wanted.
    pub(crate) fn on_sent(&mut self, cx: &mut Context<'_, Self>, from: Origin, digest: u32, clock: u64) {
        let Some(stream) = from.path.stream() else { return cx.reject(from, "a sync outside a conversation") };
        self.busy.clock.approach(clock);
        if self.busy.sync.asking != Some(stream) {
            return cx.close(stream); // the asker's last word
        }
        self.join_done(cx, stream);
        let equal = digest == self.members.digest();
        let Some(talk) = self.busy.sync.talk(stream) else { return };
        if !equal && !std::mem::replace(&mut talk.searched, true) {
            let depth = depth_for(self.members.count());
            let sums = self.sums(depth);
            return self.say(cx, stream, Message::Sums { depth, sums });
        }
        let last = Message::Sent { digest: self.members.digest(), clock: self.busy.clock.now() };
        if cx.write(stream, last).is_ok() {
            cx.close(stream);
        }
        self.busy.sync.asking = None;
        self.settle_later(cx);
    }

    fn sums(&self, depth: u8) -> Vec<u32> {
        let mut sums = vec![0u32; 1 << depth];
        for member in self.members.iter().filter(|m| m.is_live()) {
            let sum = &mut sums[usize::from(bucket(member.id(), depth))];
            *sum = sum.wrapping_add(short(member));
        }
        sums
    }

    pub(crate) fn on_sums(&mut self, cx: &mut Context<'_, Self>, from: Origin, depth: u8, sums: &[u32]) {
        let Some(stream) = from.path.stream() else { return cx.reject(from, "a sync outside a conversation") };
        if depth > MAX_DEPTH || sums.len() != 1 << depth {
            return cx.reject(from, "sums of another depth");
        }
        let mine = self.sums(depth);
        let buckets: Vec<u16> = (0..1u16 << depth).filter(|b| mine[usize::from(*b)] != sums[usize::from(*b)]).collect();
        let within = |m: &&Member| m.is_live() && buckets.binary_search(&bucket(m.id(), depth)).is_ok();
        let fingerprints = self.members.iter().filter(within).map(short).take(MAX_FINGERPRINTS).collect();
        self.say(cx, stream, Message::Buckets { depth, buckets, fingerprints });
    }

    pub(crate) fn on_buckets(
        &mut self,
        cx: &mut Context<'_, Self>,
        from: Origin,
        depth: u8,
        buckets: &[u16],
        fingerprints: &[u32],
    ) {
        let Some(stream) = from.path.stream() else { return cx.reject(from, "a sync outside a conversation") };
        let mut buckets = buckets.to_vec();
        buckets.sort_unstable();
        let within = |m: &Member| buckets.binary_search(&bucket(m.id(), depth)).is_ok();
        let lacks = self.lacking(fingerprints, within);
        let mut theirs = fingerprints.to_vec();
        theirs.sort_unstable();
        let now = cx.now;
        let surplus = |m: &&Member| within(m) && theirs.binary_search(&short(m)).is_err() && self.vouches(m, now);
        let ids: Vec<PeerId> = self.members.iter().filter(surplus).map(Member::id).collect();
        let Some(talk) = self.busy.sync.talk(stream).filter(|t| t.out.len() < MAX_WAITING) else { return };
        talk.out.extend(ids.into_iter().map(Saying::Member));
        self.say(cx, stream, Message::Want { fingerprints: lacks });
    }

    /// Says every member on a stream, then what this side holds: a full sync.
    pub(crate) fn say_everything(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, but: PeerId) {
        let now = cx.now;
        let ids: Vec<PeerId> = self.members.iter().filter(|m| m.id() != but && self.vouches(m, now)).map(Member::id).collect();
        let last = Message::Sent { digest: self.members.digest(), clock: self.busy.clock.now() };
        if let Some(talk) = self.busy.sync.talk(stream).filter(|t| t.out.len() < MAX_WAITING) {
            talk.out.extend(ids.into_iter().map(Saying::Member));
            self.say(cx, stream, last);
        }
    }

    /// The conversation that this node asked for from now on is this one.
    pub(crate) fn asks_on(&mut self, stream: StreamId) {
        self.busy.sync.dialled = None;
        self.busy.sync.asking = Some(stream);
    }

    pub(crate) fn is_asking_on(&self, stream: StreamId) -> bool {
        self.busy.sync.asking == Some(stream)
    }

    pub(crate) fn sync_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        if what == StreamNews::Opened && self.busy.sync.asking == Some(stream) {
            self.busy.sync.dialled = None;
        }
        if what != StreamNews::Opened {
            self.busy.sync.talks.remove(&stream);
            if self.busy.sync.asking == Some(stream) {
                self.busy.sync.asking = None;
                self.settle_later(cx);
            }
        }
    }
}

/// Freshly joined: views are compared with random members until one is equal.
impl Swim {
    /// Longest that a node compares by itself after a join.
    const SETTLE: Duration = Duration::from_secs(30);

    pub(crate) fn is_settling(&self) -> bool {
        self.busy.sync.settling.is_some()
    }

    /// Joining, or not yet known to agree with anybody.
    pub(crate) fn is_new(&self, now: Time) -> bool {
        self.is_settling() || self.busy.join.is_young(now)
    }

    pub(crate) fn begin_settling(&mut self, cx: &mut Context<'_, Self>) {
        self.busy.sync.settling = Some(cx.now + Self::SETTLE);
        self.busy.sync.agreed = 0;
        self.settle_later(cx);
    }

    fn settle_later(&mut self, cx: &mut Context<'_, Self>) {
        if self.is_settling() {
            // From a quarter of a gossip interval on, longer as more agree; nodes that joined together spread out.
            let grain = self.config.gossip_every / 4 * 2u32.pow(self.busy.sync.agreed);
            let wait = cx.rng.between(grain, grain * 3);
            cx.set(Timer::Settle, wait);
        }
    }

    /// Compares with a random member, by ping.
    pub(crate) fn settle(&mut self, cx: &mut Context<'_, Self>) {
        if self.busy.sync.settling.is_none_or(|until| cx.now >= until) {
            self.busy.sync.settling = None;
            return;
        }
        if let Some(peer) = crate::pick_live(&self.members, cx.rng, 1, |_| false).first() {
            let seq = self.next_seq();
            self.busy.sync.settle_seq = seq;
            cx.send(*peer, Message::Ping { seq, digest: self.digest_to_show() });
        }
        self.settle_later(cx);
    }

    /// A member holds something else.
    pub(crate) fn disagreed(&mut self) {
        if self.is_settling() {
            self.busy.sync.agreed = 0;
        }
    }

    /// A random member that was asked holds the same.
    pub(crate) fn agrees(&mut self, cx: &mut Context<'_, Self>, seq: u32) {
        if !self.is_settling() || seq != self.busy.sync.settle_seq {
            return;
        }
        self.busy.sync.agreed += 1;
        if self.busy.sync.agreed >= AGREED {
            self.busy.sync.settling = None;
            cx.cancel(Timer::Settle);
        }
    }
}

fn short(member: &Member) -> u32 {
    let f = fingerprint(member.id(), member.incarnation, member.record.digest());
    (f ^ f >> 32) as u32
}

/// Buckets by a hash of the id: ids may be dense.
fn bucket(id: PeerId, depth: u8) -> u16 {
    (mix(id.0) >> 48) as u16 & ((1u16 << depth) - 1)
}

/// About four members a bucket.
fn depth_for(n: u32) -> u8 {
    (n / PER_BUCKET).max(1).next_power_of_two().ilog2().min(u32::from(MAX_DEPTH)) as u8
}
