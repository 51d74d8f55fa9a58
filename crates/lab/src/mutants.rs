//! Checks the checkers: plants one fault after another in the protocols, and each must be caught.
//!
//! A checker that cannot fail is worth nothing. The faults are in the protocols' own code, behind
//! [`bruit_proto::mutant`], and exist only with the feature `mutants`.

use crate::case::Case;
use crate::check::{Invariant, Options, Violation, verify};
use crate::{runner, shrink, swarm};

/// A fault that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Its name, the same as in the protocol's code.
    pub name: &'static str,
    /// The invariants that are there to catch it; another that does is as good.
    pub meant_for: &'static [Invariant],
}

use Invariant::{D2, D3, D4, H1, L1, M2, M3, M5, M6, M9};

/// All of them.
pub const ALL: [Mutant; 16] = [
    Mutant { name: "refute forgotten", meant_for: &[M9, M5] },
    Mutant { name: "refute with the same incarnation", meant_for: &[M9, M5] },
    Mutant { name: "suspicion timer never set", meant_for: &[M3, M5] },
    Mutant { name: "suspicion fires although refuted", meant_for: &[M2, M9] },
    Mutant { name: "dead overrides a higher incarnation", meant_for: &[M2] },
    Mutant { name: "left turned into dead by a late accusation", meant_for: &[M6] },
    Mutant { name: "tombstone dropped at once", meant_for: &[M6] },
    Mutant { name: "sync passes on an old alive", meant_for: &[M6] },
    Mutant { name: "transmit limit zero", meant_for: &[M3] },
    Mutant { name: "probe order skips the last slot", meant_for: &[M3] },
    Mutant { name: "counter of confirmations counts one accuser twice", meant_for: &[L1] },
    Mutant { name: "event delivered twice", meant_for: &[D2] },
    Mutant { name: "event never relayed", meant_for: &[D3] },
    Mutant { name: "told counts as covered", meant_for: &[D4] },
    Mutant { name: "digest compares equal always", meant_for: &[D3, M5] },
    Mutant { name: "histories compare equal always", meant_for: &[H1] },
];

/// What became of one mutant.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which.
    pub mutant: Mutant,
    /// Cases that were run.
    pub cases: u64,
    /// The case that caught it, made small, and what did not hold in it; a survivor has none.
    pub caught: Option<(Case, Violation)>,
}

/// Plants each mutant until it is caught, in as many cases as `options` says at most; `progress` hears of each as its fate is known.
pub fn run(options: &Options, mut progress: impl FnMut(&Outcome)) -> Vec<Outcome> {
    let fate = |mutant: Mutant| {
        let outcome = hunt(mutant, options);
        progress(&outcome);
        outcome
    };
    ALL.into_iter().map(fate).collect()
}

fn hunt(mutant: Mutant, options: &Options) -> Outcome {
    let draw = |seed| Case { mutant: mutant.name.into(), ..swarm::draw(seed) };
    let seeds = options.first_seed..options.first_seed.saturating_add(options.seeds);
    // What fails without the mutant too is not its doing.
    let sound = |seed| verify(&swarm::draw(seed)).violation.is_none();
    let lived = |seed| verify(&draw(seed)).violation.filter(|_| sound(seed));
    let violations = runner::each(seeds, options.threads, lived, |_, violation| violation.is_none());
    let cases = violations.len() as u64;
    let first = violations.into_iter().find_map(|(seed, violation)| Some((seed, violation?)));
    let caught = first.map(|(seed, violation)| shrink::smallest(draw(seed), violation, options.effort));
    Outcome { mutant, cases, caught }
}

#[cfg(all(test, feature = "mutants"))]
mod tests {
    use super::*;
    use crate::case::{Act, Carry, Entry};

    /// A node that is cut off was told an event and does not have it.
    #[test]
    fn a_report_that_is_not_true_is_seen() {
        let start = (0..8).map(|node| Entry { at_ms: 10, act: Act::Start { node, wipe: false, moved: false } });
        let cut = Entry { at_ms: 30_000, act: Act::Cut { side: vec![3] } };
        let event = |node| Entry { at_ms: 30_100, act: Act::Event { node, bytes: 64 } };
        let script: Vec<Entry> = start.chain([cut]).chain([0, 1, 2, 4].map(event)).collect();
        let case = |mutant: &str| {
            let case = swarm::draw(1);
            let (links, carry, mutant) = (crate::links::Links::default(), Carry::Backlog, mutant.into());
            let (seeds, script) = (vec![0], script.clone());
            Case { nodes: 8, seeds, links, carry, calm_ms: 40_000, end_ms: 60_000, mutant, script, ..case }
        };
        let seen = verify(&case("told counts as covered")).violation;
        assert_eq!(seen.map(|violation| violation.invariant), Some(D4));
        assert_eq!(verify(&case("")).violation, None);
    }
}
