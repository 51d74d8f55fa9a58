//! At most so many entries, and a checkpoint of the others on which all agree.

mod common;

use bruit_history::{Checkpoint, EntryId, Message, Turn};
use bruit_proto::{Duration, Origin, Path, PeerId, Protocol, Rng, StreamId};
use common::Cluster;

const MINUTES: Duration = Duration::from_secs(300);

#[test]
fn ten_thousand_are_kept_and_the_oldest_are_folded() {
    let mut cluster = Cluster::settled(3, 1, 0, 10_000);
    cluster.append_many(1, 10_123);
    cluster.until_equal(MINUTES).expect("equal");
    let book = cluster.net.site(3).book();
    assert_eq!(book.len(), 10_000);
    let checkpoint = book.checkpoint().expect("123 were folded");
    assert_eq!((checkpoint.count, checkpoint.upto.ltime), (123, 123));
    cluster.run(30);
    assert_eq!(cluster.net.disk(3).len(), 10_001, "the disk is bounded as well");
}

/// Partitions that come and go, nodes that restart, entries everywhere, many more than are kept: in the end all have the
/// greatest of all entries ever asked for, and one checkpoint.
#[test]
fn whatever_happened_the_greatest_are_kept_and_all_agree() {
    for seed in 0..6 {
        let mut dice = Rng::seeded(seed);
        let mut cluster = Cluster::settled(7, seed, 10, 30);
        let mut all: Vec<EntryId> = Vec::new();
        for _ in 0..40 {
            match dice.below(6) {
                0 => cluster.split(1 + dice.below(6)),
                1 => cluster.net.heal(),
                2 => cluster.restart(1 + dice.below(7)),
                _ => {
                    let at = 1 + dice.below(7);
                    for k in 0..dice.below(25) {
                        // A node that has just started may refuse.
                        all.extend(cluster.try_append(at, bruit_history::What::Join, &format!("n{k}")));
                    }
                }
            }
            cluster.net.run(Duration::from_millis(dice.below(4_000).into()) + Duration::from_millis(2));
        }
        cluster.net.heal();
        cluster.until_equal(MINUTES).unwrap_or_else(|| panic!("seed {seed}: not equal"));
        all.sort_unstable();
        assert_eq!(cluster.ids(1), all[all.len() - 30..], "seed {seed}");
        let checkpoint = cluster.net.site(1).book().checkpoint().expect("more than 30 were asked for");
        assert!(checkpoint.count <= all.len() as u64 - 30 && checkpoint.upto < all[all.len() - 30], "seed {seed}");
        let asked = cluster.sum(|c| c.asked);
        cluster.run(60);
        assert_eq!(cluster.sum(|c| c.asked), asked, "seed {seed}: equal, and quiet");
    }
}

/// Both halves fold more than the other will ever hear of.
#[test]
fn both_halves_folded_and_agree_on_one_checkpoint() {
    let mut cluster = Cluster::settled(6, 3, 0, 40);
    cluster.split(3);
    cluster.append_many(1, 100);
    cluster.append_many(4, 250);
    cluster.run(20);
    let count = |cluster: &Cluster, i| cluster.net.site(i).book().checkpoint().map(|c: Checkpoint| c.count);
    assert_eq!((count(&cluster, 2), count(&cluster, 5)), (Some(60), Some(210)));
    cluster.net.heal();
    cluster.until_equal(MINUTES).expect("equal");
    assert_eq!(count(&cluster, 2), Some(210), "the greater one stands");
    assert_eq!(cluster.sum(|c| c.old), 0, "nobody is given what is below its checkpoint");
}

/// Said by a peer with a bug, or worse: all that we have is below it.
#[test]
fn no_checkpoint_of_a_peer_removes_an_entry() {
    for limit in [30, 20] {
        let mut cluster = Cluster::settled(2, 4, 0, limit);
        cluster.append_many(1, 25);
        cluster.until_equal(MINUTES).expect("equal");
        let before = (cluster.ids(1), cluster.net.site(1).book().checkpoint());
        for ltime in [1, 24, 25, 26, 1 << 40, u64::MAX] {
            let upto = EntryId { ltime, ..EntryId::LAST };
            let checkpoint = Some(Checkpoint { upto, count: 1 << 40, sum: 7 });
            let from = Origin { peer: Some(PeerId(2)), path: Path::new(2, Some(StreamId(1_000 + ltime % 99))) };
            let turn = Message::Turn(Turn { checkpoint, ..Turn::default() });
            cluster.net.turn(1, |history, cx| history.on_message(cx, from, turn));
            assert_eq!(cluster.ids(1), before.0, "limit {limit}, up to {ltime}");
            let ours = cluster.net.site(1).book().checkpoint();
            assert!(ours == before.1 || ltime < before.0[0].ltime, "limit {limit}, up to {ltime}");
        }
    }
}
