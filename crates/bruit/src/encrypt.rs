use crate::error::{KeyFileError, StartError};
use bruit_node::{Fresh, KeyRing, Mode, Seal};
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes of a key file: eight keys with a page of comments.
const LONGEST: u64 = 16 << 10;

/// What of a cluster's traffic is sealed by its key. A cluster in the open is sealed node by node: first all become
/// permissive, then all require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encrypt {
    /// Nothing: whoever can send packets to the node can read everything, join, and speak as anyone.
    Off,
    /// What goes to whoever seals; the open is taken as well, from anyone.
    Permissive,
    /// Everything, and nothing in the open is taken.
    Require,
}

impl Encrypt {
    /// What a node is sealed with.
    pub(crate) fn seal(self, keys: KeyRing, session: u64) -> Option<Seal> {
        let mode = match self {
            Encrypt::Off => return None,
            Encrypt::Permissive => Mode::Permissive,
            Encrypt::Require => Mode::Require,
        };
        // It gave the seed of all dice when the node started; without it no nonce would be safe.
        let fresh: Fresh = Arc::new(|| getrandom::u64().expect("the operating system gives entropy"));
        Some(Seal { mode, keys, session, fresh })
    }
}

/// Where the keys come from.
#[derive(Clone, Debug, Default)]
pub(crate) enum Keys {
    #[default]
    None,
    Ring(KeyRing),
    File(PathBuf),
}

impl Keys {
    /// What a node that is bound there is sealed with.
    pub(crate) fn seal(self, encrypt: Option<Encrypt>, bound: SocketAddr, session: u64) -> Result<Option<Seal>, StartError> {
        let keys = match self {
            Keys::None => None,
            Keys::Ring(ring) => Some(ring),
            Keys::File(path) => Some(read_keys(&path)?),
        };
        match (keys, encrypt) {
            (Some(keys), encrypt) => Ok(encrypt.unwrap_or(Encrypt::Require).seal(keys, session)),
            (None, Some(Encrypt::Off)) => Ok(None),
            (None, None) if bound.ip().to_canonical().is_loopback() => Ok(None),
            (None, _) => Err(StartError::NoKey { bound }),
        }
    }
}

/// Reads a key file: one key a line, 32 bytes as hex or base64; empty lines, and what follows a `#`, do not count. The first
/// key seals, all open. Nothing of it is kept but the keys.
///
/// # Errors
/// [`KeyFileError`], which names the file and the line, and never what stands on it.
pub fn read_keys(path: impl AsRef<Path>) -> Result<KeyRing, KeyFileError> {
    let path = path.as_ref();
    let mut bytes = Vec::with_capacity(LONGEST as usize + 1);
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|source| KeyFileError::Unreadable { path: path.into(), source })?;
    KeyRing::read(bytes).map_err(|source| KeyFileError::Bad { path: path.into(), source })
}
