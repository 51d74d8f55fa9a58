//! Partners chosen by distance: Demers et al. 1987, section 3. How traffic per link grows on a line, and what routers
//! between subnets carry.

use super::{Paper, Verdict};
use crate::cycles::{Complete, Cycles, Line, Overlay, Subnets};
use crate::epidemic::{Epidemic, One};
use crate::runner::each;
use bruit_rumor::{Config, Exchange, Rumor, Stop};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// Sites of the longest line; the shortest has an eighth of them, squared.
pub const SITES: u32 = 1 << 14;
/// Contacts that are watched on each line: the mean of their lengths is sure to a few percent.
const CONTACTS: u32 = 1 << 19;

/// An exponent, the order in which traffic per link is said to grow, and the order itself.
struct Row {
    exponent: f64,
    order: &'static str,
    grows: fn(f64) -> f64,
}

const ROWS: [Row; 5] = [
    Row { exponent: 0.0, order: "n", grows: |n| n },
    Row { exponent: 1.0, order: "n / log n", grows: |n| n / libm::log(n) },
    Row { exponent: 1.5, order: "n^(2-a)", grows: libm::sqrt },
    Row { exponent: 2.0, order: "log n", grows: libm::log },
    Row { exponent: 3.0, order: "1", grows: |_| 1.0 },
];

/// Subnets, by their sizes: as many of them as nodes in each.
const SIZES: [u32; 3] = [8, 16, 32];
/// Runs of a rumor over subnets, and without them.
const RUNS: u64 = 20;

/// How many runs the paper takes.
pub fn runs() -> u64 {
    2 * ROWS.len() as u64 + 2 * RUNS * SIZES.len() as u64
}

/// Contacts that cross a link of a line in a cycle, on average over links: each site asks one partner.
fn traffic(line: Line, seed: u64) -> f64 {
    let config = Arc::new(Config { exchange: Exchange::Pull, every: crate::cycles::CYCLE, ..Config::default() });
    let node = |_| Rumor::new(Arc::clone(&config), One::default()).expect("settings in their bounds");
    let mut cycles: Cycles<Rumor<One>, Line> = Cycles::new(seed, line, node);
    let links = Rc::new(RefCell::new(0_u64));
    let crossed = links.clone();
    cycles.tap(move |from, to, _| *crossed.borrow_mut() += u64::from(from.abs_diff(to)));
    let watched = (CONTACTS / line.n).max(1);
    (0..watched).for_each(|_| cycles.step());
    let crossings = *links.borrow();
    crossings as f64 / f64::from(line.n - 1) / f64::from(watched)
}

/// A rumor among nodes in subnets, by push and pull of which nobody tires.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Routed {
    /// Contacts through a subnet's router in a cycle, of its nodes and with them.
    pub load: f64,
    /// Cycles until all know.
    pub last: u64,
}

/// Lets a rumor spread over `overlay`, whose nodes lie in these subnets whatever it thinks of them.
pub fn routed<O: Overlay>(overlay: O, nets: Subnets, seed: u64) -> Routed {
    let stop = Stop::Counter { feedback: true, k: 1000 };
    let config = Config { exchange: Exchange::PushPull, stop, ..Config::default() };
    let mut epidemic = Epidemic::new(&config, overlay, seed).expect("settings in their bounds");
    let through = Rc::new(RefCell::new(0_u64));
    let routers = through.clone();
    epidemic.cycles().tap(move |from, to, message| {
        // Each contact asks once, whatever else it says.
        let crosses = nets.of(from) != nets.of(to) && matches!(message, bruit_rumor::Message::Ask);
        *routers.borrow_mut() += 2 * u64::from(crosses);
    });
    while epidemic.known() < u64::from(nets.n) {
        epidemic.step();
    }
    let cycles = epidemic.cycles().cycle();
    let subnets = f64::from(nets.n.div_ceil(nets.size));
    let crossings = *through.borrow();
    Routed { load: crossings as f64 / subnets / cycles as f64, last: cycles }
}

/// Lines of up to so many `sites`, then subnets; `done` hears of each run.
pub fn paper(sites: u32, threads: usize, done: &mut dyn FnMut()) -> Paper {
    let source = "Demers et al. 1987, section 3: partners chosen with a probability that falls as distance^-a";
    let mut paper = Paper { source, ..Paper::default() };
    let short = sites / 64;
    for Row { exponent, order, grows } in ROWS {
        let line = |seed: u64| Line { n: if seed == 0 { short } else { sites }, exponent };
        let seen = each(
            0..2,
            threads,
            |seed| traffic(line(seed), seed),
            |_, _| {
                done();
                true
            },
        );
        let [few, many] = [seen[0].1, seen[1].1];
        let claim = format!("a={exponent}: traffic per link grows as {order}, from {short} sites to {sites}");
        paper.verdicts.push(Verdict::near(claim, many / few, grows(sites.into()) / grows(short.into()), 0.12));
        paper.notes.push(format!("a={exponent}: {few:.2} contacts a cycle cross a link of {short} sites, {many:.2} of {sites}"));
    }
    for size in SIZES {
        let nets = Subnets { n: size * size, size };
        let mean = |runs: Vec<(u64, Routed)>| {
            let sum = runs.iter().fold((0.0, 0.0), |sum, (_, run)| (sum.0 + run.load, sum.1 + run.last as f64));
            (sum.0 / RUNS as f64, sum.1 / RUNS as f64)
        };
        let mut heard = |_, _: &Routed| {
            done();
            true
        };
        let (load, last) = mean(each(0..RUNS, threads, |seed| routed(nets, nets, seed), &mut heard));
        let (uniform, sooner) = mean(each(0..RUNS, threads, |seed| routed(Complete(nets.n), nets, seed), &mut heard));
        let row = |claim: &str, seen, low, high| Verdict::range(format!("{size} subnets of {size}: {claim}"), seen, low, high);
        paper.verdicts.push(row("contacts through a router in a cycle", load, 1.8, 2.2));
        paper.verdicts.push(row("cycles until all know, over those of a uniform choice", last / sooner, 1.0, 2.0));
        paper.notes.push(format!(
            "{size} subnets of {size}: a uniform choice makes {uniform:.1} contacts through a router in a cycle; all know after \
             {sooner:.1} cycles, by subnets after {last:.1}"
        ));
    }
    paper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_grows_in_the_stated_orders_and_routers_carry_the_same() {
        let paper = paper(1 << 12, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }

    #[test]
    fn a_uniform_choice_loads_routers_by_the_size_of_their_subnets() {
        let load = |size| {
            let nets = Subnets { n: 256, size };
            routed(Complete(256), nets, 1).load
        };
        assert!(load(4) > 6.0 && load(32) > 50.0);
    }
}
