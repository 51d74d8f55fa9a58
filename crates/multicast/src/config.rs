use bruit_kit::Invalid;
use bruit_proto::PeerId;
use std::time::Duration;

/// Who is at the top of a computed tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Each origin of its own tree, so that load is spread over all.
    Origin,
    /// This one of one tree for all origins; if it is down, the next on the ring of ids.
    Given(PeerId),
}

/// How the tree is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// By each node from its table of peers; nobody keeps more than its own place. All must have the same table.
    Computed(Root),
    /// Each node asks for a parent, from this one downwards; a parent that has its fan-out names a child to ask.
    Joined(PeerId),
}

/// How far a request for repair goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To each peer: SRM's group. For groups of at most [`GROUP`](crate::tree::Config::GROUP); of more the rest is not asked.
    Group,
    /// One hop along the tree, to the parent and the children, or two, to theirs as well: requests of restricted scope (TMTP:
    /// Yavatkar, Griffioen, Sudan 1995, "A reliable dissemination protocol for interactive collaborative applications").
    Hops(u8),
}

/// Who repairs what was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nobody.
    None,
    /// The parent: its children acknowledge with a bitmap, it sends again what they lack from its cache.
    Ack {
        /// How often a child acknowledges and a parent asks children that did not.
        every: Duration,
        /// How often in a row a parent asks a child that is silent.
        tries: u32,
    },
    /// Whoever has it, asked by who lacks it. Both wait for a random time first, and stay silent if somebody else was faster.
    Nak {
        /// SRM's C1 and C2: a request waits for U[C1 d, (C1 + C2) d], where d is the distance to the origin.
        ask: [u32; 2],
        /// SRM's D1 and D2: a repair waits for U[D1 d, (D1 + D2) d], where d is the distance to who asked.
        answer: [u32; 2],
        /// How long a hop takes, one way: distances are hops times this.
        hop: Duration,
        /// How far requests and repairs go.
        scope: Scope,
        /// When the origin says again how far it is, counted from its last item; each time twice as long.
        session: Duration,
        /// How often it says so.
        sessions: u32,
    },
}

impl Repair {
    /// Acknowledged each 100 ms.
    pub const ACK: Repair = Repair::Ack { every: Duration::from_millis(100), tries: 10 };
    /// With SRM's C1 = C2 = 2, its D1 = D2 = 1 for scopes of a few, on links of a millisecond.
    pub const NAK: Repair = Repair::Nak {
        ask: [2, 2],
        answer: [1, 1],
        hop: Duration::from_millis(1),
        scope: Scope::Hops(1),
        session: Duration::from_millis(50),
        sessions: 8,
    };

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        match *self {
            Repair::None => Ok(()),
            Repair::Ack { every, tries } => {
                Invalid::unless(!every.is_zero(), "acknowledgements must be apart")?;
                Invalid::unless((1..=1000).contains(&tries), "a silent child is asked from 1 to 1,000 times")
            }
            Repair::Nak { ask, answer, hop, scope, session, sessions } => {
                Invalid::unless(ask.iter().chain(&answer).all(|c| *c <= 10_000), "delays are at most 10,000 distances")?;
                Invalid::unless(!hop.is_zero() && hop <= Duration::from_secs(10), "a hop takes up to 10 s")?;
                // Whose tables differ may see circles, in which what goes far goes round.
                Invalid::unless(!matches!(scope, Scope::Hops(0 | 3..)), "a request goes one or two hops, or to the group")?;
                Invalid::unless(
                    !session.is_zero() && session <= Duration::from_secs(60),
                    "the first session message comes within a minute",
                )?;
                Invalid::unless((1..=16).contains(&sessions), "from 1 to 16 session messages follow an item")
            }
        }
    }
}
