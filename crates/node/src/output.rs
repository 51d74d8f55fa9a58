use bruit_proto::{Batch, Receipt, StreamId};
use std::net::SocketAddr;

/// What the driver must do, in order.
///
/// A stream that was dialled or accepted ends in exactly one `Drop`, also after its connection failed: the place to
/// forget it.
#[derive(Debug)]
pub enum Output<E> {
    /// Send this datagram.
    Packet {
        /// Where to: a node, or [`Settings::group`](crate::Settings::group).
        to: SocketAddr,
        /// At most [`Settings::packet`](crate::Settings::packet) of them.
        bytes: Vec<u8>,
    },
    /// Connect; then `stream_opened` or `stream_failed`.
    Dial {
        /// The conversation that wants the connection.
        stream: StreamId,
        /// Where to.
        to: SocketAddr,
    },
    /// Write these bytes to the stream's connection; then `stream_sent`.
    Write {
        /// Whose connection.
        stream: StreamId,
        /// Never empty.
        bytes: Vec<u8>,
    },
    /// Half-close after all writes. The node goes on reading.
    Shut {
        /// Whose connection.
        stream: StreamId,
    },
    /// Drop the connection at once; the stream means nothing any more. After a conversation that ended well all writes
    /// were taken and `Shut` was asked for.
    Drop {
        /// Whose connection.
        stream: StreamId,
    },
    /// Keep this; then `stored`.
    Persist {
        /// Names it in [`stored`](crate::Node::stored).
        receipt: Receipt,
        /// All of it or nothing.
        batch: Batch,
    },
    /// Tell the user.
    Event(E),
}

/// Why to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake<T> {
    /// A timer of the protocol.
    Timer(T),
    /// The deadline of a stream.
    Stream(StreamId),
}
