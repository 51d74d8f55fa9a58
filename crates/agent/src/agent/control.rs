//! The control socket: a file that its owner and group may use.

use anyhow::{Context, Result, bail};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use tokio::net::{UnixListener, UnixStream};
use tracing::warn;

/// What is said to a client whose agent ends in the middle of an answer.
pub(crate) const NODE_GONE: &str = "the agent has stopped";

/// Binds `socket`; takes the place of one whose process is gone.
pub(super) async fn bind(socket: &Path) -> Result<UnixListener> {
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
    Ok(listener)
}
