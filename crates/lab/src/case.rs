//! A case: everything that decides one run, in a file. The seed draws it; the file is what is replayed and shrunk.

use crate::check::PACKETS_PER_S;
use crate::links::{Delay, Links};
use bruit_stacks::Spread;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A processor that takes no longer than this for an event keeps pace with the most that M8 lets a node send: its queue is
/// short, and a false death has no excuse. A slower one may be behind by its whole socket buffer when it is probed or
/// accused, and be declared dead before it has heard of it.
pub(crate) const KEEPS_PACE_US: u64 = 1_000_000 / PACKETS_PER_S;

/// Parameters, a script, a seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Seed of all dice of the run.
    pub seed: u64,
    /// Hosts. Those in `seeds` are whom everybody joins through.
    pub nodes: u32,
    /// Hosts that everybody joins through.
    pub seeds: Vec<u32>,
    /// What links do from the start.
    pub links: Links,
    /// How long the dead are remembered, in seconds, if not as long as by default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tombstone_s: u64,
    /// Whether all is sealed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sealed: bool,
    /// How events travel.
    #[serde(default, skip_serializing_if = "is_default")]
    pub carry: Carry,
    /// How many links with IP multicast there are; none: events are never said to a group. Host `i` is on number `i` modulo this.
    #[serde(default, skip_serializing_if = "is_default")]
    pub segments: u32,
    /// When the faults end, in milliseconds: cuts heal, links are good, pauses are over, processors are fast. Then begins the calm.
    pub calm_ms: u64,
    /// When the run ends, in milliseconds.
    pub end_ms: u64,
    /// The planted fault that the run is to show, or none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mutant: String,
    /// What happens, by time.
    pub script: Vec<Entry>,
}

/// How the events of a case travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carry {
    /// By their own backlog.
    #[default]
    Backlog,
    /// As rumors.
    Rumor,
    /// By direct mail.
    Mail,
    /// Along trees.
    Tree,
    /// By each of these at a quarter of the hosts, as while an operator changes the setting.
    Mixed,
}

impl Carry {
    /// At this host.
    pub(crate) fn at(self, host: u32) -> Spread {
        // The timing of a LAN.
        let every = Duration::from_millis(100);
        match (self, host % 4) {
            (Carry::Backlog, _) | (Carry::Mixed, 0) => Spread::Backlog,
            (Carry::Rumor, _) | (Carry::Mixed, 1) => Spread::rumor(every),
            (Carry::Mail, _) | (Carry::Mixed, 2) => Spread::mail(every),
            (Carry::Tree, _) | (Carry::Mixed, _) => Spread::tree(every),
        }
    }
}

/// A line of the script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

/// Something that happens to the world. What makes no sense at its moment does nothing, so any part of a script is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Act {
    /// The process of a host starts and joins through the seeds. With `wipe` its disk is empty, with `moved` it listens
    /// on another port than before.
    Start {
        /// Which host.
        node: u32,
        /// Whether its disk is emptied first.
        #[serde(default, skip_serializing_if = "is_default")]
        wipe: bool,
        /// Whether it has another address than before.
        #[serde(default, skip_serializing_if = "is_default")]
        moved: bool,
    },
    /// The process ends without a word; with `unplug` its host goes with it.
    Kill {
        /// Which host.
        node: u32,
        /// Whether the host goes too.
        #[serde(default, skip_serializing_if = "is_default")]
        unplug: bool,
    },
    /// The node says goodbye; its process ends when that is done.
    Leave {
        /// Which.
        node: u32,
    },
    /// The process stands still.
    Pause {
        /// Which host.
        node: u32,
        /// For how long, in milliseconds.
        ms: u64,
    },
    /// The processor of a host is slow: each datagram or segment that its process is told, and each waking for its timers,
    /// takes so long, and what comes meanwhile waits or finds the socket buffer full.
    Slow {
        /// Which host.
        node: u32,
        /// What each takes, in microseconds.
        service_us: u64,
        /// Datagrams that wait, at most.
        queue: u32,
        /// For how long it is slow, in milliseconds.
        ms: u64,
    },
    /// What is sent to a host waits, then all of it arrives at once.
    Clog {
        /// To which host.
        node: u32,
        /// For how long, in milliseconds.
        ms: u64,
    },
    /// These are cut off from all others, both ways.
    Cut {
        /// Which hosts.
        side: Vec<u32>,
    },
    /// Nothing gets from these to those.
    OneWay {
        /// From which hosts.
        from: Vec<u32>,
        /// To which hosts.
        to: Vec<u32>,
    },
    /// All cuts end.
    Heal,
    /// Links are like this from now on.
    Links {
        /// All that they do.
        links: Links,
    },
    /// A host's clocks: a rate, and a jump of the wall clock.
    Clock {
        /// Which host.
        node: u32,
        /// Microseconds gained in a second.
        #[serde(default, skip_serializing_if = "is_default")]
        ppm: i32,
        /// Milliseconds that the wall clock jumps.
        #[serde(default, skip_serializing_if = "is_default")]
        jump_ms: i64,
    },
    /// The node says an event of so many bytes.
    Event {
        /// Which.
        node: u32,
        /// Bytes of payload.
        bytes: u32,
    },
    /// An operator asks the node for something that goes into the history.
    Ask {
        /// Which.
        node: u32,
    },
    /// The node sets its tags to one of this value.
    Tag {
        /// Which.
        node: u32,
        /// The value.
        value: u32,
    },
    /// The host's next process goes by the name of another host's node: a mistake of whoever set it up.
    Claim {
        /// Which host; it must not run yet.
        node: u32,
        /// Whose name.
        of: u32,
    },
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Case {
    /// The file.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a case is plain data") + "\n"
    }

    /// The case in a file.
    ///
    /// # Errors
    /// Names the place where the text is no case, or what of it is out of its bounds.
    pub fn parse(text: &str) -> Result<Case, String> {
        let case: Case = serde_json::from_str(text).map_err(|why| why.to_string())?;
        case.check()?;
        Ok(case)
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=1_000).contains(&self.nodes) {
            return Err(format!("{} nodes; a case has 1 to 1,000", self.nodes));
        }
        if self.links.floor_us < 100 {
            return Err(format!("links of {} µs; the shortest latency is 100 µs", self.links.floor_us));
        }
        match self.last_host() {
            Some(host) if host >= self.nodes => Err(format!("host {host} of {}: they count from 0", self.nodes)),
            _ => Ok(()),
        }
    }

    /// The greatest number of a host that is named.
    pub(crate) fn last_host(&self) -> Option<u32> {
        self.script.iter().flat_map(|e| e.act.hosts()).chain(self.seeds.iter().copied()).max()
    }

    /// How long the dead are remembered, if the case says so.
    pub fn tombstone(&self) -> Option<Duration> {
        (self.tombstone_s > 0).then(|| Duration::from_secs(self.tombstone_s))
    }

    /// When the calm begins.
    pub fn calm(&self) -> Duration {
        Duration::from_millis(self.calm_ms)
    }

    /// When the run ends.
    pub fn end(&self) -> Duration {
        Duration::from_millis(self.end_ms)
    }

    /// Whether nothing ever hinders a living node: no loss, cut, pause, one-way link, long delay or processor that falls
    /// behind, so that every death is a true one.
    pub fn is_gentle(&self) -> bool {
        is_prompt(&self.links) && !self.script.iter().any(|e| e.act.hinders())
    }

    /// Leaves out what hinders a living node: the rest [is gentle](Case::is_gentle).
    pub(crate) fn soothe(&mut self) {
        self.links = soothed(&self.links);
        for entry in &mut self.script {
            if let Act::Links { links } = &mut entry.act {
                *links = soothed(links);
            }
        }
        self.script.retain(|e| !e.act.hinders());
    }
}

