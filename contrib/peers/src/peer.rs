//! The peers, each with its default settings for a LAN.

use crate::counted::{Counted, Meter};
use anyhow::Result;
use clap::ValueEnum;
use kinship::{Cluster, Key, State, TokioTransport};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Peer {
    /// This repository, in the open: it seals nothing.
    Bruit,
    /// Sealed with XChaCha20-Poly1305, as it asks for.
    Kinship,
    /// In the open, by its opt-out.
    KinshipOpen,
}

pub(crate) enum Node {
    Bruit(bruit::Node),
    Kinship(Cluster, Arc<Meter>),
}

impl Node {
    pub(crate) async fn start(peer: Peer, name: String, seed: Option<SocketAddr>) -> Result<Node> {
        let config = kinship::Config::lan().with_name(&name).with_seeds(seed);
        let config = match peer {
            Peer::Bruit => {
                let seeds = seed.map(|s| s.to_string());
                return Ok(Node::Bruit(bruit::Node::bind(LOOPBACK.to_string()).name(name).seeds(seeds).start().await?));
            }
            Peer::Kinship => config.with_keys([Key::from_bytes([7; 32])]),
            Peer::KinshipOpen => config.with_insecure_plaintext(true),
        };
        let meter = Arc::new(Meter::default());
        let transport = Counted { sockets: TokioTransport::bind(LOOPBACK).await?, meter: Arc::clone(&meter) };
        Ok(Node::Kinship(Cluster::start_with(config, transport).await?, meter))
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        match self {
            Node::Bruit(node) => node.local_addr(),
            Node::Kinship(cluster, _) => cluster.local_addr(),
        }
    }

    /// How many it holds to be alive, itself among them.
    pub(crate) async fn alive(&self) -> Result<usize> {
        Ok(match self {
            Node::Bruit(node) => node.members().await?.iter().filter(|m| m.status == bruit::Status::Alive).count(),
            Node::Kinship(cluster, _) => cluster.members().iter().filter(|m| m.state == State::Alive).count(),
        })
    }

    /// Bytes and packets that it sent since it started.
    pub(crate) fn sent(&self) -> [u64; 2] {
        match self {
            Node::Bruit(node) => [node.traffic().bytes_out(), node.traffic().packets_out],
            Node::Kinship(_, meter) => [meter.bytes.load(Relaxed), meter.packets.load(Relaxed)],
        }
    }
}
