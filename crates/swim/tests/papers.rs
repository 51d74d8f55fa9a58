//! The papers, a clause a test: docs/papers/swim.md and docs/papers/lifeguard.md say which is which.

mod common;
use bruit_proto::{Context, Duration, Origin, Path, PeerId};
use bruit_swim::{Config, Message, Profile, Status, Swim, Update};
use common::{Cluster, secs};

/// Lines of the story in which `from` sends `what` to `to`, as times in milliseconds.
fn said(story: &[String], from: u32, to: u32, what: &str) -> Vec<u64> {
    let arrow = [format!(" {from} -> {to} "), format!(" {from} -x {to} ")];
    let ours = story.iter().filter(|l| arrow.iter().any(|a| l.contains(a.as_str())) && l.contains(what));
    ours.map(|l| (l.split('s').next().unwrap().parse::<f64>().unwrap() * 1000.0) as u64).collect()
}

fn say(c: &mut Cluster, to: u32, from: u32, update: Update) {
    let origin = Origin { peer: Some(c.id(from)), path: Path::new(c.id(from).0, None) };
    c.h.turn(to, |s: &mut Swim, cx: &mut Context<'_, Swim>| {
        bruit_proto::Protocol::on_message(s, cx, origin, Message::Update(update));
    });
}

/// SWIM section 3.1: a member that only one node cannot reach is not suspected: helpers reach it.
#[test]
fn swim_3_1_helpers_reach_whom_i_cannot() {
    let mut c = Cluster::joined(8, 11);
    c.h.cut(1, 2);
    c.h.cut(2, 1);
    c.h.run(secs(60));
    assert!((1..=8).all(|i| c.all_see(i, Status::Alive)));
    assert!(c.h.site(1).counters().probes_indirect > 2);
    assert_eq!(c.h.site(1).counters().suspicions, 0);
}

/// SWIM section 3.1: with independent targets nobody probes a crashed member for e/(e-1) periods on average, and for any
/// time at worst. Ours: all follow one order, so somebody does within a period, half a period on average.
#[test]
fn swim_3_1_somebody_probes_a_crashed_member_within_a_period() {
    let (seeds, mut total, mut worst) = (60, 0, 0);
    for seed in 0..seeds {
        let mut c = Cluster::joined(32, 100 + seed);
        c.h.run(secs(3));
        c.h.run(Duration::from_millis(37 * seed % 1000));
        c.h.kill(9);
        let crash = c.h.now().0 / 1000;
        c.h.record();
        c.h.run(secs(8));
        let story = c.h.story();
        let pings = (1..=32).filter(|i| *i != 9).flat_map(|i| said(&story, i, 9, "Ping {"));
        let first = pings.min().expect("it is probed") - crash;
        (total, worst) = (total + first, worst.max(first));
    }
    let mean = total as f64 / seeds as f64;
    assert!((350.0..700.0).contains(&mean) && worst <= 2000, "{mean} ms, {worst} ms");
}

/// SWIM section 4.1: a piece of news rides in at most lambda log n packets of each member.
#[test]
fn swim_4_1_news_is_told_a_bounded_number_of_times() {
    let mut c = Cluster::joined(16, 12);
    c.h.run(secs(10));
    c.h.record();
    let tags = [("a", "b")].into_iter().collect();
    c.h.turn(1, |s, cx| s.set_tags(cx, tags)).unwrap();
    c.h.run(secs(30));
    let story = c.h.story();
    for from in 1..=16 {
        let sent = (1..=16).map(|to| said(&story, from, to, "a=b").len()).sum::<usize>();
        assert!(sent <= 8, "{from} told it {sent} times; 4 x ceil(log10 17) is 8");
    }
    let twice = story.iter().find(|packet| packet.matches("a=b").count() > 1);
    assert_eq!(twice, None, "a packet needs it once");
}

/// SWIM section 4.2: only the member itself raises its incarnation, and does to refute.
#[test]
fn swim_4_2_an_accused_refutes_with_a_higher_incarnation() {
    let mut c = Cluster::joined(8, 13);
    let (accused, accuser) = (c.id(3), c.id(5));
    let before = c.h.site(3).me().incarnation;
    say(&mut c, 2, 5, Update::Suspect { peer: accused, incarnation: before, accusers: vec![accuser] });
    assert_eq!(c.sees(2, 3), Some(Status::Suspect));
    c.until(secs(1), |c| c.all_see(3, Status::Alive) && c.agree()).expect("it refutes");
    assert_eq!(c.h.site(3).me().incarnation, before + 1);
    assert_eq!(c.h.site(8).member(accused).unwrap().incarnation, before + 1);
}

/// SWIM section 4.3: between two probes of the same member lie at most 2N-1 periods.
#[test]
fn swim_4_3_everyone_is_probed_within_2n_minus_1_periods() {
    let mut c = Cluster::joined(9, 14);
    c.h.run(secs(3));
    c.h.record();
    c.h.run(secs(200));
    let story = c.h.story();
    for from in 1..=9 {
        for to in (1..=9).filter(|to| *to != from) {
            let pings = said(&story, from, to, "Ping {");
            assert!(pings.len() >= 10, "{from} to {to}: {}", pings.len());
            let gap = pings.windows(2).map(|w| w[1] - w[0]).max().unwrap();
            assert!(gap <= 17_100, "{from} to {to}: {gap} ms; 2 x 9 - 1 periods is the bound");
        }
    }
}

