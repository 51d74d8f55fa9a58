//! What is seen of a run, held against its invariants.

use super::{Known, PACKETS_PER_S, Run};
use crate::check::events::Process;
use crate::check::members::Truth;
use crate::check::violation::{Invariant, Violation};
use crate::cluster::id;
use crate::world::Told;
use bruit_events::EventId;
use bruit_proto::{Change, PeerId, Peers};
use bruit_stacks::{Event, FullEvent};
use bruit_swim::Status;
use std::time::Duration;

/// How often what they hold is compared with what they held.
const LOOK: u64 = 200;
/// How often their rates are weighed.
const WEIGH: u64 = 10_000;
/// M9: so long after the faults end every living node is alive to all. Seeds are asked again each minute, which is how
/// islands that never met find each other; then 30 seconds to spread, suspect and refute.
const ALIVE: Duration = Duration::from_secs(90);
/// M3: probe laps are watched from this far into the calm: before, health may still be low and periods long.
const PROBED_FROM: Duration = Duration::from_secs(30);
/// M3: a period of the default settings, and what a probe may be late by: its own period and the link.
const PERIOD: Duration = Duration::from_secs(1);
const PROBE_SLACK: Duration = Duration::from_secs(2);
/// M4: a death told of a process younger than this may mean the one before it.
const YOUNG: Duration = Duration::from_secs(30);
/// M7: two that were told to stop within this were told in the same conflict.
const CONFLICT: Duration = Duration::from_secs(60);
/// M8: the largest packet of the default settings.
const LARGEST: u64 = 1_200;
const BYTES_PER_S: u64 = 100_000;
/// M8: streams of one node: 256 each way.
const STREAMS: usize = 512;

