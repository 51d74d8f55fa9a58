use super::super::tests::QUIET;
use super::*;
use crate::experiment::record::{FNV, PACKETS};
use crate::experiment::{Crash, Halves};

fn courses(setup: &str, experiment: &Experiment, latency: &str) -> (Vec<Course>, Outcome) {
    let mut courses = Vec::new();
    let (setup, latency) = (setup.parse().expect("well formed"), latency.parse().expect("a latency"));
    let subject = Alone::new(&setup, experiment).expect("a set-up in its bounds");
    let outcome = watch(&subject, experiment, latency, |course| {
        courses.push(course.clone());
        true
    });
    (courses, outcome)
}

/// What every node is, found in the changes alone, and the hash over it.
fn retold(courses: &[Course], nodes: u32) -> Vec<(Vec<u8>, u64)> {
    let (mut now, mut hash) = (vec![0; nodes as usize], FNV.0);
    let one = |course: &Course| {
        course.changes.iter().for_each(|change| now[change.node as usize] = change.now);
        hash = now.iter().fold(hash, |hash, now| (hash ^ u64::from(*now)).wrapping_mul(FNV.1));
        (now.clone(), hash)
    };
    courses.iter().map(one).collect()
}

#[test]
fn the_changes_tell_all_that_the_hash_is_over() {
    let crash = Some("20%@3".parse().expect("a crash"));
    let (courses, outcome) = courses("rumor:exchange=push-pull,k=3", &Experiment { crash, ..QUIET }, "20ms..80ms");
    for (course, (now, hash)) in courses.iter().zip(retold(&courses, QUIET.nodes)) {
        let count = |code: u8| now.iter().filter(|now| **now == code).count() as u32;
        let Round { susceptible, infective, removed, .. } = course.round;
        assert_eq!((susceptible, infective, removed, course.hash), (count(0), count(1), count(2), hash));
        assert!(course.changes.is_sorted_by_key(|change| change.at_us));
    }
    assert_eq!(courses[3].changes.iter().filter(|change| change.now == CRASHED).count(), 60);
    assert_eq!(courses[0].changes, [Change { at_us: 0, node: 7, now: 1, from: None }]);
    assert!(outcome.over && outcome.cycles + 1 == courses.len() as u64);
}

/// FNV-1a of the bytes "foobar", as its authors give it.
#[test]
fn the_hash_is_the_one_that_is_named() {
    let hash = b"foobar".iter().fold(FNV.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV.1));
    assert_eq!(hash, 0x8594_4171_f739_67e8);
}

#[test]
fn the_same_run_twice_is_the_same_and_each_setting_makes_another() {
    let last = |setup: &str, experiment: &Experiment, latency: &str| courses(setup, experiment, latency).0.last().unwrap().hash;
    let usual = last("rumor:k=3", &QUIET, "20ms..80ms");
    assert_eq!(usual, last("rumor:k=3", &QUIET, "20ms..80ms"));
    let others = [
        last("rumor:k=2", &QUIET, "20ms..80ms"),
        last("rumor:k=3", &QUIET, "20ms..200ms"),
        last("rumor:k=3", &Experiment { seed: 8, ..QUIET }, "20ms..80ms"),
        last("rumor:k=3", &Experiment { loss_ppm: 10_000, ..QUIET }, "20ms..80ms"),
        last("rumor:k=3", &Experiment { crash: Some(Crash::Nodes { ppm: 100_000, after: 4 }), ..QUIET }, "20ms..80ms"),
        last("rumor:k=3", &Experiment { cut: Some(Halves { from: 4, to: 6 }), ..QUIET }, "20ms..80ms"),
    ];
    assert!(others.iter().all(|other| *other != usual), "{usual} {others:?}");
}

/// Who hears of it later passes it on later.
#[test]
fn latency_is_felt() {
    let half = |latency| courses("rumor:k=4", &QUIET, latency).1.t50.expect("they know");
    let (near, far) = (half("1ms"), half("900ms..1100ms"));
    assert!(far > near * 1.25, "{near} {far}");
}

/// Messages that are under way when nobody is infective any more are waited for.
#[test]
fn nothing_is_under_way_when_it_is_over() {
    let (courses, outcome) = courses("rumor:k=1,feedback=false,contacts=2", &QUIET, "2s..5s");
    let quiet = courses.iter().position(|course| course.round.infective == 0).expect("it ends");
    assert!(outcome.over && quiet < courses.len() - 1, "{quiet} {}", courses.len());
    let end = courses.len() as u64 * 1_000_000;
    let last = courses.iter().flat_map(|course| &course.packets).filter_map(|packet| packet.arrives_us).max();
    assert!(last < Some(end), "{last:?}");
}

#[test]
fn what_is_lost_or_cut_off_never_arrives_and_all_else_in_its_time() {
    let experiment = Experiment { loss_ppm: 200_000, cut: Some(Halves { from: 2, to: 4 }), ..QUIET };
    let (courses, _) = courses("rumor:exchange=pull,k=4", &experiment, "20ms..80ms");
    let (mut lost, mut all) = (0, 0);
    for packet in courses.iter().flat_map(|course| &course.packets) {
        let Packet { sent_us, arrives_us, from, to } = *packet;
        let cut = (1_000_000..3_000_000).contains(&sent_us) && (from < 150) != (to < 150);
        assert!(arrives_us.is_none_or(|at| !cut && (20_000..=80_000).contains(&(at - sent_us))), "{packet:?}");
        (lost, all) = (lost + u32::from(!cut && arrives_us.is_none()), all + u32::from(!cut));
    }
    assert!((lost as f64 / f64::from(all) - 0.2).abs() < 0.03, "{lost} of {all}");
}

#[test]
fn of_many_packets_each_of_so_many_is_told() {
    let (courses, outcome) = courses("rumor:exchange=pull,k=2", &Experiment { nodes: 9_000, ..QUIET }, "20ms");
    assert!(courses.iter().all(|course| course.packets.len() < 2 * PACKETS), "bounded");
    let sent: u64 = courses.iter().map(|course| course.one_in * course.packets.len() as u64).sum();
    let heard = outcome.messages * 9_000.0;
    assert!((sent as f64 / heard - 1.0).abs() < 0.02, "{sent} {heard}");
    assert!(courses.iter().any(|course| course.one_in > 1), "not all are told");
}

#[test]
fn whoever_has_seen_enough_ends_it() {
    let mut seen = 0;
    let subject = Alone::new(&"rumor".parse().expect("well formed"), &QUIET).expect("in its bounds");
    let outcome = watch(&subject, &QUIET, Latency::default(), |_| {
        seen += 1;
        seen < 3
    });
    assert_eq!((seen, outcome.over), (3, false));
}
