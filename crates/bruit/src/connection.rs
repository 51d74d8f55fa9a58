use crate::sockets::dial;
use crate::traffic::Meter;
use bruit_proto::{StreamId, Why};
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Sender, UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

/// Read from a connection at once.
const CHUNK: usize = 16 << 10;
/// Reports of all connections of a node that wait for it: 64 chunks are 1 MiB. Then nobody reads, and TCP slows the
/// peers down.
pub(crate) const REPORTS: usize = 64;

/// What the driver tells a connection. Bounded by the node's credit: it writes no more than it was told is `Sent`.
enum Order {
    Write(Vec<u8>),
    Shut,
}

/// What a connection tells the driver.
#[derive(Debug)]
pub(crate) enum Report {
    Opened,
    Received(Vec<u8>),
    Sent(usize),
    Ended,
    Failed(Why),
    /// Both sides have closed; the connection is gone.
    Over,
}

/// The driver's end of a connection. Dropping it closes the socket, whatever was still to be written.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    orders: UnboundedSender<Order>,
    task: AbortHandle,
}

impl Connection {
    pub(crate) fn write(&self, bytes: Vec<u8>) {
        let _ = self.orders.send(Order::Write(bytes));
    }

    pub(crate) fn shut(&self) {
        let _ = self.orders.send(Order::Shut);
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
        let (orders, waiting) = unbounded_channel();
        let task = tokio::spawn(carry(self.clone(), stream, socket, waiting)).abort_handle();
        Connection { peer, orders, task }
    }

    /// Dials. Behind a cut nobody answers, ever: the node's deadline ends it.
    pub(crate) fn dial(&self, stream: StreamId, peer: SocketAddr, cut: bool) -> Connection {
        let (orders, waiting) = unbounded_channel();
        let line = self.clone();
        let task = tokio::spawn(async move {
            if cut {
                return std::future::pending().await;
            }
            match dial(line.local, peer).await {
                Ok(socket) => {
                    line.report(stream, Report::Opened).await;
                    carry(line, stream, socket, waiting).await;
                }
                Err(_) => line.report(stream, Report::Failed(Why::Refused)).await,
            }
        });
        Connection { peer, orders, task: task.abort_handle() }
    }

    async fn report(&self, stream: StreamId, what: Report) {
        let _ = self.reports.send((stream, what)).await;
    }
}

/// Reads and writes until both sides have closed, or one breaks.
async fn carry(line: Line, stream: StreamId, socket: TcpStream, orders: UnboundedReceiver<Order>) {
    // A frame is written whole; waiting for more would only delay it.
    let _ = socket.set_nodelay(true);
    let (from, to) = socket.into_split();
    let end = match tokio::try_join!(read(&line, stream, from), write(&line, stream, to, orders)) {
        Ok(_) => Report::Over,
        Err(_) => Report::Failed(Why::Reset),
    };
    line.report(stream, end).await;
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
async fn write(
    line: &Line,
    stream: StreamId,
    mut to: OwnedWriteHalf,
    mut orders: UnboundedReceiver<Order>,
) -> Result<OwnedWriteHalf> {
    while let Some(Order::Write(bytes)) = orders.recv().await {
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
