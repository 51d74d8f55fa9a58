use super::Share;
use std::fmt;
use std::str::FromStr;

/// Who ends for good, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// A share of the nodes after a cycle: `20%@5`.
    Nodes {
        /// How many, in parts per million, rounded down to whole nodes; at least one node is left.
        ppm: u32,
        /// After which cycle; 0 is before the first.
        after: u64,
    },
    /// The node that has the item first, in the loop in which it sends the item to all whom it serves: `root@50%`.
    Root {
        /// After which share of the sends, in parts per million, rounded down to whole ones.
        ppm: u32,
    },
}

impl Crash {
    /// What is wrong with it for a protocol whose origin sends nothing in a loop.
    pub(super) fn misplaced(self, protocol: &str) -> String {
        format!(
            "crash {self}: {protocol} has no loop of sends that its root could crash in, mail and tree have; give a share of the \
             nodes and a cycle, as 20%@5"
        )
    }
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Crash, String> {
        let wrong = || "give a share and a cycle, as 20%@5, or root and a share of its sends, as root@50%".to_owned();
        let (who, when) = text.split_once('@').ok_or_else(wrong)?;
        if who == "root" {
            return when.parse().map(|Share(ppm)| Crash::Root { ppm });
        }
        let (Share(ppm), after) = (who.parse()?, when.parse().map_err(|_| wrong())?);
        Ok(Crash::Nodes { ppm, after })
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Crash::Nodes { ppm, after } => write!(f, "{}@{after}", Share(*ppm)),
            Crash::Root { ppm } => write!(f, "root@{}", Share(*ppm)),
        }
    }
}
