use crate::keys::KeyRing;
use std::fmt;
use std::sync::Arc;

/// What is sealed, and what in the open is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Seals to whoever sealed to us, and takes both: the step from a cluster in the open to a sealed one.
    Permissive,
    /// Seals everything, and takes nothing in the open.
    Require,
}

/// Draws eight bytes of the operating system's entropy: for sessions, and for the keys of streams. A resumed machine must
/// not draw what its twin draws, so no seeded dice will do.
pub type Fresh = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What sealing is made with.
#[derive(Clone)]
pub struct Seal {
    /// What is sealed and what is taken.
    pub mode: Mode,
    /// The cluster's keys.
    pub keys: KeyRing,
    /// The session of this process start, the one in its own record; not zero.
    pub session: u64,
    /// Draws the next ones.
    pub fresh: Fresh,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({:?}, {:?}, session {:x})", self.mode, self.keys, self.session)
    }
}

/// Plain sums of what sealing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Hellos sent.
    pub asked: u64,
    /// Hellos not sent: too many already.
    pub not_asked: u64,
    /// Empty packets and hellos in answer to what came.
    pub answered: u64,
    /// Answers not given: too many already.
    pub not_answered: u64,
    /// Packets given up because [`MAX_WAITING`](crate::MAX_WAITING) others waited for an answer to a hello, or none came.
    pub given_up: u64,
    /// New sessions of one's own.
    pub renewed: u64,
}
