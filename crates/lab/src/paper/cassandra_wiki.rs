//! The exchange that Cassandra's architecture wiki walks through, beside what it prints.

use super::{Paper, Verdict};
use bruit_state::wiki::{PUBLISHED, name, run};

/// What each published line is.
const LINES: [&str; 3] = [
    "SYN of 10.0.0.1: what it knows, node:generation:version",
    "ACK of 10.0.0.2: what it wants | what it has that is newer",
    "ACK2 of 10.0.0.1, by the rule: what was wanted, above the version that was asked",
];

/// Both nodes are built, and exchange what they know.
pub fn paper() -> Paper {
    let seen = run().lines(&name);
    let verdicts = LINES.into_iter().zip(seen).zip(PUBLISHED);
    Paper {
        source: "Cassandra wiki, ArchitectureGossip",
        verdicts: verdicts.map(|((claim, seen), published)| Verdict::words(claim, seen, published)).collect(),
        notes: vec![
            "the bound of the ACK2 is the rule's, not the wiki's string: the published one also resends values of 10.0.0.1 that \
             nobody asked for, and misprints a heartbeat; ours says only what is above the asked version"
                .into(),
            "values of 10.0.0.3 and 10.0.0.4 are not published, so that their heartbeats are all that they have here".into(),
        ],
        ..Paper::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_of_the_wiki_is_as_published() {
        let paper = paper();
        assert!(paper.holds() && paper.verdicts.len() == 3, "{paper:?}");
    }
}
