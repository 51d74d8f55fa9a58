//! Every rule in which memberlist differs from ours, side by side.
//!
//! | rule | native | memberlist |
//! |---|---|---|
//! | suspicion, shortest | 0.8 periods x max(1, log10 n) | 4 periods x max(1, log10 n) |
//! | confirmations that count | 3, or as many as there can be | multiplier - 2, none in clusters too small for it |
//! | a helper's nack | accuses | only spares the asker's health |
//! | a direct ping is waited for | 300 ms | 500 ms |
//! | members are probed | by one order of all nodes | by each node's own |
//! | then the direct ping | is sent again, twice, beside the helpers' | is not |
//! | a probe fails | as soon as all helpers nacked and the stream is refused | at the end of its period |
//! | last call | a ping with the accusation, twice | none |
//! | an accused answers | its accuser directly, and everybody | everybody |
//! | news | told at once to ring neighbours and random peers, then in spare room | every 200 ms to 3 random peers |
//! | views compared | digest on each ping and ack | full exchange every 30 s x log2 n |
//! | one that is dead to me speaks | it is told | nothing |
//! | equal incarnation, left against dead | left wins | first come |

use crate::{Config, Dialect, Status, Swim};
use bruit_proto::Duration;

/// memberlist's `PushPullInterval` on a LAN: 30 s.
const PUSH_PULL: Duration = Duration::from_secs(30);

impl Config {
    /// Confirmations after which a suspicion lasts its shortest, among `n` members.
    pub(crate) fn confirmations(&self, n: u32) -> u32 {
        match self.dialect {
            // The initiator and the accused cannot confirm.
            Dialect::Native => 3.min(n.saturating_sub(2)),
            Dialect::Memberlist => {
                let k = (self.suspicion_tenths / 10).saturating_sub(2);
                if n.saturating_sub(2) < k { 0 } else { k }
            }
        }
    }

    /// How often memberlist exchanges everything with a random member: 30 s up to 32 members, then longer by log2.
    pub(crate) fn push_pull_every(n: u32) -> Duration {
        PUSH_PULL * if n <= 32 { 1 } else { (n - 1).ilog2() - 5 + 2 }
    }
}

impl Swim {
    /// Whether nacks name their senders as accusers.
    pub(crate) fn nacks_accuse(&self) -> bool {
        self.native()
    }

    /// Whether an accused gets a last call.
    pub(crate) fn has_last_call(&self) -> bool {
        self.native()
    }

    /// Whether one that is dead or left to me is told so when it speaks.
    pub(crate) fn tells_the_dead(&self, status: Status) -> bool {
        self.native() && !status.is_live()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    /// serf-wire section 10: 33 members double the interval, 65 triple it, 129 make it four times, 1000 six, 10,000 ten.
    #[test]
    fn push_pull_scales_as_memberlist_does() {
        let times = |n| Config::push_pull_every(n).as_secs() / 30;
        assert_eq!([2, 32, 33, 64, 65, 129, 1000, 10_000].map(times), [1, 1, 2, 2, 3, 4, 6, 10]);
    }

    /// serf-wire section 8.3: multiplier 4 wants two confirmations, none among three members.
    #[test]
    fn confirmations_of_both() {
        let k = |config: &Config| [2, 3, 4, 100].map(|n| config.confirmations(n));
        assert_eq!(k(&Config::memberlist(Profile::Lan)), [0, 0, 2, 2]);
        assert_eq!(k(&Config::of(Profile::Lan)), [0, 1, 2, 3]);
    }
}
