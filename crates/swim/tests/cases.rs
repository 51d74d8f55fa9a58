//! Why a member is believed to be what it is, as each node lived through it.

mod common;
use bruit_proto::{Context, Origin, Path, PeerId, Protocol};
use bruit_swim::{Case, Ended, Message, Status, Swim, Tried, Update};
use common::{Cluster, secs};

fn case(c: &Cluster, who: u32, whom: u32) -> Case {
    c.h.site(who).case(c.id(whom)).cloned().expect("a case")
}

fn how(case: &Case) -> Option<Ended> {
    case.end.map(|end| end.how)
}

#[test]
fn who_accuses_and_what_was_tried_is_remembered() {
    let mut c = Cluster::joined(8, 3);
    c.h.run(secs(5));
    let before = c.h.now();
    c.h.kill(3);
    c.until(secs(20), |c| c.all_see(3, Status::Dead)).expect("it is dead to all");
    let others = [1, 2, 4, 5, 6, 7, 8];
    let cases: Vec<(u32, Case)> = others.map(|i| (i, case(&c, i, 3))).into();
    for (i, case) in &cases {
        assert!(case.since > before && how(case) == Some(Ended::Dead) && !case.accusers.is_empty(), "{i}: {case:?}");
        assert!(case.accusers.windows(2).all(|two| two[0].1 <= two[1].1) && case.accusers[0].1 == case.since, "{i}: {case:?}");
        // Whoever found out by itself is the first accuser that it knows of, and has tried.
        assert_eq!(case.from.is_none(), case.accusers[0].0 == c.id(*i), "{i}: {case:?}");
        assert!(case.from.is_some() || !case.probe.is_empty(), "{i}: {case:?}");
    }
    let (_, first) = cases.iter().filter(|(_, case)| case.from.is_none()).min_by_key(|(_, case)| case.since).expect("a prober");
    let what: Vec<Tried> = first.probe.iter().map(|step| step.what).collect();
    assert_eq!(what[..2], [Tried::Ping, Tried::Ping], "{first:?}");
    assert!(what[2..5].iter().all(|tried| matches!(tried, Tried::Helper(_))) && what[5] == Tried::Stream, "{first:?}");
    assert!(what.last() == Some(&Tried::Silence) && what.iter().any(|tried| matches!(tried, Tried::Nack(_))), "{first:?}");
    let [ping, again] = [0, 1].map(|i| first.probe[i].at);
    let timeout = bruit_swim::Config::of(bruit_swim::Profile::Lan).probe_timeout;
    assert!(again.since(ping).as_millis().abs_diff(timeout.as_millis()) <= 1, "{first:?}");
    assert_eq!(first.probe.last().map(|step| step.at), Some(first.since), "the accusation follows at once");
    assert_eq!(first.health, 0, "its own failed probe does not count");
}

#[test]
fn one_who_refutes_knows_who_accused_it() {
    let mut c = Cluster::joined(5, 4);
    let (accused, accuser) = (c.id(3), c.id(5));
    let origin = Origin { peer: Some(accuser), path: Path::new(accuser.0, None) };
    let update = Update::Suspect { peer: accused, incarnation: c.h.site(3).me().incarnation, accusers: vec![accuser] };
    c.h.turn(2, |swim: &mut Swim, cx: &mut Context<'_, Swim>| swim.on_message(cx, origin, Message::Update(update)));
    assert_eq!(how(&case(&c, 2, 3)), None, "it lasts");
    c.until(secs(2), |c| c.all_see(3, Status::Alive) && c.agree()).expect("it refutes");
    let (heard, own) = (case(&c, 2, 3), case(&c, 3, 3));
    assert_eq!((how(&heard), heard.from, heard.accusers[0].0), (Some(Ended::Refuted), Some(accuser), accuser));
    assert!(heard.probe.is_empty(), "nobody probed");
    assert_eq!((how(&own), own.accusers[0].0), (Some(Ended::Refuted), accuser));
}

#[test]
fn a_goodbye_is_no_suspicion() {
    let mut c = Cluster::joined(5, 6);
    c.h.turn(3, Swim::leave);
    c.until(secs(5), |c| c.all_see(3, Status::Left)).expect("all hear it");
    let case = case(&c, 1, 3);
    assert!(how(&case) == Some(Ended::Left) && case.accusers.is_empty() && case.end.is_some_and(|end| end.from.is_some()));
    assert!(c.h.site(1).case(PeerId(77)).is_none());
}
