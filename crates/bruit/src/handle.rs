use crate::driver::Mail;
use crate::encrypt::Encrypt;
use crate::error::{CallError, Stopped};
use crate::faults::Faults;
use crate::start::{Stack, Told};
use crate::subscribers::{Events, News, Subscribers};
use crate::traffic::{Meter, Traffic};
use bruit_node::{Counters, Group, KeyId, KeyRing, Node, Now, Tally, Tapped};
use bruit_proto::{Context, PeerId, Protocol, Record, Time};
use bruit_store::Damage;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A running node of any protocol. Clones are the same node; when the last one is dropped, it stops without a word.
pub struct Handle<P: Stack, E: Told = News<<P as Protocol>::Event>>(Arc<Inner<P, E>>);

struct Inner<P: Stack, E: Told> {
    orders: Orders<P>,
    subscribers: Arc<Subscribers<E>>,
    meter: Arc<Meter>,
    epoch: Instant,
    local: SocketAddr,
    record: Arc<Record>,
    label: String,
    /// Closed when the data directory is free.
    disk: mpsc::Sender<()>,
    damage: Option<Damage>,
    task: AbortHandle,
}

impl<P: Stack, E: Told> Clone for Handle<P, E> {
    fn clone(&self) -> Self {
        Handle(Arc::clone(&self.0))
    }
}

impl<P: Stack, E: Told> std::fmt::Debug for Handle<P, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({:?})", self.0.record)
    }
}

impl<P: Stack, E: Told> Handle<P, E> {
    pub(crate) fn new(
        orders: mpsc::Sender<Mail<P>>,
        subscribers: Arc<Subscribers<E>>,
        meter: Arc<Meter>,
        (epoch, local, record, label): (Instant, SocketAddr, Arc<Record>, String),
        (disk, damage): (mpsc::Sender<()>, Option<Damage>),
        task: AbortHandle,
    ) -> Self {
        Handle(Arc::new(Inner { orders: Orders(orders), subscribers, meter, epoch, local, record, label, disk, damage, task }))
    }

