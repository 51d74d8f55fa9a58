use super::*;
use crate::cycles::Complete;
use crate::epidemic::One;
use crate::links::{Bandwidth, Burst, Delay};
use bruit_rumor::{Config, Exchange, Rumor, Stop};
use std::sync::Arc;

const NODES: u32 = 3_000;

fn epidemic(links: &Links, shards: u32) -> Solo<Rumor<One>, Complete> {
    let stop = Stop::Counter { feedback: true, k: 4 };
    let config = Arc::new(Config { exchange: Exchange::PushPull, stop, ..Config::default() });
    let node = |_| Rumor::new(Arc::clone(&config), One::default()).expect("settings in their bounds");
    let mut solo = Solo::over(7, links.clone(), Complete(NODES), shards, node);
    solo.command(0, |rumor, cx| rumor.start(cx, ()));
    solo
}

fn known(solo: &Solo<Rumor<One>, Complete>) -> usize {
    solo.protocols().filter(|rumor| bruit_kit::Set::has(rumor.set(), ())).count()
}

/// Time order, node order, the reverse of it, and two and three threads give the same state, on every kind of links.
#[test]
fn the_order_inside_a_bucket_changes_nothing() {
    let plain = Links { loss_ppm: 10_000, ..Links::default() };
    let burst = Some(Burst { loss_ppm: 500_000, length: 5, every: 50 });
    let bandwidth = Some(Bandwidth { kbit: 64, queue: 200 });
    let all = [
        plain.clone(),
        Links { delay: Delay::Exponential, ..plain.clone() },
        Links { delay: Delay::LogNormal { sigma_permille: 500 }, spread_us: 20_000, ..plain.clone() },
        Links { delay: Delay::Regions, ..plain.clone() },
        Links { burst, bandwidth, ..plain },
    ];
    let span = Duration::from_secs(3);
    for links in all {
        let run = |order, shards| {
            let mut solo = epidemic(&links, shards);
            solo.set_order(order);
            if shards == 1 {
                solo.run(span)
            } else {
                solo.run_on_threads(span)
            }
            (solo.state_hash(), solo.events(), known(&solo))
        };
        let seen = run(Order::Nodes, 1);
        assert!(seen.2 > NODES as usize * 9 / 10, "{} know it", seen.2);
        for other in [run(Order::NodesReversed, 1), run(Order::Time, 1), run(Order::Nodes, 2), run(Order::Time, 3)] {
            assert_eq!(seen, other, "{links:?}");
        }
    }
}

/// Shards that one thread runs one after another are one world, too, and the tap hears all of it.
#[test]
fn shards_are_one_world() {
    let run = |shards| {
        let mut solo = epidemic(&Links::default(), shards);
        let (heard, count) = std::sync::mpsc::channel();
        solo.tap(move |_, _, _| heard.send(()).expect("the test listens"));
        solo.run(Duration::from_secs(1));
        (solo.state_hash(), solo.events(), count.try_iter().count())
    };
    assert_eq!(run(1), run(5));
}

#[test]
fn the_hash_sees_one_node_and_one_seed() {
    let hash = |start| {
        let mut solo = epidemic(&Links::default(), 1);
        if start {
            solo.command(NODES - 1, |rumor, cx| rumor.start(cx, ()));
        }
        solo.state_hash()
    };
    assert_ne!(hash(true), hash(false));
}

/// A queue that is too short for an answer to many loses some of it.
#[test]
fn a_narrow_way_out_is_felt() {
    let wide = Links::default();
    let narrow = Links { bandwidth: Some(Bandwidth { kbit: 1, queue: 40 }), ..wide.clone() };
    let after = |links: &Links| {
        let mut solo = epidemic(links, 1);
        solo.run(Duration::from_secs(2));
        (known(&solo), solo.events())
    };
    let (wide, narrow) = (after(&wide), after(&narrow));
    assert!(narrow.0 < wide.0 && narrow.1 < wide.1, "{narrow:?} {wide:?}");
}

/// A node that is off hears nothing and does nothing, and does what was due when it is on again.
#[test]
fn who_is_off_is_silent_and_goes_on_when_it_is_on_again() {
    let mut solo = epidemic(&Links::default(), 1);
    solo.set_up(0, false);
    solo.run(Duration::from_secs(5));
    assert_eq!(known(&solo), 1, "it told nobody, though its timer was set");
    solo.set_up(0, true);
    solo.run(Duration::from_secs(60));
    assert!(known(&solo) > NODES as usize * 9 / 10, "{} know it", known(&solo));
}

/// A slow process says and hears nothing in a block, and accuses the next member that it would have probed, unless it notices
/// that it stood still.
#[test]
fn a_process_stands_at_what_it_sends_and_finds_its_deadlines_passed() {
    for noticed in [false, true] {
        let mut solo = crate::members::solo(8, 3, bruit_swim::Config::memberlist(bruit_swim::Profile::Lan));
        solo.run(Duration::from_secs(2));
        let second = Duration::from_secs(1);
        solo.stall(Stalls { nodes: 1, from: solo.now(), block: 3 * second, open: 3 * second, noticed });
        // What was under way arrives.
        solo.run(Duration::from_millis(3));
        let (heard, messages) = std::sync::mpsc::channel();
        solo.tap(move |from, to, _| {
            if from == 0 || to == 0 {
                heard.send(()).expect("the test listens");
            }
        });
        let (suspects, suspected) = std::sync::mpsc::channel();
        solo.listen(move |_, by, event| {
            if matches!(event, bruit_swim::Event::Suspected { .. }) && by == 0 {
                suspects.send(()).expect("the test listens");
            }
        });
        solo.run(Duration::from_millis(2_990));
        assert_eq!((messages.try_iter().count(), suspected.try_iter().count()), (0, 0));
        solo.run(Duration::from_millis(20));
        assert!(messages.try_iter().count() > 10);
        assert_eq!(suspected.try_iter().count(), usize::from(!noticed));
    }
}
