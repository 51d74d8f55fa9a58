use std::ops::{Add, Sub};

/// What a node sent and received so far, and what became of it. Bytes are UDP and TCP payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Datagrams sent.
    pub packets: u64,
    /// Their bytes.
    pub packet_bytes: u64,
    /// The largest of them.
    pub largest: u64,
    /// Bytes written to streams, frames included, retransmissions not.
    pub stream_bytes: u64,
    /// Bytes that came on streams and were read.
    pub stream_bytes_heard: u64,
    /// Streams dialled.
    pub dials: u64,
    /// Datagrams that reached the process.
    pub heard: u64,
    /// Datagrams that it sent and a link lost.
    pub lost: u64,
    /// Datagrams that it sent into a cut.
    pub cut: u64,
    /// Datagrams that it sent and that were larger than the MTU.
    pub oversized: u64,
    /// Datagrams that came when no process listened.
    pub unheard: u64,
    /// Datagrams that found its socket buffer full: it was paused or slow.
    pub overflown: u64,
    /// Those of them that came while it ran: it was too slow for what it was sent.
    pub overrun: u64,
}

impl Traffic {
    /// Bytes sent in all.
    pub fn bytes(&self) -> u64 {
        self.packet_bytes + self.stream_bytes
    }

    fn zip(self, other: Traffic, f: impl Fn(u64, u64) -> u64) -> Traffic {
        Traffic {
            packets: f(self.packets, other.packets),
            packet_bytes: f(self.packet_bytes, other.packet_bytes),
            largest: self.largest.max(other.largest),
            stream_bytes: f(self.stream_bytes, other.stream_bytes),
            stream_bytes_heard: f(self.stream_bytes_heard, other.stream_bytes_heard),
            dials: f(self.dials, other.dials),
            heard: f(self.heard, other.heard),
            lost: f(self.lost, other.lost),
            cut: f(self.cut, other.cut),
            oversized: f(self.oversized, other.oversized),
            unheard: f(self.unheard, other.unheard),
            overflown: f(self.overflown, other.overflown),
            overrun: f(self.overrun, other.overrun),
        }
    }
}

impl Add for Traffic {
    type Output = Traffic;
    fn add(self, other: Traffic) -> Traffic {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Traffic {
    type Output = Traffic;
    fn sub(self, earlier: Traffic) -> Traffic {
        self.zip(earlier, |a, b| a - b)
    }
}
