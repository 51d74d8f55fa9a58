//! Random lives of clusters, and what must hold of each at any time.

mod common;

#[test]
fn invariants_hold_in_random_lives() {
    let broken: Vec<String> = (0..100).filter_map(|seed| common::swarm::life(seed).err()).collect();
    assert!(broken.is_empty(), "{} of 100 lives broke:\n{}", broken.len(), broken.join("\n"));
}
