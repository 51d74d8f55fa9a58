//! Histories in the deterministic world: the library's node, its disk and all.
#![cfg(feature = "testkit")]

use bruit::What;
use bruit::testkit::{Cluster, World, converged};
use bruit::{Event, Full};
use std::time::Duration;

/// Whether all that run have the same history, of so many entries.
fn equal(world: &World<Full>, entries: usize) -> bool {
    let up: Vec<u32> = (0..world.len()).filter(|i| world.is_up(*i)).collect();
    let of = |i: u32| (world.protocol(i).history().book().digest(), world.protocol(i).history().book().len());
    up.iter().all(|i| of(*i) == of(up[0])) && of(up[0]).1 == entries
}

#[test]
fn equal_after_partition_and_restart() {
    for seed in 1..=5 {
        let mut cluster = Cluster::new(7).seed(seed);
        cluster.run_until(converged).expect("they find each other");
        cluster.run(Duration::from_secs(6));
        cluster.append(1, What::Join, "node-001", "alice").expect("it knows the history");
        cluster.run_until(|world| equal(world, 1)).expect("known to all");
        cluster.partition(&[0, 1, 2]);
        cluster.append(0, What::ForceLeave, "node-006", "bob").expect("on one side");
        cluster.append(5, What::ForceLeave, "node-000", "carol").expect("on the other");
        cluster.run(Duration::from_secs(30));
        (0..7).for_each(|i| cluster.restart(i));
        cluster.run(Duration::from_secs(30));
        assert_eq!(cluster.history(1).len(), 2, "seed {seed}: from their disks, and no more while cut off");
        cluster.heal();
        cluster.run_until(|world| converged(world) && equal(world, 3)).expect("equal again");
        let who: Vec<_> = cluster.history(3).iter().map(|entry| entry.by.to_string()).collect();
        assert_eq!(who.len(), 3, "seed {seed}: {who:?}");
    }
}

#[test]
fn whoever_lost_its_disk_learns_the_history_and_who_comes_late_is_told_once() {
    let mut cluster = Cluster::new(5).seed(9);
    cluster.run_until(converged).expect("they find each other");
    cluster.run(Duration::from_secs(6));
    for i in 0..5 {
        cluster.append(i, What::Join, "x", "ops").expect("it knows the history");
    }
    cluster.run_until(|world| equal(world, 5)).expect("known to all");
    cluster.events(4);
    cluster.kill(4);
    cluster.wipe(4);
    cluster.restart(4);
    cluster.run_until(|world| converged(world) && equal(world, 5)).expect("equal again");
    cluster.run(Duration::from_secs(10));
    let told = cluster.events(4).into_iter().filter(|event| matches!(event, Event::Recorded(_))).count();
    assert_eq!(told, 5, "each entry once");
}
