//! Makes a failing case small: fewer lines (delta debugging; Zeller and Hildebrandt 2002), then shorter times and plainer
//! links. A smaller case counts when the same invariant does not hold.

use crate::case::{Act, Case, Entry};
use crate::check::{Violation, verify};
use crate::links::Links;

/// The smallest case found within `effort` runs, and what does not hold in it.
pub fn smallest(case: Case, violation: Violation, effort: u32) -> (Case, Violation) {
    let mut search = Search { case, violation, left: effort };
    search.stop_at_violation();
    search.fewer_lines();
    search.plainer_links();
    search.shorter();
    search.fewer_lines();
    search.fewer_hosts();
    (search.case, search.violation)
}

struct Search {
    case: Case,
    violation: Violation,
    left: u32,
}

impl Search {
    /// Takes `case` if it fails alike.
    fn accept(&mut self, case: Case) -> bool {
        if self.left == 0 || case == self.case {
            return false;
        }
        self.left -= 1;
        match verify(&case).violation {
            Some(found) if found.invariant == self.violation.invariant => {
                (self.case, self.violation) = (case, found);
                true
            }
            _ => false,
        }
    }

    fn with_script(&self, script: Vec<Entry>) -> Case {
        Case { script, ..self.case.clone() }
    }

    /// Lines after the violation say nothing.
    fn stop_at_violation(&mut self) {
        let at = self.violation.at.as_millis() as u64;
        let script = self.case.script.iter().filter(|e| e.at_ms <= at).cloned().collect();
        self.accept(self.with_script(script));
    }

    /// Leaves out chunks of lines, of half the script first, of single lines last.
    fn fewer_lines(&mut self) {
        let mut chunk = self.case.script.len().div_ceil(2);
        while chunk > 0 && self.left > 0 {
            let mut start = 0;
            while start < self.case.script.len() {
                let end = (start + chunk).min(self.case.script.len());
                let mut script = self.case.script.clone();
                script.drain(start..end);
                if !self.accept(self.with_script(script)) {
                    start = end;
                }
            }
            chunk /= 2;
        }
    }

    /// Leaves out the last hosts, if nothing names them.
    fn fewer_hosts(&mut self) {
        let nodes = self.case.last_host().map_or(1, |host| host + 1);
        self.accept(Case { nodes, ..self.case.clone() });
    }

    /// Links that do less.
    fn plainer_links(&mut self) {
        let good = Links::default();
        let plainer: [fn(&mut Links, &Links); 7] = [
            |links, good| *links = good.clone(),
            |links, good| (links.floor_us, links.spread_us) = (good.floor_us, good.spread_us),
            |links, good| (links.loss_ppm, links.udp_loss_ppm) = (good.loss_ppm, good.udp_loss_ppm),
            |links, good| links.delay = good.delay,
            |links, good| (links.burst, links.bandwidth) = (good.burst, good.bandwidth),
            |links, good| links.duplicate_ppm = good.duplicate_ppm,
            |links, good| links.reorder_ppm = good.reorder_ppm,
        ];
        for plain in plainer {
            let mut case = self.case.clone();
            plain(&mut case.links, &good);
            self.accept(case);
        }
    }

    /// Halves pauses, sides and the time before the faults end, as long as it still fails.
    fn shorter(&mut self) {
        for i in 0..self.case.script.len() {
            while let Some(act) = halved(&self.case.script[i].act) {
                let mut script = self.case.script.clone();
                script[i].act = act;
                if !self.accept(self.with_script(script)) {
                    break;
                }
            }
        }
        // The last fault is one still: what happens as the calm begins belongs to it.
        let last = self.case.script.iter().map(|e| e.at_ms + 1).filter(|at| *at <= self.case.calm_ms).max().unwrap_or(0);
        let gained = self.case.calm_ms - last;
        let mut case = self.case.clone();
        for entry in case.script.iter_mut().filter(|e| e.at_ms >= self.case.calm_ms) {
            entry.at_ms -= gained;
        }
        (case.calm_ms, case.end_ms) = (case.calm_ms - gained, case.end_ms - gained);
        self.accept(case);
    }
}

/// The same with half of its length or size, if it has one to halve.
fn halved(act: &Act) -> Option<Act> {
    match act {
        Act::Clog { node, ms } if *ms > 1 => Some(Act::Clog { node: *node, ms: ms / 2 }),
        Act::Slow { node, service_us, queue, ms } if *ms > 1 => {
            Some(Act::Slow { node: *node, service_us: *service_us, queue: *queue, ms: ms / 2 })
        }
        Act::Pause { node, ms } if *ms > 1 => Some(Act::Pause { node: *node, ms: ms / 2 }),
        Act::Cut { side } if side.len() > 1 => Some(Act::Cut { side: side[..side.len() / 2].to_vec() }),
        Act::Event { node, bytes } if *bytes > 0 => Some(Act::Event { node: *node, bytes: bytes / 2 }),
        Act::OneWay { from, to } if to.len() > 1 => Some(Act::OneWay { from: from.clone(), to: to[..to.len() / 2].to_vec() }),
        _ => None,
    }
}

#[cfg(all(test, feature = "mutants"))]
mod tests {
    use super::*;
    use crate::check::Invariant;
    use crate::swarm;

    /// What is left of some hundred lines is two nodes that start and an event between them, or little more.
    #[test]
    fn a_failing_case_becomes_small_and_fails_alike() {
        let drawn = Case { mutant: "event delivered twice".into(), ..swarm::draw(1) };
        let found = verify(&drawn).violation.expect("it is caught");
        let (small, violation) = smallest(drawn, found, 300);
        assert_eq!(violation.invariant, Invariant::D2);
        assert!(small.script.len() <= 6 && small.nodes <= 36, "{}", small.text());
        let replayed = Case::parse(&small.text()).expect("it is a file");
        assert_eq!(verify(&replayed).violation, Some(violation));
    }
}
