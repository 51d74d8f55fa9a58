//! What two nodes say to reconcile a million items, by each method of anti-entropy, beside what it must be and the least
//! that there is.

use super::{Paper, Verdict};
use crate::antientropy::pair::{Age, Cost, Setup, WITHIN, common, reconcile};
use crate::runner::each;
use bruit_antientropy::{Compare, Config};

/// Bytes of a version on the wire: stamp, one of how much later it became news, key.
const VERSION: f64 = 17.0;
/// Of a version that is asked for, and of an item that is given, which has no value: a tag more; and one for what it is.
const WANT: f64 = VERSION + 1.0;
const GIVE: f64 = VERSION + 2.0;
/// Of a checksum of all: tag, edge, eight bytes.
const CHECK: f64 = 10.0;
/// Sixteen sums, and the tag and the depth of the part; half a byte more for each division.
const SUMS: f64 = 8.0 * 16.0 + 2.0;
/// What a list of a piece takes beside its versions: 53 bytes at most, of 1,160.
const HEAD: f64 = 1.0 + 53.0 / (1160.0 - 55.0);
/// How far a run may be from what is expected: where items lie is chance.
const WITHIN_SHARE: f64 = 0.1;

/// How much to run.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Items that both hold.
    pub items: u64,
    /// Items that differ, for each line.
    pub differ: [u64; 3],
    /// Published for range-based reconciliation of so many items with names of 32 bytes: bytes for 1, 10 and 100 that differ.
    pub published: [f64; 3],
}

impl Size {
    /// A million.
    pub const FULL: Size = Size { items: 1_000_000, differ: [1, 100, 10_000], published: [2_200.0, 16_700.0, 136_000.0] };
    /// Ten thousand.
    pub const QUICK: Size = Size { items: 10_000, differ: [1, 10, 100], published: [1_400.0, 9_000.0, 51_000.0] };
}

