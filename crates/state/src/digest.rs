use crate::heart_beat::HeartBeat;
use bruit_proto::PeerId;
use std::fmt;

/// How far somebody's knowledge of a node goes.
#[doc(alias = "GossipDigest")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    /// Of whom.
    pub node: PeerId,
    /// In which of its lives.
    pub generation: u64,
    /// Up to which version; [`HeartBeat::REMOVED`] if it was removed.
    pub version: u64,
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeartBeat { generation, version } = HeartBeat { generation: self.generation, version: self.version };
        write!(f, "{:?}:{:?}", self.node, HeartBeat { generation, version })
    }
}

/// What a digest calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both know the same.
    Equal,
    /// They know more: ask for what is above this version of their generation.
    Ask(u64),
    /// I know more: tell what is above this version of my generation.
    Tell(u64),
}

/// The comparison of section 4 of the Cassandra notes: my digest of a node, if I have one, against theirs.
pub fn compare(mine: Option<Digest>, theirs: Digest) -> Verdict {
    let Some(mine) = mine else { return Verdict::Ask(0) };
    if theirs.generation > mine.generation {
        Verdict::Ask(0)
    } else if theirs.generation < mine.generation {
        Verdict::Tell(0)
    } else if theirs.version > mine.version {
        Verdict::Ask(mine.version)
    } else if theirs.version < mine.version {
        Verdict::Tell(theirs.version)
    } else {
        Verdict::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Theirs and mine as (generation, version).
    fn check(theirs: (u64, u64), mine: Option<(u64, u64)>, verdict: Verdict) {
        let digest = |(generation, version)| Digest { node: PeerId(1), generation, version };
        assert_eq!(compare(mine.map(digest), digest(theirs)), verdict, "theirs {theirs:?}, mine {mine:?}");
    }

    #[test]
    fn every_line_of_the_comparison_table() {
        // unknown endpoint: ask for everything
        check((5, 9), None, Verdict::Ask(0));
        // their generation is later: ask for everything
        check((6, 1), Some((5, 9)), Verdict::Ask(0));
        // their generation is earlier: send everything
        check((4, 99), Some((5, 9)), Verdict::Tell(0));
        // equal generations, their version is higher: ask for what is above mine
        check((5, 12), Some((5, 9)), Verdict::Ask(9));
        // equal generations, their version is lower: send what is above theirs
        check((5, 3), Some((5, 9)), Verdict::Tell(3));
        // all equal: skip
        check((5, 9), Some((5, 9)), Verdict::Equal);
        // known by name only, here or there
        check((5, 9), Some((0, 0)), Verdict::Ask(0));
        check((0, 0), Some((5, 9)), Verdict::Tell(0));
        // ours: a removal is above every version of its generation, and below the next generation
        check((5, HeartBeat::REMOVED), Some((5, 9)), Verdict::Ask(9));
        check((5, 9), Some((5, HeartBeat::REMOVED)), Verdict::Tell(9));
        check((6, 1), Some((5, HeartBeat::REMOVED)), Verdict::Ask(0));
        check((5, HeartBeat::REMOVED), Some((6, 1)), Verdict::Tell(0));
    }
}
