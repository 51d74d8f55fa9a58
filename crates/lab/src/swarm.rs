//! Draws cases: a swarm of faults (Groce et al. 2012, "Swarm testing"). Each class of fault is on in half of the cases,
//! with an intensity of its own, so that no fault hides what another would show.

use crate::case::{Act, Carry, Case, Entry, KEEPS_PACE_US};
use crate::links::{Bandwidth, Burst, Delay, Links};
use bruit_proto::Rng;
use std::time::Duration;

/// Faults happen for so long.
const FAULTS: u64 = 8 * 60_000;
/// Then the calm: 30 seconds more of harmless doings, and a bound by which all must agree.
const CALM: u64 = 150_000;
/// Nobody does anything in the last part of the calm: the bound of [`check`](crate::check).
const DOINGS: u64 = 30_000;
/// How long the dead are remembered where that is short, in seconds: four times the longest suspicion.
const TOMBSTONE: u64 = 60;
/// Everybody has started by then.
const BEGIN: u64 = 10_000;

/// Datagrams that a slow host's socket buffer holds, times 1 to 8: FreeBSD's 42,080 bytes (`net.inet.udp.recvspace`) of the
/// largest packets, 1,200 and a header each; eight times as many are Linux's 212,992 bytes of small ones.
const SOCKET_BUFFER: u32 = 32;

/// The case that this seed draws: 5 to 40 nodes, more than ten virtual minutes.
pub fn draw(seed: u64) -> Case {
    let mut dice = Rng::named(seed, bruit_proto::PeerId::NONE, "swarm");
    let nodes = 5 + dice.below(36);
    // Dice of their own: the rest of the case is the same either way.
    let sealed = Rng::named(seed, bruit_proto::PeerId::NONE, "sealed").below(4) == 0;
    let carry = match Rng::named(seed, bruit_proto::PeerId::NONE, "carry").below(8) {
        0 => Carry::Rumor,
        1 => Carry::Mail,
        2 => Carry::Tree,
        3 => Carry::Mixed,
        _ => Carry::Backlog,
    };
    let segments = match Rng::named(seed, bruit_proto::PeerId::NONE, "segments").below(8) {
        0 => 1,
        1 => 2,
        _ => 0,
    };
    let mut storms = Rng::named(seed, bruit_proto::PeerId::NONE, "storms");
    let stormy = storms.below(2) == 0;
    let mut swarm = Swarm { dice, storms, stormy, nodes, script: Vec::new() };
    let links = swarm.links();
    let tombstone_s = if swarm.coin() { 0 } else { TOMBSTONE };
    if tombstone_s > 0 {
        swarm.sleepers();
    }
    swarm.starts();
    let classes: [fn(&mut Swarm); 10] = [
        Swarm::cuts,
        Swarm::one_ways,
        Swarm::crashes,
        Swarm::pauses,
        Swarm::slow_node,
        Swarm::clocks,
        Swarm::leaves,
        Swarm::tags,
        Swarm::weather,
        Swarm::claims,
    ];
    for class in classes {
        if swarm.coin() {
            class(&mut swarm);
        }
    }
    if swarm.stormy {
        swarm.clogs();
    }
    swarm.events(0, FAULTS);
    swarm.calm();
    swarm.asks(seed);
    // Dice of their own: the rest of the case is the same either way.
    swarm.dice = Rng::named(seed, bruit_proto::PeerId::NONE, "slow");
    if swarm.coin() {
        swarm.slow_processors();
    }
    let mut script = swarm.script;
    script.sort_by_key(|e| e.at_ms);
    let seeds = (0..nodes.min(3)).collect();
    // One host more, for whoever mistakes its name.
    let mut case = Case {
        seed,
        nodes: nodes + 1,
        seeds,
        links,
        tombstone_s,
        sealed,
        carry,
        segments,
        calm_ms: FAULTS,
        end_ms: FAULTS + CALM,
        mutant: String::new(),
        script,
    };
    // With so many classes of fault hardly any case is gentle by chance, and false deaths would go unseen.
    if Rng::named(seed, bruit_proto::PeerId::NONE, "gentle").below(16) == 0 {
        case.soothe();
    }
    case
}

struct Swarm {
    dice: Rng,
    /// Of what links do besides, and of clogs: without them, the rest of a case is the same.
    storms: Rng,
    /// Whether there are any: of half of the cases there are gentle ones, too.
    stormy: bool,
    nodes: u32,
    script: Vec<Entry>,
}

