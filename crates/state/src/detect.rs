//! Who is alive: by membership, or by heartbeats, echoes and phi.

use crate::config::{Detector, Form};
use crate::endpoint::Status;
use crate::event::{Disagreement, Event};
use crate::message::Message;
use crate::round::{Candidates, Round};
use crate::spread::Spread;
use crate::state::{State, Timer};
use crate::table::{Asked, Entry, Quiet};
use bruit_kit::Arrivals;
use bruit_proto::{Context, Duration, Origin, PeerId, Time};

/// Disagreements that are kept: 256, of 40 bytes.
const MAX_DISAGREEMENTS: usize = 256;

impl<S: Spread> State<S> {
    /// How suspicious a node's silence is; none if its heart was never heard, or is its own.
    pub fn phi(&self, node: PeerId, now: Time) -> Option<f64> {
        let arrivals = self.table.get(node)?.arrivals.as_ref()?;
        Some(suspicion(self.config.form, arrivals, now))
    }

    /// One part of a round: a peer gets a SYN. In the first part the heart beats, others get one too, and suspicions are
    /// looked at.
    pub(crate) fn round(&mut self, cx: &mut Context<'_, Self>) {
        cx.set(Timer::Round, self.config.every / self.config.round.live);
        let first = self.part == 0;
        self.part = (self.part + 1) % self.config.round.live;
        if first {
            self.counters.rounds += 1;
            self.beat();
            self.look(cx);
            self.sweep(cx);
        }
        let mut out = Vec::new();
        let members: Vec<PeerId> = match self.config.detector {
            Detector::Phi => Vec::new(),
            _ => (0..cx.peers.len()).map(|i| cx.peers.get(i)).collect(),
        };
        let live = if self.config.detector == Detector::Phi { &self.live } else { &members };
        let unreachable: Vec<PeerId> = self.silent().filter(|x| x.1.endpoint.status == Status::Running).map(|x| x.0).collect();
        let who = Candidates { live, unreachable: &unreachable, seeds: &self.seeds };
        Round { others: first && self.config.round.others, ..self.config.round }.pick(cx.rng, who, &mut out);
        for peer in out {
            self.send_all_syns(cx, peer);
        }
    }

    /// Who else is not alive. Mostly nobody: then nobody is looked for.
    pub(crate) fn silent(&self) -> impl Iterator<Item = (PeerId, &Entry)> {
        let all = if self.live.len() + 1 < self.table.len() { self.table.len() } else { 0 };
        self.table.iter().take(all).filter(|(node, entry)| *node != self.me && !entry.alive)
    }

    /// Who has been silent for too long?
    fn look(&mut self, cx: &mut Context<'_, Self>) {
        let now = cx.now;
        if now < self.guarded {
            return;
        }
        let (me, form, threshold) = (self.me, self.config.form, self.config.threshold);
        let mut convicted = Vec::new();
        for (node, entry) in self.table.iter_mut().filter(|(node, _)| *node != me) {
            let Some(arrivals) = &entry.arrivals else { continue };
            let phi = suspicion(form, arrivals, now);
            let differs = (phi > threshold) == entry.alive;
            if differs && !entry.differs {
                convicted.push((node, entry.alive, phi));
            }
            entry.differs = differs;
        }
        for (node, alive, phi) in convicted {
            if self.config.detector == Detector::Both {
                self.counters.disagreements += 1;
                if self.disagreements.len() == MAX_DISAGREEMENTS {
                    self.disagreements.pop_front();
                }
                self.disagreements.push_back(Disagreement { node, at: now, alive, phi });
            } else if alive {
                self.counters.convicted += 1;
                self.dead(cx, node);
            }
        }
    }

    /// Somebody says something of it that nobody had heard, and holds it for alive: its heart beats.
    pub(crate) fn sign_of_life(&mut self, cx: &mut Context<'_, Self>, node: PeerId, began: bool) {
        self.arrive(cx, node);
        if self.config.detector == Detector::Phi {
            self.ask_echo(cx, node, began);
        }
    }

    /// It is in another life: by heartbeats, it is alive once it has answered in that.
    pub(crate) fn began(&mut self, cx: &mut Context<'_, Self>, node: PeerId, status: Status) {
        if self.config.detector != Detector::Phi {
            return;
        }
        if status != Status::Running {
            return self.dead(cx, node);
        }
        self.live.retain(|peer| *peer != node);
        if let Some(entry) = self.table.get_mut(node) {
            entry.alive = false;
        }
    }

