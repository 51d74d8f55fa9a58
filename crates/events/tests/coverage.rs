//! Who has an event: reported up the tree in which it came, to an origin that waits.

mod common;

use bruit_events::{Answer, Covered, EventId, Filter, Have, Message, Report};
use bruit_proto::{Duration, Origin, Path, PeerId, Protocol};
use common::{Cluster, story};

const PATIENCE: Duration = Duration::from_secs(30);

fn settled(n: u32, seed: u64, loss: u32) -> Cluster {
    let mut cluster = Cluster::new(n, seed, loss);
    cluster.run(4);
    cluster
}

/// Packets of coverage that the origin hears, and milliseconds until it knows that all have it: median and greatest.
fn figures(n: u32, loss: u32, trials: u64) -> String {
    let (mut heard, mut times, mut sent) = (Vec::new(), Vec::new(), 0);
    for seed in 0..trials {
        let mut cluster = settled(n, seed, loss);
        let origin = 1 + (seed as u32 * 7) % n;
        let id = cluster.say_covered(origin, Filter::all());
        let took = cluster.until_covered(id, n as usize, PATIENCE).expect("all have it");
        cluster.run(2);
        times.push(took.as_millis() as u64);
        heard.push(cluster.events(origin).counters().reports);
        sent += cluster.sum(|c| c.reported);
    }
    let spread = |values: &mut Vec<u64>| {
        values.sort_unstable();
        format!("{:4} {:4}", values[values.len() / 2], values[values.len() - 1])
    };
    let (times, heard) = (spread(&mut times), spread(&mut heard));
    let each = sent * 100 / trials / u64::from(n);
    format!("{n:5} {loss:4} % {heard:>12} {:6}.{:02} {times:>12}\n", each / 100, each % 100)
}

#[test]
fn the_figures_are_as_recorded() {
    let mut table = String::from("nodes   loss heard: med max  sent/node  ms: med  max\n");
    for (n, trials) in [(8, 40), (32, 40), (256, 10), (1_000, 3)] {
        for loss in [0, 20] {
            table += &figures(n, loss, trials);
        }
    }
    story::check("coverage", &table);
}

#[test]
fn the_origin_hears_from_few() {
    let mut cluster = settled(500, 3, 0);
    let id = cluster.say_covered(17, Filter::all());
    cluster.until_covered(id, 500, PATIENCE).expect("all have it");
    cluster.run(5);
    let heard = cluster.events(17).counters().reports;
    assert!(heard <= 40, "{heard} packets of 499 nodes are an implosion");
    assert!(cluster.sum(|c| c.reported) <= 3 * 500, "all fall silent");
}

/// Too many to name: a number, which never says more than have it, and in the end all of them.
#[test]
fn large_clusters_are_counted() {
    let mut cluster = settled(2_100, 12, 20);
    let id = cluster.say_covered(9, Filter::all());
    for _ in 0..50 {
        cluster.net.run(Duration::from_millis(20));
        let have = (1..=2_100).filter(|i| !cluster.events(*i).store().is_empty()).count();
        assert!(cluster.covered(id) <= have, "{} of {have}", cluster.covered(id));
    }
    cluster.until_covered(id, 2_100, PATIENCE).expect("all have it");
    assert!(cluster.events(9).counters().reports < 60);
}

#[test]
fn only_whom_it_is_for_is_covered() {
    let mut cluster = settled(40, 4, 20);
    let id = cluster.say_covered(2, Filter::all().node("n1*").unwrap());
    cluster.until_covered(id, 11, PATIENCE).expect("n1 and n10 to n19");
    let Some(Covered::Named(ids)) = cluster.events(2).covered(id) else { panic!("they are named") };
    assert_eq!(ids, [1].into_iter().chain(10..20).map(PeerId).collect());
    assert!((1..=40).all(|i| usize::from(ids.contains(&PeerId(u64::from(i)))) == cluster.delivered(i).len()));
}

#[test]
fn who_does_not_have_it_is_not_covered() {
    let mut cluster = settled(30, 5, 0);
    cluster.isolate(30);
    let id = cluster.say_covered(1, Filter::all());
    cluster.run(10);
    assert_eq!(cluster.covered(id), 29);
    cluster.net.heal();
    cluster.until_covered(id, 30, PATIENCE).expect("what is repaired is reported, too");
}

