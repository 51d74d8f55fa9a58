//! Packets on their way, for whoever watches: sampled at the nodes while somebody does, and told to streams that asked for
//! them. Nothing of this is numbered or kept: a packet that was missed is one of many.

mod round;
mod taken;

pub(super) use taken::opened;

use super::{Picture, lock};
use round::Round;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::Instant;

/// The most packets a second of one node.
const MAX_RATE: u32 = 50;
/// The most packets a second in all: each is some 150 bytes, 75 kB/s for each stream.
const MAX_IN_ALL: u32 = 500;
/// A node whose inside was asked for is sampled for so long.
const LEASE: Duration = Duration::from_secs(5);
/// What waits for one stream: two seconds of the most.
const WAITING: usize = 1_024;
/// A node that stands still is not waited for.
const ANSWERS: Duration = Duration::from_millis(500);

/// Kind and data of something that is told and forgotten.
pub(super) type Passing = Arc<(&'static str, String)>;

/// Who watches packets.
#[derive(Debug)]
pub(super) struct Packets {
    passing: broadcast::Sender<Passing>,
    wanted: Mutex<Wanted>,
}

#[derive(Debug, Default)]
struct Wanted {
    /// What each stream asked for.
    rates: BTreeMap<u64, u32>,
    next: u64,
    /// Nodes whose inside was asked for, and until when they are sampled for that.
    leases: BTreeMap<String, Instant>,
    /// Whether somebody goes round.
    runs: bool,
}

impl Default for Packets {
    fn default() -> Self {
        Packets { passing: broadcast::Sender::new(WAITING), wanted: Mutex::default() }
    }
}

/// A stream's claim to packets; given up when dropped.
pub(super) struct Claim {
    picture: Picture,
    number: u64,
    pub(super) passing: broadcast::Receiver<Passing>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        lock(&self.picture.packets.wanted).rates.remove(&self.number);
    }
}

impl Picture {
    /// So many packets a second of each node, for a stream.
    pub(super) fn claim(&self, rate: u32) -> Claim {
        let passing = self.packets.passing.subscribe();
        let mut wanted = lock(&self.packets.wanted);
        wanted.next += 1;
        let number = wanted.next;
        wanted.rates.insert(number, rate.clamp(1, MAX_RATE));
        self.go_round(&mut wanted);
        drop(wanted);
        Claim { picture: self.clone(), number, passing }
    }

    /// Packets of this node, for a while.
    pub(super) fn lease(&self, name: &str) {
        let mut wanted = lock(&self.packets.wanted);
        wanted.leases.insert(name.into(), Instant::now() + LEASE);
        self.go_round(&mut wanted);
    }

    fn go_round(&self, wanted: &mut Wanted) {
        if !std::mem::replace(&mut wanted.runs, true) {
            tokio::spawn(Round::new(self.clone()).run());
        }
    }
}
