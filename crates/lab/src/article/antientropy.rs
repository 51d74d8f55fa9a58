use super::rumor::{courses, mean, push};
use super::{Claim, Effort};
use crate::antientropy::spread::{Setup, run};
use crate::antientropy::{growth, stale};
use crate::paper::Verdict;
use bruit_antientropy::{Compare, Config};
use bruit_proto::Duration;
use bruit_rumor as rumor;

/// Each method, by name.
const METHODS: [(Compare, &str); 4] = [
    (Compare::Full, "full exchange"),
    (Compare::Recent { within: Duration::from_secs(60) }, "checksum and recent updates"),
    (Compare::PeelBack, "peel-back"),
    (Compare::Merkle, "Merkle tree"),
];
const IN_BOUNDS: &str = "settings in their bounds";

fn setup(effort: Effort, loss_ppm: u32) -> Setup {
    Setup { nodes: effort.either(64, 1000), items: 100, loss_ppm, after: 20, seed: 1 }
}

pub(super) const RESIDUE: Claim = Claim {
    name: "antientropy-residue",
    about: "anti-entropy",
    claim: "it misses nobody, whatever is lost (Demers et al. 1987, 1.3)",
    command: "bruit lab article antientropy-residue",
    measure: |effort| {
        let verdict = |(compare, name): (Compare, &str)| {
            let course = run(&Config { compare, ..Config::default() }, setup(effort, 200_000)).expect(IN_BOUNDS);
            Verdict::range(format!("{name}, 20 % lost: share of nodes that never get it"), course.residue, 0.0, 0.0)
        };
        METHODS.map(verdict).to_vec()
    },
};

pub(super) const ENDLESS: Claim = Claim {
    name: "antientropy-endless",
    about: "anti-entropy",
    claim: "it never ends: when all have everything each node still asks in each cycle, where a rumor is silent",
    command: "bruit lab article antientropy-endless rumor-ends",
    measure: |effort| {
        let verdict = |(compare, name): (Compare, &str)| {
            let course = run(&Config { compare, ..Config::default() }, setup(effort, 0)).expect(IN_BOUNDS);
            Verdict::range(format!("{name}: messages a node and cycle, all equal"), course.idle_messages, 1.0, f64::INFINITY)
        };
        METHODS.map(verdict).to_vec()
    },
};

pub(super) const GROWS: Claim = Claim {
    name: "antientropy-grows",
    about: "anti-entropy",
    claim: "bytes of a node grow with the data for full exchange, and not for checksums",
    command: "bruit lab article antientropy-grows",
    measure: |effort| {
        let sizes = [100, effort.either(1_000, 10_000)];
        let times = sizes[1] as f64 / sizes[0] as f64;
        let grows = |compare| {
            let points = growth::idle(compare, 8, &sizes, 1).expect(IN_BOUNDS);
            points[1].bytes / points[0].bytes
        };
        vec![
            Verdict::near(format!("{times} times the data, full exchange: bytes, times"), grows(Compare::Full), times, 0.1),
            Verdict::range(format!("{times} times the data, Merkle tree: bytes, times"), grows(Compare::Merkle), 1.0, 1.0),
        ]
    },
};

pub(super) const STALE: Claim = Claim {
    name: "antientropy-stale",
    about: "anti-entropy",
    claim: "stale knowledge of nodes under churn costs it more than a rumor",
    command: "bruit lab article antientropy-stale",
    measure: |effort| {
        let cycles = effort.either(60, 600);
        let setup = stale::Setup { nodes: 100, items: 200, gone_ppm: 200_000, churn_ppm: 10_000, cycles, seed: 1 };
        let told = stale::rumor(&rumor::Config::default(), setup);
        let verdict = |(compare, name): (Compare, &str)| {
            let asked = stale::antientropy(&Config { compare, ..Config::default() }, setup);
            let claim = format!("{name}: bytes to nodes that are gone, over those of a rumor");
            Verdict::range(claim, asked.bytes / told.bytes, 1.0, f64::INFINITY)
        };
        METHODS.map(verdict).to_vec()
    },
};

pub(super) const CHEAPER: Claim = Claim {
    name: "rumor-cheaper",
    about: "rumor",
    claim: "its cycles are cheaper than anti-entropy's, so that they may be more frequent (Demers et al. 1987, 1.4)",
    command: "bruit lab article rumor-cheaper",
    measure: |effort| {
        /// Bytes of a telling or its answer: a tag and a version, as anti-entropy lists it.
        const NAMED: f64 = 18.0;
        let courses = courses(&push(3, true), 1000, effort.either(20, 200), effort.threads);
        let per_cycle = mean(&courses, |course| course.messages / course.last.max(1.0)).mean() * NAMED;
        let full = growth::idle(Compare::Full, 8, &[1_000], 1).expect(IN_BOUNDS)[0].bytes;
        let claim = "bytes a node and cycle while a rumor spreads, over those of a full exchange of 1,000 items";
        vec![Verdict::range(claim, per_cycle / full, 0.0, 1.0)]
    },
};
