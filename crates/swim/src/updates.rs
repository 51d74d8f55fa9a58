use crate::cases::{End, Ended};
use crate::member::{Status, beats, is_far_ahead};
use crate::{Event, Member, Message, Swim, Update};
use bruit_proto::{Change, Context, Origin, PeerId, Record, mutant};
use std::sync::Arc;

/// The most members that one node keeps, gone ones included.
const MAX_MEMBERS: usize = 200_000;
/// Accusations about an own name held by another process, after which the two compare sessions.
const WAR: u32 = 5;

impl Swim {
    /// Somebody says something about a member.
    pub(crate) fn on_update(&mut self, cx: &mut Context<'_, Self>, from: Origin, update: Update) {
        let peer = update.about();
        if peer == self.id() {
            return self.on_word_of_me(cx, from, update);
        }
        let by_stream = from.path.stream().is_some();
        match update {
            Update::Alive { incarnation, record } => self.on_alive(cx, from, incarnation, record),
            Update::Suspect { peer, incarnation, accusers } => self.on_suspect(cx, from, peer, incarnation, &accusers),
            // A sync may pass on what the other side of a healed partition believed: the accused gets to answer.
            Update::Dead { peer, incarnation, by } if by_stream && self.native() => {
                let by = if by == self.id() { from.peer.unwrap_or(by) } else { by };
                self.on_suspect(cx, from, peer, incarnation, &[by]);
            }
            Update::Dead { peer, incarnation, by } => self.on_dead(cx, from, peer, incarnation, by),
            Update::Left { peer, incarnation, clock, prune } => self.on_left(cx, from, peer, incarnation, clock, prune),
        }
    }

    fn on_alive(&mut self, cx: &mut Context<'_, Self>, from: Origin, incarnation: u64, record: Arc<Record>) {
        let peer = record.id();
        let Some(held) = self.members.get(peer) else {
            if self.is_drowsy(cx.now) {
                return; // it waited for this node to wake: whoever lives says so again
            }
            if self.members.len() >= MAX_MEMBERS {
                self.busy.counters.members_refused += 1;
                return cx.reject(from, "more members than this node keeps");
            }
            self.members.insert(record.clone(), incarnation, Status::Alive, cx.now);
            cx.know(peer, Some(&record));
            cx.notify(Event::Peer { peer, change: Change::Up });
            return self.learned(cx, from, Update::Alive { incarnation, record });
        };
        if held.record.name() != record.name() {
            return cx.reject(from, "two names with one id");
        }
        if is_far_ahead(incarnation, held.incarnation) {
            return cx.reject(from, "incarnation far ahead");
        }
        if !beats((incarnation, Status::Alive), (held.incarnation, held.status)) {
            if incarnation == held.incarnation {
                if record.digest() != held.record.digest() {
                    self.tell_of_rival(cx, from, incarnation, record);
                }
                self.heard_again(peer);
            }
            return self.correct(cx, from, peer, incarnation);
        }
        let (was, changed) = (held.status, held.record.digest() != record.digest());
        let replaced = held.record.session() != record.session();
        let new = record.clone();
        self.members.update(peer, |m| {
            m.record = new;
            m.incarnation = incarnation;
            m.heard = cx.now;
            m.pruned = false;
            if m.status != Status::Alive {
                m.status = Status::Alive;
                m.since = cx.now;
            }
        });
        if changed || !was.is_live() {
            cx.know(peer, Some(&record));
        }
        if replaced {
            self.cease_probing(cx, peer);
        }
        if self.busy.suspicions.end(peer) {
            self.busy.counters.refuted += 1;
            let end = End { at: cx.now, how: Ended::Refuted, from: from.peer };
            self.busy.suspicions.cases.close(peer, incarnation, end, self.health.score());
            self.wait_for_suspicions(cx);
            cx.notify(Event::Refuted { peer });
        }
        if !was.is_live() {
            cx.notify(Event::Peer { peer, change: Change::Up });
        } else if changed {
            cx.notify(Event::Peer { peer, change: Change::Changed });
        }
        self.learned(cx, from, Update::Alive { incarnation, record });
    }