/// An inner node falls after it has passed the event on and before it has said who is below it.
#[test]
fn a_crash_in_the_middle_loses_nothing() {
    for seed in 0..20 {
        let mut cluster = settled(64, seed, 5);
        let id = cluster.say_covered(1, Filter::all());
        cluster.until_all_hold(1, Duration::from_secs(5)).expect("all have it");
        let parents = |c: &Cluster| (2..=64).filter_map(|i| c.events(i).traced(id, c.net.now())?.via).collect::<Vec<_>>();
        let children = parents(&cluster);
        let busiest = children.iter().filter(|p| p.0 != 1).max_by_key(|p| children.iter().filter(|c| c == p).count());
        let victim = busiest.expect("an inner node").0 as u32;
        cluster.net.kill(victim);
        cluster.net.run(Duration::from_secs(20));
        let Some(Covered::Named(mut ids)) = cluster.events(1).covered(id) else { panic!("they are named") };
        ids.remove(&PeerId(u64::from(victim)));
        assert_eq!(ids.len(), 63, "seed {seed}, without {victim}");
    }
}

/// Each node has another table: every third does not know the last three.
#[test]
fn views_that_differ_cost_packets_and_nothing_else() {
    let mut cluster = settled(300, 8, 0);
    for i in (1..=297).step_by(3) {
        cluster.net.turn(i, |node, _| node.knows = Some(297));
    }
    let id = cluster.say_covered(2, Filter::all());
    cluster.until_covered(id, 300, PATIENCE).expect("all have it");
}

#[test]
fn a_wait_that_is_over_silences_the_tree() {
    let mut cluster = settled(64, 9, 0);
    let id = cluster.say_covered(1, Filter::all());
    cluster.net.turn(1, |node, _| node.events.forget(id));
    cluster.run(5);
    assert_eq!(cluster.covered(id), 0);
    let sent = cluster.sum(|c| c.reported);
    cluster.run(20);
    assert_eq!(cluster.sum(|c| c.reported), sent, "nobody goes on");
}

#[test]
fn what_nobody_waits_for_costs_no_report() {
    let mut cluster = settled(64, 10, 20);
    cluster.say(1, "x");
    cluster.run(10);
    assert_eq!(cluster.sum(|c| c.reported + c.reports), 0);
}

/// A report in another view must not be read, and one from nearer to the origin not be taken: it could go in a circle.
#[test]
fn reports_that_are_not_for_us() {
    let mut cluster = settled(20, 11, 0);
    let id = cluster.say_covered(1, Filter::all());
    cluster.net.run(Duration::from_millis(30));
    let hop = cluster.events(5).traced(id, cluster.net.now()).expect("it is there").hop;
    let report = |hop, have| Message::Report(Report { id, hop, seq: 1, have });
    let bits = Have::Bits { view: 1, bits: vec![0xFF; 3] };
    assert_eq!(answer(&mut cluster, report(hop + 1, bits)), Some(Answer::OtherView));
    assert_eq!(answer(&mut cluster, report(hop.saturating_sub(1), Have::Ids(vec![PeerId(9)]))), Some(Answer::NotMine));
    assert_eq!(answer(&mut cluster, report(hop + 1, Have::Ids(vec![PeerId(9)]))), Some(Answer::Taken));
    let unknown = EventId { serial: id.serial.wrapping_add(9), ..id };
    let report = Message::Report(Report { id: unknown, hop: 9, seq: 1, have: Have::Count(1) });
    assert_eq!(answer(&mut cluster, report), Some(Answer::NotMine));
}

/// What node 5 answers to node 4.
fn answer(cluster: &mut Cluster, message: Message) -> Option<Answer> {
    cluster.net.record();
    let from = Origin { peer: Some(PeerId(4)), path: Path::new(4, None) };
    cluster.net.turn(5, |node, cx| node.on_message(cx, from, common::Message::Events(message)));
    let said = cluster.net.story().join("\n");
    let is = |answer: &Answer| said.contains(&format!("answer: {answer:?}"));
    [Answer::Taken, Answer::NotMine, Answer::OtherView, Answer::Over].into_iter().find(is)
}