/// Whether links lose nothing and hold nothing back for long.
fn is_prompt(links: &Links) -> bool {
    let lossless = links.loss_ppm == 0 && links.udp_loss_ppm == 0 && links.burst.is_none() && links.bandwidth.is_none();
    lossless && (links.reorder_ppm == 0 || links.reorder_us <= 100_000) && links.delay == Delay::Uniform
}

/// The same links, prompt.
fn soothed(links: &Links) -> Links {
    let Links { floor_us, spread_us, duplicate_ppm, mtu, .. } = *links;
    Links { floor_us, spread_us, duplicate_ppm, mtu, ..Links::default() }
}

impl Act {
    /// Whether it may keep a living node from being heard in time.
    fn hinders(&self) -> bool {
        match self {
            Act::Pause { .. } | Act::Clog { .. } | Act::Cut { .. } | Act::OneWay { .. } => true,
            Act::Slow { service_us, .. } => *service_us > KEEPS_PACE_US,
            Act::Links { links } => !is_prompt(links),
            _ => false,
        }
    }

    fn hosts(&self) -> Vec<u32> {
        match self {
            Act::Start { node, .. }
            | Act::Kill { node, .. }
            | Act::Leave { node }
            | Act::Pause { node, .. }
            | Act::Slow { node, .. }
            | Act::Clog { node, .. }
            | Act::Clock { node, .. }
            | Act::Event { node, .. }
            | Act::Ask { node }
            | Act::Tag { node, .. } => vec![*node],
            Act::Claim { node, of } => vec![*node, *of],
            Act::Cut { side } => side.clone(),
            Act::OneWay { from, to } => [from.as_slice(), to].concat(),
            Act::Heal | Act::Links { .. } => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_a_file_and_back() {
        let acts = [
            Act::Start { node: 0, wipe: true, moved: false },
            Act::Cut { side: vec![1, 2] },
            Act::OneWay { from: vec![0], to: vec![2] },
            Act::Links { links: Links { loss_ppm: 7, ..Links::default() } },
            Act::Claim { node: 2, of: 1 },
            Act::Slow { node: 1, service_us: 30_000, queue: 64, ms: 5_000 },
            Act::Heal,
        ];
        let script = acts.map(|act| Entry { at_ms: 5, act }).to_vec();
        let case = Case {
            seed: 3,
            nodes: 3,
            seeds: vec![0],
            links: Links::default(),
            tombstone_s: 0,
            sealed: true,
            carry: Carry::Mixed,
            segments: 2,
            calm_ms: 10,
            end_ms: 20,
            mutant: String::new(),
            script,
        };
        assert_eq!(Case::parse(&case.text()), Ok(case.clone()));
        assert!(case.text().contains(r#""do": "slow""#));
        let wrong = case.text().replace("\"nodes\": 3", "\"nodes\": 2");
        assert!(Case::parse(&wrong).unwrap_err().contains("host 2 of 2"));
    }

    #[test]
    fn only_a_processor_that_falls_behind_excuses_a_false_death() {
        let gentle = |service_us| {
            let script = vec![Entry { at_ms: 0, act: Act::Slow { node: 0, service_us, queue: 256, ms: 60_000 } }];
            Case { links: Links::default(), script, ..crate::swarm::draw(1) }.is_gentle()
        };
        assert_eq!([KEEPS_PACE_US, KEEPS_PACE_US + 1].map(gentle), [true, false]);
    }
}
