//! What surrounds messages on the way: the envelope of a datagram, the frames of a stream, and who owns which tag.
//!
//! ```text
//! datagram:  version and flags 1 | CRC32C 4 | sender 8 | message | message | ...      at most 1,200 bytes by default
//! sealed:    flags and key id 1 | session 8 | counter 6 | [sender 8 | message | message | ...] AES-256-GCM | tag 16
//! stream:    hello: "bru" 1 | sender 8 | receiver 8 | CRC32C 4, each way once, then frames:
//!            length varint | CRC32C 4 | message | message | ...                       at most 256 KiB a frame
//! sealed:    Noise NNpsk0: flags and key id 1 | handshake, then records of [frames] AES-256-GCM
//! message:   [length, from tag 48 on] | tag 1 | the layout that stands beside the message in its protocol's crate
//! ```
//!
//! Integers are big-endian. Every CRC32C (Castagnoli) is seeded with the cluster's label, a datagram's also with the
//! receiver's id: neither is on the wire, so a packet for another cluster or for another node does not verify. A sealed
//! datagram is bound to the label and to the receiver's session in the same way.
//! docs/wire.md pins the layout with test vectors.

mod asking;
mod channel;
mod dissect;
mod envelope;
mod frames;
mod keys;
mod limit;
mod message;
mod noise;
mod notes;
mod own;
mod packer;
mod parts;
mod seal;
mod sealing;
mod sessions;
pub mod tags;
mod window;

pub use asking::MAX_WAITING;
pub use channel::Channel;
pub use dissect::{Captured, Unsealed, unseal, verifies};
pub use envelope::{Envelope, Opened};
pub use frames::{Hello, MAX_FRAME, Piece};
pub use keys::{BadKeys, KeyId, KeyRing};
pub use message::{FIRST_ENCLOSED, length_size, put_message, take_message};
pub use notes::{Note, messages, notes};
pub use packer::{DEFAULT_PACKET, MAX_PACKET, MIN_PACKET, Packer, TooLarge};
pub use seal::{Fresh, Mode, Seal, Tally};
pub use sealing::{Arrival, is_sealed};
pub use sessions::{MAX_GUESTS, MAX_RETIRED};
