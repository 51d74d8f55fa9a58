//! Events by IP multicast on real sockets: one datagram for a link, gossip for whoever does not hear the group.

use bruit::{Event, Events, KeyRing, Node, StartError};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// Longer than anything here takes, on a loaded machine as well.
const PATIENCE: Duration = Duration::from_secs(30);

/// A group of this process's own: others on this machine hear no more than they must.
fn group(test: u8) -> SocketAddr {
    let [_, _, a, b] = std::process::id().to_be_bytes();
    SocketAddr::from(([239, 100 + test, a, b], 7947))
}

/// Nodes that know each other, on loopback. All but the last hear the group.
async fn cluster(n: usize, group: SocketAddr, keys: Option<KeyRing>) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for i in 0..n {
        let mut node = Node::bind("127.0.0.1:0").name(format!("node-{i}")).label(group.to_string());
        if let Some(keys) = keys.clone() {
            node = node.keys(keys);
        }
        if i < n - 1 {
            node = node.multicast(group);
        }
        let node = node.start().await.expect("it starts");
        if let Some(first) = nodes.first() {
            node.join([first.local_addr().to_string()]).await.expect("it joins");
        }
        nodes.push(node);
    }
    for node in &nodes {
        let mut events = node.events();
        while node.members().await.unwrap().iter().filter(|m| m.is_live()).count() < n {
            timeout(PATIENCE, events.next()).await.expect("all meet");
        }
    }
    nodes
}

/// The how manieth hop of it the event was.
async fn delivered(events: &mut Events<Event>) -> u8 {
    let heard = async {
        loop {
            if let Some(Event::Delivered(said)) = events.next().await {
                break said.hop;
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("the event comes")
}

/// Eight that hear the group, and one that does not.
#[tokio::test]
async fn one_datagram_reaches_all_and_gossip_reaches_who_does_not_hear_the_group() {
    for keys in [None, Some(KeyRing::generate([7; 32]))] {
        let nodes = cluster(9, group(keys.is_some().into()), keys).await;
        let mut events: Vec<_> = nodes.iter().map(Node::events).collect();
        nodes[2].event("deploy", b"v2").await.unwrap();
        let mut hops = Vec::new();
        for events in &mut events {
            hops.push(delivered(events).await);
        }
        assert_eq!(hops[2], 0);
        let mut sum = (0, 0);
        for (i, node) in nodes[..8].iter().enumerate() {
            let group = node.group().await.unwrap().expect("a group");
            assert!(i == 2 || hops[i] == 1, "{hops:?}");
            assert_eq!(group.refused(), [], "node {i}");
            sum = (sum.0 + group.sent, sum.1 + group.received);
        }
        assert_eq!(sum, (1, 7), "one datagram, heard by the others");
        assert!(nodes[8].group().await.unwrap().is_none() && hops[8] >= 1);
    }
}

#[tokio::test]
async fn what_is_no_group_and_one_of_another_family_are_refused_with_a_remedy() {
    let start = async |group: &str| Node::bind("127.0.0.1:0").multicast(group.parse().unwrap()).start().await.unwrap_err();
    let error = start("10.0.0.1:7947").await;
    assert!(matches!(error, StartError::NoGroup { .. }) && error.to_string().contains("239.77.0.1:7947"), "{error}");
    let error = start("[ff02::77]:7947").await;
    assert!(matches!(error, StartError::Group { .. }) && error.to_string().contains("one is IPv4"), "{error}");
}

#[tokio::test]
async fn garbage_to_the_group_is_refused_and_counted() {
    let (at, keys) = (group(7), Some(KeyRing::generate([7; 32])));
    let nodes = cluster(2, at, keys).await;
    let stranger = socket2::SockRef::from(&std::net::UdpSocket::bind("127.0.0.1:0").unwrap()).try_clone().unwrap();
    stranger.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    for n in 0..100 {
        stranger.send_to(&vec![0xD6; n], &at.into()).unwrap();
    }
    let refused = async || nodes[0].group().await.unwrap().unwrap().refused().iter().map(|x| x.1).sum::<u64>();
    let all = async {
        while refused().await < 100 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, all).await.expect("all are refused");
    assert_eq!(nodes[0].members().await.unwrap().len(), 2);
}
