//! Death certificates: what section 2 of the paper says of deleted items.

#[allow(dead_code)]
mod common;

use bruit_antientropy::{Config, Database, Entry, Keep};
use bruit_kit::{Hlc, Ledger, Order, Set, Span, Taken};
use bruit_proto::harness::{Harness, Links};
use bruit_proto::{Duration, PeerId, Wall};
use common::{Item, Node, Number, Numbers, equal, item, stamp, write};

const SECOND: Duration = Duration::from_secs(1);
/// Ten seconds awake, a hundred asleep.
const KEEP: Keep = Keep { items: 1000, awake: Duration::from_secs(10), asleep: Duration::from_secs(100) };

fn database(me: u64) -> Numbers {
    Database::new(PeerId(me), KEEP)
}

fn deleted(key: u64, millis: u64, sites: &[PeerId]) -> Item {
    Entry::deleted(Number(key), stamp(millis), sites)
}

fn cluster(n: u32) -> Harness<Node> {
    let config = Config { every: SECOND, ..Config::default() };
    Harness::new(n, 4, Links::default(), |me| Node::new(config.clone().into(), Database::new(me, KEEP)).expect("in bounds"))
}

/// Section 2: without a certificate the item would come back; with it, it is gone everywhere, and so is the certificate.
#[test]
fn what_is_deleted_stays_so_and_is_forgotten() {
    let mut net = cluster(4);
    write(&mut net, 1, [item(1)]);
    net.run(8 * SECOND);
    assert!((1..=4).all(|i| net.site(i).ledger().value(Number(1)).is_some()));
    let now = net.now().0 / 1000;
    write(&mut net, 2, [deleted(1, now, &[PeerId(3)])]);
    net.run(8 * SECOND);
    assert!((1..=4).all(|i| net.site(i).ledger().entry(Number(1)).is_some_and(Entry::is_deleted)));
    net.run(8 * SECOND);
    let held = |net: &Harness<Node>| [1, 2, 3, 4].map(|i| net.site(i).ledger().asleep());
    assert!((1..=4).all(|i| net.site(i).ledger().is_empty()) && equal(&net, 4));
    assert_eq!(held(&net), [0, 0, 1, 0], "it sleeps at its retention site");
    net.run(110 * SECOND);
    assert_eq!(held(&net), [0; 4]);
}

/// Section 2.1: who was away for longer than tau1 comes back with the item; the certificate that sleeps awakes and deletes it.
#[test]
fn an_obsolete_item_awakens_the_certificate() {
    let mut net = cluster(4);
    write(&mut net, 1, [item(1)]);
    net.run(8 * SECOND);
    (1..=3).for_each(|i| (net.cut(4, i), net.cut(i, 4)).0);
    let now = net.now().0 / 1000;
    write(&mut net, 2, [deleted(1, now, &[PeerId(3)])]);
    net.run(25 * SECOND);
    assert!(net.site(1).ledger().is_empty() && net.site(4).ledger().value(Number(1)).is_some());
    net.heal();
    net.run(8 * SECOND);
    assert!((1..=4).all(|i| net.site(i).ledger().entry(Number(1)).is_none_or(Entry::is_deleted)), "deleted again");
    assert_eq!((1..=4).map(|i| net.site(i).counters().awakened).sum::<u64>(), 1);
    net.run(20 * SECOND);
    assert!((1..=4).all(|i| net.site(i).ledger().is_empty()));
    assert_eq!(net.site(3).ledger().asleep(), 1);
}

/// Section 2.2: the activation timestamp is another one than that of the deletion, so an item written anew since stays.
#[test]
fn an_awakened_certificate_does_not_delete_what_was_written_since() {
    let mut site = database(3);
    assert_eq!(site.take(deleted(1, 1_000, &[PeerId(3)]), Wall(1_000)), Taken::News);
    site.expire(Wall(12_000));
    assert_eq!((site.len(), site.asleep()), (0, 1));
    let Taken::Awake(certificate) = site.take(Entry::value(Number(1), stamp(500), Number(5)), Wall(20_000)) else {
        panic!("the item is obsolete");
    };
    assert_eq!((certificate.version.at, certificate.version.active), (stamp(1_000), stamp(20_000)));
    let mut other = database(4);
    let since = Entry::value(Number(1), stamp(15_000), Number(6));
    assert!(other.insert(since.clone()));
    assert_eq!(other.take(certificate.clone(), Wall(20_001)), Taken::Known);
    assert_eq!(other.value(Number(1)), Some(&Number(6)));
    assert_eq!(site.take(since, Wall(20_001)), Taken::News, "and it makes the certificate obsolete");
    assert_eq!(site.sum(Order::Place, Span::ALL), other.sum(Order::Place, Span::ALL));
}

