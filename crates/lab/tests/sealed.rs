//! Sealed clusters: what was recorded is worth nothing, no nonce repeats, and one in the open is sealed node by node.

use bruit_events::Filter;
use bruit_lab::cluster::{cluster, full, join, name, seal};
use bruit_lab::{Birth, Links, World};
use bruit_node::Mode;
use bruit_proto::{Change, Peers};
use bruit_stacks::{CoreConfig, Event, Full, FullEvent};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

/// From which host, to which, what.
type Heard = Rc<RefCell<Vec<(u32, u32, Vec<u8>)>>>;

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn tapped(world: &mut World<Full>) -> Heard {
    let heard = Heard::default();
    let tape = Rc::clone(&heard);
    world.tap(move |_, from, to, bytes| tape.borrow_mut().push((from, to, bytes.to_vec())));
    heard
}

/// Hosts `0..n` run and know each other.
fn form(world: &mut World<Full>, n: u32) {
    (0..n).for_each(|i| world.start(i));
    (1..n).for_each(|i| join(world, i, &[0]));
    let formed = world.run_until(seconds(20), |w| (0..n).all(|i| w.protocol(i).swim().len() == n - 1));
    assert!(formed.is_some(), "a sealed cluster forms");
}

fn say(world: &mut World<Full>, i: u32) {
    world.command(i, |full, cx| full.event(cx, "deploy", b"v2", Filter::all())).expect("a short event");
}

fn delivered(world: &mut World<Full>) -> usize {
    world.told().iter().filter(|t| matches!(t.event, FullEvent::Core(Event::Delivered(_)))).count()
}

/// No two sealed packets were sealed alike.
fn assert_no_pair_repeats(heard: &Heard) {
    let heard = heard.borrow();
    let pairs: BTreeSet<&[u8]> = heard.iter().map(|x| &x.2[1..15]).collect();
    assert!(heard.len() > 100 && pairs.len() == heard.len(), "{} pairs in {} packets", pairs.len(), heard.len());
}

#[test]
fn a_recorded_run_replayed_at_whoever_restarted_and_at_a_stranger_tells_them_nothing() {
    let mut world = cluster(6, 1, Links::default(), CoreConfig::default(), Some(Mode::Require));
    let heard = tapped(&mut world);
    form(&mut world, 5);
    (0..5).for_each(|i| say(&mut world, i));
    world.run(seconds(5));
    assert_eq!(delivered(&mut world), 25);
    assert!(heard.borrow().iter().all(|x| x.2[0] & 0x80 != 0), "a packet in the open");
    assert_no_pair_repeats(&heard);

    let recorded = heard.borrow().clone();
    replay(&mut world, &recorded, 0);
    world.run(seconds(5));
    assert_eq!(world.told(), [], "an event ran again");
    // The others go, so that nothing but the recording speaks to who restarts with an empty disk, and to a stranger.
    (0..5).for_each(|i| world.kill(i));
    world.wipe(3);
    for i in [3, 5] {
        world.start(i);
        replay(&mut world, &recorded, i);
        world.run(seconds(5));
        assert_eq!((world.told(), world.protocol(i).swim().len()), (vec![], 0), "somebody or something appeared");
        let counters = world.node(i).counters();
        assert!(counters.rejections() >= recorded.len() as u64 / 2, "{counters:?}");
    }
}

fn replay(world: &mut World<Full>, recorded: &[(u32, u32, Vec<u8>)], to: u32) {
    for (from, _, bytes) in recorded {
        let from = world.address(*from);
        world.entry(to, |node, now| node.receive(now, from, bytes));
    }
}

#[test]
fn of_two_copies_of_one_node_one_is_told_and_no_pair_of_session_and_counter_repeats() {
    let config = CoreConfig::default();
    let make = move |birth: Birth<'_>| full(&birth, &config, &name(birth.node.min(3)), Some(seal(birth.seed, Mode::Require)));
    let mut world = World::new(5, 2, Links::default(), make);
    let heard = tapped(&mut world);
    form(&mut world, 4);
    world.start(4);
    join(&mut world, 4, &[0]);
    world.run(seconds(10));
    let taken: Vec<u32> =
        world.told().iter().filter(|t| matches!(t.event, FullEvent::Core(Event::NameTaken))).map(|t| t.node).collect();
    assert_eq!(taken, [4]);
    assert_no_pair_repeats(&heard);
}

#[test]
fn a_cluster_under_traffic_goes_from_open_to_permissive_to_required_node_by_node() {
    const N: u32 = 6;
    let mut world = cluster(N, 3, Links::default(), CoreConfig::default(), None);
    form(&mut world, N);
    let heard = tapped(&mut world);
    let mut said = 0;
    for mode in [Mode::Permissive, Mode::Require] {
        for i in 0..N {
            let seal = seal(world.protocol(i).swim().me().record.session(), mode);
            world.entry(i, |node, _| node.reseal("", Some(seal)));
            for from in 0..N {
                say(&mut world, from);
                said += 1;
                world.run(Duration::from_millis(200));
            }
        }
        world.run(seconds(2));
    }
    world.run(seconds(10));
    let told = world.told();
    let down = told.iter().filter(|t| matches!(t.event, FullEvent::Core(Event::Member { change: Change::Down, .. }))).count();
    let delivered = told.iter().filter(|t| matches!(t.event, FullEvent::Core(Event::Delivered(_)))).count();
    assert_eq!((down, delivered), (0, said * N as usize));
    heard.borrow_mut().clear();
    (0..N).for_each(|i| say(&mut world, i));
    world.run(seconds(5));
    assert!(heard.borrow().iter().all(|x| x.2[0] & 0x80 != 0));
    assert_no_pair_repeats(&heard);
}

#[test]
fn a_flood_of_a_hundred_thousand_packets_at_a_member_of_a_sealed_cluster_costs_it_nothing_but_counters() {
    let mut world = cluster(4, 4, Links::default(), CoreConfig::default(), Some(Mode::Require));
    let heard = tapped(&mut world);
    form(&mut world, 4);
    world.told();
    let (recorded, from) = (heard.borrow().clone(), world.address(1));
    let before = world.node(0).counters().clone();
    let mut dice = bruit_proto::Rng::seeded(1);
    for n in 0..100_000 {
        // What was recorded, with one byte changed, so that sessions and key ids are right.
        let (_, _, mut bytes) = recorded[n % recorded.len()].clone();
        let i = dice.below(bytes.len() as u32) as usize;
        bytes[i] ^= 1 + dice.below(255) as u8;
        world.entry(0, |node, now| node.receive(now, from, &bytes));
        if n % 1_000 == 0 {
            world.run(Duration::from_millis(100));
        }
    }
    let after = world.node(0).counters().clone();
    assert!(after.rejections() - before.rejections() >= 100_000);
    world.run(seconds(10));
    say(&mut world, 0);
    world.run(seconds(5));
    let told = world.told();
    let delivered = told.iter().filter(|t| matches!(t.event, FullEvent::Core(Event::Delivered(_)))).count();
    let quiet = told.iter().filter(|t| matches!(t.event, FullEvent::Core(Event::Quiet(_)))).count();
    assert_eq!((delivered, quiet), (4, told.len() - 4), "{told:?}");
}