    /// Runs one turn of the protocol: `handle.command(|p, cx| p.say(cx, ..))`.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: the turn runs, or not; its result is lost.
    pub async fn command<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut P, &mut Context<'_, P>) -> R + Send + 'static,
    ) -> Result<R, Stopped> {
        self.order(move |node, now| node.command(now, f)).await
    }

    /// Looks at the protocol, without a turn.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn look<R: Send + 'static>(&self, f: impl FnOnce(&P) -> R + Send + 'static) -> Result<R, Stopped> {
        self.order(move |node, _| f(node.protocol())).await
    }

    /// The contact that stands for this address, to join through.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: the contact may be known already, which does nothing.
    pub async fn contact(&self, address: SocketAddr) -> Result<PeerId, Stopped> {
        self.order(move |node, _| node.contact(address)).await
    }

    pub(crate) async fn order<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Node<P>, Now) -> R + Send + 'static,
    ) -> Result<R, Stopped> {
        self.0.orders.order(f).await
    }

    /// Somebody watches: the node keeps what so many packets a second say, sent and received, for
    /// [`tapped`](Handle::tapped). Zero ends it; who is not watched pays nothing.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: it is watched, or not.
    pub async fn tap(&self, per_second: u32) -> Result<(), Stopped> {
        self.order(move |node, now| node.tap(now, per_second)).await
    }

    /// Of the last [`TAPPED`](crate::TAPPED) packets that were kept those with a higher number, oldest first, and how many were
    /// not kept since somebody began to watch. Their messages are written down by [`notes`](crate::capture::notes).
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn tapped(&self, after: u64) -> Result<(Vec<Tapped>, u64), Stopped> {
        self.order(move |node, _| (node.tapped(after).cloned().collect(), node.tap_counts().1)).await
    }

    /// The timers that are set, earliest first, and how long each has to go.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn timers(&self) -> Result<Vec<(P::Timer, Duration)>, Stopped> {
        self.order(|node, now| node.timers().map(|(at, timer)| (timer, at.since(now.mono))).collect()).await
    }

    /// What came, went and was refused, by reason.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn counters(&self) -> Result<Counters, Stopped> {
        self.order(|node, _| node.counters().clone()).await
    }

    /// What went by the group of IP multicast; nothing without one.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn group(&self) -> Result<Option<Group>, Stopped> {
        self.order(|node, _| node.group().cloned()).await
    }

    /// What sealing did; `None` if nothing was ever sealed.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn sealing(&self) -> Result<Option<Tally>, Stopped> {
        self.order(|node, _| node.sealing()).await
    }

    /// The ids of the keys that are used now, the one that seals first; none in the open.
    ///
    /// # Errors
    /// [`Stopped`].
    ///
    /// Cancellation: nothing happened.
    pub async fn key_ids(&self) -> Result<Vec<KeyId>, Stopped> {
        self.order(|node, _| node.key_ids()).await
    }

    /// Other keys, and what is sealed, from now on: the first key seals, all open.
    ///
    /// # Errors
    /// [`CallError`] if there is no key to seal with, or the node has stopped; nothing was changed.
    ///
    /// Cancellation: it is changed, or not.
    pub async fn reseal(&self, encrypt: Encrypt, keys: Option<KeyRing>) -> Result<(), CallError> {
        let seal = match keys {
            Some(keys) => encrypt.seal(keys, self.record().session()),
            None if encrypt == Encrypt::Off => None,
            None => return Err(CallError::NoKey),
        };
        let label = self.0.label.clone();
        Ok(self.order(move |node, _| node.reseal(&label, seal)).await?)
    }

    /// Everything that the protocol tells, from now on; bounded by [`EVENTS_KEPT`](crate::EVENTS_KEPT).
    pub fn events(&self) -> Events<E> {
        self.0.subscribers.add()
    }

    /// Where it is bound.
    pub fn local_addr(&self) -> SocketAddr {
        self.0.local
    }

    /// What it was started as: name, session, advertised addresses, first tags.
    pub fn record(&self) -> &Arc<Record> {
        &self.0.record
    }

    /// The node's own time, in which its protocol says when something happened.
    pub fn now(&self) -> Time {
        Time(self.0.epoch.elapsed().as_micros() as u64)
    }

    /// What of the data directory could not be read at the start: it was set aside, and the node goes on with the rest.
    pub fn damage(&self) -> Option<&Damage> {
        self.0.damage.as_ref()
    }

    pub(crate) fn orders(&self) -> &Orders<P> {
        &self.0.orders
    }

    /// What went over its sockets so far.
    pub fn traffic(&self) -> Traffic {
        self.0.meter.read()
    }

    /// Faults to try a program against.
    pub fn faults(&self) -> Faults<'_, P> {
        Faults(&self.0.orders.0)
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        !self.0.orders.0.is_closed()
    }

    /// Stops it at once, without a word to anyone; returns when its sockets are closed and what was persisted is written.
    ///
    /// Cancellation: it stops all the same.
    pub async fn stop(&self) {
        self.0.task.abort();
        // The task's end of the channel is dropped after its sockets.
        self.0.orders.0.closed().await;
        self.0.disk.closed().await;
    }
}

/// The way to a node's task. It does not keep the node alive.
pub(crate) struct Orders<P: Stack>(pub(crate) mpsc::Sender<Mail<P>>);

impl<P: Stack> Clone for Orders<P> {
    fn clone(&self) -> Self {
        Orders(self.0.clone())
    }
}

impl<P: Stack> Orders<P> {
    pub(crate) async fn order<R: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Node<P>, Now) -> R + Send + 'static,
    ) -> Result<R, Stopped> {
        let (answer, answered) = oneshot::channel();
        let order = Box::new(move |node: &mut Node<P>, now| drop(answer.send(f(node, now))));
        self.0.send(Mail::Command(order)).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

impl<P: Stack, E: Told> Drop for Inner<P, E> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