    /// Two processes have spoken under one name at one incarnation: a restart that met nobody who knew of it. The living one
    /// is told of the other and announces itself above it.
    fn tell_of_rival(&self, cx: &mut Context<'_, Self>, from: Origin, incarnation: u64, record: Arc<Record>) {
        let peer = record.id();
        let Some(held) = self.members.get(peer) else { return };
        let theirs = Update::Alive { incarnation, record };
        if from.peer == Some(peer) {
            cx.reply(from.path, Message::Update(held.alive()));
        } else {
            cx.send(peer, Message::Update(theirs));
        }
    }

    /// Somebody believes what is over: in a conversation it is told what holds now.
    fn correct(&mut self, cx: &mut Context<'_, Self>, from: Origin, peer: PeerId, incarnation: u64) {
        let Some(stream) = from.path.stream() else { return };
        let Some(held) = self.members.get(peer) else { return };
        if !held.is_live() && held.incarnation >= incarnation {
            let update = self.epitaph(held);
            self.say(cx, stream, Message::Update(update));
        }
    }

    /// What is said of a member that is gone.
    pub(crate) fn epitaph(&self, member: &Member) -> Update {
        let (peer, incarnation) = (member.id(), member.incarnation);
        match member.status {
            Status::Left => Update::Left { peer, incarnation, clock: member.intent, prune: member.pruned },
            _ => Update::Dead { peer, incarnation, by: self.id() },
        }
    }

    fn on_dead(&mut self, cx: &mut Context<'_, Self>, from: Origin, peer: PeerId, incarnation: u64, by: PeerId) {
        let Some(held) = self.members.get(peer) else { return };
        if is_far_ahead(incarnation, held.incarnation) {
            return cx.reject(from, "incarnation far ahead");
        }
        if beats((incarnation, Status::Dead), (held.incarnation, held.status)) {
            self.bury(cx, peer, incarnation, Status::Dead, from.peer);
            self.learned(cx, from, Update::Dead { peer, incarnation, by });
        } else if (incarnation, Status::Dead) == (held.incarnation, held.status) {
            self.heard_again(peer);
        }
    }

    fn on_left(&mut self, cx: &mut Context<'_, Self>, from: Origin, peer: PeerId, incarnation: u64, clock: u64, prune: bool) {
        if self.busy.clock.witness(clock).is_err() {
            return cx.reject(from, "clock far ahead");
        }
        let Some(held) = self.members.get(peer) else { return };
        if is_far_ahead(incarnation, held.incarnation) {
            return cx.reject(from, "incarnation far ahead");
        }
        let prunes = prune && !held.pruned && held.status == Status::Left && incarnation >= held.incarnation;
        if beats((incarnation, Status::Left), (held.incarnation, held.status)) || prunes {
            self.depart(cx, from.peer, peer, incarnation, (clock, prune));
            self.learned(cx, from, Update::Left { peer, incarnation, clock, prune });
        } else if (incarnation, Status::Left) == (held.incarnation, held.status) {
            self.heard_again(peer);
        }
    }

    /// A member left, or an operator says so: at another node, `from` whom it was heard, or here.
    pub(crate) fn depart(
        &mut self,
        cx: &mut Context<'_, Self>,
        from: Option<PeerId>,
        peer: PeerId,
        incarnation: u64,
        (clock, prune): (u64, bool),
    ) {
        self.bury(cx, peer, incarnation, Status::Left, from);
        self.members.update(peer, |m| {
            m.intent = clock;
            m.pruned |= prune;
        });
        if prune {
            cx.know(peer, None);
        }
    }

