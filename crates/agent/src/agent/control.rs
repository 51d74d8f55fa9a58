//! The control socket: HTTP/1.1 over a unix socket that its owner and group may use.

use super::state::Phase;
use anyhow::{Context, Result, bail};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tracing::warn;

/// What is said to a client whose agent ends in the middle of an answer.
pub(crate) const NODE_GONE: &str = "the agent has stopped";

/// Connections that are open at once; the kernel keeps the others waiting. Half of the usual limit of 1,024 descriptors.
const CONNECTIONS: usize = 512;
/// A connection says what it wants within this, each time, or is closed: idle ones cost nobody a place for longer.
const HEADERS: Duration = Duration::from_secs(10);
/// What hyper reads ahead and writes behind for one connection.
const BUFFER: usize = 16 << 10;
/// After the system would not accept a connection, usually for want of descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Answers on their way are finished within this once the agent is gone.
const FINISH: Duration = Duration::from_secs(1);

pub(super) struct Control(UnixListener);

impl Control {
    /// Binds `socket`; takes the place of one whose process is gone.
    pub(super) async fn bind(socket: &Path) -> Result<Control> {
        let folder = socket.parent().unwrap_or_else(|| Path::new("."));
        let size = socket.as_os_str().len();
        let most = crate::place::MAX_PATH;
        if size > most {
            bail!("the control socket {} has {size} bytes, more than {most}: give a shorter --node", socket.display());
        }
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o750).create(folder);
        made.with_context(|| format!("cannot make {}: set XDG_RUNTIME_DIR to a folder of yours", folder.display()))?;
        match UnixStream::connect(socket).await {
            Ok(_) => bail!("an agent with this name runs already, at {}: give this one another --node", socket.display()),
            Err(e) if e.kind() == ErrorKind::ConnectionRefused => {
                warn!(socket = %socket.display(), "its process is gone: taking the place of a control socket");
                std::fs::remove_file(socket).with_context(|| format!("cannot remove {}", socket.display()))?;
            }
            Err(_) => {}
        }
        let listener = UnixListener::bind(socket).with_context(|| format!("cannot bind {}", socket.display()))?;
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o660))
            .with_context(|| format!("cannot set the mode of {}", socket.display()))?;
        Ok(Control(listener))
    }

    /// Until the agent is gone.
    pub(super) async fn serve(self, router: Router, mut phase: watch::Receiver<Phase>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let ending = GracefulShutdown::new();
        let gone = async { drop(phase.wait_for(|phase| *phase == Phase::Gone).await) };
        tokio::pin!(gone);
        loop {
            let accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (self.0.accept().await, place)
            };
            let (stream, place) = tokio::select! {
                _ = &mut gone => break,
                (accepted, place) = accepted => match accepted {
                    Ok((stream, _)) => (stream, place),
                    Err(error) => {
                        warn!(%error, "cannot accept a connection");
                        sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                },
            };
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(BUFFER);
            let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
            let connection = ending.watch(connection);
            tokio::spawn(async move {
                // A client that breaks off is its own business.
                let _ = connection.await;
                drop(place);
            });
        }
        let _ = timeout(FINISH, ending.shutdown()).await;
    }
}
