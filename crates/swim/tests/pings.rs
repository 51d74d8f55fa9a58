//! Pings that a user asks for: they find out and change nothing.

mod common;
use bruit_proto::{Duration, Protocol};
use bruit_swim::{Event, MAX_PINGS, Refused, Status};
use common::{Cluster, secs};

/// What became of the ping of this number, once it is known.
fn outcome(c: &mut Cluster, i: u32, asked: u32) -> Option<Option<Duration>> {
    c.h.events(i).into_iter().find_map(|e| match e {
        Event::Pinged { seq, rtt, .. } if seq == asked => Some(rtt),
        _ => None,
    })
}

#[test]
fn an_answer_has_its_round_trip() {
    let mut c = Cluster::joined(4, 1);
    let seq = c.h.turn(1, |s, cx| s.ping(cx, "n2")).expect("it is known");
    c.h.run(Duration::from_millis(200));
    let rtt = outcome(&mut c, 1, seq).expect("it is over").expect("it answered");
    assert!(rtt > Duration::ZERO && rtt < Duration::from_millis(50), "{rtt:?}");
}

/// One way is cut: pings of the user are lost, and however many, nobody is suspected and health stays what it is. The
/// detector itself reaches the member through helpers.
#[test]
fn silence_accuses_nobody() {
    let mut c = Cluster::joined(4, 2);
    c.h.cut(1, 2);
    let before = c.h.site(1).counters();
    for _ in 0..20 {
        let seq = c.h.turn(1, |s, cx| s.ping(cx, "n2")).expect("it is known");
        c.h.run(secs(1));
        assert_eq!(outcome(&mut c, 1, seq), Some(None));
    }
    let after = c.h.site(1).counters();
    assert_eq!((after.suspicions, after.probes_failed), (before.suspicions, before.probes_failed));
    assert_eq!(c.h.site(1).health(), 0);
    assert_eq!(c.sees(1, 2), Some(Status::Alive));
}

#[test]
fn the_dead_can_be_pinged_and_strangers_cannot() {
    let mut c = Cluster::joined(4, 3);
    c.h.kill(2);
    c.until(secs(10), |c| c.all_see(2, Status::Dead)).expect("it is known");
    let seq = c.h.turn(1, |s, cx| s.ping(cx, "n2")).expect("it is known");
    c.h.run(secs(1));
    assert_eq!(outcome(&mut c, 1, seq), Some(None));
    for name in ["n1", "nobody"] {
        assert_eq!(c.h.turn(1, |s, cx| s.ping(cx, name)), Err(Refused::Unknown(name.into())));
    }
}

#[test]
fn pings_under_way_are_bounded() {
    let mut c = Cluster::joined(2, 4);
    c.h.cut(1, 2);
    let asked: Vec<_> = (0..=MAX_PINGS).map(|_| c.h.turn(1, |s, cx| s.ping(cx, "n2"))).collect();
    assert!(asked[..MAX_PINGS].iter().all(Result::is_ok));
    assert_eq!(asked[MAX_PINGS], Err(Refused::Busy));
    c.h.run(secs(1));
    assert_eq!(c.h.events(1).iter().filter(|e| matches!(e, Event::Pinged { rtt: None, .. })).count(), MAX_PINGS);
    assert!(c.h.turn(1, |s, cx| s.ping(cx, "n2")).is_ok());
}

/// A node that stood still was deaf: that is not the other's silence.
#[test]
fn a_pause_is_no_silence() {
    let mut c = Cluster::joined(2, 5);
    c.h.cut(1, 2);
    let seq = c.h.turn(1, |s, cx| s.ping(cx, "n2")).expect("it is known");
    c.h.turn(1, |s, cx| s.on_pause(cx, secs(1)));
    c.h.run(Duration::from_millis(1500));
    assert_eq!(outcome(&mut c, 1, seq), None);
    c.h.run(secs(1));
    assert_eq!(outcome(&mut c, 1, seq), Some(None));
}
