//! Random lives of clusters, and what must hold of each at any time.

mod common;

use common::swarm::{by_heartbeats, by_membership};

fn check(life: fn(u64) -> Result<(), String>, lives: u64) {
    let broken: Vec<String> = (0..lives).filter_map(|seed| life(seed).err()).collect();
    assert!(broken.is_empty(), "{} of {lives} lives broke:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn invariants_hold_in_random_lives_by_heartbeats() {
    check(by_heartbeats, 100);
}

#[test]
fn invariants_hold_in_random_lives_by_membership() {
    check(by_membership, 100);
}
