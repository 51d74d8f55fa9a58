//! Demers et al. 1987, tables 1 to 3: residue, traffic and delay of rumor mongering among 1,000 sites.

use super::mean::Mean;
use super::{Paper, Verdict};
use crate::epidemic::{Course, course};
use crate::plot::{Axis, Curve, Look, Plot, Point};
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Stop};

/// Sites, as in the paper.
const SITES: u32 = 1000;

/// Runs behind each printed figure, as the paper says of its tables 4 and 5; of these it does not. One site missed in 250
/// runs is the 4.0e-6 of table 3.
const PRINTED_RUNS: f64 = 250.0;

/// Which of the paper's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Push, feedback, counter.
    One,
    /// Push, blind, coin.
    Two,
    /// Pull, feedback, counter.
    Three,
}

/// What to change of the rules: other rules give other figures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Whether a useful contact makes the counter begin again.
    pub reset: Option<bool>,
    /// How many contacts a site takes per cycle.
    pub connections: Option<u32>,
    /// How many other sites one that was refused tries.
    pub hunt: Option<u32>,
}

/// A line of a table as printed, each figure with the worth of its last digit.
struct Row {
    k: u32,
    runs: u64,
    residue: (f64, f64),
    traffic: (f64, f64),
    average: (f64, f64),
    last: (f64, f64),
}

const fn row(k: u32, runs: u64, residue: (f64, f64), traffic: f64, average: (f64, f64), last: (f64, f64)) -> Row {
    Row { k, runs, residue, traffic: (traffic, 0.1), average, last }
}

const ONE: [Row; 5] = [
    row(1, 1000, (0.18, 0.01), 1.7, (11.0, 0.1), (16.8, 0.1)),
    row(2, 1000, (0.037, 0.001), 3.3, (12.1, 0.1), (16.9, 0.1)),
    row(3, 1000, (0.011, 0.001), 4.5, (12.5, 0.1), (17.4, 0.1)),
    row(4, 1000, (0.0036, 0.0001), 5.6, (12.7, 0.1), (17.5, 0.1)),
    row(5, 1000, (0.0012, 0.0001), 6.7, (12.8, 0.1), (17.7, 0.1)),
];
const TWO: [Row; 5] = [
    row(1, 3000, (0.96, 0.01), 0.04, (19.0, 1.0), (38.0, 1.0)),
    row(2, 1000, (0.20, 0.01), 1.6, (17.0, 1.0), (33.0, 1.0)),
    row(3, 1000, (0.060, 0.001), 2.8, (15.0, 1.0), (32.0, 1.0)),
    row(4, 1000, (0.021, 0.001), 3.9, (14.1, 0.1), (32.0, 1.0)),
    row(5, 1000, (0.008, 0.001), 4.9, (13.8, 0.1), (32.0, 1.0)),
];
const THREE: [Row; 3] = [
    row(1, 1000, (3.1e-2, 1e-3), 2.7, (9.97, 0.01), (17.6, 0.1)),
    row(2, 4000, (5.8e-4, 1e-5), 4.5, (10.07, 0.01), (15.4, 0.1)),
    row(3, 40_000, (4.0e-6, 1e-6), 6.1, (10.08, 0.01), (14.0, 0.1)),
];

impl Table {
    fn rows(self) -> &'static [Row] {
        match self {
            Table::One => &ONE,
            Table::Two => &TWO,
            Table::Three => &THREE,
        }
    }

    fn config(self, k: u32, rules: Rules) -> Config {
        let (exchange, stop) = match self {
            Table::One => (Exchange::Push, Stop::Counter { feedback: true, k }),
            Table::Two => (Exchange::Push, Stop::Coin { feedback: false, k }),
            Table::Three => (Exchange::Pull, Stop::Counter { feedback: true, k }),
        };
        let (reset, hunt) = (rules.reset.unwrap_or(true), rules.hunt.unwrap_or(0));
        Config { exchange, stop, reset, hunt, connections: rules.connections, ..Config::default() }
    }
}

/// How one line of a table went, over many runs.
#[derive(Default)]
struct Seen {
    residue: Mean,
    traffic: Mean,
    average: Mean,
    average_told: Mean,
    last: Mean,
}

