//! How many files this process may have open, and what follows from it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections of clients that are open at once, if the system lets us: 1,024 streams and as many questions.
const CONNECTIONS: usize = 2048;

/// Raises the limit as far as one may without a privilege, for every connection is a file; what it is then.
pub(crate) fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).map_or(current, |()| maximum);
    raised.map_or(usize::MAX, |n| n as usize)
}

/// How many connections of clients there may be: at most a third of the files, as gossip's connections, its sockets and
/// the disk need some, too.
pub(crate) fn connections() -> usize {
    CONNECTIONS.min(raise() / 3).max(1)
}
