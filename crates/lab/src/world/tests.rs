//! The world itself, with a protocol that talks more than it needs to.

use super::*;
use bruit_node::Settings;
use bruit_proto::{
    Class, Lost, Malformed, Nobody, Origin, Outlet, Reader, Receipt, Record, Room, StreamId, StreamNews, Tags, put_varint,
};
use std::sync::Arc;

/// Says a number to everyone each 100 ms, and holds a conversation when told to.
struct Chat {
    me: PeerId,
    all: Vec<Arc<Record>>,
    said: u64,
    heard: Vec<u64>,
    /// Numbers still to be said on a stream.
    tale: u64,
    news: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Number(u64);

impl Wire for Number {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(128);
        put_varint(out, self.0);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        (input.u8()? == 128).then_some(()).ok_or(Malformed("no number"))?;
        Ok(Number(input.varint()?))
    }
}

const EVERY: Duration = Duration::from_millis(100);

impl Protocol for Chat {
    type Message = Number;
    type Timer = ();
    type Event = u64;

    fn on_start(&mut self, cx: &mut Context<'_, Self>) {
        self.all.iter().for_each(|record| cx.know(record.id(), Some(record)));
        let first = cx.rng.between(Duration::ZERO, EVERY);
        cx.set((), first);
        cx.persist(vec![(b"started".to_vec(), Some(vec![1]))]);
    }
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: Origin, Number(n): Number) {
        self.heard.push(n);
        if from.path.stream().is_some() {
            cx.notify(n);
        }
        if let Some(stream) = from.path.stream().filter(|_| n == 0) {
            cx.close(stream);
        }
    }
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, (): ()) {
        self.said += 1;
        for record in self.all.iter().filter(|r| r.id() != self.me) {
            cx.send(record.id(), Number(self.said));
        }
        let next = cx.rng.between(EVERY / 2, EVERY);
        cx.set((), next);
    }
    fn on_stream(&mut self, cx: &mut Context<'_, Self>, stream: StreamId, what: StreamNews) {
        self.news.push(format!("{what:?}"));
        if what == StreamNews::Opened {
            cx.wake(stream);
        }
    }
    fn on_stored(&mut self, _: &mut Context<'_, Self>, _: Receipt, outcome: Result<(), Lost>) {
        self.news.push(format!("stored {outcome:?}"));
    }
    fn on_pause(&mut self, _: &mut Context<'_, Self>, lost: Duration) {
        self.news.push(format!("stood still for {} s", lost.as_secs()));
    }
    fn fill(&mut self, cx: &mut Context<'_, Self>, to: Outlet, room: &mut Room<'_, Number>) {
        let Outlet::Stream(_) = to else { return };
        while self.tale > 0 && room.offer(Number(self.tale - 1)).is_ok() {
            self.tale -= 1;
        }
        cx.notify(self.tale);
    }
}

fn record(i: u32, session: u64, address: SocketAddr) -> Arc<Record> {
    Arc::new(Record::new(&format!("node-{i}"), session, vec![address], Tags::default()).unwrap())
}

fn world(n: u32, seed: u64, links: Links) -> World<Chat> {
    let network = Network { ports: vec![PORT; n as usize], ..Network::default() };
    let all: Vec<_> = (0..n).map(|i| record(i, 0, network.address(i))).collect();
    let mut world = World::new(n, seed, links, move |birth| {
        let me = all[birth.node as usize].id();
        let chat = Chat { me, all: all.clone(), said: 0, heard: vec![], tale: 0, news: vec![] };
        Node::new(Settings::new(me, birth.seed), chat, Box::new(Nobody))
    });
    (0..n).for_each(|i| world.start(i));
    world
}

/// Node 0 tells node 1 a tale of `length` numbers.
fn tell(world: &mut World<Chat>, length: u64, class: Class, deadline: Duration) {
    let to = PeerId::named("node-1");
    world.command(0, |chat, cx| {
        chat.tale = length;
        cx.open(to, class, deadline);
    });
}

fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn rough() -> Links {
    Links { loss_ppm: 100_000, duplicate_ppm: 50_000, reorder_ppm: 100_000, ..Links::default() }
}

