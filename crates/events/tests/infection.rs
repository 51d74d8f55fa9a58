//! Susceptible, infective, removed: how an event stands at each node, and by whom it came.

mod common;

use bruit_events::{Event, EventId, Infection, Standing};
use bruit_proto::{Duration, PeerId, Peers, Upto};
use common::Cluster;

fn infections(cluster: &Cluster, i: u32) -> Vec<Infection> {
    let peers = Upto { n: cluster.n, me: PeerId(u64::from(i)) };
    cluster.events(i).infections(cluster.net.now(), peers.len()).collect()
}

/// Events that node `i` has stopped to tell since the last call.
fn quiet(cluster: &mut Cluster, i: u32) -> Vec<EventId> {
    let quiet = |event| if let Event::Quiet(id) = event { Some(id) } else { None };
    cluster.net.events(i).into_iter().filter_map(quiet).collect()
}

#[test]
fn via_and_hop_are_a_tree_with_its_root_at_the_origin() {
    for loss in [0, 20] {
        let mut cluster = Cluster::new(64, 5, loss);
        cluster.run(3);
        cluster.say(9, "x");
        cluster.until_all_hold(1, Duration::from_secs(60)).expect("all have it");
        for i in 1..=64 {
            let [one] = &infections(&cluster, i)[..] else { panic!("one event at node {i}") };
            let Some(via) = one.via else {
                assert_eq!((i, one.hop), (9, 0), "nobody else has no parent");
                continue;
            };
            let parent = &infections(&cluster, via.0 as u32)[0];
            assert_eq!(one.hop, parent.hop + 1, "node {i} by {via:?}");
            let told = cluster.deliveries(i);
            assert_eq!((told[0].via, told[0].hop), (Some(via), one.hop), "what the user hears is what is kept");
        }
    }
}

#[test]
fn every_node_falls_quiet_once_and_then_it_is_removed() {
    let mut cluster = Cluster::new(64, 6, 5);
    cluster.run(3);
    cluster.say(1, "x");
    let infective = infections(&cluster, 1)[0].standing;
    assert!(matches!(infective, Standing::Infective { .. }), "{infective:?}: the neighbours have not answered");
    cluster.run(10);
    for i in 1..=64 {
        assert_eq!(quiet(&mut cluster, i).len(), 1, "node {i}");
        assert_eq!(infections(&cluster, i)[0].standing, Standing::Removed, "node {i}");
    }
}

#[test]
fn copies_left_are_counted_down() {
    let mut cluster = Cluster::new(2, 1, 0);
    cluster.run(2);
    cluster.say(1, "x");
    let left = |peers| cluster.events(1).infections(cluster.net.now(), peers).next().map(|one| one.standing);
    assert_eq!(left(1), Some(Standing::Infective { left: Some(0) }), "nobody is left to tell, but has it come?");
    assert_eq!(left(1_000), Some(Standing::Infective { left: Some(7) }), "limit 8");
}

#[test]
fn what_is_repaired_is_removed_at_once() {
    let mut cluster = Cluster::new(8, 3, 0);
    cluster.run(2);
    cluster.isolate(8);
    cluster.say(1, "x");
    cluster.run(20);
    assert!(quiet(&mut cluster, 8).is_empty());
    cluster.net.heal();
    cluster.until_all_hold(1, Duration::from_secs(60)).expect("it is repaired");
    cluster.run(5);
    assert_eq!(quiet(&mut cluster, 8).len(), 1);
    assert_eq!(cluster.events(8).lacking(), 0);
}
