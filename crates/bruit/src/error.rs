use bruit_proto::BadRecord;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a node did not start. Nothing is left behind: no socket, no task.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address to bind is no address.
    #[error("cannot resolve {address:?} ({source}): give host:port, as in 0.0.0.0:7946")]
    Resolve {
        /// As it was given.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Somebody else has the port.
    #[error(
        "{address} is in use by another process, on UDP or TCP: stop that one, or bind another port (port 0 takes a free one)"
    )]
    InUse {
        /// As it was tried.
        address: SocketAddr,
    },
    /// No interface has the address.
    #[error("{address} is not an address of this machine: bind one that is, or 0.0.0.0 and advertise this one")]
    NotOurs {
        /// As it was tried.
        address: SocketAddr,
    },
    /// The system forbids it.
    #[error("no permission to bind {address}: ports below 1024 need a privilege, take a higher one")]
    Forbidden {
        /// As it was tried.
        address: SocketAddr,
    },
    /// Any other trouble with sockets.
    #[error("cannot bind {address}: {source}")]
    Socket {
        /// As it was tried.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// What was given as a group of IP multicast is none.
    #[error("{group} is no group of IP multicast: give one of 224.0.0.0 to 239.255.255.255, as 239.77.0.1:7947, or of ff00::/8")]
    NoGroup {
        /// As it was given.
        group: SocketAddr,
    },
    /// The group cannot be joined on the link that the node is bound to.
    #[error(
        "cannot join the group {group} at {bound}: {source}; bind the address of the interface whose link it is for, of the \
         group's family and with another port than the group's; a group of ff02::/16 names the interface's number, as \
         [ff02::77%2]:7947"
    )]
    Group {
        /// As it was given.
        group: SocketAddr,
        /// Where the sockets are bound.
        bound: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Bound to all interfaces, and none leads anywhere.
    #[error("bound to {bound}, but no interface has a route to take an address from: say which one to advertise")]
    NoAddress {
        /// Where the sockets are bound.
        bound: SocketAddr,
    },
    /// Others reach the node, or it was told to seal, and it has no key.
    #[error(
        "bound to {bound}, and there is no key to seal with: name a key file (`bruit keys generate` makes one), or bind a \
         loopback address, or say that the cluster travels in the open (encryption off)"
    )]
    NoKey {
        /// Where the sockets are bound.
        bound: SocketAddr,
    },
    /// The key file is of no use.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// Another process has the data directory.
    #[error("data directory {path:?} is in use ({source}): one node, one directory; stop that one, or give this one another")]
    DataInUse {
        /// As it was given.
        path: PathBuf,
        /// Which process.
        source: io::Error,
    },
    /// The data directory cannot be made, read or written.
    #[error("data directory {path:?}: {source}")]
    Data {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Name, addresses or tags are out of their bounds.
    #[error(transparent)]
    Record(#[from] BadRecord),
    /// Settings of events are out of their bounds.
    #[error(transparent)]
    Events(#[from] bruit_stacks::events::BadConfig),
    /// Settings of endpoint state are out of their bounds.
    #[cfg(feature = "state")]
    #[error(transparent)]
    State(#[from] bruit_stacks::state::BadConfig),
    /// No entropy for seed and session.
    #[error("the operating system gave no entropy: {0}")]
    Entropy(String),
}

impl StartError {
    pub(crate) fn binding(address: SocketAddr, source: io::Error) -> StartError {
        match source.kind() {
            ErrorKind::AddrInUse => StartError::InUse { address },
            ErrorKind::AddrNotAvailable => StartError::NotOurs { address },
            ErrorKind::PermissionDenied => StartError::Forbidden { address },
            _ => StartError::Socket { address, source },
        }
    }
}

/// Why a key file was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("cannot read key file {path:?}: {source}")]
    Unreadable {
        /// As it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no key file.
    #[error("key file {path:?}: {source}")]
    Bad {
        /// As it was given.
        path: PathBuf,
        /// Which line, and never what stands on it.
        source: bruit_node::BadKeys,
    },
}

/// The node runs no more: it left, was stopped, or its runtime ended. The call did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has stopped")]
pub struct Stopped;

/// Why a join did not succeed. The node runs on, and tries its contacts again while it knows nobody else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// A seed's name leads nowhere.
    #[error("cannot resolve seed {seed:?} ({source}): give host:port of a running node")]
    Resolve {
        /// As it was given.
        seed: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Nobody answered.
    #[error("no seed answered, of {seeds}: check that a node of this cluster runs there and that UDP and TCP reach it")]
    Unreachable {
        /// Those that were asked, each with what became of it.
        seeds: String,
    },
    /// The cluster has a node of this name.
    #[error("another running node is called {name:?}: stop that one, or start this one under another name")]
    NameTaken {
        /// This node's name.
        name: String,
    },
    /// The node stopped meanwhile.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Why a call was refused. Nothing was changed and nothing said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// By the membership.
    #[error(transparent)]
    Membership(#[from] bruit_stacks::swim::Refused),
    /// By the events.
    #[error(transparent)]
    Event(#[from] bruit_stacks::events::Refused),
    /// There is no key to seal with.
    #[error("sealing needs a key: name a key file, or switch encryption off")]
    NoKey,
    /// By the history.
    #[error(transparent)]
    History(#[from] bruit_stacks::history::Refused),
    /// By endpoint state.
    #[cfg(feature = "state")]
    #[error(transparent)]
    State(#[from] bruit_stacks::state::Refused),
    /// This node has no endpoint state.
    #[cfg(feature = "state")]
    #[error("this node was started without state: give its builder the settings of it")]
    NoState,
    /// The disk did not take what was to be recorded.
    #[error("the disk lost the entry of the history; is it full?")]
    NotRecorded,
    /// The node has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}