/// Everything that can happen, happens.
fn stormy(seed: u64, reversed: bool) -> (u64, Traffic) {
    let mut world = world(7, seed, rough());
    world.reversed = reversed;
    world.run(seconds(1));
    tell(&mut world, 5_000, Class::Bulk, seconds(5));
    world.pause(2, seconds(3));
    world.drift(3, 400);
    world.slow(6, Duration::from_millis(30), 256, seconds(4));
    world.run(seconds(2));
    world.partition(&[1, 4]);
    world.kill(5);
    world.run(seconds(4));
    world.heal();
    world.start(5);
    tell(&mut world, 100, Class::Ask, seconds(5));
    world.run(seconds(4));
    (world.trace(), world.total_traffic())
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..5 {
        assert_eq!(stormy(seed, false), stormy(seed, false));
    }
    assert_ne!(stormy(1, false).0, stormy(2, false).0);
}

#[test]
fn the_order_of_nodes_in_a_bucket_does_not_matter() {
    for seed in 0..5 {
        assert_eq!(stormy(seed, false), stormy(seed, true));
    }
}

#[test]
fn links_lose_what_they_are_told_to() {
    let mut world = world(5, 1, Links { loss_ppm: 100_000, duplicate_ppm: 100_000, ..Links::default() });
    world.run(seconds(100));
    let total = world.total_traffic();
    let share = |part: u64| part as f64 / total.packets as f64;
    assert!((0.09..0.11).contains(&share(total.lost)), "{total:?}");
    assert!((0.97..1.01).contains(&share(total.heard)), "{total:?}");
}

#[test]
fn a_datagram_above_the_mtu_vanishes() {
    let mut world = world(2, 1, Links { mtu: 10, ..Links::default() });
    world.run(seconds(1));
    assert!(world.traffic(0).oversized > 0 && world.traffic(1).heard == 0);
}

#[test]
fn a_one_way_cut_is_one_way() {
    let mut world = world(2, 1, Links::default());
    world.cut(0, 1);
    world.run(seconds(1));
    assert!(world.traffic(0).heard > 0 && world.traffic(1).heard == 0);
    world.heal();
    world.run(seconds(1));
    assert!(world.traffic(1).heard > 0);
}

/// 20,000 numbers are 60 kB, 42 segments: at 10 % loss some four are lost, each costs 200 ms, none comes out of order.
#[test]
fn a_stream_keeps_order_and_pays_for_loss_in_time() {
    let mut quiet = world(2, 1, Links::default());
    tell(&mut quiet, 20_000, Class::Bulk, seconds(10));
    let all = |world: &mut World<Chat>| world.protocol(1).heard.last() == Some(&0);
    assert!(quiet.run_until(seconds(10), all).unwrap() < Duration::from_millis(200));
    let mut lossy = world(2, 1, Links { loss_ppm: 100_000, ..Links::default() });
    tell(&mut lossy, 20_000, Class::Bulk, seconds(10));
    assert!(lossy.run_until(seconds(10), all).unwrap() > Duration::from_millis(400));
    for world in [&mut quiet, &mut lossy] {
        let on_stream = world.told().into_iter().filter(|t| t.node == 1).map(|t| t.event);
        assert!(on_stream.eq((0..20_000).rev()));
    }
}

#[test]
fn how_a_dial_ends() {
    let ends = |fault: fn(&mut World<Chat>), deadline: u64| {
        let mut world = world(2, 1, Links::default());
        fault(&mut world);
        tell(&mut world, 10, Class::Bulk, seconds(deadline));
        world.run(seconds(60));
        world.protocol(0).news.iter().find(|n| n.contains("Closed")).cloned()
    };
    assert_eq!(ends(|w| w.kill(1), 5).as_deref(), Some("Closed(Refused)"));
    assert_eq!(ends(|w| w.unplug(1), 5).as_deref(), Some("Closed(Late)"));
    assert_eq!(ends(|w| w.partition(&[1]), 100).as_deref(), Some("Closed(Late)"));
}

