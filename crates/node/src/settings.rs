use bruit_proto::{PeerId, Time, Wall};
use bruit_wire::Seal;
use std::net::SocketAddr;

/// What a driver's clocks say, at each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Now {
    /// Monotonic.
    pub mono: Time,
    /// Wall clock.
    pub wall: Wall,
}

/// What a node is made with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Self: [`PeerId::named`] of the node's name.
    pub id: PeerId,
    /// Seed of all dice of this node; the operating system's entropy in production.
    pub seed: u64,
    /// Cluster label: packets of other labels are not ours.
    pub label: String,
    /// The largest datagram, in bytes; taken between [`bruit_wire::MIN_PACKET`] and [`bruit_wire::MAX_PACKET`].
    pub packet: usize,
    /// How packets and streams are sealed; `None`: they travel in the open.
    pub seal: Option<Seal>,
    /// Where what is said to all on this node's link goes, the address of an IP multicast group; `None`: nowhere.
    pub group: Option<SocketAddr>,
}

impl Settings {
    /// A node of this id and seed in the cluster without a label, with packets of [`bruit_wire::DEFAULT_PACKET`] bytes.
    pub fn new(id: PeerId, seed: u64) -> Settings {
        Settings { id, seed, label: String::new(), packet: bruit_wire::DEFAULT_PACKET, seal: None, group: None }
    }

    /// In the cluster of this label.
    pub fn label(mut self, label: impl Into<String>) -> Settings {
        self.label = label.into();
        self
    }

    /// Sealed. The session must be the one in this node's record, drawn at this process start.
    pub fn seal(mut self, seal: Seal) -> Settings {
        self.seal = Some(seal);
        self
    }

    /// With a group of IP multicast.
    pub fn group(mut self, group: SocketAddr) -> Settings {
        self.group = Some(group);
        self
    }

    /// With datagrams of at most this many bytes.
    pub fn packet(mut self, bytes: usize) -> Settings {
        self.packet = bytes;
        self
    }
}
