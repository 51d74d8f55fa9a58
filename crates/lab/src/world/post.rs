use super::Flights;
use super::traffic::Traffic;
use crate::links::{Network, Uplink};
use crate::wheel::{Entry, Wheel};
use bruit_proto::Rng;

/// What can happen to a node.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A timer may be due.
    Wake,
    /// A datagram came.
    Packet(Vec<u8>),
    /// A datagram came that was said to the group.
    Group(Vec<u8>),
    /// Something came on a connection.
    Segment(End, Segment),
    /// A segment of mine was not acknowledged in time.
    Retry(End),
    /// The disk has done the first of what process number `life` asked for.
    Stored { life: u32 },
}

/// One end of a connection: whose dial it was, and which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) dialer: u32,
    pub(crate) number: u32,
    pub(crate) answers: bool,
}

impl End {
    pub(crate) fn other(self) -> End {
        End { answers: !self.answers, ..self }
    }
}

/// What travels on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Syn,
    SynAck,
    Data(Vec<u8>),
    Fin,
    Rst,
}

/// A node's way to the world during one turn.
pub(crate) struct Post<'a> {
    pub(crate) me: u32,
    pub(crate) at: u64,
    pub(crate) network: &'a Network,
    pub(crate) wheel: &'a mut Wheel<Input>,
    pub(crate) dice: &'a mut Rng,
    pub(crate) uplink: &'a mut Uplink,
    pub(crate) count: &'a mut u32,
    pub(crate) traffic: &'a mut Traffic,
    pub(crate) flights: &'a mut Option<Flights>,
}

impl Post<'_> {
    /// Lets something happen at another node, at least one latency from now.
    pub(crate) fn at(&mut self, at: u64, to: u32, item: Input) {
        *self.count = self.count.wrapping_add(1);
        self.wheel.push(Entry { at, to, from: self.me, count: *self.count, item });
    }

    /// Lets something happen here, in another bucket than this.
    pub(crate) fn later(&mut self, after: u64, item: Input) {
        self.at(self.at + after.max(self.wheel.width()), self.me, item);
    }

    /// When a segment sent now arrives.
    pub(crate) fn arrival(&mut self, to: u32) -> u64 {
        (self.at + self.network.links.latency(self.me, to, self.dice)).max(self.clog(to))
    }

    fn clog(&self, to: u32) -> u64 {
        self.network.clogs[to as usize]
    }

    /// Sends a datagram, or loses it.
    pub(crate) fn packet(&mut self, to: Option<u32>, bytes: Vec<u8>) {
        self.leaves(bytes.len());
        let links = &self.network.links;
        let Some(to) = to else { return self.traffic.lost += 1 };
        if bytes.len() > links.mtu {
            return self.traffic.oversized += 1;
        }
        if self.network.cuts.has(self.me, to) {
            self.flies(to, None);
            return self.traffic.cut += 1;
        }
        let carried = links.carry((self.me, to), self.at, bytes.len(), self.uplink, self.dice);
        self.arrive(to, carried, Input::Packet(bytes));
    }

    /// Sends a datagram to the group: one leaves, and each who hears it gets or loses a copy of its own.
    pub(crate) fn group(&mut self, bytes: &[u8]) {
        self.leaves(bytes.len());
        let Post { network, me, .. } = *self;
        if bytes.len() > network.links.mtu {
            return self.traffic.oversized += 1;
        }
        let Some(left) = network.links.leave(self.at, bytes.len(), self.uplink) else { return self.traffic.lost += 1 };
        for to in network.hearers(me) {
            if network.cuts.has(me, to) {
                self.traffic.cut += 1;
                continue;
            }
            let carried = network.links.cross((me, to), left, self.uplink, self.dice);
            self.arrive(to, carried, Input::Group(bytes.to_vec()));
        }
    }

    fn leaves(&mut self, bytes: usize) {
        self.traffic.packets += 1;
        self.traffic.packet_bytes += bytes as u64;
        self.traffic.largest = self.traffic.largest.max(bytes as u64);
    }

    fn flies(&mut self, to: u32, arrives: Option<u64>) {
        if let Some(flights) = self.flights {
            flights(self.at, arrives, self.me, to);
        }
    }

    fn arrive(&mut self, to: u32, carried: Option<(u64, Option<u64>)>, input: Input) {
        let clog = self.clog(to);
        self.flies(to, carried.map(|(at, _)| at.max(clog)));
        let Some((at, again)) = carried else { return self.traffic.lost += 1 };
        if let Some(again) = again {
            self.at(again.max(clog), to, input.clone());
        }
        self.at(at.max(clog), to, input);
    }
}
