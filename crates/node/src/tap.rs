use bruit_proto::{PeerId, Time};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Packets kept for whoever watches: the last 20. With the largest packet unless set otherwise they are 24 kB.
pub const TAPPED: usize = 20;

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// One packet that went over the wire: what it said, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tapped {
    /// Which one of those that were kept, from 1 on.
    pub number: u64,
    /// When.
    pub at: Time,
    /// Which way.
    pub direction: Direction,
    /// Who sent it, or to whom it was sent; an own number for an address if that is all that was known.
    pub peer: PeerId,
    /// Where from, or where to.
    pub address: SocketAddr,
    /// Its size on the wire.
    pub bytes: usize,
    /// Whether it was sealed there.
    pub sealed: bool,
    /// Its messages, back to back, in the clear.
    pub body: Vec<u8>,
}

/// Copies of packets, so many a second, for somebody who watches.
///
/// A node has none unless it is asked: then what is not sampled costs a comparison, what is one copy.
#[derive(Debug)]
pub(crate) struct Tap {
    per_second: u64,
    /// In millionths of a packet.
    credit: u64,
    since: Time,
    last: VecDeque<Tapped>,
    pub(crate) sampled: u64,
    pub(crate) passed: u64,
}

/// A packet in millionths.
const PACKET: u64 = 1_000_000;

impl Tap {
    pub(crate) fn new(per_second: u32, now: Time) -> Tap {
        Tap { per_second: per_second.into(), credit: PACKET, since: now, last: VecDeque::new(), sampled: 0, passed: 0 }
    }

    pub(crate) fn rate(&mut self, per_second: u32) {
        self.per_second = per_second.into();
    }

    /// Whether the next packet is to be kept; it is counted, one way or the other.
    pub(crate) fn samples(&mut self, now: Time) -> bool {
        let waited = now.since(self.since).as_micros().min(u128::from(PACKET)) as u64;
        self.since = now;
        // A burst is at most what is kept, or it would push itself out.
        self.credit = (self.credit + waited * self.per_second).min(PACKET * TAPPED as u64);
        let yes = self.credit >= PACKET;
        self.credit -= if yes { PACKET } else { 0 };
        *if yes { &mut self.sampled } else { &mut self.passed } += 1;
        yes
    }

    /// Keeps it; its number is given.
    pub(crate) fn keep(&mut self, packet: Tapped) {
        if self.last.len() == TAPPED {
            self.last.pop_front();
        }
        self.last.push_back(Tapped { number: self.sampled, ..packet });
    }

    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Tapped> {
        self.last.iter().filter(move |packet| packet.number > number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_the_last_are_kept() {
        let mut tap = Tap::new(10, Time(0));
        let packet = Tapped {
            number: 0,
            at: Time(0),
            direction: Direction::In,
            peer: PeerId(1),
            address: SocketAddr::from(([10, 0, 0, 1], 1)),
            bytes: 30,
            sealed: false,
            body: Vec::new(),
        };
        for ms in 0..10_000 {
            if tap.samples(Time(ms * 1_000)) {
                tap.keep(packet.clone());
            }
        }
        assert_eq!((tap.sampled, tap.passed), (100, 9_900));
        assert_eq!(tap.after(0).map(|packet| packet.number).collect::<Vec<_>>(), (81..=100).collect::<Vec<_>>());
        assert_eq!(tap.after(99).count(), 1);
    }
}
