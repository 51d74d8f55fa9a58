//! The tokio driver: sockets and a clock around a [`bruit_node::Node`]. It names no protocol.
//!
//! One task per node, and one small task per connection. A turn of the task: wait for the first of packets, orders,
//! reports of connections, a new connection, the deadline; take what is there, up to a bound; then run the timers
//! that are due; then do what the node wants done. Nothing wakes it but these.

use crate::connection::{Connection, Line, REPORTS, Report};
use crate::error::StartError;
use crate::faults::{Cut, Damage};
use crate::handle::Handle;
use crate::sockets::Sockets;
use crate::subscribers::{Lagged, News, Subscribers};
use crate::traffic::Meter;
use bruit_node::{Node, Now, Output, Settings};
use bruit_proto::{Lost, Nobody, Protocol, Record, StreamId, Tags, Time, Wall, Why, Wire};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

/// Packets, orders or reports taken in one turn. Then timers run and other tasks get the thread.
const TURN: usize = 64;
/// Orders that wait for a node; who gives more waits.
const ORDERS: usize = 64;
/// No UDP payload is longer.
const LARGEST: usize = 65_536;
/// After the system would not accept a connection, usually for want of descriptors: none is accepted for this long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

thread_local! {
    /// One per thread, not per node: a process may hold many.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A protocol that the driver runs: any whose messages have a layout and that may move between threads.
pub trait Stack: Protocol<Message: Wire + Send, Timer: Send, Event: Send> + Send + 'static {}

impl<P: Protocol<Message: Wire + Send, Timer: Send, Event: Send> + Send + 'static> Stack for P {}

/// What subscribers get: one's own events, and room among them for a gap.
pub trait Told: Clone + Send + From<Lagged> + 'static {}

impl<E: Clone + Send + From<Lagged> + 'static> Told for E {}

/// Makes of a protocol's event what subscribers see, or nothing.
type Tell<P, E> = fn(&P, <P as Protocol>::Event) -> Option<E>;

/// Who a node is; what its protocol is made from.
#[derive(Clone, Debug)]
pub struct Local {
    /// Its name, session, advertised addresses and tags.
    pub record: Arc<Record>,
    /// The seed of all its dice.
    pub seed: u64,
}

/// Runs any protocol, a user's own composition included, on UDP and TCP.
///
/// ```no_run
/// # async fn f<P: bruit::Stack>(mine: fn(&bruit::Local) -> P) -> Result<(), bruit::StartError> where P::Event: Clone {
/// let handle = bruit::Driver::bind("0.0.0.0:7946").name("web-3").run(|local| mine(local)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Driver {
    bind: String,
    name: Option<String>,
    label: String,
    tags: Vec<(String, String)>,
    advertise: Vec<SocketAddr>,
    towards: Option<SocketAddr>,
    packet: usize,
    seed: Option<u64>,
}

impl Driver {
    /// For `host:port`. UDP and TCP are bound to the same port; port 0 takes one that is free for both.
    pub fn bind(address: impl Into<String>) -> Driver {
        Driver {
            bind: address.into(),
            name: None,
            label: String::new(),
            tags: Vec::new(),
            advertise: Vec::new(),
            towards: None,
            packet: 1200,
            seed: None,
        }
    }

    /// The node's name, unique in its cluster, 1 to 128 bytes. Without it, the advertised address is the name.
    pub fn name(mut self, name: impl Into<String>) -> Driver {
        self.name = Some(name.into());
        self
    }

    /// The cluster's label: nodes of other labels are not heard. Empty unless set.
    pub fn label(mut self, label: impl Into<String>) -> Driver {
        self.label = label.into();
        self
    }

    /// One more tag; all together have at most [`Tags::MAX`] bytes.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Driver {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// One more address that others reach this node by, in order of preference, up to eight. Port 0 stands for the
    /// bound port. Without any it is the bound address, or, bound to all interfaces, the one that has the route out.
    pub fn advertise(mut self, address: SocketAddr) -> Driver {
        self.advertise.push(address);
        self
    }

    /// Where the way out is sought when bound to all interfaces.
    pub(crate) fn towards(mut self, somewhere: Option<SocketAddr>) -> Driver {
        self.towards = somewhere;
        self
    }

