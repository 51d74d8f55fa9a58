use crate::sockets::dial;
use crate::traffic::Meter;
use bruit_proto::{StreamId, Why};
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::task::AbortHandle;

/// Read from a connection at once.
const CHUNK: usize = 16 << 10;
/// Reports of all connections of a node that wait for it: 64 chunks are 1 MiB. Then nobody reads, and TCP slows the
/// peers down.
pub(crate) const REPORTS: usize = 64;

/// The most that waits to be written on one connection. The node writes no more than its credit, which is less.
const UNWRITTEN: usize = 4 << 20;

/// What is still to be written on a connection, and whether that is all.
#[derive(Debug, Default)]
struct Outbox {
    unwritten: Mutex<(Vec<u8>, bool)>,
    news: Notify,
}

impl Outbox {
    fn put(&self, bytes: &[u8], shut: bool) {
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(unwritten.0.len() + bytes.len() <= UNWRITTEN, "a node that writes beyond its credit");
        unwritten.0.extend_from_slice(bytes);
        unwritten.1 |= shut;
        self.news.notify_one();
    }

    /// All that is to be written next; `None` once it was the last.
    async fn take(&self) -> Option<Vec<u8>> {
        loop {
            {
                let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
                if !unwritten.0.is_empty() {
                    return Some(std::mem::take(&mut unwritten.0));
                }
                if unwritten.1 {
                    return None;
                }
            }
            self.news.notified().await;
        }
    }
}

/// What a connection tells the driver.
#[derive(Debug)]
pub(crate) enum Report {
    Opened,
    Received(Vec<u8>),
    Sent(usize),
    Ended,
    Failed(Why),
}

/// The driver's end of a connection. Dropping it closes the socket, whatever was still to be written.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    outbox: Arc<Outbox>,
    task: AbortHandle,
}

impl Connection {
    pub(crate) fn write(&self, bytes: &[u8]) {
        self.outbox.put(bytes, false);
    }

    /// Half-closes once everything is written.
    pub(crate) fn shut(&self) {
        self.outbox.put(&[], true);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What connections share: where to report, what to count, whence to dial.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) reports: Sender<(StreamId, Report)>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) local: IpAddr,
}

impl Line {
    /// Takes over a connection that somebody dialled.
    pub(crate) fn accepted(&self, stream: StreamId, socket: TcpStream, peer: SocketAddr) -> Connection {
        let outbox = Arc::default();
        let task = tokio::spawn(carry(self.clone(), stream, socket, Arc::clone(&outbox))).abort_handle();
        Connection { peer, outbox, task }
    }

    /// Dials. Behind a cut nobody answers, ever: the node's deadline ends it.
    pub(crate) fn dial(&self, stream: StreamId, peer: SocketAddr, cut: bool) -> Connection {
        let outbox = Arc::<Outbox>::default();
        let (line, unwritten) = (self.clone(), Arc::clone(&outbox));
        let task = tokio::spawn(async move {
            if cut {
                return std::future::pending().await;
            }
            match dial(line.local, peer).await {
                Ok(socket) => {
                    line.report(stream, Report::Opened).await;
                    carry(line, stream, socket, unwritten).await;
                }
                Err(_) => line.report(stream, Report::Failed(Why::Refused)).await,
            }
        });
        Connection { peer, outbox, task: task.abort_handle() }
    }

    async fn report(&self, stream: StreamId, what: Report) {
        let _ = self.reports.send((stream, what)).await;
    }
}

/// Reads and writes until both sides have closed, or one breaks.
async fn carry(line: Line, stream: StreamId, socket: TcpStream, outbox: Arc<Outbox>) {
    // A frame is written whole; waiting for more would only delay it.
    let _ = socket.set_nodelay(true);
    let (from, to) = socket.into_split();
    if tokio::try_join!(read(&line, stream, from), write(&line, stream, to, &outbox)).is_err() {
        line.report(stream, Report::Failed(Why::Reset)).await;
    }
}

async fn read(line: &Line, stream: StreamId, mut from: OwnedReadHalf) -> Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = from.read(&mut chunk).await?;
        if n == 0 {
            line.report(stream, Report::Ended).await;
            return Ok(());
        }
        line.meter.stream_bytes_in.add(n);
        line.report(stream, Report::Received(chunk[..n].to_vec())).await;
    }
}

/// Returns the write half: dropping it would shut it, and the node decides when.
async fn write(line: &Line, stream: StreamId, mut to: OwnedWriteHalf, outbox: &Outbox) -> Result<OwnedWriteHalf> {
    while let Some(bytes) = outbox.take().await {
        to.write_all(&bytes).await?;
        line.meter.stream_bytes_out.add(bytes.len());
        line.report(stream, Report::Sent(bytes.len())).await;
    }
    match to.shutdown().await {
        // The other side may have closed already: it has what it wanted.
        Err(e) if e.kind() != ErrorKind::NotConnected => Err(e),
        _ => Ok(to),
    }
}
