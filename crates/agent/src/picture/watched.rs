//! One node that is watched.

use bruit::Node;
use std::net::SocketAddr;

/// What is the matter with a watched node, by our own hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runs {
    Freely,
    Paused,
    Cut,
    Stopped,
}

impl Runs {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Runs::Freely => "runs",
            Runs::Paused => "paused",
            Runs::Cut => "cut",
            Runs::Stopped => "stopped",
        }
    }
}

/// A node that is watched.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    /// Its tag `zone`.
    pub(crate) zone: Option<String>,
    pub(crate) runs: Runs,
    pub(super) node: Option<Node>,
}

impl Watched {
    /// A node that has just started.
    pub(crate) fn running(node: &Node) -> Watched {
        let record = node.handle().record();
        Watched {
            name: node.name().into(),
            address: node.advertised().first().copied().unwrap_or_else(|| node.local_addr()),
            zone: record.tags().get("zone").map(str::to_owned),
            runs: Runs::Freely,
            node: Some(node.clone()),
        }
    }

    /// The node, if it answers what it is asked.
    pub(crate) fn asked(&self) -> Option<&Node> {
        self.node.as_ref().filter(|_| self.runs != Runs::Paused)
    }

    pub(super) fn key(&self) -> Name {
        Name::of(&self.name)
    }
}

/// A name in the order in which people count: n2 before n10.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    stem: String,
    number: (usize, String),
}

impl Name {
    pub(super) fn of(name: &str) -> Name {
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (stem, number) = name.split_at(name.len() - digits);
        Name { stem: stem.into(), number: (digits, number.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_in_which_people_count() {
        let mut names = ["n10", "n2", "web", "n1", "a-3", "7"];
        names.sort_by_key(|name| Name::of(name));
        assert_eq!(names, ["7", "a-3", "n1", "n2", "n10", "web"]);
    }
}