impl Seen {
    fn add(&mut self, course: &Course) {
        self.residue.add(course.residue);
        self.traffic.add(course.traffic);
        self.average.add(course.average);
        self.average_told.add(course.average_told);
        self.last.add(course.last);
    }
}

/// Runs a table with a `share` of the runs that its digits need, on so many `threads`; `done` hears of each run.
pub fn paper(table: Table, rules: Rules, share: f64, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let mut paper = Paper { source: source(table), ..Paper::default() };
    let mut points = Vec::new();
    for row in table.rows() {
        let config = table.config(row.k, rules);
        let runs = ((row.runs as f64 * share) as u64).max(20);
        let mut seen = Seen::default();
        let run = |seed| course(&config, SITES, seed).expect("settings in their bounds");
        for (_, course) in each(0..runs, threads, run, |_, _| {
            done();
            true
        }) {
            seen.add(&course);
        }
        verdicts(&mut paper, table, row, &seen);
        points.push((seen.traffic.mean(), seen.residue.mean()));
    }
    paper.plots.push(plot(table, points));
    paper.notes.push(String::from(
        "bounds are the printed figure, one of its last digit and four standard errors of this run to either side; of delays, \
         which differ by more than a cycle from run to run, also those of the 250 runs that the paper averaged",
    ));
    if table != Table::Three {
        paper.notes.push(String::from(
            "tables 1 and 2 print as t_ave the time of every useful telling, the second of one cycle to one site counted again, \
             over the sites reached; what first arrivals average stands beside it",
        ));
    }
    paper
}

/// Residue against traffic. Section 1.4: s = e^-m by every way of pushing; pull misses fewer.
fn plot(table: Table, seen: Vec<(f64, f64)>) -> Plot {
    let published = table.rows().iter().map(|row| {
        let (residue, digit) = row.residue;
        Point { x: row.traffic.0, y: residue, bar: Some([residue - digit, residue + digit]) }
    });
    let most = table.rows().iter().map(|row| row.traffic.0).fold(0.0, f64::max);
    let mut curves = vec![
        Curve::new("seen", Look::Seen, 0, seen),
        Curve::new("printed, and one of its last digit", Look::Published, 1, published),
    ];
    if table != Table::Three {
        curves.push(Curve::theory("s = e⁻ᵐ", 2, [0.01, most], |traffic| libm::exp(-traffic)));
    }
    let (x, y) =
        (Axis::linear("traffic m: updates told per site"), Axis::log10("residue s: share of sites that never hear of it"));
    Plot { title: "Residue against traffic".into(), x, y, curves }
}

/// How many runs a table takes.
pub fn runs(table: Table, share: f64) -> u64 {
    table.rows().iter().map(|row| ((row.runs as f64 * share) as u64).max(20)).sum()
}

fn source(table: Table) -> &'static str {
    match table {
        Table::One => "Demers et al. 1987, table 1: push, feedback, counter; 1,000 sites",
        Table::Two => "Demers et al. 1987, table 2: push, blind, coin; 1,000 sites",
        Table::Three => "Demers et al. 1987, table 3: pull, feedback, counter; 1,000 sites",
    }
}

fn verdicts(paper: &mut Paper, table: Table, row: &Row, seen: &Seen) {
    let k = row.k;
    // The paper's third table is of first arrivals.
    let average = if table == Table::Three { &seen.average } else { &seen.average_told };
    let mut add = |what: &str, seen: &Mean, (published, digit): (f64, f64)| {
        let theirs = if what.starts_with("t_") { seen.error_of(PRINTED_RUNS) } else { 0.0 };
        let slack = digit + 4.0 * libm::hypot(seen.error(), theirs);
        let claim = format!("k={k} {what}");
        paper.verdicts.push(Verdict::range(claim, seen.mean(), published - slack, published + slack));
    };
    add("residue s", &seen.residue, row.residue);
    add("traffic m", &seen.traffic, row.traffic);
    add("t_ave, cycles", average, row.average);
    add("t_last, cycles", &seen.last, row.last);
    if table != Table::Three {
        paper.notes.push(format!("k={k}: first arrivals average {:.2} cycles", seen.average.mean()));
    }
}