/// A method, and where in time that which differs was written.
type Line = (&'static str, Compare, Age);

const LINES: [Line; 6] = [
    ("full exchange", Compare::Full, Age::Any),
    ("checksum + recent list, differs in what is old", Compare::Recent { within: WITHIN }, Age::Any),
    ("checksum + recent list, differs in what is recent", Compare::Recent { within: WITHIN }, Age::Young),
    ("peel-back, differs anywhere", Compare::PeelBack, Age::Any),
    ("peel-back, differs in the newest", Compare::PeelBack, Age::Young),
    ("Merkle", Compare::Merkle, Age::Any),
];

/// How many runs [`paper`] takes.
pub const RUNS: u64 = 3 * LINES.len() as u64 + 3;

/// Reconciles by each method; `done` hears of each run.
pub fn paper(size: Size, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Demers et al. 1987, section 1.3, and Merkle trees: bytes and round trips of two nodes that differ in d items";
    let mut paper = Paper { source, ..Paper::default() };
    let (narrow, wide) = (common::<0>(size.items), common::<16>(size.items));
    let setup = |i: u64, differ, age| Setup { items: size.items, differ, age, seed: 1 + i };
    let run = |i: u64| {
        let (line, k) = ((i / 3) as usize, (i % 3) as usize);
        match LINES.get(line) {
            Some((_, compare, age)) => {
                reconcile(&Config { compare: *compare, ..Config::default() }, &narrow, setup(i, size.differ[k], *age))
            }
            // The constants of the published figures, but for fingerprints of 16 bytes: names of 32, lists of up to 32.
            None => reconcile(&Config { leaf: 32, ..Config::default() }, &wide, setup(i, [1, 10, 100][k], Age::Any)),
        }
    };
    for (i, cost) in each(0..RUNS, threads, run, |_, _| {
        done();
        true
    }) {
        let k = (i % 3) as usize;
        match LINES.get((i / 3) as usize) {
            Some(line) => verdicts(&mut paper, size, line, size.differ[k], &cost),
            None => beside_published(&mut paper, [1, 10, 100][k], size.published[k], &cost),
        }
    }
    for differ in size.differ {
        paper
            .notes
            .push(format!("d={differ}: no method needs less than {:.0} B: the logarithm of the sets there are", least(differ)));
    }
    paper.notes.push(String::from(
        "a version takes 17 bytes: stamp and key of eight each; items have no values. Half of what differs is at each side. A \
         turn says at most 64 KiB, so what lists everything takes a round trip for each 64 KiB",
    ));
    paper
}

/// A row for bytes, one for round trips; a run that does not reconcile is no number.
fn verdicts(paper: &mut Paper, size: Size, line: &Line, differ: u64, cost: &Cost) {
    let (name, compare, age) = *line;
    let (n, d) = (size.items as f64, differ as f64);
    let expected = match (compare, age) {
        (Compare::Full, _) => full(n, d),
        (Compare::Recent { .. }, Age::Any) => full(n, d).shift(2.0 * CHECK, 100.0),
        (Compare::Recent { .. }, Age::Young) => recent(d),
        (Compare::PeelBack, Age::Any) => peel(cost.newer as f64, d),
        (Compare::PeelBack, Age::Young) => peel(d / 2.0, d),
        (Compare::Merkle, _) => merkle(n, d, 8),
    };
    let seen = |figure: f64| if cost.equal { figure } else { f64::NAN };
    let [low, high] = expected.bytes;
    paper.verdicts.push(Verdict::range(format!("{name}, d={differ}: bytes"), seen(cost.bytes as f64), low, high));
    let [low, high] = expected.round_trips;
    paper.verdicts.push(Verdict::range(format!("{name}, d={differ}: round trips"), seen(cost.round_trips), low, high));
}

fn beside_published(paper: &mut Paper, differ: u64, published: f64, cost: &Cost) {
    let claim = format!("Merkle, names of 32 B, lists of 32, d={differ}: bytes, no more than range-based");
    let seen = if cost.equal { cost.bytes as f64 } else { f64::NAN };
    paper.verdicts.push(Verdict::range(claim, seen, published / 10.0, published));
}

/// What a method must take.
struct Expected {
    bytes: [f64; 2],
    round_trips: [f64; 2],
}

impl Expected {
    fn near(bytes: f64, round_trips: [f64; 2]) -> Expected {
        Expected { bytes: [bytes * (1.0 - WITHIN_SHARE), bytes * (1.0 + WITHIN_SHARE)], round_trips }
    }

    /// So much more at least and at most, in bytes; up to two round trips for it.
    fn shift(mut self, low: f64, high: f64) -> Expected {
        self.bytes = [self.bytes[0] + low, self.bytes[1] + high];
        self.round_trips[1] += 2.0;
        self
    }
}

/// Half of what differs is given, the other half asked for first.
fn given(d: f64) -> f64 {
    d * GIVE + d / 2.0 * WANT
}

/// The versions of one side, in bursts, which hold no more of them than their bytes and may have shorter heads.
fn full(n: f64, d: f64) -> Expected {
    let versions = (n + d / 2.0) * VERSION;
    let bursts = versions / 65_536.0;
    Expected::near(versions * HEAD + given(d), [bursts, 1.1 * HEAD * bursts + 3.0])
}

/// The versions of one side's recent ones; then a checksum of the rest.
fn recent(d: f64) -> Expected {
    let lists = (d / 2.0 * VERSION * HEAD).max(20.0);
    let bursts = lists / 65_536.0;
    Expected::near(lists + given(d) + 3.0 * CHECK + 10.0, [1.5, bursts + 4.0])
}

/// What was written after the first that differs, each piece of it by one side, and as much again at most: what is listed at
/// a time doubles, up to a burst.
fn peel(newer: f64, d: f64) -> Expected {
    let depth = newer * VERSION;
    let over = (depth + 2.0 * 1160.0).min(65_536.0 + 1160.0);
    let low = (depth + given(d)) * (1.0 - WITHIN_SHARE);
    let high = ((depth + over) * HEAD + given(d)) * (1.0 + WITHIN_SHARE) + 100.0;
    let doublings = 1.0 + libm::log2(1.0 + depth / 1160.0).min(6.0);
    Expected { bytes: [low, high], round_trips: [1.0, depth / 65_536.0 / 2.0 * 1.2 + doublings / 2.0 + 3.0] }
}

/// Of each division of the tree the parts that differ: those with more than `leaf` items are divided, the others listed.
fn merkle(n: f64, d: f64, leaf: u32) -> Expected {
    let (mut bytes, mut levels) = (CHECK, 0.0);
    // The probability that a part which differs was not listed before it was divided so far.
    let mut reached = 1.0;
    for level in 0..16 {
        let parts = libm::exp2(4.0 * f64::from(level));
        let differ = parts * -libm::expm1(d * libm::log1p(-1.0 / parts.max(1.0 + 1e-9)));
        let (short, listed) = short(n / parts, leaf);
        // The root is always divided.
        let short = if level == 0 { 0.0 } else { short };
        let parts = differ.min(d) * reached;
        bytes += parts * (1.0 - short) * (SUMS + f64::from(level) / 2.0) + parts * short * (10.0 + listed * VERSION);
        levels += f64::from(u8::from(parts * (1.0 - short) > 0.5));
        reached *= 1.0 - short;
    }
    // The check, sums down the tree, a list, what is asked for, what is given.
    Expected::near(bytes + given(d), [(levels + 2.0) / 2.0, (levels + 6.0) / 2.0])
}

/// Of a part with so many items on average (Poisson) the probability that it has at most `leaf`, and how many it has then.
fn short(average: f64, leaf: u32) -> (f64, f64) {
    let mut p = libm::exp(-average);
    let (mut sum, mut items) = (p, 0.0);
    for k in 1..=leaf {
        p *= average / f64::from(k);
        sum += p;
        items += p * f64::from(k);
    }
    (sum, if sum > 0.0 { items / sum } else { 0.0 })
}

/// Bytes that tell one set of `d` versions of 128 bits from all others: the logarithm of how many there are.
fn least(d: u64) -> f64 {
    let bits: f64 = (1..=d).map(|i| 128.0 - libm::log2(i as f64)).sum();
    bits / 8.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_costs_what_it_must() {
        let paper = paper(Size::QUICK, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
        assert_eq!(paper.verdicts.len(), 2 * 3 * LINES.len() + 3);
    }

    /// 16 bytes, 1,535 and 145,194 by another's computation of the same.
    #[test]
    fn the_least_is_the_logarithm_of_the_sets() {
        assert!((least(1) - 16.0).abs() < 1e-9 && (least(100) - 1_535.0).abs() < 2.0 && (least(10_000) - 145_194.0).abs() < 2.0);
    }
}