impl Swarm {
    fn coin(&mut self) -> bool {
        self.dice.below(2) == 0
    }

    /// A number in `from..to`, small ones as often as large ones.
    fn skewed(&mut self, from: u64, to: u64) -> u64 {
        let octaves = (to / from.max(1)).max(1).ilog2();
        let top = (from.max(1) << self.dice.below(octaves + 1)).clamp(from + 1, to);
        self.between(from, top)
    }

    fn between(&mut self, from: u64, to: u64) -> u64 {
        self.dice.between(Duration::from_micros(from), Duration::from_micros(to)).as_micros() as u64
    }

    fn node(&mut self) -> u32 {
        self.dice.below(self.nodes)
    }

    fn moment(&mut self) -> u64 {
        self.between(BEGIN, FAULTS - 1_000)
    }

    fn some(&mut self, most: u32) -> Vec<u32> {
        let share = 1 + self.dice.below(most.max(1));
        let mut nodes: Vec<u32> = (0..share).map(|_| self.node()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    fn push(&mut self, at_ms: u64, act: Act) {
        self.script.push(Entry { at_ms, act });
    }

    /// F1, F3, F4, F7: what is wrong with links, each with a chance of its own.
    fn links(&mut self) -> Links {
        let floor_us = [200, 500, 1_000, 20_000][self.dice.below(4) as usize];
        let spread_us = [0, 500, 1_500, 30_000][self.dice.below(4) as usize];
        let mut links = Links { floor_us, spread_us, ..Links::default() };
        if self.coin() {
            links.loss_ppm = self.skewed(1_000, 300_000) as u32;
        }
        if self.coin() {
            links.udp_loss_ppm = self.skewed(1_000, 300_000) as u32;
        }
        if self.coin() {
            links.duplicate_ppm = self.skewed(1_000, 200_000) as u32;
        }
        if self.coin() {
            links.reorder_ppm = self.skewed(1_000, 300_000) as u32;
            links.reorder_us = self.skewed(1_000, 2_000_000) as u32;
        }
        if self.stormy {
            self.storm(&mut links);
        }
        links
    }

    /// F2, F3, F9, F10: losses in bursts, other delays, narrow ways out, small packets; each in one link of six.
    fn storm(&mut self, links: &mut Links) {
        let dice = &mut self.storms;
        let mut rolled = || dice.below(6) == 0;
        let (burst, delay, bandwidth, mtu) = (rolled(), rolled(), rolled(), rolled());
        if burst {
            let (loss_ppm, length, every) = (200_000 + dice.below(800_001), 1 + dice.below(50), 50 + dice.below(1_000));
            links.burst = Some(Burst { loss_ppm, length, every });
        }
        if delay {
            links.delay = match dice.below(3) {
                0 => Delay::Exponential,
                1 => Delay::LogNormal { sigma_permille: 200 + dice.below(1_000) },
                _ => Delay::Regions,
            };
        }
        if bandwidth {
            links.bandwidth = Some(Bandwidth { kbit: 128 << dice.below(7), queue: 4_096 << dice.below(5) });
        }
        if mtu {
            links.mtu = [548, 1_252, 1_372][dice.below(3) as usize];
        }
    }

    /// F8: hosts at whose door packets wait, one after another, each for a time of its own: who is clogged first may be
    /// the last to be free.
    fn clogs(&mut self) {
        for _ in 0..1 + self.storms.below(4) {
            let mut at = BEGIN + u64::from(self.storms.below((FAULTS - BEGIN - 60_000) as u32));
            for _ in 0..1 + self.storms.below(self.nodes / 2) {
                let (node, ms) = (self.storms.below(self.nodes), u64::from(1 + self.storms.below(10_000)));
                self.push(at, Act::Clog { node, ms });
                at += u64::from(self.storms.below(1_000));
            }
        }
    }

    fn starts(&mut self) {
        for node in 0..self.nodes {
            let at = if node == 0 { 0 } else { self.between(0, BEGIN) };
            self.push(at, Act::Start { node, wipe: false, moved: false });
        }
    }

    /// F6: one node, halves, anything between; for a second to two minutes.
    fn cuts(&mut self) {
        for _ in 0..1 + self.dice.below(5) {
            let (at, span) = (self.moment(), self.skewed(1_000, 120_000));
            let most = [1, self.nodes / 2, self.nodes - 1][self.dice.below(3) as usize];
            let side = self.some(most);
            self.push(at, Act::Cut { side });
            self.push(at + span, Act::Heal);
        }
    }

    /// F7.
    fn one_ways(&mut self) {
        for _ in 0..1 + self.dice.below(5) {
            let (at, span) = (self.moment(), self.skewed(1_000, 60_000));
            let (from, to) = (self.some(3), self.some(self.nodes));
            self.push(at, Act::OneWay { from, to });
            self.push(at + span, Act::Heal);
        }
    }

    /// F18: restarts sooner than the suspicion or never, with the disk or without, at the old place or another.
    fn crashes(&mut self) {
        for _ in 0..1 + self.dice.below(self.nodes) {
            let (at, node, unplug) = (self.moment(), self.node(), self.coin());
            self.push(at, Act::Kill { node, unplug });
            if self.dice.below(4) > 0 {
                let after = self.skewed(50, 120_000);
                let (wipe, moved) = (self.dice.below(10) < 3, self.dice.below(10) < 2);
                self.push(at + after, Act::Start { node, wipe, moved });
            }
        }
    }

    /// F15.
    fn pauses(&mut self) {
        for _ in 0..1 + self.dice.below(10) {
            let (at, node, ms) = (self.moment(), self.node(), self.skewed(10, 60_000));
            self.push(at, Act::Pause { node, ms });
        }
    }

    /// Where the dead are soon forgotten, somebody is away for longer and must not bring back who ended meanwhile.
    fn sleepers(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let (at, sleeper, node) = (self.moment(), self.node(), self.node());
            let ms = self.between(TOMBSTONE * 1_000, 3 * TOMBSTONE * 1_000);
            self.push(at, Act::Pause { node: sleeper, ms });
            let end = at + self.between(0, TOMBSTONE * 500);
            let act = if self.coin() { Act::Leave { node } } else { Act::Kill { node, unplug: false } };
            self.push(end, act);
        }
    }

    /// F16: nodes that are blocked and unblocked again and again (Lifeguard section V: 128 ms to 32.8 s blocked, 1 ms to
    /// 16 s free).
    fn slow_node(&mut self) {
        for node in self.some(self.nodes / 4) {
            let (mut at, end) = (self.moment(), FAULTS - 1_000);
            let (blocked, free) = (self.skewed(128, 32_768), self.skewed(1, 16_384));
            for _ in 0..50 {
                if at >= end {
                    break;
                }
                self.push(at, Act::Pause { node, ms: blocked });
                at += blocked + free;
            }
        }
    }

    /// F17: processors that are stolen, for a second to two minutes: each event takes from what just keeps pace up to so many
    /// times that; in a third of the cases no more.
    fn slow_processors(&mut self) {
        let most = [1, 10, 100][self.dice.below(3) as usize];
        for _ in 0..1 + self.dice.below(5) {
            let (at, ms) = (self.moment(), self.skewed(1_000, 120_000));
            for node in self.some(self.nodes / 4) {
                let service_us = KEEPS_PACE_US * (1 + u64::from(self.dice.below(most)));
                let queue = SOCKET_BUFFER << self.dice.below(4);
                self.push(at, Act::Slow { node, service_us, queue, ms });
            }
        }
    }

    /// F14: drifts up to 500 ppm, jumps of the wall clock up to a day.
    fn clocks(&mut self) {
        for node in self.some(self.nodes) {
            let at = self.moment();
            let ppm = self.dice.below(1_001) as i32 - 500;
            let jump_ms = (self.skewed(1_000, 86_400_000) as i64) * if self.coin() { 1 } else { -1 };
            self.push(at, Act::Clock { node, ppm, jump_ms });
        }
    }

    /// F20: some leave, most of them come back. Some of the others may not hear of it in time to believe it.
    fn leaves(&mut self) {
        for _ in 0..1 + self.dice.below(self.nodes / 2) {
            let (at, node) = (self.moment(), self.node());
            self.push(at, Act::Leave { node });
            if self.coin() {
                let (side, before, after) = (self.some(self.nodes / 2), self.between(0, 2_000), self.skewed(1_000, 30_000));
                self.push(at.saturating_sub(before), Act::Cut { side });
                self.push(at + after, Act::Heal);
            }
            if self.dice.below(4) > 0 {
                let (after, wipe) = (self.skewed(100, 120_000), self.dice.below(10) < 3);
                self.push(at + after, Act::Start { node, wipe, moved: false });
            }
        }
    }

    fn tags(&mut self) {
        for _ in 0..1 + self.dice.below(2 * self.nodes) {
            let (at, node, value) = (self.moment(), self.node(), self.dice.below(1_000));
            self.push(at, Act::Tag { node, value });
        }
    }

    /// Links change while it goes on.
    fn weather(&mut self) {
        for _ in 0..1 + self.dice.below(4) {
            let (at, links) = (self.moment(), self.links());
            self.push(at, Act::Links { links });
        }
    }

    /// F13: a process starts under a name that another may hold.
    fn claims(&mut self) {
        let (at, of) = (self.moment(), self.node());
        self.push(at, Act::Claim { node: self.nodes, of });
    }

    fn events(&mut self, from: u64, to: u64) {
        for _ in 0..2 + self.dice.below(40) {
            let (at, node, bytes) = (self.between(from, to), self.node(), self.dice.below(512));
            self.push(at, Act::Event { node, bytes });
        }
    }

    /// Dynamo section 4.8.1: few changes, hours apart in earnest. Dice of their own: what else a seed draws they leave alone.
    fn asks(&mut self, seed: u64) {
        let mut dice = Rng::named(seed, bruit_proto::PeerId::NONE, "asks");
        for _ in 0..dice.below(30) {
            let at = dice.below((FAULTS + DOINGS) as u32).into();
            let node = dice.below(self.nodes);
            self.push(at, Act::Ask { node });
        }
    }

    /// The seeds are there, or some could never find the others. Then what any cluster does: one crashes, one leaves, one
    /// changes, one mistakes its name, events.
    fn calm(&mut self) {
        for node in 0..self.nodes.min(3) {
            self.push(FAULTS, Act::Start { node, wipe: false, moved: false });
        }
        let moment = |swarm: &mut Swarm| FAULTS + swarm.between(5_000, DOINGS);
        let acts = [
            Act::Kill { node: self.node(), unplug: self.coin() },
            Act::Leave { node: self.node() },
            Act::Tag { node: self.node(), value: 1_000 },
        ];
        for act in acts {
            if self.coin() {
                let at = moment(self);
                self.push(at, act);
            }
        }
        if self.coin() {
            let (of, at) = (self.node(), moment(self));
            self.push(at, Act::Claim { node: self.nodes, of });
        }
        self.events(FAULTS + 5_000, FAULTS + DOINGS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seed_draws_a_case_that_is_one() {
        for seed in 0..300 {
            let case = draw(seed);
            assert_eq!(Case::parse(&case.text()), Ok(case.clone()));
            assert!(case.end() >= Duration::from_secs(600) && (5..=41).contains(&case.nodes));
            assert_eq!(draw(seed), case);
        }
    }

    #[test]
    fn each_class_of_fault_is_in_some_cases_and_absent_from_others() {
        let share = |f: fn(&Act) -> bool| (0..200).filter(|s| draw(*s).script.iter().any(|e| f(&e.act))).count();
        let classes: [fn(&Act) -> bool; 10] = [
            |a| matches!(a, Act::Cut { .. }),
            |a| matches!(a, Act::OneWay { .. }),
            |a| matches!(a, Act::Kill { unplug: true, .. }),
            |a| matches!(a, Act::Pause { .. }),
            |a| matches!(a, Act::Slow { .. }),
            |a| matches!(a, Act::Clog { .. }),
            |a| matches!(a, Act::Clock { .. }),
            |a| matches!(a, Act::Leave { .. }),
            |a| matches!(a, Act::Links { .. }),
            |a| matches!(a, Act::Claim { .. }),
        ];
        for class in classes {
            assert!((60..180).contains(&share(class)), "{}", share(class));
        }
        let gentle: Vec<Case> = (0..400).map(draw).filter(Case::is_gentle).collect();
        assert!((12..60).contains(&gentle.len()), "{}", gentle.len());
        assert!(gentle.iter().any(|case| case.script.iter().any(|e| matches!(e.act, Act::Slow { .. }))));
        assert!((30..70).contains(&(0..200).filter(|s| draw(*s).sealed).count()));
    }
}
