//! HTTP/1.1 on the control socket and, if asked, on TCP. Whoever is slow, silent or huge costs only a seat.

use super::caller::Caller;
use super::seats::{Seat, Seats, Work};
use super::state::Phase;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tracing::warn;

/// A connection says what it wants within this, each time, or is closed.
const HEADERS: Duration = Duration::from_secs(10);
/// Whoever takes nothing for so long is not waited for.
const WRITE: Duration = Duration::from_secs(30);
/// What hyper reads ahead and writes behind for one connection.
const BUFFER: usize = 16 << 10;
/// What the kernel keeps for a slow reader, of which it takes the double: 1,000 of them cost it 64 MiB.
const KERNEL_BUFFER: usize = 32 << 10;
/// After the system would not accept a connection, usually for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Answers on their way are finished within this once the agent is gone.
const FINISH: Duration = Duration::from_secs(1);

/// Where connections come from.
pub(crate) enum Listener {
    /// With the group that may use it.
    Unix(UnixListener, u32),
    Tcp(TcpListener),
}

/// A connection's bytes, whatever carries them.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Listener {
    /// The control socket, whose file says which group may use it.
    pub(super) fn unix(listener: UnixListener) -> io::Result<Listener> {
        let path = listener.local_addr()?;
        let group = path.as_pathname().map(std::fs::metadata).transpose()?.map_or(0, |m| m.gid());
        Ok(Listener::Unix(listener, group))
    }

    async fn accept(&self) -> io::Result<(Box<dyn Io>, Caller)> {
        Ok(match self {
            Listener::Unix(listener, group) => {
                let (stream, _) = listener.accept().await?;
                let caller = Caller::process(stream.peer_cred()?, *group);
                let _ = SockRef::from(&stream).set_send_buffer_size(KERNEL_BUFFER);
                (Box::new(stream), caller)
            }
            Listener::Tcp(listener) => {
                let (stream, at) = listener.accept().await?;
                let _ = SockRef::from(&stream).set_send_buffer_size(KERNEL_BUFFER);
                stream.set_nodelay(true)?;
                let loopback = listener.local_addr()?.ip().to_canonical().is_loopback();
                (Box::new(stream), Caller::Network { at, loopback })
            }
        })
    }
}

/// Serves at `listener` until the agent is gone.
pub(crate) async fn serve(listener: Listener, seats: Arc<Seats>, router: Router, mut phase: watch::Receiver<Phase>) {
    let ending = GracefulShutdown::new();
    let gone = async { drop(phase.wait_for(|phase| *phase == Phase::Gone).await) };
    tokio::pin!(gone);
    loop {
        let accepted = tokio::select! {
            _ = &mut gone => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, caller) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let seat = tokio::select! {
            _ = &mut gone => break,
            seat = seats.take() => seat,
        };
        tokio::spawn(attend(stream, caller, seat, router.clone(), &ending));
    }
    let _ = timeout(FINISH, ending.shutdown()).await;
}

/// One connection, until it ends, breaks, or its seat is needed.
fn attend(
    stream: Box<dyn Io>,
    caller: Caller,
    seat: Arc<Seat>,
    router: Router,
    ending: &GracefulShutdown,
) -> impl Future<Output = ()> + use<> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let router = TowerToHyperService::new(router);
    let sitting = Arc::clone(&seat);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let work = sitting.work();
        request.extensions_mut().insert(caller);
        let answer = router.call(request);
        async move { answer.await.map(|answer: Response<Body>| answer.map(|body| AtWork { body, _work: work })) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(BUFFER);
    let connection = ending.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service));
    async move {
        tokio::select! {
            // A client that breaks off is its own business.
            _ = connection => {}
            () = seat.dismissed() => {}
        }
    }
}

/// An answer's body, which keeps its connection at work until it is sent.
struct AtWork {
    body: Body,
    _work: Work,
}

impl hyper::body::Body for AtWork {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
