use crate::builder::Builder;
use crate::encrypt::Encrypt;
use crate::error::{CallError, JoinError, Stopped};
use crate::event::Event;
use crate::faults::Faults;
use crate::handle::Handle;
use crate::record::keep_recording;
use crate::seeds::{join, resolve};
use crate::subscribers::Events;
use crate::traffic::Traffic;
use bruit_node::{Counters, Group, KeyId, KeyRing};
use bruit_proto::{PeerId, Tags, Time};
use bruit_stacks::Full;
use bruit_stacks::events::{EventId, Filter};
use bruit_stacks::history::{self, What};
use bruit_stacks::swim::{Case, Member};
use bruit_store::Damage;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A leave waits so long for the history: two rounds of comparing with others.
const RECORD: Duration = Duration::from_secs(2);
/// A leave ends after this at the latest, whatever the settings say.
const LEAVE: Duration = Duration::from_secs(10);

/// A running node of the default stack: membership, failure detection, events, history.
///
/// Clones are the same node; when the last one is dropped, it stops without a word, and the others find out. Many nodes
/// can live in one process.
#[derive(Clone, Debug)]
pub struct Node {
    handle: Handle<Full, Event>,
    /// Who asks, for the history.
    by: Arc<str>,
}

impl Node {
    pub(crate) fn new(handle: Handle<Full, Event>, by: Arc<str>) -> Node {
        Node { handle, by }
    }

    /// A node for `host:port`. UDP and TCP are bound to the same port; port 0 takes one that is free for both.
    pub fn bind(address: impl Into<String>) -> Builder {
        Builder::at(address)
    }

    /// The same node, asked by somebody: a user, or the subject of a token, at most 128 bytes. What it is asked for is
    /// recorded under this name; without one, under the node's own.
    pub fn asked_by(&self, who: impl Into<Arc<str>>) -> Node {
        Node { handle: self.handle.clone(), by: who.into() }
    }

    /// Joins through these nodes, `host:port` each, and waits until the first has told us who is there. That somebody asked
    /// for it is recorded as soon as this node knows the history.
    ///
    /// # Errors
    /// [`JoinError`], naming each seed; the node runs on.
    ///
    /// Cancellation: the node goes on joining.
    pub async fn join<S: AsRef<str>>(&self, seeds: impl IntoIterator<Item = S>) -> Result<(), JoinError> {
        let mut addresses = Vec::new();
        for seed in seeds {
            let seed = seed.as_ref();
            addresses.extend(resolve(seed).await.map_err(|source| JoinError::Resolve { seed: seed.into(), source })?);
        }
        let mut events = self.events();
        let contacts = join(self.handle.orders(), addresses.clone()).await?;
        let mut asked: Vec<(PeerId, String)> = contacts.into_iter().zip(addresses.iter().map(ToString::to_string)).collect();
        let mut failed = Vec::new();
        while !asked.is_empty() {
            match events.next().await.ok_or(Stopped)? {
                Event::Joined { .. } => {
                    tokio::spawn(keep_recording(self.handle.orders().clone(), self.name().into(), Arc::clone(&self.by)));
                    return Ok(());
                }
                Event::NameTaken => return Err(JoinError::NameTaken { name: self.name().into() }),
                Event::JoinFailed { contact, why } => {
                    let over = asked.extract_if(.., |x| x.0 == contact);
                    failed.extend(over.map(|(_, seed)| format!("{seed} ({})", format!("{why:?}").to_lowercase())));
                    // Only a node that is alone goes on to the other contacts.
                    if self.members().await?.iter().filter(|m| m.is_live()).count() > 1 {
                        failed.extend(asked.drain(..).map(|(_, seed)| format!("{seed} (not asked)")));
                    }
                }
                // The news may be among what was lost; whoever knows somebody has joined.
                Event::Lagged(_) if self.members().await?.len() > 1 => return Ok(()),
                _ => {}
            }
        }
        Err(JoinError::Unreachable { seeds: failed.join(", ") })
    }