/// Section 2.1: one that sleeps has no part in what is compared, and an item that makes it obsolete ends it.
#[test]
fn one_that_sleeps_is_not_spread_and_ends_by_a_later_item() {
    let mut site = database(3);
    site.take(deleted(1, 1_000, &[PeerId(3)]), Wall(1_000));
    let certificate = site.entry(Number(1)).expect("awake").version;
    site.expire(Wall(11_000));
    assert_eq!((site.sum(Order::Time, Span::ALL).count, site.versions(Order::Place, Span::ALL).count()), (0, 0));
    assert!(site.has(certificate) && site.get(certificate).is_none());
    assert_eq!(site.take(Entry::value(Number(1), stamp(12_000), Number(2)), Wall(12_000)), Taken::News);
    assert_eq!((site.asleep(), site.value(Number(1))), (0, Some(&Number(2))));
    site.expire(Wall(1_000_000));
    assert_eq!(site.len(), 1);
}

/// A certificate that comes too late is passed on by nobody, still deletes, and sleeps where it should.
#[test]
fn one_that_comes_too_late_is_kept_by_its_sites_alone() {
    let late = deleted(1, 1_000, &[PeerId(3)]);
    let (mut site, mut other, mut holder) = (database(3), database(4), database(5));
    assert!(holder.insert(item(1)));
    assert_eq!(site.take(late.clone(), Wall(20_000)), Taken::Known);
    assert_eq!(other.take(late.clone(), Wall(20_000)), Taken::Known);
    assert_eq!(holder.take(late.clone(), Wall(20_000)), Taken::News);
    assert_eq!([&site, &other, &holder].map(|base| (base.len(), base.asleep())), [(0, 1), (0, 0), (0, 0)]);
    assert_eq!(site.take(late, Wall(200_000)), Taken::Known);
    site.expire(Wall(200_000));
    assert_eq!(site.asleep(), 0, "past its end");
}

/// Sums and lists by place and by time are those of the items, whatever came and went; and the room is bounded.
#[test]
fn both_orders_hold_the_same() {
    let mut rng = bruit_proto::Rng::seeded(5);
    let mut base = database(3);
    for step in 0..4_000u64 {
        let (key, at) = (u64::from(rng.below(1_500)), u64::from(rng.below(60_000)));
        let entry =
            if rng.chance(200_000) { deleted(key, at, &[PeerId(3)]) } else { Entry::value(Number(key), stamp(at), Number(0)) };
        base.take(entry, Wall(10 * step));
        base.expire(Wall(10 * step));
        assert!(base.len() + base.asleep() <= 1_000);
    }
    assert!(base.refused() > 0 && base.asleep() > 0);
    let orders = [Order::Place, Order::Time];
    let [place, time] = orders.map(|order| base.sum(order, Span::ALL));
    assert_eq!((place, place.count), (time, base.len() as u64));
    for order in orders {
        let versions: Vec<_> = base.versions(order, Span::ALL).collect();
        assert!(versions.windows(2).all(|two| Numbers::mark(order, &two[0]) < Numbers::mark(order, &two[1])));
        let prints = versions.iter().fold(0u64, |sum, version| sum.wrapping_add(version.print(Numbers::place(version.key))));
        assert_eq!((versions.len(), prints), (base.len(), place.prints));
        assert!(versions.iter().all(|version| base.get(*version).is_some_and(|entry| entry.version == *version)));
    }
    assert_eq!(base.iter().filter(|entry| entry.version.at > Hlc::at(Wall(60_000))).count(), 0);
}