#[test]
fn a_crash_resets_and_a_cut_waits() {
    let ends = |fault: fn(&mut World<Chat>), at_least: u64| {
        let mut world = world(2, 1, Links::default());
        tell(&mut world, 1_000_000, Class::Bulk, seconds(100));
        world.run(Duration::from_millis(3));
        fault(&mut world);
        let closed = |w: &mut World<Chat>| w.protocol(0).news.iter().any(|n| n == "Closed(Reset)");
        let took = world.run_until(seconds(60), closed);
        assert!(took.is_some_and(|t| t >= seconds(at_least)), "{took:?} {:?}", world.protocol(0).news);
    };
    ends(|w| w.kill(1), 0);
    ends(|w| w.partition(&[1]), 20);
}

#[test]
fn who_stood_still_is_told_so_and_finds_what_came() {
    let mut world = world(2, 1, Links::default());
    world.run(seconds(1));
    let before = world.protocol(1).heard.len();
    world.pause(1, seconds(5));
    tell(&mut world, 10, Class::Bulk, seconds(60));
    world.run(Duration::from_millis(4_900));
    assert_eq!(world.protocol(1).heard.len(), before);
    assert_eq!(world.protocol(0).news.last().map(String::as_str), Some("Opened"), "its kernel answers");
    world.run(Duration::from_millis(200));
    assert!(world.protocol(1).news.iter().any(|n| n == "stood still for 4 s"), "{:?}", world.protocol(1).news);
    assert!(world.protocol(1).heard.len() > before + 50 && world.protocol(1).heard.contains(&0));
}

#[test]
fn a_process_that_ends_amid_a_write_leaves_a_torn_one_and_the_next_starts_from_what_was_whole() {
    let (mut torn, mut whole) = (0, 0);
    for seed in 0..40 {
        let mut world = world(1, seed, Links::default());
        world.run(seconds(1));
        for life in 1..5 {
            world.kill(0);
            world.start(0);
            world.kill(0);
            world.start(0);
            let rows = world.disk(0).iter().count();
            assert_eq!(rows, 1, "seed {seed}, life {life}: what was kept stays");
            world.run(seconds(1));
        }
        let damaged = world.disk(0).damaged();
        torn += damaged;
        whole += 8 - damaged;
    }
    assert!(torn > 50 && whole > 5, "{torn} torn, {whole} whole");
}

#[test]
fn a_disk_outlives_its_process_unless_it_is_wiped() {
    let mut world = world(1, 1, Links::default());
    assert_eq!(world.disk(0).iter().count(), 0);
    world.kill(0);
    world.start(0);
    assert_eq!(world.disk(0).iter().count(), 0, "killed before the disk had done it");
    world.run(Duration::from_millis(200));
    world.kill(0);
    assert_eq!(world.disk(0).iter().count(), 1);
    world.wipe(0);
    world.disk(0).set_full(true);
    world.start(0);
    world.run(Duration::from_millis(200));
    assert_eq!(world.protocol(0).news, ["stored Err(Lost)"]);
}

const TWENTY: Duration = Duration::from_millis(20);

/// When node 1 hears what node 0 says, in a world of two in which `fault` strikes after a second.
fn heard_at(fault: impl FnOnce(&mut World<Chat>), span: Duration) -> Vec<Duration> {
    let times = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let mut world = world(2, 1, Links::default());
    let heard = times.clone();
    world.tap(move |at, _, to, _| {
        if to == 1 {
            heard.borrow_mut().push(at)
        }
    });
    world.run(seconds(1));
    fault(&mut world);
    world.run(span);
    drop(world);
    std::rc::Rc::into_inner(times).unwrap().into_inner()
}

#[test]
fn a_slow_host_hears_late_and_one_thing_after_another() {
    let fast = heard_at(|_| (), seconds(10));
    let slow = heard_at(|world| world.slow(1, TWENTY, 256, seconds(60)), seconds(10));
    let struck = fast.iter().position(|at| *at > seconds(1)).unwrap();
    assert_eq!(fast[..struck], slow[..struck]);
    assert!(slow.len() - struck > 100, "{}", slow.len());
    // It has a timer beside each datagram or two, so that it is soon free again.
    let late: Vec<Duration> = fast.iter().zip(&slow).skip(struck).map(|(fast, slow)| *slow - *fast).collect();
    assert!(late.iter().all(|late| (TWENTY..5 * TWENTY).contains(late)), "{late:?}");
    assert!(slow[struck..].windows(2).all(|pair| pair[1] - pair[0] >= TWENTY));
}