    /// Everyone known, self first, the dead and the left included.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn members(&self) -> Result<Vec<Member>, Stopped> {
        self.handle.look(|full| full.swim().members().cloned().collect()).await
    }

    /// The member of this name, if one is known.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn member(&self, name: &str) -> Result<Option<Member>, Stopped> {
        let peer = PeerId::named(name);
        self.handle.look(move |full| full.swim().member(peer).cloned()).await
    }

    /// Why the member of this name is believed to be what it is: its last suspicion, who accused it when, what this node's own
    /// probe tried, how it ended. Nothing if there was none among the last 64 of all members.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn why(&self, name: &str) -> Result<Option<Case>, Stopped> {
        let peer = PeerId::named(name);
        self.handle.look(move |full| full.swim().case(peer).cloned()).await
    }

    /// Says something to all members, this one included: each is told once. It is on its way when this returns; a node
    /// that has only just joined holds it back until its clock is the cluster's, for a second at most.
    ///
    /// # Errors
    /// [`CallError`] if it is too long, or the node has stopped; nothing was said.
    ///
    /// Cancellation: it was said, or not.
    pub async fn event(&self, name: &str, payload: impl AsRef<[u8]>) -> Result<EventId, CallError> {
        self.event_to(Filter::all(), name, payload).await
    }

    /// As [`event`](Node::event), to the members whose tags match: `Filter::parse(["role=web"])`.
    ///
    /// # Errors
    /// As [`event`](Node::event).
    ///
    /// Cancellation: it was said, or not.
    pub async fn event_to(&self, group: Filter, name: &str, payload: impl AsRef<[u8]>) -> Result<EventId, CallError> {
        let (name, payload) = (name.to_owned(), payload.as_ref().to_vec());
        Ok(self.handle.command(move |full, cx| full.event(cx, &name, &payload, group)).await??)
    }

    /// What happens from now on. Whoever wants to miss nothing asks for this first, then for the members.
    pub fn events(&self) -> Events<Event> {
        self.handle.events()
    }

    /// What operators asked for, oldest first: the last 10,000 joins, leaves and force-leaves, with who and when. The same on
    /// all nodes, within seconds.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn history(&self) -> Result<Vec<Arc<history::Entry>>, Stopped> {
        self.handle.look(|full| full.history().book().iter().cloned().collect()).await
    }

    /// What each node says of itself, and values that all share: see [`Builder::state`].
    #[cfg(feature = "state")]
    pub fn state(&self) -> crate::state::State<'_> {
        crate::state::State(&self.handle)
    }

    /// What of the data directory could not be read at the start: it was set aside, and the node goes on with the rest.
    pub fn damage(&self) -> Option<&Damage> {
        self.handle.damage()
    }

    /// This node's tags.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn tags(&self) -> Result<Tags, Stopped> {
        self.handle.look(|full| full.swim().me().record.tags().clone()).await
    }

    /// Replaces this node's tags. Changes that come faster than news is told are told as one.
    ///
    /// # Errors
    /// [`CallError`] if they are too long together, or the node leaves or has stopped; nothing was changed.
    ///
    /// Cancellation: they are changed, or not.
    pub async fn set_tags<K: Into<String>, V: Into<String>>(
        &self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), CallError> {
        let tags: Tags = tags.into_iter().collect();
        Ok(self.handle.command(move |full, cx| full.set_tags(cx, tags)).await??)
    }

    /// Declares a failed member to have left; `prune` forgets it as well. One that lives refutes it. When this returns, it is
    /// recorded, too.
    ///
    /// # Errors
    /// [`CallError`] if no such member is known, or this node leaves or has stopped: nothing was changed. If it cannot be
    /// recorded, for want of a disk that takes it, it is declared nonetheless.
    ///
    /// Cancellation: it is declared and recorded, or not.
    pub async fn force_leave(&self, name: &str, prune: bool) -> Result<(), CallError> {
        let name = name.to_owned();
        let what = if prune { What::Prune } else { What::ForceLeave };
        let gone = name.clone();
        self.handle.command(move |full, cx| full.force_leave(cx, &gone, prune)).await??;
        self.record(what, name).await.map(|_| ())
    }

    /// Pings this member directly, whatever is believed of it: the round trip, or nothing if it was silent for a period.
    /// Failure detection takes no notice.
    ///
    /// # Errors
    /// [`CallError`] if no other member has this name, too many pings are under way, or this node has stopped.
    ///
    /// Cancellation: it is pinged, or not.
    pub async fn ping(&self, name: &str) -> Result<Option<Duration>, CallError> {
        let mut events = self.events();
        loop {
            let name = name.to_owned();
            let asked = self.handle.command(move |full, cx| full.ping(cx, &name)).await??;
            loop {
                match events.next().await.ok_or(Stopped)? {
                    Event::Pinged { seq, rtt, .. } if seq == asked => return Ok(rtt),
                    // The answer may be among what was lost.
                    Event::Lagged(_) => break,
                    _ => {}
                }
            }
        }
    }

    /// Says goodbye, waits until the cluster has heard it, ten seconds at most, and stops the node. That somebody asked for it
    /// is recorded first and handed on to another node, if that takes no more than two seconds.
    ///
    /// # Errors
    /// [`Stopped`] if it had stopped before.
    ///
    /// Cancellation: the node is leaving, and goes on running until it is stopped.
    pub async fn leave(&self) -> Result<(), Stopped> {
        // With or without: a disk that is full or a cut is no reason to stay.
        let _ = timeout(RECORD, self.record_for_others(What::Leave)).await;
        let mut events = self.events();
        self.handle.command(|full, cx| full.leave(cx)).await?;
        let gone = async { while !matches!(events.next().await, None | Some(Event::Gone)) {} };
        // Late or not, it was said.
        let _ = timeout(LEAVE, gone).await;
        self.stop().await;
        Ok(())
    }

    /// Stops the node at once, without a word: the others find out. Returns when its sockets are closed.
    ///
    /// Cancellation: it stops all the same.
    pub async fn stop(&self) {
        self.handle.stop().await;
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.handle.is_running()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.handle.record().name()
    }

    /// Where it is bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// Where others reach it, in order of preference.
    pub fn advertised(&self) -> &[SocketAddr] {
        self.handle.record().addresses()
    }

    /// Its own time, in which [`Member::since`] counts.
    pub fn now(&self) -> Time {
        self.handle.now()
    }

    /// What went over its sockets so far.
    pub fn traffic(&self) -> Traffic {
        self.handle.traffic()
    }

    /// What came, went and was refused, by reason.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn counters(&self) -> Result<Counters, Stopped> {
        self.handle.counters().await
    }

    /// What went by the [group](Builder::multicast) of IP multicast; nothing without one.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn group(&self) -> Result<Option<Group>, Stopped> {
        self.handle.group().await
    }

    /// The ids of the keys that are used now, the one that seals first; none in the open.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn key_ids(&self) -> Result<Vec<KeyId>, Stopped> {
        self.handle.key_ids().await
    }

    /// Other keys, and what is sealed, from now on; how keys are rotated and a cluster is sealed while it runs.
    ///
    /// # Errors
    /// [`CallError`] if there is no key to seal with, or the node has stopped; nothing was changed.
    ///
    /// Cancellation: it is changed, or not.
    pub async fn reseal(&self, encrypt: Encrypt, keys: Option<KeyRing>) -> Result<(), CallError> {
        self.handle.reseal(encrypt, keys).await
    }

    /// Faults to try a program against.
    pub fn faults(&self) -> Faults<'_, Full> {
        self.handle.faults()
    }

    pub(crate) fn by(&self) -> &Arc<str> {
        &self.by
    }

    /// The handle below, for commands and looks that have no method here.
    pub fn handle(&self) -> &Handle<Full, Event> {
        &self.handle
    }
}