impl Run<'_> {
    pub(super) fn hear(&mut self) -> Result<(), Violation> {
        self.issue();
        let mut covered = Vec::new();
        for told in self.world.told() {
            self.note(Some((told.at, told.node)), || format!("{:?}", told.event));
            self.hear_one(&told)?;
            if let FullEvent::Core(Event::Covered(id)) = told.event {
                covered.push((told.node, id));
            }
        }
        covered.into_iter().try_for_each(|(node, id)| self.is_true(node, id))
    }

    /// D4. What an origin knows by now, held against what was heard by now.
    fn is_true(&self, node: u32, id: EventId) -> Result<(), Violation> {
        if !self.world.is_up(node) {
            return Ok(());
        }
        let Some(covered) = self.world.protocol(node).events().covered(id) else { return Ok(()) };
        self.book.covered(id, &covered).map_err(|what| self.violation(Invariant::D4, Some(node), what))
    }

    fn hear_one(&mut self, told: &Told<FullEvent>) -> Result<(), Violation> {
        let node = told.node;
        let event = match &told.event {
            FullEvent::Core(event) => event,
            FullEvent::Own(event) => {
                self.asked.hear(node, event);
                return Ok(());
            }
            // Unless the feature of stacks is on, there is none; the lab's nodes are made without it.
            #[allow(unreachable_patterns)]
            FullEvent::Also(_) => return Ok(()),
        };
        match event {
            Event::Delivered(event) => {
                let id = self.known[node as usize].as_ref().map_or(id(node), |k| k.id);
                let found = self.book.delivered(self.process(node), id, event);
                found.map_err(|(invariant, what)| self.violation(invariant, Some(node), what))?;
            }
            Event::Member { peer, change: Change::Down } if self.case.is_gentle() => {
                let lives = |k: &&Known| k.id == *peer && k.since + YOUNG <= told.at && !k.leaving;
                if self.known.iter().flatten().any(|k| lives(&k)) && self.holders(*peer) == 1 {
                    return Err(self.violation(Invariant::M4, Some(node), format!("{peer:?} lives and is declared dead")));
                }
            }
            Event::NameTaken => self.taken(node)?,
            Event::Gone => {
                self.end(node);
                self.world.kill(node);
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether every member knows this host's process: on islands that have not met, each may have an incumbent.
    pub(super) fn is_known_to_all(&self, host: u32) -> bool {
        let Some(known) = self.known[host as usize].as_ref().filter(|k| k.member_since.is_some() && !k.leaving) else {
            return false;
        };
        let session = self.world.protocol(host).swim().me().record.session();
        let knows = |i: u32| {
            let held = self.world.protocol(i).swim().member(known.id);
            held.is_some_and(|m| m.is_live() && m.record.session() == session)
        };
        self.members().all(|(i, _)| knows(i))
    }

    /// How many processes go by this name.
    pub(super) fn holders(&self, id: PeerId) -> usize {
        self.known.iter().flatten().filter(|k| k.id == id).count()
    }

    fn taken(&mut self, node: u32) -> Result<(), Violation> {
        let Some(known) = self.known[node as usize].clone() else { return Ok(()) };
        self.end(node);
        self.world.kill(node);
        let now = self.world.now();
        if self.claims.iter().any(|c| c.1 == node) {
            return Err(self.violation(Invariant::M7, Some(node), "was there first and is told to stop".into()));
        }
        let before = self.told_taken.insert(known.id, now);
        if before.is_some_and(|at| at + CONFLICT > now) && self.holders(known.id) == 0 {
            return Err(self.violation(Invariant::M7, Some(node), "both of one name are told to stop".into()));
        }
        Ok(())
    }

    pub(super) fn look(&mut self, before: Duration) -> Result<(), Violation> {
        let now = self.world.now();
        let passed = |every: u64| now.as_millis() as u64 / every > before.as_millis() as u64 / every;
        if passed(LOOK) {
            for i in 0..self.world.len() {
                self.look_at(i)?;
            }
            if self.calm && self.agreed_after.is_none() && self.agree().is_ok() {
                self.agreed_after = Some(now - self.case.calm());
            }
            if self.calm {
                self.in_time(now)?;
            }
            let due = self.case.calm() + ALIVE;
            if before < due && now >= due {
                self.all_alive()?;
            }
        }
        if passed(WEIGH) { self.weigh() } else { Ok(()) }
    }

    fn look_at(&mut self, i: u32) -> Result<(), Violation> {
        if !self.world.is_up(i) {
            return Ok(());
        }
        let swim = self.world.protocol(i).swim();
        if let Some(known) = &mut self.known[i as usize]
            && known.member_since.is_none()
            && !swim.is_empty()
        {
            known.member_since = Some(self.world.now());
        }
        let (now, life) = (self.world.now(), self.world.life(i));
        let found = self.views[i as usize].look(now, life, swim, &self.selves, self.tombstone);
        found.map_err(|(invariant, what)| self.violation(invariant, Some(i), what))
    }

    /// M3 and D3: what happens in the calm is known soon.
    fn in_time(&mut self, now: Duration) -> Result<(), Violation> {
        let old = self.old_members();
        let views = old.iter().map(|(process, _)| (process.0, self.world.protocol(process.0).swim()));
        let found = self.facts.look(now, views);
        found.map_err(|(node, what)| self.violation(Invariant::M3, Some(node), what))?;
        // Before they have found each other after the faults there is no 'all' to reach in time.
        let Some(agreed) = self.agreed_after else { return Ok(()) };
        let found = self.book.in_time(now, self.case.calm() + agreed, &old);
        found.map_err(|(node, what)| self.violation(Invariant::D3, Some(node), what))
    }

    /// Members that were there when the faults ended, each with the moment since which it is one.
    fn old_members(&self) -> Vec<(Process, Duration)> {
        let old = |m: &(u32, &Known)| m.1.member_since.is_some_and(|since| since < self.case.calm());
        // While two go by one name, what is for the one may come to the other.
        let alone = |m: &(u32, &Known)| self.holders(m.1.id) == 1;
        self.members()
            .filter(|m| old(m) && alone(m))
            .filter_map(|(i, known)| Some((self.process(i), known.member_since?)))
            .collect()
    }

    /// M3: SWIM section 4.3, while the view stands: it decides who is whose next target. Where all is sealed the network sees
    /// no ping.
    fn all_probed(&self) -> Result<(), Violation> {
        let now = self.world.now();
        let members: Vec<u32> = self.members().filter(|m| m.1.since < self.case.calm()).map(|m| m.0).collect();
        if self.case.sealed {
            return Ok(());
        }
        for i in &members {
            let n = self.world.protocol(*i).swim().len() + 1;
            let bound = PERIOD * (2 * n - 1) + PROBE_SLACK;
            let since = (self.case.calm() + PROBED_FROM).max(self.views[*i as usize].steady_since());
            let silent = |j: &&u32| *j != i && self.pings.last(*i, **j).max(since) + bound < now;
            if let Some(j) = members.iter().find(silent) {
                let what = format!("has not probed node {j} for {bound:?}, twice as many periods as there are members");
                return Err(self.violation(Invariant::M3, Some(*i), what));
            }
        }
        Ok(())
    }

    /// M8.
    fn weigh(&mut self) -> Result<(), Violation> {
        for i in 0..self.world.len() {
            let total = self.world.traffic(i);
            let spent = total - std::mem::replace(&mut self.weighed[i as usize], total);
            let (packets, bytes) = (spent.packets * 1_000 / WEIGH, spent.bytes() * 1_000 / WEIGH);
            self.busiest = self.busiest.max(packets);
            let what = if total.largest > LARGEST {
                format!("sent a packet of {} bytes", total.largest)
            } else if packets > PACKETS_PER_S || bytes > BYTES_PER_S {
                format!("sends {packets} packets and {bytes} bytes a second")
            } else if self.world.streams(i) > STREAMS {
                format!("has {} streams", self.world.streams(i))
            } else {
                continue;
            };
            return Err(self.violation(Invariant::M8, Some(i), what));
        }
        Ok(())
    }

    /// Hosts whose node is a member for good: it runs and does not leave.
    fn members(&self) -> impl Iterator<Item = (u32, &Known)> {
        let hosts = self.known.iter().zip(0..);
        hosts.filter_map(|(known, i)| Some((i, known.as_ref().filter(|k| !k.leaving)?)))
    }

    /// M9.
    fn all_alive(&self) -> Result<(), Violation> {
        let old = |k: &Known| k.since < self.case.calm();
        for (i, _) in self.members().filter(|m| old(m.1)) {
            let swim = self.world.protocol(i).swim();
            for (j, known) in self.members().filter(|m| old(m.1)) {
                let status = swim.member(known.id).map(|m| m.status);
                if status != Some(Status::Alive) {
                    let what = format!("node {j} lives and is held {status:?} {ALIVE:?} after the faults");
                    return Err(self.violation(Invariant::M9, Some(i), what));
                }
            }
        }
        Ok(())
    }

    /// M3, M5, M7, D3 and H1.
    pub(crate) fn at_the_end(&self) -> Result<(), Violation> {
        self.all_probed()?;
        if let Some((node, known)) = self.members().find(|m| self.holders(m.1.id) > 1) {
            return Err(self.violation(Invariant::M7, Some(node), format!("two processes go by {:?}", known.id)));
        }
        self.agree().map_err(|(node, what)| self.violation(Invariant::M5, Some(node), what))?;
        let members = self.members().filter_map(|(i, known)| Some((self.process(i), known.member_since?)));
        let members: Vec<_> = members.collect();
        let histories = members.iter().map(|m| (m.0.0, self.world.protocol(m.0.0).history()));
        self.asked.agree(histories).map_err(|(node, what)| self.violation(Invariant::H1, Some(node), what))?;
        self.book.all_reached(&members).map_err(|(node, what)| self.violation(Invariant::D3, Some(node), what))
    }

    /// Whether every view is the truth; whose is not.
    fn agree(&self) -> Result<(), (u32, String)> {
        let of = |i: u32| {
            let me = self.world.protocol(i).swim().me();
            (me.id(), (me.incarnation, me.record.digest()))
        };
        let truth = Truth { live: self.members().map(|m| of(m.0)).collect(), left: self.left.clone() };
        for (i, _) in self.members() {
            truth.agrees(self.world.protocol(i).swim()).map_err(|what| (i, what))?;
        }
        Ok(())
    }
}
