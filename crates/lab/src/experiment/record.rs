use super::delays::Delays;
use super::timed::{CRASHED, Change, Course, Packet};
use super::{Round, State};

/// Packets of one cycle that are told at least, if there are as many; at most twice as many.
pub(super) const PACKETS: usize = 2_000;
/// The basis and the prime of FNV-1a.
pub(super) const FNV: (u64, u64) = (0xcbf2_9ce4_8422_2325, 0x100_0000_01b3);

/// What happened since the last cycle ended, and what every node is.
pub(super) struct Record {
    /// Of each node, as in the hash.
    now: Vec<u8>,
    hash: u64,
    changes: Vec<Change>,
    /// When the last change was, in microseconds.
    pub(super) changed_us: u64,
    pub(super) delays: Delays,
    packets: Vec<Packet>,
    one_in: u64,
    sent: u64,
    /// Messages heard.
    pub(super) heard: u64,
}

impl Record {
    /// Nobody knows the item.
    pub(super) fn new(nodes: u32) -> Record {
        let now = vec![State::Susceptible as u8; nodes as usize];
        let (changes, packets, delays) = (Vec::new(), Vec::new(), Delays::new(nodes));
        Record { now, hash: FNV.0, changes, changed_us: 0, delays, packets, one_in: 1, sent: 0, heard: 0 }
    }

    /// A node is this from now on, by whose message if by one.
    pub(super) fn turn_into(&mut self, at_us: u64, node: u32, now: u8, from: Option<u32>) {
        if std::mem::replace(&mut self.now[node as usize], now) != now {
            self.changed_us = self.changed_us.max(at_us);
            self.changes.push(Change { at_us, node, now, from });
        }
    }

    /// A packet leaves.
    pub(super) fn packet(&mut self, packet: Packet) {
        self.sent += 1;
        if !self.sent.is_multiple_of(self.one_in) {
            return;
        }
        self.packets.push(packet);
        if self.packets.len() == 2 * PACKETS {
            // Every second is kept, those whose number the new step divides.
            let mut number = 0;
            self.packets.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.one_in *= 2;
        }
    }

    /// The cycle is over.
    pub(super) fn close(&mut self, cycle: u64) -> Course {
        self.hash = self.now.iter().fold(self.hash, |hash, now| (hash ^ u64::from(*now)).wrapping_mul(FNV.1));
        let count = |state: State| self.now.iter().filter(|now| **now == state as u8).count() as u32;
        let (susceptible, infective, removed) = (count(State::Susceptible), count(State::Infective), count(State::Removed));
        let round = Round { cycle, susceptible, infective, removed, messages: std::mem::take(&mut self.heard) };
        let (mut changes, mut packets) = (std::mem::take(&mut self.changes), std::mem::take(&mut self.packets));
        changes.sort_by_key(|change| change.at_us);
        changes.iter().for_each(|change| self.delays.see(change));
        packets.sort_by_key(|packet| packet.sent_us);
        self.sent = 0;
        Course { round, hash: self.hash, changes, one_in: std::mem::replace(&mut self.one_in, 1), packets }
    }

    /// A node's process ends.
    pub(super) fn crash(&mut self, at_us: u64, node: u32) {
        self.turn_into(at_us, node, CRASHED, None);
    }
}
