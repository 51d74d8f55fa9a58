//! Sentences that texts on gossip say, each as a claim that is run: `bruit lab article`.
//!
//! A claim is measured on the product's own protocols and held against a bound that is derived or cited where it stands; no
//! bound was taken from what is measured here. To add one: a constant of type [`Claim`], and its name in [`CLAIMS`].

mod antientropy;
mod crossover;
mod events;
mod mail;
mod miss;
mod multicast;
mod optimum;
mod rumor;
mod swim;
mod topology;
mod tree;

use crate::paper::Verdict;
use serde::Serialize;

/// Every claim, by subject.
pub const CLAIMS: &[Claim] = &[
    mail::LOAD,
    mail::KNOWN,
    mail::LOSES,
    antientropy::RESIDUE,
    antientropy::ENDLESS,
    antientropy::GROWS,
    antientropy::STALE,
    rumor::BOUNDED,
    rumor::RESIDUE,
    miss::MISS,
    rumor::ENDS,
    antientropy::CHEAPER,
    crossover::CROSSOVER,
    mail::CRASH,
    tree::LATENCY,
    tree::CUT,
    tree::CONTROL,
    multicast::ORIGIN,
    multicast::INNER,
    multicast::LOAD,
    swim::DETECTION,
    swim::LOAD,
    optimum::OPTIMUM,
    topology::SUBNETS,
    events::ALL,
    events::GROUP,
];

/// How much to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Fewer runs and smaller clusters, in seconds of an unoptimized build; bounds are as much wider as their errors.
    pub quick: bool,
    /// Runs side by side. The figures are the same with any number.
    pub threads: usize,
}

impl Effort {
    /// One of two numbers of runs, nodes or seconds.
    fn either<N>(self, quick: N, full: N) -> N {
        if self.quick { quick } else { full }
    }
}

/// A sentence, and how it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// By which it is run alone.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// The sentence.
    pub claim: &'static str,
    /// The command that shows it, with the arguments that make it.
    pub command: &'static str,
    measure: fn(Effort) -> Vec<Verdict>,
}

/// A claim, and what was measured of it now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// As in [`Claim`].
    pub row: &'static str,
    /// See there.
    pub about: &'static str,
    /// See there.
    pub claim: &'static str,
    /// See there.
    pub command: &'static str,
    /// Each figure with its bound.
    pub verdicts: Vec<Verdict>,
    /// Whether all of them hold.
    pub ok: bool,
}

impl Claim {
    /// Measures it now.
    pub fn run(&self, effort: Effort) -> Row {
        let Claim { name, about, claim, command, measure } = *self;
        let verdicts = measure(effort);
        let ok = !verdicts.is_empty() && verdicts.iter().all(|verdict| verdict.ok);
        Row { row: name, about, claim, command, verdicts, ok }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(claims: &[Claim]) {
        for claim in claims {
            let row = claim.run(Effort { quick: true, threads: 2 });
            assert!(row.ok, "{row:#?}");
        }
    }

    #[test]
    fn what_is_said_of_rumors_holds() {
        holds(&[rumor::BOUNDED, rumor::RESIDUE, miss::MISS, rumor::ENDS, antientropy::CHEAPER, crossover::CROSSOVER]);
    }

    #[test]
    fn what_is_said_of_direct_mail_and_trees_holds() {
        holds(&[mail::LOAD, mail::KNOWN, mail::LOSES, mail::CRASH, tree::LATENCY, tree::CUT, tree::CONTROL]);
    }

    #[test]
    fn what_is_said_of_anti_entropy_and_topology_holds() {
        holds(&[antientropy::RESIDUE, antientropy::ENDLESS, antientropy::GROWS, antientropy::STALE, topology::SUBNETS]);
    }

    #[test]
    fn what_is_said_of_gossip_multicast_holds() {
        holds(&[multicast::ORIGIN, multicast::INNER, multicast::LOAD]);
    }

    #[test]
    fn what_is_said_of_swim_holds() {
        holds(&[swim::DETECTION, swim::LOAD, optimum::OPTIMUM]);
    }

    #[test]
    fn what_is_said_of_events_holds() {
        holds(&[events::ALL, events::GROUP]);
    }

    #[test]
    fn a_row_has_one_name_and_does_not_depend_on_threads() {
        let mut names: Vec<&str> = CLAIMS.iter().map(|claim| claim.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CLAIMS.len());
        let run = |threads| rumor::RESIDUE.run(Effort { quick: true, threads });
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn a_claim_of_which_nothing_is_measured_does_not_hold() {
        let silent = Claim { measure: |_| Vec::new(), ..rumor::ENDS };
        assert!(!silent.run(Effort { quick: true, threads: 1 }).ok);
    }
}