    /// The largest datagram, in bytes. 1,200 unless set, which survives tunnels.
    pub fn packet(mut self, bytes: usize) -> Driver {
        self.packet = bytes;
        self
    }

    /// The seed of all dice, for tests; the operating system's entropy unless set.
    pub fn seed(mut self, seed: u64) -> Driver {
        self.seed = Some(seed);
        self
    }

    /// Binds, makes the protocol and runs it in a task of the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left behind.
    ///
    /// Cancellation: nothing is left behind.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub async fn run<P: Stack>(self, make: impl FnOnce(&Local) -> P) -> Result<Handle<P>, StartError>
    where
        P::Event: Clone,
    {
        self.run_with(make, |_, event| Some(News::Event(event))).await
    }

    /// As [`run`](Driver::run), where `tell` makes of the protocol's events what subscribers see, or nothing. It runs
    /// between turns and may look at the protocol.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left behind.
    ///
    /// Cancellation: nothing is left behind.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time enabled.
    pub async fn run_with<P: Stack, E: Told>(
        self,
        make: impl FnOnce(&Local) -> P,
        tell: fn(&P, P::Event) -> Option<E>,
    ) -> Result<Handle<P, E>, StartError> {
        let sockets = Sockets::bind(&self.bind).await?;
        let local = self.local(&sockets)?;
        let (at, record) = (sockets.local(), Arc::clone(&local.record));
        let settings = Settings::new(record.id(), local.seed).label(self.label).packet(self.packet);
        let damage = Damage::none(local.seed, record.id());
        let mut node = Node::new(settings, make(&local), Box::new(Nobody));
        let (v4, v6) = sockets.families();
        node.bound(v4, v6);
        let (orders, mail) = mpsc::channel(ORDERS);
        let subscribers = Arc::new(Subscribers::default());
        let meter = Arc::new(Meter::default());
        let task = Task::new(sockets, node, mail, damage, (tell, Arc::clone(&subscribers)), Arc::clone(&meter));
        Ok(Handle::new(orders, subscribers, meter, (task.epoch, at, record), tokio::spawn(task.run())))
    }

    fn local(&self, sockets: &Sockets) -> Result<Local, StartError> {
        let mut addresses = self.advertise.clone();
        addresses.iter_mut().filter(|a| a.port() == 0).for_each(|a| a.set_port(sockets.local().port()));
        if addresses.is_empty() {
            addresses.push(sockets.reachable(self.towards)?);
        }
        let name = self.name.clone().unwrap_or_else(|| addresses[0].to_string());
        let tags: Tags = self.tags.iter().cloned().collect();
        let record = Arc::new(Record::new(&name, entropy()?, addresses, tags)?);
        Ok(Local { record, seed: self.seed.map_or_else(entropy, Ok)? })
    }
}

fn entropy() -> Result<u64, StartError> {
    getrandom::u64().map_err(|e| StartError::Entropy(e.to_string()))
}

/// Something to do with a node, in its task.
pub(crate) type Command<P> = Box<dyn FnOnce(&mut Node<P>, Now) + Send>;

/// What a node's task is asked for by its handles.
pub(crate) enum Mail<P: Stack> {
    Command(Command<P>),
    Pause { standing: oneshot::Sender<()>, until: oneshot::Receiver<()> },
    Cut(Cut),
    Lose(u32),
}

/// Why a turn begins.
enum Wake<P: Stack> {
    Packets,
    Order(Option<Mail<P>>),
    Report(StreamId, Report),
    Accepted(io::Result<(TcpStream, SocketAddr)>),
    Deadline,
}

struct Task<P: Stack, E: Told> {
    node: Node<P>,
    sockets: Sockets,
    line: Line,
    streams: BTreeMap<StreamId, Connection>,
    reports: mpsc::Receiver<(StreamId, Report)>,
    orders: mpsc::Receiver<Mail<P>>,
    tell: Tell<P, E>,
    subscribers: Arc<Subscribers<E>>,
    damage: Damage,
    epoch: Instant,
    alarm: Pin<Box<Sleep>>,
    armed: Option<Instant>,
    accept_at: Option<Instant>,
}