    /// A member is gone, as `status` says.
    pub(crate) fn bury(
        &mut self,
        cx: &mut Context<'_, Self>,
        peer: PeerId,
        incarnation: u64,
        status: Status,
        from: Option<PeerId>,
    ) {
        let was = self.members.get(peer).map(|m| m.status);
        self.members.update(peer, |m| {
            m.incarnation = incarnation;
            m.status = status;
            m.since = cx.now;
        });
        self.busy.suspicions.end(peer);
        self.wait_for_suspicions(cx);
        let (change, how) = if status == Status::Left { (Change::Left, Ended::Left) } else { (Change::Down, Ended::Dead) };
        if was != Some(status) {
            let end = End { at: cx.now, how, from };
            self.busy.suspicions.cases.close(peer, incarnation, end, self.health.score());
            cx.notify(Event::Peer { peer, change });
        }
        self.keep_few_tombstones(cx);
        if mutant("tombstone dropped at once") {
            self.members.remove(peer);
        }
    }

    /// This was news: pass it on. What a sync brought in bulk is not: others will find it the same way.
    fn learned(&mut self, cx: &mut Context<'_, Self>, from: Origin, update: Update) {
        self.remember_change(update.about());
        let relays = match from.path.stream() {
            Some(stream) => self.worth_relaying(stream) && !self.is_new(cx.now),
            // Who is new itself has nobody to surprise: those who came with it compare views, as it does.
            None => !matches!(update, Update::Alive { .. }) || !self.is_new(cx.now),
        };
        if relays && !self.is_drowsy(cx.now) {
            self.spread(cx, update, from.peer);
        } else {
            self.forget_news(update.about());
        }
    }

    /// Somebody says something about this node.
    fn on_word_of_me(&mut self, cx: &mut Context<'_, Self>, from: Origin, update: Update) {
        let mine = self.me().incarnation;
        let accused = match update {
            Update::Alive { incarnation, ref record } => {
                if record.session() == self.me().record.session() || incarnation < mine {
                    return;
                }
                self.busy.trouble.wars += 1;
                if self.busy.trouble.wars >= WAR && record.session() < self.me().record.session() {
                    return self.lose_name(cx);
                }
                incarnation
            }
            Update::Suspect { incarnation, .. } | Update::Dead { incarnation, .. } | Update::Left { incarnation, .. } => {
                incarnation
            }
        };
        if self.is_leaving() {
            if let Some(goodbye) = self.goodbye() {
                cx.reply(from.path, Message::Update(goodbye));
            }
            return;
        }
        if is_far_ahead(accused, mine) {
            return cx.reject(from, "incarnation far ahead");
        }
        if mutant("refute forgotten") {
            return;
        }
        if accused >= mine {
            self.accused_myself(cx, from, &update, accused);
            let next = if mutant("refute with the same incarnation") { accused } else { accused.saturating_add(1) };
            let me = self.id();
            self.members.update(me, |m| m.incarnation = next);
            self.health.worse(1);
            self.busy.counters.refutations += 1;
            self.tell_of_me(cx);
        }
        let answer = self.my_update();
        cx.reply(from.path, Message::Update(answer));
    }

    /// This node is accused and refutes: its own case.
    fn accused_myself(&mut self, cx: &Context<'_, Self>, from: Origin, update: &Update, incarnation: u64) {
        let (me, health) = (self.id(), self.health.score());
        let cases = &mut self.busy.suspicions.cases;
        cases.open(me, incarnation, cx.now, from.peer, health);
        match update {
            Update::Suspect { accusers, .. } => accusers.iter().for_each(|by| cases.accused(me, *by, cx.now)),
            Update::Dead { by, .. } => cases.accused(me, *by, cx.now),
            Update::Alive { .. } | Update::Left { .. } => {}
        }
        cases.close(me, incarnation, End { at: cx.now, how: Ended::Refuted, from: None }, health);
    }

    /// Another process holds this name and wins.
    pub(crate) fn lose_name(&mut self, cx: &mut Context<'_, Self>) {
        if !self.is_leaving() {
            self.stop(cx, false);
            cx.notify(Event::NameTaken);
        }
    }
}
