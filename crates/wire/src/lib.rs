//! What surrounds messages on the way: the envelope of a datagram, the frames of a stream, and who owns which tag.
//!
//! ```text
//! datagram:  version and flags 1 | CRC32C 4 | sender 8 | message | message | ...      at most 1,200 bytes by default
//! stream:    hello: "bru" 1 | sender 8 | receiver 8 | CRC32C 4, each way once, then frames:
//!            length varint | CRC32C 4 | message | message | ...                       at most 256 KiB a frame
//! message:   tag 1 | the layout that stands beside the message in its protocol's crate
//! ```
//!
//! Integers are big-endian. Every CRC32C (Castagnoli) is seeded with the cluster's label, a datagram's also with the
//! receiver's id: neither is on the wire, so a packet for another cluster or for another node does not verify.
//! docs/wire.md pins the layout with test vectors.

mod envelope;
mod frames;
mod packer;
pub mod tags;

pub use envelope::{Envelope, Opened};
pub use frames::{Deframer, Hello, MAX_FRAME, Piece};
pub use packer::{DEFAULT_PACKET, MAX_PACKET, MIN_PACKET, Packer, TooLarge};