/// Lifeguard section IV-A: a helper that cannot reach the target nacks at 80 % of the timeout.
#[test]
fn lifeguard_4a_helpers_nack_at_80_percent() {
    let mut c = Cluster::joined(8, 15);
    c.h.kill(2);
    c.h.record();
    c.until(secs(5), |c| (1..=8).any(|i| c.sees(i, 2) == Some(Status::Suspect))).unwrap();
    c.h.run(secs(1));
    let story = c.h.story();
    let asked = story.iter().position(|l| l.contains("PingReq")).unwrap();
    let at = |l: &str| l.split('s').next().unwrap().parse::<f64>().unwrap();
    let nack = story[asked..].iter().find(|l| l.contains("Nack")).unwrap();
    let took = at(nack) - at(&story[asked]);
    assert!((0.23..0.25).contains(&took), "{took}");
}

/// Lifeguard section IV-A: a node that misses acks and nacks probes more slowly, and recovers.
#[test]
fn lifeguard_4a_a_node_that_hears_nothing_distrusts_itself() {
    let mut c = Cluster::joined(8, 16);
    for other in 2..=8 {
        c.h.cut(other, 1);
    }
    c.h.run(secs(8));
    assert!(c.h.site(1).health() >= 3, "{}", c.h.site(1).health());
    c.h.heal();
    c.h.run(secs(60));
    assert_eq!(c.h.site(1).health(), 0);
}

/// Lifeguard section IV-B: each confirmation is counted once, the initiator and the accused not at all, and the
/// suspicion of a crashed member ends after min, not max.
#[test]
fn lifeguard_4b_confirmations_count_once_each() {
    let mut c = Cluster::joined(12, 17);
    let accused = c.id(3);
    let incarnation = c.h.site(3).me().incarnation;
    let ids: Vec<PeerId> = (5..=12).map(|i| c.id(i)).collect();
    c.h.kill(3);
    let by = |accusers: Vec<PeerId>| Update::Suspect { peer: accused, incarnation, accusers };
    say(&mut c, 1, 5, by(vec![ids[0]]));
    say(&mut c, 1, 5, by(vec![ids[0], accused]));
    assert_eq!(c.h.site(1).accusers(accused), &ids[..1]);
    say(&mut c, 1, 6, by(vec![ids[0], ids[1]]));
    say(&mut c, 1, 7, by(ids[2..6].to_vec()));
    assert_eq!(c.h.site(1).accusers(accused), &ids[..4], "and no more than count");
}

/// Lifeguard section IV-C: a ping to a suspect carries the suspicion, so that it can refute at once.
#[test]
fn lifeguard_4c_a_suspect_learns_of_it_from_the_ping() {
    let mut c = Cluster::joined(6, 18);
    let accused = c.id(2);
    for other in [1, 3, 4, 5, 6] {
        c.h.cut(2, other);
    }
    c.h.record();
    c.until(secs(5), |c| c.sees(1, 2) == Some(Status::Suspect)).unwrap();
    c.h.run(secs(1));
    let buddy = |l: &String| l.contains("> 2 [Ping") && l.contains("Suspect");
    assert!(c.h.story().iter().any(buddy), "{accused:?} was pinged without a word");
}

/// Ours: a nack accuses, and accusers travel, so a crash among many is a short suspicion at its first accuser.
#[test]
fn ours_a_helpers_nack_accuses() {
    let mut c = Cluster::joined(12, 19);
    c.h.kill(4);
    let dead = c.id(4);
    c.until(secs(4), |c| (1..=12).any(|i| c.h.site(i).accusers(dead).len() == 4)).expect("prober and three helpers accuse");
}

/// Ours: an accused gets a last call, and one that lost every other packet answers it.
#[test]
fn ours_last_call_saves_whom_nobody_else_could_tell() {
    let mut c = Cluster::joined(8, 20);
    c.h.record();
    c.h.kill(2);
    c.until(secs(8), |c| c.all_see(2, Status::Dead)).unwrap();
    let calls = c.h.story().iter().filter(|l| l.contains("2 [Ping") && l.contains("Suspect")).count();
    assert!(calls >= 2, "{calls}");
}

/// Ours: one that is dead to others and speaks is told so, and is back without a join.
#[test]
fn ours_the_dead_are_told() {
    let mut c = Cluster::joined(6, 21);
    let (id, incarnation) = (c.id(5), c.h.site(5).me().incarnation);
    let by = c.id(1);
    for at in [1, 2, 3, 4, 6] {
        say(&mut c, at, 1, Update::Dead { peer: id, incarnation, by });
    }
    c.until(secs(3), |c| c.all_see(5, Status::Alive) && c.agree()).expect("it refutes");
}

/// memberlist's dialect runs on the same machine: full exchange by timer, ticks instead of relays, no digest.
#[test]
fn dialect_memberlist_keeps_a_cluster() {
    let mut c = Cluster::of(8, 22, Config::memberlist(Profile::Lan));
    c.join_all();
    c.until(secs(60), Cluster::agree).expect("all join");
    c.h.kill(3);
    let took = c.until(secs(60), |c| c.all_see(3, Status::Dead)).expect("the crash is known");
    assert!(took > secs(4), "memberlist suspects for at least 4 s: {took:?}");
}

/// Ours: what push never brought is found by digest: a node that was cut off while news spread has it soon after.
#[test]
fn ours_the_digest_finds_what_push_missed() {
    let mut c = Cluster::joined(10, 23);
    c.h.run(secs(5));
    for other in 1..=9 {
        c.h.cut(other, 10);
        c.h.cut(10, other);
    }
    let tags = [("v", "2")].into_iter().collect();
    c.h.turn(1, |s, cx| s.set_tags(cx, tags)).unwrap();
    c.h.run(Duration::from_millis(900));
    c.h.heal();
    c.until(secs(8), Cluster::agree).expect("views are equal again");
    assert!((1..=10).map(|i| c.h.site(i).counters().deltas).sum::<u64>() > 0);
}
