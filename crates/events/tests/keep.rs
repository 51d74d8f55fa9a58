//! Delivered once, whatever restarts in between.

mod common;

use bruit_events::Config;
use bruit_proto::Duration;
use common::Cluster;

/// Nodes that deliver what was said before they joined, if nobody delivered it to them before.
fn replaying(n: u32, seed: u64) -> Cluster {
    let mut cluster = Cluster::with(n, seed, 0, Config { replay: true, ..Config::default() });
    (1..=n).for_each(|i| cluster.restart_from_disk(i, u64::from(i)));
    cluster.run(2);
    cluster
}

#[test]
fn nothing_is_delivered_again_after_a_restart() {
    let mut cluster = replaying(5, 1);
    (0..20).for_each(|k| cluster.say(1 + k % 5, &format!("before-{k}")));
    cluster.run(3);
    assert_eq!(cluster.delivered(2).len(), 20);
    cluster.net.kill(2);
    cluster.say(3, "meanwhile");
    cluster.run(3);
    cluster.restart_from_disk(2, 77);
    cluster.run(5);
    assert_eq!(cluster.delivered(2), ["meanwhile"]);
    assert!(cluster.all_equal(), "it holds them all, to repair others");
    cluster.restart(2, 78);
    cluster.run(5);
    assert_eq!(cluster.delivered(2).len(), 21, "without its disk it does not know what it was told");
}

#[test]
fn the_clock_survives_with_the_last_of_a_cluster() {
    let mut cluster = replaying(1, 2);
    (0..9).for_each(|k| cluster.say(1, &format!("{k}")));
    let last = cluster.deliveries(1).last().expect("delivered at once").ltime;
    cluster.run(1);
    cluster.restart_from_disk(1, 77);
    cluster.say(1, "next");
    assert!(cluster.deliveries(1)[0].ltime > last);
}

#[test]
fn the_disk_holds_the_newest_512_and_a_flood_is_few_batches() {
    let mut cluster = replaying(2, 3);
    for k in 0..1_500 {
        cluster.say(1, &format!("{k}"));
        if k % 5 == 0 {
            cluster.net.run(Duration::from_millis(3));
        }
    }
    cluster.run(3);
    assert_eq!(cluster.net.disk(1).len(), 512);
    let before = cluster.delivered(2).len();
    cluster.restart_from_disk(2, 77);
    cluster.run(5);
    assert!(before > 1_000 && cluster.delivered(2).is_empty(), "what is still passed on is among them");
}

#[test]
fn what_the_disk_lost_is_written_again_and_what_cannot_be_read_is_counted() {
    let mut cluster = replaying(3, 4);
    cluster.net.break_disk(2, true);
    cluster.say(1, "a");
    cluster.run(1);
    assert!(cluster.net.disk(2).is_empty() && cluster.events(2).counters().unsaved > 0);
    cluster.net.break_disk(2, false);
    cluster.run(1);
    assert_eq!(cluster.net.disk(2).len(), 1);
    let mut disk = cluster.net.disk(2).clone();
    disk.insert(vec![1, 2, 3], vec![]);
    cluster.delivered(2);
    cluster.restart_with(2, 77, disk);
    assert_eq!(cluster.events(2).counters().unreadable, 1);
    cluster.run(5);
    assert!(cluster.delivered(2).is_empty());
}
