use bruit_proto::Wire;
use bruit_wire::{DEFAULT_PACKET, length_size};
use std::ops::Add;

/// Bytes of a packet beside its messages, in the open.
const ENVELOPE: usize = 13;

/// Packets and bytes that were sent, as a node would have packed them: messages in their order, as many as fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Datagrams.
    pub packets: u64,
    /// Their bytes, envelopes included.
    pub bytes: u64,
    /// The largest of them.
    pub largest: usize,
}

impl Add for Weight {
    type Output = Weight;

    fn add(self, other: Weight) -> Weight {
        let (packets, bytes) = (self.packets + other.packets, self.bytes + other.bytes);
        Weight { packets, bytes, largest: self.largest.max(other.largest) }
    }
}

/// Weighs what leaves.
pub(super) struct Scale<M> {
    /// Of a message, its length in front included.
    size: fn(&M) -> usize,
    pub(super) weight: Weight,
}

impl<M> Scale<M> {
    pub(super) fn new() -> Scale<M>
    where
        M: Wire,
    {
        let size = |message: &M| {
            let size = message.size();
            size + length_size(size)
        };
        Scale { size, weight: Weight::default() }
    }

    /// What one node tells another in one turn; its bytes.
    pub(super) fn weigh(&mut self, messages: &[M]) -> usize {
        let (before, mut filled) = (self.weight.bytes, 0);
        for size in messages.iter().map(self.size) {
            if filled > 0 && filled + size > DEFAULT_PACKET {
                self.close(filled);
                filled = 0;
            }
            filled += size + if filled == 0 { ENVELOPE } else { 0 };
        }
        self.close(filled);
        (self.weight.bytes - before) as usize
    }

    fn close(&mut self, packet: usize) {
        let Weight { packets, bytes, largest } = &mut self.weight;
        *packets += u64::from(packet > 0);
        *bytes += packet as u64;
        *largest = (*largest).max(packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_fill_packets_and_one_too_large_is_seen() {
        let mut scale = Scale { size: |size: &usize| *size, weight: Weight::default() };
        assert_eq!(scale.weigh(&[600, 500, 200]), 1_326);
        assert_eq!(scale.weight, Weight { packets: 2, bytes: 1_300 + 2 * 13, largest: 1_113 });
        scale.weigh(&[1_300]);
        assert_eq!(scale.weight.largest, 1_313);
        scale.weigh(&[]);
        assert_eq!(scale.weight.packets, 3);
    }
}
