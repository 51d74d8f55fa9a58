use super::message::{MAX_PATH, Message};
use super::{Cx, Timer, Tree};
use crate::config::{Build, Repair};
use bruit_kit::Set;
use bruit_proto::{Duration, Origin, PeerId};

/// How long a node waits for a parent to answer, before it begins again at the top.
const PATIENCE: Duration = Duration::from_millis(500);

/// A place in a tree that is joined: kept, not computed.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// Who is above, the nearest first. None at the top, and while it has no parent.
    path: Vec<PeerId>,
    pub(super) children: Vec<PeerId>,
    /// Who was asked to be its parent.
    asked: Option<PeerId>,
}

impl Joined {
    pub(super) fn parent(&self) -> Option<PeerId> {
        self.path.first().copied()
    }
}

/// The tree by join: each node asks from the top downwards, a full one names a child (as in Overcast: Jannotti et al. 2000).
impl<S: Set> Tree<S> {
    /// Who is at the top: the one given, or if it is gone the next on the ring of ids.
    fn top(&self, cx: Cx<'_, '_, S>) -> Option<PeerId> {
        let Build::Joined(root) = self.config.build else { return None };
        if root == self.me || cx.peers.contains(root) {
            return Some(root);
        }
        let distance = |peer: &PeerId| peer.0.wrapping_sub(root.0);
        cx.peers.next(root).into_iter().chain([self.me]).min_by_key(distance)
    }

    /// Asks for a parent, from the top.
    pub(super) fn join(&mut self, cx: Cx<'_, '_, S>) {
        if let Some(top) = self.top(cx).filter(|top| *top != self.me) {
            self.ask_parent(cx, top);
        }
    }

    fn ask_parent(&mut self, cx: Cx<'_, '_, S>, peer: PeerId) {
        self.joined.asked = Some(peer);
        cx.set(Timer::Join, PATIENCE);
        self.say(cx, peer, Message::Join);
    }

    pub(super) fn on_join(&mut self, cx: Cx<'_, '_, S>, from: Origin) {
        let Some(peer) = from.peer.filter(|peer| *peer != self.me) else { return };
        let top = self.top(cx);
        // Whoever has no parent itself answers nobody, nor does anybody below the one that asks: that would be a circle.
        let attached = top == Some(self.me) || self.joined.parent().is_some();
        if !attached || self.joined.path.contains(&peer) {
            return;
        }
        let children = &mut self.joined.children;
        if !children.contains(&peer) {
            if children.len() >= self.config.fan_out as usize {
                let other = children[cx.rng.below(children.len() as u32) as usize];
                self.counters.control += 1;
                return cx.reply(from.path, Message::Full(other));
            }
            children.push(peer);
        }
        self.welcome(cx, peer);
        self.resume(cx, peer);
    }

    fn welcome(&mut self, cx: Cx<'_, '_, S>, child: PeerId) {
        let path = std::iter::once(self.me).chain(self.joined.path.iter().copied()).take(MAX_PATH).collect();
        self.say(cx, child, Message::Welcome(path));
    }

    pub(super) fn on_welcome(&mut self, cx: Cx<'_, '_, S>, from: Origin, mut path: Vec<PeerId>) {
        let Some(peer) = from.peer else { return };
        let (asked, parent) = (self.joined.asked == Some(peer), self.joined.parent() == Some(peer));
        if !asked && !parent {
            return;
        }
        if path.first() != Some(&peer) || path.contains(&self.me) || self.joined.children.contains(&peer) {
            cx.reject(from, "a line of ancestors that goes in a circle");
            return self.orphaned(cx, None);
        }
        path.truncate(MAX_PATH);
        let changed = self.joined.path != path;
        self.joined.path = path;
        if asked {
            self.joined.asked = None;
            cx.cancel(Timer::Join);
            self.resume(cx, peer);
        }
        if changed {
            self.joined.children.clone().into_iter().for_each(|child| self.welcome(cx, child));
        }
    }

    pub(super) fn on_full(&mut self, cx: Cx<'_, '_, S>, from: Origin, other: PeerId) {
        let known = cx.peers.contains(other) && !self.joined.children.contains(&other);
        if from.peer.is_some() && from.peer == self.joined.asked && known {
            self.ask_parent(cx, other);
        }
    }

    pub(super) fn on_part(&mut self, cx: Cx<'_, '_, S>, from: Origin) {
        let Some(peer) = from.peer else { return };
        self.joined.children.retain(|child| *child != peer);
        if self.joined.parent() == Some(peer) {
            self.orphaned(cx, None);
        }
    }

    /// Its parent is gone: it asks another, its parent's parent if there was one, with all that is below it.
    fn orphaned(&mut self, cx: Cx<'_, '_, S>, next: Option<PeerId>) {
        self.joined.path.clear();
        match next.filter(|peer| cx.peers.contains(*peer)) {
            Some(next) => self.ask_parent(cx, next),
            None => self.join(cx),
        }
    }

    /// A peer is gone.
    pub(super) fn lose(&mut self, cx: Cx<'_, '_, S>, peer: PeerId) {
        let Build::Joined(_) = self.config.build else { return };
        self.joined.children.retain(|child| *child != peer);
        if self.top(cx) == Some(self.me) {
            // Whoever is at the top now has nobody above.
            let parent = std::mem::take(&mut self.joined.path).first().copied().filter(|parent| *parent != peer);
            parent.into_iter().for_each(|parent| self.say(cx, parent, Message::Part));
        } else if self.joined.parent() == Some(peer) {
            let next = self.joined.path.get(1).copied();
            self.orphaned(cx, next);
        }
    }

    /// In a joined tree, who is no neighbour and sends items anyway is told so.
    pub(super) fn part_from_strangers(&mut self, cx: Cx<'_, '_, S>, from: Origin) {
        let Build::Joined(_) = self.config.build else { return };
        let neighbour = |peer| self.joined.parent() == Some(peer) || self.joined.children.contains(&peer);
        if from.peer.is_some_and(|peer| !neighbour(peer)) {
            self.counters.control += 1;
            cx.reply(from.path, Message::Part);
        }
    }

    /// Two nodes are neighbours now: each tells the other what it has.
    fn resume(&mut self, cx: Cx<'_, '_, S>, peer: PeerId) {
        for i in 0..self.streams.len() {
            let stream = &self.streams[i];
            let message = match self.config.repair {
                Repair::None => return,
                Repair::Ack { .. } => Message::Report(stream.key, stream.report(), false),
                Repair::Nak { .. } => Message::Session(stream.key, stream.highest(), stream.round, stream.hop.saturating_add(1)),
            };
            self.say(cx, peer, message);
        }
    }
}