    fn arrive(&mut self, cx: &Context<'_, Self>, node: PeerId) {
        let (now, every, window) = (cx.now, self.config.every, self.config.window);
        let Some(entry) = self.table.get_mut(node).filter(|entry| entry.endpoint.status == Status::Running) else { return };
        let arrivals = entry.arrivals.get_or_insert_with(|| Arrivals::new(window));
        // Cassandra's: the first counts as two rounds, and a gap of more is an outage.
        arrivals.arrive(now, every * 2, every * 2);
    }

    /// It may be alive: that is believed once it answers. `began`: in a life that was not asked yet.
    fn ask_echo(&mut self, cx: &mut Context<'_, Self>, node: PeerId, began: bool) {
        let (now, every) = (cx.now, self.config.every);
        let Some(entry) = self.table.get_mut(node).filter(|entry| entry.endpoint.status == Status::Running) else { return };
        let due = began || entry.echo.is_none_or(|asked| asked.age(now) >= every);
        if !entry.alive && due {
            entry.echo = Some(Asked::at(now));
            cx.send(node, Message::Echo(entry.endpoint.heart_beat.generation));
        }
    }

    pub(crate) fn on_echo(&mut self, cx: &mut Context<'_, Self>, from: Origin, generation: u64) {
        if generation == self.own().heart_beat.generation {
            cx.reply(from.path, Message::Echoed(generation));
        }
    }

    /// It counts only if it was asked, in the last ten rounds, and lives the life that it was asked for.
    pub(crate) fn on_echoed(&mut self, cx: &mut Context<'_, Self>, from: Origin, generation: u64) {
        let patience: Duration = self.config.every * 10;
        let Some((node, entry)) = from.peer.and_then(|node| Some((node, self.table.get_mut(node)?))) else {
            return cx.reject(from, "an echo of nobody");
        };
        let asked = entry.echo.take().is_some_and(|asked| asked.age(cx.now) <= patience);
        let right = entry.endpoint.heart_beat.generation == generation && entry.endpoint.status == Status::Running;
        if asked && right && !entry.alive && self.config.detector == Detector::Phi {
            self.arrive(cx, node);
            self.alive(cx, node);
        }
    }

    /// Membership has found it: it is called as one that is unreachable, until it answers.
    pub(crate) fn found(&mut self, cx: &mut Context<'_, Self>, node: PeerId) {
        if self.table.get(node).is_none() && self.table.entry(node, cx.now).is_some() {
            cx.notify(Event::Joined(node));
        }
    }

    /// Membership says that it is there.
    pub(crate) fn up(&mut self, cx: &mut Context<'_, Self>, node: PeerId) {
        let new = self.table.get(node).is_none();
        let Some(entry) = self.table.entry(node, cx.now) else { return };
        let was = entry.alive;
        self.quarantine.remove(&node);
        if new {
            cx.notify(Event::Joined(node));
        }
        if !was {
            self.alive(cx, node);
        }
    }

    /// Membership says that it is not.
    pub(crate) fn down(&mut self, cx: &mut Context<'_, Self>, node: PeerId) {
        self.dead(cx, node);
        self.sweep_later(cx);
    }

    fn alive(&mut self, cx: &mut Context<'_, Self>, node: PeerId) {
        let Some(entry) = self.table.get_mut(node) else { return };
        entry.alive = true;
        entry.differs = false;
        entry.quiet = Quiet::from(cx.now);
        if let Err(i) = self.live.binary_search(&node) {
            self.live.insert(i, node);
        }
        cx.notify(Event::Alive(node));
    }

    /// It is dead from now on, if it was not before.
    pub(crate) fn dead(&mut self, cx: &mut Context<'_, Self>, node: PeerId) {
        self.live.retain(|peer| *peer != node);
        let Some(entry) = self.table.get_mut(node) else { return };
        entry.echo = None;
        if std::mem::replace(&mut entry.alive, false) {
            entry.quiet = Quiet::from(cx.now);
            cx.notify(Event::Dead(node));
        }
    }
}

fn suspicion(form: Form, arrivals: &Arrivals, now: Time) -> f64 {
    match form {
        Form::Exponential => arrivals.exponential(now),
        Form::Normal => arrivals.normal(now),
    }
}
