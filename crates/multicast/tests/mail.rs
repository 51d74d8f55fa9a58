//! Direct mail: what it costs and what it loses.

#[allow(dead_code)]
mod common;

use bruit_multicast::mail::{Ack, Config};
use bruit_multicast::{Counters, Pace};
use bruit_proto::harness::Harness;
use bruit_proto::{Duration, PeerId};
use common::{Number, Post, links, mail};

fn cluster(n: u32, percent: u32, config: &Config) -> Harness<Post> {
    Harness::new(n, 1, links(percent), |_| mail(config))
}

fn having(net: &Harness<Post>, n: u32, number: u64) -> usize {
    (1..=n).filter(|i| net.site(*i).set().contains(&Number(number))).count()
}

fn acked(every: u64, tries: u32) -> Config {
    Config { ack: Some(Ack { every: Duration::from_millis(every), tries, audience: 1000 }), ..Config::default() }
}

#[test]
fn the_sender_sends_to_every_peer_once_at_its_pace() {
    let mut net = cluster(41, 0, &Config::default());
    assert!(net.turn(7, |mail, cx| mail.send(cx, Number(5))));
    net.run(Duration::from_micros(2_500));
    assert_eq!(having(&net, 41, 5), 1 + 16, "bursts of eight at 0 and 1 ms have arrived");
    net.run(Duration::from_millis(10));
    assert_eq!(having(&net, 41, 5), 41);
    assert_eq!(net.site(7).counters(), Counters { data: 40, ..Counters::default() });
    assert_eq!((net.site(7).queued(), net.timers(7)), (0, 0));
}

#[test]
fn a_crash_in_the_send_loop_leaves_some_without_for_ever() {
    let mut net = cluster(41, 0, &Config::default());
    net.turn(1, |mail, cx| mail.send(cx, Number(5)));
    net.run(Duration::from_micros(1_500));
    net.kill(1);
    net.declare_down(1);
    net.run(Duration::from_secs(600));
    assert_eq!(having(&net, 41, 5), 1 + 16);
}

#[test]
fn what_comes_while_a_node_is_away_is_lost() {
    let mut net = cluster(4, 0, &Config::default());
    net.kill(3);
    net.turn(1, |mail, cx| mail.send(cx, Number(5)));
    net.run(Duration::from_millis(50));
    net.restart(3, mail(&Config::default()));
    net.turn(1, |mail, cx| mail.send(cx, Number(6)));
    net.run(Duration::from_secs(60));
    assert_eq!((having(&net, 4, 5), having(&net, 4, 6)), (3, 4));
}

#[test]
fn a_full_queue_drops_and_counts() {
    let mut net = cluster(100, 0, &Config { queue: 2, ..Config::default() });
    let taken = [1, 2, 3, 4].map(|number| net.turn(1, |mail, cx| mail.send(cx, Number(number))));
    assert_eq!(taken, [true, true, false, false]);
    net.run(Duration::from_secs(1));
    assert_eq!([1, 2, 3, 4].map(|number| having(&net, 100, number)), [100, 100, 1, 1]);
    assert_eq!(net.site(1).counters().dropped, 2);
}

/// Lin, Paul 1996: acknowledgements from all receivers implode at the sender.
#[test]
fn acknowledgements_implode_at_the_sender_and_serve_all() {
    for n in [20, 80] {
        let mut net = cluster(n, 20, &acked(20, 30));
        net.turn(1, |mail, cx| mail.send(cx, Number(5)));
        net.run(Duration::from_secs(2));
        assert_eq!(having(&net, n, 5), n as usize);
        let Counters { heard, repairs, .. } = net.site(1).counters();
        assert!(heard >= u64::from(n) - 1 && repairs > 0, "{heard} acknowledgements, {repairs} sent again among {n}");
        assert_eq!((net.site(1).queued(), net.timers(1)), (0, 0), "all have acknowledged");
    }
}

#[test]
fn who_does_not_acknowledge_is_given_up_or_declared_down() {
    let mut net = cluster(4, 0, &acked(20, 3));
    net.kill(2);
    net.turn(1, |mail, cx| mail.send(cx, Number(5)));
    net.run(Duration::from_secs(1));
    assert_eq!((net.site(1).counters().repairs, net.site(1).counters().dropped, net.site(1).queued()), (3, 1, 0));
    net.turn(1, |mail, cx| mail.send(cx, Number(6)));
    net.run(Duration::from_millis(10));
    assert_eq!(net.site(1).waiting(), 1);
    net.declare_down(2);
    net.run(Duration::from_millis(50));
    assert_eq!((net.site(1).waiting(), net.site(1).queued()), (0, 0));
}

#[test]
fn settings_out_of_bounds_are_named() {
    let pace = |burst, every| Config { pace: Pace { burst, every }, ..Config::default() };
    let bad = [
        Config { queue: 0, ..Config::default() },
        pace(0, Duration::from_millis(1)),
        pace(5_001, Duration::from_millis(1)),
        pace(8, Duration::ZERO),
        acked(0, 3),
        acked(20, 0),
    ];
    bad.iter().for_each(|config| assert!(config.check().is_err(), "{config:?}"));
    assert_eq!(PeerId::NONE, PeerId(0), "rounds begin below every id");
}
