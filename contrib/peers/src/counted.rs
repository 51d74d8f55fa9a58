//! Kinship's own transport, and a count of what it sends.

use kinship::{TokioTransport, Transport};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::net::TcpStream;
use tokio_util::io::InspectWriter;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Payload, of datagrams and of connections.
    pub(crate) bytes: AtomicU64,
    /// Datagrams.
    pub(crate) packets: AtomicU64,
}

pub(crate) struct Counted {
    pub(crate) sockets: TokioTransport,
    pub(crate) meter: Arc<Meter>,
}

impl Counted {
    fn stream(&self, stream: TcpStream) -> <Self as Transport>::Stream {
        let meter = Arc::clone(&self.meter);
        let count = move |written: &[u8]| {
            meter.bytes.fetch_add(written.len() as u64, Relaxed);
        };
        InspectWriter::new(stream, Box::new(count))
    }
}

impl Transport for Counted {
    type Stream = InspectWriter<TcpStream, Box<dyn FnMut(&[u8]) + Send>>;

    fn local_addr(&self) -> SocketAddr {
        self.sockets.local_addr()
    }

    async fn recv_datagram(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.sockets.recv_datagram(buf).await
    }

    fn try_recv_datagram(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.sockets.try_recv_datagram(buf)
    }

    fn send_datagram(&self, to: SocketAddr, payload: &[u8]) -> io::Result<()> {
        self.sockets.send_datagram(to, payload)?;
        self.meter.packets.fetch_add(1, Relaxed);
        self.meter.bytes.fetch_add(payload.len() as u64, Relaxed);
        Ok(())
    }

    async fn connect(&self, to: SocketAddr) -> io::Result<Self::Stream> {
        Ok(self.stream(self.sockets.connect(to).await?))
    }

    async fn accept(&self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, from) = self.sockets.accept().await?;
        Ok((self.stream(stream), from))
    }
}
