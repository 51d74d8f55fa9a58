use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What went over a node's sockets since it started. Bytes are UDP and TCP payload.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Traffic { $($(#[$doc])* pub $name: u64,)* }

        /// The same, while the driver counts.
        #[derive(Debug, Default)]
        pub(crate) struct Meter { $(pub(crate) $name: Count,)* }

        impl Meter {
            pub(crate) fn read(&self) -> Traffic {
                Traffic { $($name: self.$name.0.load(Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Datagrams sent.
    packets_out,
    /// Bytes in them.
    packet_bytes_out,
    /// Datagrams received.
    packets_in,
    /// Bytes in them.
    packet_bytes_in,
    /// Bytes written to connections.
    stream_bytes_out,
    /// Bytes read from connections.
    stream_bytes_in,
    /// Datagrams that the system would not take: buffers full (ENOBUFS) or forbidden (EPERM). They count as lost.
    packets_refused,
    /// Datagrams that were too large for the path (EMSGSIZE).
    packets_too_large,
    /// Datagrams dropped by [`Faults`](crate::Faults).
    packets_faulted,
    /// Connections dropped because there were too many.
    streams_refused,
    /// Times that the system would not accept a connection.
    accept_errors,
    /// Errors on reading a datagram; evidence, never a verdict.
    receive_errors,
}

impl Traffic {
    /// Payload bytes sent, datagrams and streams.
    pub fn bytes_out(&self) -> u64 {
        self.packet_bytes_out + self.stream_bytes_out
    }

    /// Payload bytes received, datagrams and streams.
    pub fn bytes_in(&self) -> u64 {
        self.packet_bytes_in + self.stream_bytes_in
    }
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Relaxed);
    }
}
