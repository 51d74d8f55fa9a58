//! Planted faults: each must be seen by the checks that the protocol passes without it.
//!
//! Runs with `--features mutants`; without it there is nothing to plant.
#![cfg(feature = "mutants")]

mod common;

use bruit_proto::plant;
use bruit_state::{Config, Detector};
use common::beside::Members;
use common::swarm;

/// Plants a fault; the random lives must break.
fn breaks_lives(fault: &'static str) {
    plant(fault);
    let broken = (0..400).find_map(|seed| swarm::by_heartbeats(seed).err());
    plant("");
    assert!(broken.is_some(), "{fault}: 400 lives saw nothing of it");
}

/// Plants a fault; what takes several packets must not come to be known to all.
fn keeps_from_all(fault: &'static str, detector: Detector) {
    let known = |fault| {
        plant(fault);
        let known = all_know(Config { spread: false, detector, ..Config::default() });
        plant("");
        known
    };
    assert!(known(""), "{detector:?}: it is known to all without a fault");
    assert!(!known(fault), "{fault}: it is known to all nonetheless");
}

fn all_know(config: Config) -> bool {
    let mut members = Members::with(6, 1, 0, config);
    (0..20).for_each(|k| members.set(2, &format!("key-{k}"), &"x".repeat(200)));
    members.run(60);
    (1..=6).all(|i| (0..20).all(|k| members.value(i, 2, &format!("key-{k}")).is_some()))
}

#[test]
fn every_planted_fault_is_seen() {
    breaks_lives("gaps are not seen");
    breaks_lives("the earliest stamp is shown");
    breaks_lives("a removal is a drop");
    breaks_lives("a life that was forgotten is not renewed");
    keeps_from_all("no sum is said", Detector::Swim);
    keeps_from_all("a delta that was cut keeps its heartbeat", Detector::Both);
}