#[test]
fn a_slow_host_speaks_seldom() {
    let said = |service: Duration| {
        let mut world = world(1, 1, Links::default());
        world.slow(0, service, 256, seconds(100));
        world.run(seconds(100));
        world.protocol(0).said
    };
    // Each timer is set when the one before has been served: 75 ms later on average.
    let (fast, slow) = (said(Duration::from_micros(1)), said(Duration::from_millis(75)));
    assert!((1_250..1_420).contains(&fast) && (630..710).contains(&slow), "{fast} {slow}");
}

#[test]
fn what_a_slow_host_has_no_room_for_is_lost_and_counted() {
    let mut world = world(7, 1, Links::default());
    world.run(seconds(1));
    world.slow(1, seconds(1), 256, seconds(60));
    world.run(seconds(20));
    // Those under way are within two milliseconds of latency.
    let missing = |world: &World<Chat>| {
        let total = world.total_traffic();
        total.packets - total.heard - total.overflown
    };
    assert!((256..270).contains(&missing(&world)), "{}", missing(&world));
    let lost = world.traffic(1).overrun;
    assert!(lost > 800, "six hosts say 13 a second, and it takes one: {lost}");
    assert_eq!((lost, world.total_traffic().overrun), (world.traffic(1).overflown, lost));
    world.resume(1);
    world.run(seconds(1));
    assert!(missing(&world) < 15, "what waited was heard");
    assert_eq!(world.total_traffic().overrun, lost);
    world.pause(1, seconds(20));
    world.run(seconds(20));
    assert!(world.traffic(1).overflown > lost && world.traffic(1).overrun == lost, "who stands still is not slow");
}

#[test]
fn who_is_slow_no_more_is_as_fast_as_any() {
    let fast = heard_at(|_| (), seconds(20));
    let healed: [fn(&mut World<Chat>); 2] = [
        |world| world.slow(1, seconds(1), 256, seconds(5)),
        |world| {
            world.slow(1, seconds(1), 256, seconds(60));
            world.run(seconds(5));
            world.resume(1);
        },
    ];
    for heal in healed {
        let slow = heard_at(heal, seconds(20));
        let after = |times: &[Duration]| times.iter().filter(|at| **at > seconds(7)).take(100).copied().collect::<Vec<_>>();
        assert_eq!(after(&slow).len(), 100);
        assert_eq!(after(&slow), after(&fast));
        let at_once = slow.iter().filter(|at| (seconds(6)..seconds(6) + TWENTY).contains(*at)).count();
        assert!(at_once > 40, "what waited came at once: {at_once}");
    }
}

#[test]
fn a_slow_host_is_slow_after_a_pause_too() {
    let heard = |slow: bool| {
        let mut world = world(2, 1, Links::default());
        if slow {
            world.slow(1, Duration::from_millis(100), 256, seconds(60));
        }
        world.run(seconds(1));
        let before = world.traffic(1).heard;
        world.pause(1, seconds(10));
        world.run(Duration::from_millis(10_050));
        let at_once = world.traffic(1).heard - before;
        world.run(seconds(1));
        (at_once, world.traffic(1).heard - before - at_once)
    };
    assert!(heard(false).0 > 100);
    assert_eq!(heard(true), (0, 10));
}

/// Its kernel answers the dial and its repetition, as the process has not looked at either.
#[test]
fn a_dial_to_a_slow_host_opens_soon_and_once() {
    let mut world = world(2, 1, Links::default());
    world.slow(1, Duration::from_millis(500), 256, seconds(20));
    world.run(seconds(5));
    world.clog(0, Duration::from_millis(1_500));
    tell(&mut world, 10, Class::Bulk, seconds(60));
    world.run(seconds(4));
    let opened = |world: &World<Chat>| world.protocol(0).news.iter().filter(|news| *news == "Opened").count();
    assert_eq!((opened(&world), world.protocol(1).heard.contains(&0)), (1, false));
    world.run(seconds(20));
    assert_eq!((opened(&world), world.protocol(1).heard.contains(&0)), (1, true));
}
