//! A flood of garbage, alone in its process: the memory that is measured is the whole process's.

#[allow(dead_code, reason = "the driver's tests use the rest")]
mod common;

use bruit::{Driver, KeyRing, Local};
use common::{Probe, ping, probe};
use tokio::net::UdpSocket;

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages") * 4096
}

#[tokio::test]
async fn a_flood_of_garbage_changes_nothing() {
    // One after the other: what is measured is the process's.
    for keys in [None, Some(KeyRing::generate([7; 32]))] {
        flood(keys).await;
    }
}

async fn flood(keys: Option<KeyRing>) {
    let start = async |keys: &Option<KeyRing>| match keys {
        None => probe("127.0.0.1:0").await,
        Some(keys) => Driver::bind("127.0.0.1:0").keys(keys.clone()).run(|_: &Local| Probe::default()).await.expect("it starts"),
    };
    let node = start(&keys).await;
    let flood = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    flood.connect(node.local_addr()).await.unwrap();
    let mut packet = [0u8; 1200];
    let mut before = 0;
    for i in 0..100_000u32 {
        let n = 1 + (i as usize * 7) % packet.len();
        packet[..4.min(n)].copy_from_slice(&bruit_proto::mix(i.into()).to_le_bytes()[..4.min(n)]);
        flood.send(&packet[..n]).await.unwrap();
        if i % 50 == 0 {
            tokio::task::yield_now().await;
        }
        if i == 10_000 {
            before = resident();
        }
    }
    assert!(node.traffic().packets_in > 50_000, "{:?}", node.traffic());
    assert!(resident() < before + (4 << 20), "{before} grew to {}", resident());
    assert!(node.counters().await.unwrap().rejections() >= node.traffic().packets_in - 64);
    ping(&start(&keys).await, node.local_addr()).await;
}