impl<P: Stack, E: Told> Task<P, E> {
    fn new(
        sockets: Sockets,
        node: Node<P>,
        orders: mpsc::Receiver<Mail<P>>,
        damage: Damage,
        (tell, subscribers): (Tell<P, E>, Arc<Subscribers<E>>),
        meter: Arc<Meter>,
    ) -> Task<P, E> {
        let (reporting, reports) = mpsc::channel(REPORTS);
        let line = Line { reports: reporting, meter, local: sockets.local().ip() };
        let epoch = Instant::now();
        Task {
            node,
            sockets,
            line,
            streams: BTreeMap::new(),
            reports,
            orders,
            tell,
            subscribers,
            damage,
            epoch,
            alarm: Box::pin(sleep_until(epoch)),
            armed: None,
            accept_at: None,
        }
    }

    async fn run(mut self) {
        // Before its first event a socket seems full.
        let _ = self.sockets.udp.writable().await;
        let now = self.now();
        self.node.start(now);
        let mut more = false;
        loop {
            self.carry_out();
            self.arm();
            if more {
                tokio::task::yield_now().await;
            }
            more = match poll_fn(|cx| self.poll_wake(cx)).await {
                Wake::Packets => self.take_packets(),
                Wake::Order(None) => return,
                Wake::Order(Some(Mail::Pause { standing, until })) => {
                    let _ = standing.send(());
                    let _ = until.await;
                    self.take_packets()
                }
                Wake::Order(Some(mail)) => self.obey(mail),
                Wake::Report(stream, report) => self.hear(stream, report),
                Wake::Accepted(result) => self.accept(result),
                Wake::Deadline => false,
            };
            let now = self.now();
            if self.node.deadline().is_some_and(|(at, _)| at <= now.mono) {
                self.node.tick(now);
            }
        }
    }

    /// Sockets before timers: what came in time counts, however late we look.
    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake<P>> {
        if self.sockets.udp.poll_recv_ready(cx).is_ready() {
            return Poll::Ready(Wake::Packets);
        }
        if let Poll::Ready(mail) = self.orders.poll_recv(cx) {
            return Poll::Ready(Wake::Order(mail));
        }
        if let Poll::Ready(Some((stream, report))) = self.reports.poll_recv(cx) {
            return Poll::Ready(Wake::Report(stream, report));
        }
        if self.accept_at.is_none()
            && self.damage.lets_in()
            && let Poll::Ready(accepted) = self.sockets.tcp.poll_accept(cx)
        {
            return Poll::Ready(Wake::Accepted(accepted));
        }
        if self.armed.is_some() && self.alarm.as_mut().poll(cx).is_ready() {
            (self.armed, self.accept_at) = (None, None);
            return Poll::Ready(Wake::Deadline);
        }
        Poll::Pending
    }

