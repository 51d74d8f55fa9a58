//! What each node says of itself, known to all: the library's face of it.

use crate::error::{CallError, Stopped};
use crate::event::Event;
use crate::handle::Handle;
use bruit_proto::PeerId;
use bruit_stacks::Full;
use bruit_stacks::state::{Disagreement, Doubt, Endpoint, Exchange, Key, Pulse, Schema, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Endpoint state at a node: [`Node::state`](crate::Node::state).
///
/// A node's own keys have one writer, their owner, and are void with its process. Shared keys, in a namespace, may be written
/// anywhere: the latest value is everywhere, by hybrid logical clock, and each node keeps those that it wrote, in its
/// [data directory](crate::Builder::data_dir) too. Changes are told as [`Event::State`]. A node that was started without
/// [`Builder::state`](crate::Builder::state) knows nothing, and refuses to say anything.
#[derive(Clone, Copy, Debug)]
pub struct State<'a>(pub(crate) &'a Handle<Full, Event>);

/// The latest value of a shared key, and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Who.
    pub writer: PeerId,
    /// What.
    pub value: Value,
}

impl State<'_> {
    /// Says something under one of this node's own keys; its version.
    ///
    /// # Errors
    /// [`CallError`] if key or value are out of bounds, or the node has no state or has stopped; nothing was changed.
    ///
    /// Cancellation: it is said, or not.
    pub async fn set(&self, key: &str, value: &str) -> Result<u64, CallError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        Ok(self
            .0
            .command(move |full, cx| full.in_also(cx, |state, cx| state.set(cx, &key, &value)))
            .await?
            .ok_or(CallError::NoState)??)
    }

    /// Writes a shared key; its version at this node. It is on the disk soon after, not yet when this returns.
    ///
    /// # Errors
    /// As [`set`](State::set).
    ///
    /// Cancellation: it is written, or not.
    pub async fn set_in(&self, namespace: &str, key: &str, value: &str) -> Result<u64, CallError> {
        let (namespace, key, value) = (namespace.to_owned(), key.to_owned(), value.to_owned());
        Ok(self
            .0
            .command(move |full, cx| full.in_also(cx, |state, cx| state.set_in(cx, &namespace, &key, &value)))
            .await?
            .ok_or(CallError::NoState)??)
    }

    /// What the node of this name says under one of its own keys.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn get(&self, node: &str, key: &str) -> Result<Option<Value>, Stopped> {
        let (node, key) = (PeerId::named(node), key.to_owned());
        self.0.look(move |full| full.state()?.get(node, &key).cloned()).await
    }

    /// The latest value of a shared key.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn get_in(&self, namespace: &str, key: &str) -> Result<Option<Shared>, Stopped> {
        let (namespace, key) = (namespace.to_owned(), key.to_owned());
        self.0
            .look(move |full| {
                let shown = full.state()?.get_in(&namespace, &key)?;
                Some(Shared { writer: shown.writer, value: shown.value.clone() })
            })
            .await
    }

    /// All that the node of this name says, and in which life; nothing if nobody of this name was heard of.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn of(&self, node: &str) -> Result<Option<Endpoint>, Stopped> {
        let node = PeerId::named(node);
        self.0.look(move |full| full.state()?.endpoint(node).cloned()).await
    }

    /// All nodes that were heard of, this one included, those silent for three days not.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn nodes(&self) -> Result<BTreeMap<PeerId, Endpoint>, Stopped> {
        self.0.look(|full| full.state().into_iter().flat_map(|s| s.nodes()).map(|(id, e)| (id, e.clone())).collect()).await
    }

    /// All shared keys with their latest values.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn shared(&self) -> Result<BTreeMap<Key, Shared>, Stopped> {
        self.0
            .look(|full| {
                let Some(state) = full.state() else { return BTreeMap::new() };
                let shown = |key: &Key| {
                    let shown = state.get_in(&key.namespace, &key.name)?;
                    Some((key.clone(), Shared { writer: shown.writer, value: shown.value.clone() }))
                };
                state.shared().filter_map(shown).collect()
            })
            .await
    }

    /// How the heart of each other node that was heard of is heard: phi, and from what it comes; nothing of one whose heart
    /// never was, so of nobody unless this node has a [detector](crate::StateConfig::detector) with heartbeats.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn phi(&self) -> Result<BTreeMap<PeerId, Option<Pulse>>, Stopped> {
        let (me, now) = (self.0.record().id(), self.0.now());
        self.0
            .look(move |full| {
                let Some(state) = full.state() else { return BTreeMap::new() };
                let others = state.nodes().map(|(node, _)| node).filter(|node| *node != me);
                others.map(|node| (node, state.pulse(node, now))).collect()
            })
            .await
    }

    /// What phi said when membership began to suspect the node of this name, the last time; nothing if its heart was not
    /// heard then.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn phi_when_suspected(&self, node: &str) -> Result<Option<Doubt>, Stopped> {
        let node = PeerId::named(node);
        self.0.look(move |full| full.state()?.phi_when_suspected(node)).await
    }

    /// Who is alive, this node included, by the [detector](crate::StateConfig::detector) that decides.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn alive(&self) -> Result<BTreeSet<PeerId>, Stopped> {
        let alive = |state: &bruit_stacks::state::State| {
            state.nodes().map(|(node, _)| node).filter(|node| state.is_alive(*node)).collect()
        };
        self.0.look(move |full| full.state().map(alive).unwrap_or_default()).await
    }

    /// Where membership and phi were of two minds, the latest last: 256 of them, with
    /// [`Detector::Both`](crate::Detector::Both) alone.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn disagreements(&self) -> Result<Vec<Disagreement>, Stopped> {
        self.0.look(|full| full.state().into_iter().flat_map(|state| state.disagreements().copied()).collect()).await
    }

    /// Forgets what others wrote in a namespace and takes it back from peers, at a limited rate: what breaks its schema now is
    /// not taken. What this node itself wrote stays. How many writers there are; [`rebuilding`](State::rebuilding) says how
    /// many are still to come.
    ///
    /// # Errors
    /// [`CallError`] if nobody has written in it, another is being rebuilt, or the node has no state or has stopped; nothing was
    /// forgotten.
    ///
    /// Cancellation: it is begun, or not.
    pub async fn reset(&self, namespace: &str) -> Result<usize, CallError> {
        let namespace = namespace.to_owned();
        Ok(self
            .0
            .command(move |full, cx| full.in_also(cx, |state, cx| state.reset(cx, &namespace)))
            .await?
            .ok_or(CallError::NoState)??)
    }

    /// Of how many writers the namespace that is being rebuilt is still to come.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn rebuilding(&self) -> Result<usize, Stopped> {
        self.0.look(|full| full.state().map_or(0, |state| state.rebuilding())).await
    }

    /// Other schemas hold from now on, for what is set and for what arrives.
    ///
    /// # Errors
    /// [`CallError`] if the node has no state or has stopped.
    ///
    /// Cancellation: they hold, or not.
    pub async fn set_schemas(&self, schemas: BTreeMap<Key, Schema>) -> Result<(), CallError> {
        self.0.command(move |full, cx| full.in_also(cx, |state, _| state.set_schemas(schemas))).await?.ok_or(CallError::NoState)
    }

    /// The last exchange that this node began: who sent which digests, wants and news.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn trace(&self) -> Result<Option<Exchange>, Stopped> {
        self.0.look(|full| full.state()?.trace().cloned()).await
    }
}
