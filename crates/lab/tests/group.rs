//! Events by IP multicast: one datagram for a link, and gossip beneath it for whoever missed it or is on another.

use bruit_events::Filter;
use bruit_lab::cluster::{cluster, id, join};
use bruit_lab::{Links, World};
use bruit_node::Mode;
use bruit_proto::Peers;
use bruit_stacks::events::Delivered;
use bruit_stacks::{CoreConfig, Event, Full, FullEvent};
use std::time::Duration;

/// A cluster on so many links with multicast; none: without.
fn formed(n: u32, segments: u32, seed: u64, mode: Option<Mode>) -> World<Full> {
    let mut world = cluster(n, seed, Links::default(), CoreConfig::default(), mode);
    world.set_segments(segments);
    (0..n).for_each(|i| world.start(i));
    (1..n).for_each(|i| join(&mut world, i, &[0]));
    let formed = world.run_until(Duration::from_secs(30), |w| (0..n).all(|i| w.protocol(i).swim().len() == n - 1));
    assert!(formed.is_some(), "it forms");
    world.run(Duration::from_secs(5));
    world.told();
    world
}

fn say(world: &mut World<Full>, i: u32) {
    world.command(i, |full, cx| full.event(cx, "deploy", b"v2", Filter::all())).expect("a short event");
}

/// Who has it after so long, and how it came.
fn delivered(world: &mut World<Full>, after: Duration) -> Vec<(u32, Delivered)> {
    world.run(after);
    let told = world.told().into_iter();
    let of = |event| if let FullEvent::Core(Event::Delivered(delivered)) = event { Some(delivered) } else { None };
    told.filter_map(|told| Some((told.node, of(told.event)?))).collect()
}

fn sent(world: &World<Full>, i: u32) -> u64 {
    world.node(i).group().map_or(0, |group| group.sent)
}

#[test]
fn one_datagram_reaches_all_on_the_link_sealed_and_in_the_open() {
    for mode in [None, Some(Mode::Require)] {
        let mut world = formed(8, 1, 1, mode);
        // All copies take as long, so that what was said to the group, first, comes first.
        world.set_links(Links { spread_us: 0, ..Links::default() });
        say(&mut world, 3);
        let came = delivered(&mut world, Duration::from_millis(3));
        assert_eq!(came.len(), 8);
        assert!(came.iter().filter(|x| x.0 != 3).all(|x| x.1.hop == 1 && x.1.via == Some(id(3))), "{came:?}");
        world.run(Duration::from_secs(10));
        assert_eq!((sent(&world, 3), (0..8).map(|i| sent(&world, i)).sum::<u64>()), (1, 1));
        assert!((0..8).filter(|i| *i != 3).all(|i| world.protocol(i).events().counters().overheard == 1));
        assert_eq!((0..8).filter(|i| *i != 3).map(|i| world.protocol(i).events().counters().relayed).sum::<u64>(), 0);
        assert!((0..8).all(|i| world.node(i).group().unwrap().refused().is_empty()));
    }
}

/// Copies of events that were sent to one node each, those in conversations aside.
fn copies(world: &World<Full>) -> u64 {
    (0..world.len()).map(|i| world.protocol(i).events().counters()).map(|c| c.relayed + c.piggybacked + c.pushed).sum()
}

#[test]
fn copies_are_few_where_the_group_is_heard_and_what_they_were_where_it_is_not() {
    let run = |segments| {
        let mut world = formed(64, segments, 7, None);
        let before = copies(&world);
        say(&mut world, 0);
        assert_eq!(delivered(&mut world, Duration::from_millis(900)).len(), 64);
        copies(&world) - before
    };
    let (without, with, alone) = (run(0), run(1), run(64));
    assert!(with * 10 < without, "{with} copies instead of {without}");
    assert_eq!(alone, without, "64 links of one host each");
}

#[test]
fn who_misses_it_and_who_is_on_another_link_has_it_by_gossip() {
    for (segments, loss_ppm) in [(1, 200_000), (2, 0), (3, 100_000)] {
        let mut world = formed(32, segments, 5, Some(Mode::Require));
        world.set_links(Links { loss_ppm, ..Links::default() });
        for i in 0..10 {
            say(&mut world, i);
            let came = delivered(&mut world, Duration::from_secs(5));
            let mut who: Vec<u32> = came.iter().map(|x| x.0).collect();
            who.sort_unstable();
            assert_eq!(who, (0..32).collect::<Vec<_>>(), "{segments} links, {loss_ppm} ppm");
        }
        let groups: u64 = (0..32).map(|i| sent(&world, i)).sum();
        assert!((10..=80).contains(&groups), "{groups} group datagrams of ten events");
    }
}