    /// Whether there may be more.
    fn take_packets(&mut self) -> bool {
        let now = self.now();
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(LARGEST, 0);
            for _ in 0..TURN {
                match self.sockets.udp.try_recv_from(buffer) {
                    Ok((n, from)) => self.take_packet(now, Sockets::inward(from), &buffer[..n]),
                    Err(e) if e.kind() == ErrorKind::WouldBlock => return false,
                    // An ICMP answer to something sent earlier; says nothing about this socket.
                    Err(_) => self.line.meter.receive_errors.add(1),
                }
            }
            true
        })
    }

    fn take_packet(&mut self, now: Now, from: SocketAddr, bytes: &[u8]) {
        if self.damage.loses(from) {
            return self.line.meter.packets_faulted.add(1);
        }
        self.line.meter.packets_in.add(1);
        self.line.meter.packet_bytes_in.add(bytes.len());
        self.node.receive(now, from, bytes);
    }

    fn obey(&mut self, mail: Mail<P>) -> bool {
        match mail {
            Mail::Command(f) => {
                let now = self.now();
                f(&mut self.node, now);
            }
            Mail::Lose(ppm) => self.damage.loss_ppm = ppm,
            Mail::Cut(cut) => {
                self.damage.cut = cut;
                self.break_cut();
            }
            Mail::Pause { .. } => unreachable!("the loop stands still for it"),
        }
        false
    }

    /// Ends the connections that cross a cut.
    fn break_cut(&mut self) {
        let now = self.now();
        let broken: Vec<StreamId> = self.streams.iter().filter(|x| self.damage.cuts(x.1.peer)).map(|x| *x.0).collect();
        for stream in broken {
            self.node.stream_failed(now, stream, Why::Reset);
        }
    }

    fn hear(&mut self, stream: StreamId, report: Report) -> bool {
        // A stream that the node dropped may still have something in the queue.
        if !self.streams.contains_key(&stream) {
            return false;
        }
        let now = self.now();
        match report {
            Report::Opened => self.node.stream_opened(now, stream),
            Report::Received(bytes) => self.node.stream_receive(now, stream, &bytes),
            Report::Sent(n) => self.node.stream_sent(now, stream, n),
            Report::Ended => self.node.stream_ended(now, stream),
            Report::Failed(why) => self.node.stream_failed(now, stream, why),
        }
        false
    }

    fn accept(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) -> bool {
        let now = self.now();
        match accepted {
            Ok((socket, from)) => match self.node.stream_accepted(now, Sockets::inward(from)) {
                Some(stream) => {
                    let connection = self.line.accepted(stream, socket, Sockets::inward(from));
                    self.streams.insert(stream, connection);
                }
                None => self.line.meter.streams_refused.add(1),
            },
            Err(_) => {
                self.line.meter.accept_errors.add(1);
                self.accept_at = Some(Instant::now() + ACCEPT_AGAIN);
            }
        }
        false
    }

    /// Does what the node wants done.
    fn carry_out(&mut self) {
        while let Some(output) = self.node.poll() {
            match output {
                Output::Packet { to, bytes } => self.send(to, &bytes),
                Output::Dial { stream, to } => {
                    let connection = self.line.dial(stream, to, self.damage.cuts(to));
                    self.streams.insert(stream, connection);
                }
                Output::Write { stream, bytes } => {
                    if let Some(connection) = self.streams.get(&stream) {
                        connection.write(&bytes);
                    }
                }
                Output::Shut { stream } => {
                    if let Some(connection) = self.streams.get(&stream) {
                        connection.shut();
                    }
                }
                Output::Drop { stream } => drop(self.streams.remove(&stream)),
                // Without a store everything is lost, and whoever asked is told.
                Output::Persist { receipt, .. } => {
                    let now = self.now();
                    self.node.stored(now, receipt, Err(Lost));
                }
                Output::Event(event) => {
                    if let Some(event) = (self.tell)(self.node.protocol(), event) {
                        self.subscribers.tell(&event);
                    }
                }
            }
        }
    }

    /// A datagram that the system does not take is lost, as many are.
    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        let meter = &self.line.meter;
        if self.damage.loses(to) {
            return meter.packets_faulted.add(1);
        }
        match self.sockets.udp.try_send_to(bytes, self.sockets.outward(to)) {
            Ok(n) => {
                meter.packets_out.add(1);
                meter.packet_bytes_out.add(n);
            }
            Err(e) if is_too_large(&e) => {
                meter.packets_too_large.add(1);
                self.node.packet_too_large(to, bytes.len());
            }
            Err(_) => meter.packets_refused.add(1),
        }
    }

    /// Sets the alarm to the node's next deadline, or to the next try to accept.
    fn arm(&mut self) {
        let due = self.node.deadline().map(|(at, _)| self.epoch + Duration::from_micros(at.0));
        let at = due.into_iter().chain(self.accept_at).min();
        if let Some(at) = at
            && self.armed != Some(at)
        {
            self.alarm.as_mut().reset(at);
        }
        self.armed = at;
    }

    fn now(&self) -> Now {
        let mono = Time(self.epoch.elapsed().as_micros() as u64);
        let wall = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_millis() as u64);
        Now { mono, wall: Wall(wall) }
    }
}

impl<P: Stack, E: Told> Drop for Task<P, E> {
    fn drop(&mut self) {
        self.subscribers.close();
    }
}

/// EMSGSIZE, which std has no name for: 90 on Linux, 40 on the BSDs, 10040 on Windows.
fn is_too_large(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(90) if cfg!(target_os = "linux"))
        || matches!(error.raw_os_error(), Some(40) if cfg!(not(target_os = "linux")))
        || error.raw_os_error() == Some(10_040)
}
