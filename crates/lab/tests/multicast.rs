//! What is said of multicast, at sizes that take no time.

use bruit_lab::multicast::{Mailing, Planting, gossip, mail, requests, tree};
use bruit_lab::paper::multicast::{Runs, paper};
use bruit_multicast::Repair;

#[test]
fn the_table_of_multicast_holds() {
    let paper = paper(&Runs::quick(), 2, &mut || ());
    let missed: Vec<_> = paper.verdicts.iter().filter(|verdict| !verdict.ok).collect();
    assert!(paper.holds(), "{missed:#?}");
}

#[test]
fn the_same_seed_gives_the_same_outcome_and_another_another() {
    let planting = Planting { fan_out: 4, repair: Repair::NAK, loss_ppm: 50_000, fails: true, told: true };
    assert_eq!(tree(200, planting, 1), tree(200, planting, 1));
    assert_ne!(tree(200, planting, 1), tree(200, planting, 2));
    assert_eq!(mail(200, Mailing::Away(100_000), 1), mail(200, Mailing::Away(100_000), 1));
    assert_eq!(gossip(200, 50_000, 100_000, 1), gossip(200, 50_000, 100_000, 1));
}

/// SRM's C2 trades requests against delay; with none all ask.
#[test]
fn without_a_random_delay_all_ask() {
    assert_eq!(requests(40, 0, 1), (39, 1, 0));
    assert!(requests(40, 20, 1).0 < 10);
}

/// An unrepaired tree that nobody rebuilds, and one that is rebuilt: only repair makes the difference.
#[test]
fn rebuilding_alone_serves_nobody_who_was_cut_off() {
    let of = |repair, told| {
        let (outcome, below, before) = tree(300, Planting { fan_out: 4, repair, loss_ppm: 0, fails: true, told }, 1);
        assert_eq!(below, before);
        (outcome.without, below)
    };
    let (without, below) = of(Repair::None, true);
    assert_eq!(without, below);
    assert_eq!(of(Repair::ACK, false).0, below, "the membership said nothing: its parent is who it was");
    assert_eq!((of(Repair::ACK, true).0, of(Repair::NAK, true).0), (0, 0));
}
