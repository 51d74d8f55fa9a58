//! The tokio driver: sockets and a clock around a [`bruit_node::Node`]. It names no protocol.
//!
//! One task per node, and one small task per connection. A turn of the task: wait for the first of packets, orders,
//! reports of connections, a new connection, the deadline; take what is there, up to a bound; then run the timers
//! that are due; then do what the node wants done. Nothing wakes it but these.

use crate::connection::{Connection, Line, REPORTS, Report};
use crate::disk::{Disk, Outcome};
use crate::faults::{Cut, Damage, Way};
use crate::sockets::Sockets;
use crate::start::{Stack, Tell, Told};
use crate::subscribers::Subscribers;
use crate::traffic::Meter;
use bruit_node::{Node, Now, Output};
use bruit_proto::{StreamId, Time, Wall, Why};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};

/// Packets, orders or reports taken in one turn. Then timers run and other tasks get the thread.
const TURN: usize = 64;
/// Packets, orders, reports, the disk, the group and connections.
const SOURCES: u8 = 6;
/// No UDP payload is longer.
const LARGEST: usize = 65_536;
/// After the system would not accept a connection, usually for want of descriptors: none is accepted for this long.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

thread_local! {
    /// One per thread, not per node: a process may hold many.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
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

/// Where packets come from.
#[derive(Clone, Copy)]
enum Lane {
    Own,
    Group,
}

/// Why a turn begins.
enum Wake<P: Stack> {
    Packets,
    Order(Option<Mail<P>>),
    Report(Option<(StreamId, Report)>),
    Stored(Outcome),
    Accepted(io::Result<(TcpStream, SocketAddr)>),
    Deadline,
}

pub(crate) struct Task<P: Stack, E: Told> {
    node: Node<P>,
    sockets: Sockets,
    line: Line,
    streams: BTreeMap<StreamId, Connection>,
    reports: mpsc::Receiver<(StreamId, Report)>,
    orders: mpsc::Receiver<Mail<P>>,
    tell: Tell<P, E>,
    subscribers: Arc<Subscribers<E>>,
    damage: Damage,
    disk: Disk,
    /// Time zero of this node's own time.
    pub(crate) epoch: Instant,
    /// The source that is looked at first.
    first: u8,
    alarm: Pin<Box<Sleep>>,
    armed: Option<Instant>,
    accept_at: Option<Instant>,
}

impl<P: Stack, E: Told> Task<P, E> {
    pub(crate) fn new(
        sockets: Sockets,
        node: Node<P>,
        orders: mpsc::Receiver<Mail<P>>,
        (damage, disk): (Damage, Disk),
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
            disk,
            epoch,
            first: 0,
            alarm: Box::pin(sleep_until(epoch)),
            armed: None,
            accept_at: None,
        }
    }

    /// Until the last handle is gone.
    pub(crate) async fn run(mut self) {
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
                // What the group said makes mere copies of what it is followed by.
                Wake::Packets => self.take_packets(Lane::Group) | self.take_packets(Lane::Own),
                Wake::Order(None) => return,
                Wake::Order(Some(Mail::Pause { standing, until })) => {
                    let _ = standing.send(());
                    let _ = until.await;
                    self.take_packets(Lane::Own)
                }
                Wake::Order(Some(mail)) => self.obey(mail),
                Wake::Report(report) => report.is_some_and(|(stream, report)| self.hear(stream, report)),
                Wake::Stored((receipt, outcome)) => {
                    let now = self.now();
                    self.node.stored(now, receipt, outcome);
                    false
                }
                Wake::Accepted(result) => self.accept(result),
                Wake::Deadline => false,
            };
            let now = self.now();
            if self.node.deadline().is_some_and(|(at, _)| at <= now.mono) {
                self.node.tick(now);
            }
        }
    }

    /// Sources come before the alarm: what came in time counts, however late we look. And each in its turn, so that no
    /// flood of one keeps the others waiting.
    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake<P>> {
        for _ in 0..SOURCES {
            let wake = match self.first {
                0 => self.poll_packets(cx, Lane::Own),
                1 => self.orders.poll_recv(cx).map(Wake::Order),
                2 => self.reports.poll_recv(cx).map(Wake::Report),
                3 => self.disk.poll_outcome(cx).map(Wake::Stored),
                4 => self.poll_packets(cx, Lane::Group),
                _ => self.poll_accept(cx).map(Wake::Accepted),
            };
            self.first = (self.first + 1) % SOURCES;
            if wake.is_ready() {
                return wake;
            }
        }
        match self.armed {
            Some(_) if self.alarm.as_mut().poll(cx).is_ready() => {
                self.armed = None;
                Poll::Ready(Wake::Deadline)
            }
            _ => Poll::Pending,
        }
    }

    fn socket(&self, lane: Lane) -> Option<&UdpSocket> {
        match lane {
            Lane::Own => Some(&self.sockets.udp),
            Lane::Group => self.sockets.group.as_ref(),
        }
    }

    fn poll_packets(&self, cx: &mut Context<'_>, lane: Lane) -> Poll<Wake<P>> {
        self.socket(lane).map_or(Poll::Pending, |socket| socket.poll_recv_ready(cx).map(|_| Wake::Packets))
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.accept_at = self.accept_at.filter(|at| Instant::now() < *at);
        if self.accept_at.is_none() && self.damage.lets_in() { self.sockets.tcp.poll_accept(cx) } else { Poll::Pending }
    }

    /// Whether there may be more.
    fn take_packets(&mut self, lane: Lane) -> bool {
        let now = self.now();
        BUFFER.with_borrow_mut(|buffer| {
            buffer.resize(LARGEST, 0);
            for _ in 0..TURN {
                let Some(socket) = self.socket(lane) else { return false };
                match socket.try_recv_from(buffer) {
                    Ok((n, from)) => self.take_packet(now, lane, Sockets::inward(from), &buffer[..n]),
                    Err(e) if e.kind() == ErrorKind::WouldBlock => return false,
                    // An ICMP answer to something sent earlier; says nothing about this socket.
                    Err(_) => self.line.meter.receive_errors.add(1),
                }
            }
            true
        })
    }

    fn take_packet(&mut self, now: Now, lane: Lane, from: SocketAddr, bytes: &[u8]) {
        if self.damage.loses(from, Way::In) {
            return self.line.meter.packets_faulted.add(1);
        }
        self.line.meter.packets_in.add(1);
        self.line.meter.packet_bytes_in.add(bytes.len());
        match lane {
            Lane::Own => self.node.receive(now, from, bytes),
            Lane::Group => self.node.receive_group(now, from, bytes),
        }
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
                Output::Persist { receipt, batch } => {
                    if let Some(outcome) = self.disk.keep(receipt, batch) {
                        let now = self.now();
                        self.node.stored(now, receipt, outcome);
                    }
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
        if self.damage.loses(to, Way::Out) {
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
