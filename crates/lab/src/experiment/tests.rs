use super::*;
use crate::epidemic::course;
use bruit_rumor::{Config, Exchange, Stop};

pub(super) const QUIET: Experiment = Experiment { nodes: 300, seed: 7, loss_ppm: 0, crash: None, cut: None, horizon: 1000 };

fn rounds(setup: &str, experiment: &Experiment) -> (Vec<Round>, Outcome) {
    let mut rounds = Vec::new();
    let outcome = run(&setup.parse().expect("well formed"), experiment, |round| rounds.push(*round));
    (rounds, outcome.expect("a set-up in its bounds"))
}

#[test]
fn without_faults_it_is_the_epidemic_of_the_papers() {
    for (setup, exchange) in [("rumor:k=2", Exchange::Push), ("rumor:exchange=pull,k=2", Exchange::Pull)] {
        let stop = Stop::Counter { feedback: true, k: 2 };
        let theirs = course(&Config { exchange, stop, ..Config::default() }, QUIET.nodes, QUIET.seed).expect("in its bounds");
        let (rounds, ours) = rounds(setup, &QUIET);
        assert_eq!((ours.traffic, ours.messages, ours.last as f64), (theirs.traffic, theirs.messages, theirs.last));
        assert!((ours.residue - theirs.residue).abs() < 1e-12, "{} {}", ours.residue, theirs.residue);
        assert!(ours.over && rounds.len() as u64 == ours.cycles && rounds.iter().all(|round| round.live() == 300));
        assert_eq!(rounds.iter().map(|round| round.messages).sum::<u64>() as f64 / 300.0, ours.messages);
    }
}

#[test]
fn loss_costs_cycles() {
    let slow = |loss_ppm| rounds("rumor:exchange=pull,k=5", &Experiment { loss_ppm, ..QUIET }).1.t99;
    let (quiet, lossy) = (slow(0).expect("they know"), slow(300_000).expect("they know"));
    assert!(quiet < lossy, "{quiet} {lossy}");
}

#[test]
fn a_miss_that_is_wished_stands_for_the_other_rules() {
    let outcome = |miss: &str, loss_ppm| rounds(miss, &Experiment { loss_ppm, ..QUIET }).1;
    let (few, lossy) = (outcome("rumor:miss=1e-6", 0), outcome("rumor:miss=1e-6", 200_000));
    assert_eq!((few.residue, lossy.residue), (0.0, 0.0));
    assert!(lossy.traffic > few.traffic && outcome("rumor:miss=0.1", 0).residue > 0.0, "{few:?} {lossy:?}");
}

#[test]
fn half_of_the_nodes_crash_and_count_no_more() {
    let crash = Some("50%@3".parse().expect("a crash"));
    let (rounds, outcome) = rounds("rumor:k=5", &Experiment { crash, ..QUIET });
    assert_eq!((rounds[1].live(), rounds[2].live()), (300, 150));
    assert!(outcome.over && outcome.residue <= 1.0 && rounds.last().is_some_and(|last| last.live() == 150));
}

#[test]
fn nothing_passes_between_the_halves_while_they_are_cut() {
    let cut = |to| Some(Halves { from: 1, to });
    let (rounds_cut, _) = rounds("rumor:exchange=pull,k=5", &Experiment { cut: cut(1001), ..QUIET });
    assert_eq!(rounds_cut.iter().map(Round::know).max(), Some(150));
    let (healed, outcome) =
        rounds("rumor:exchange=pull,stop=counter,k=1000,feedback=true", &Experiment { cut: cut(21), ..QUIET });
    assert!(healed[19].know() <= 150 && outcome.t99 > Some(20), "{outcome:?}");
}

#[test]
fn set_ups_are_read_and_what_is_wrong_in_them_is_named() {
    let setup: Setup = "rumor:k=2,exchange=pull".parse().expect("well formed");
    assert_eq!(setup.to_string(), "rumor:exchange=pull,k=2");
    assert_eq!(setup.to_string().parse(), Ok(setup));
    assert_eq!("rumor:k=2,k=3".parse::<Setup>(), Err("k is set twice".into()));
    assert_eq!("rumor:k".parse::<Setup>(), Err("k: give key=value".into()));
    for (wrong, why) in [
        ("humor", "no protocol that can be run is called humor: there is rumor"),
        ("rumor:x=1", "rumor has no setting x"),
        ("rumor:k=x", "k cannot be x"),
        ("rumor:k=0", "k must be from 1 to 1000"),
        ("rumor:copies=2", "rumor has no setting copies"),
        ("rumor:stop=linked,k=2", "rumor has no setting k"),
        ("rumor:miss=1e-3,k=2", "rumor has no setting k"),
        ("rumor:miss=2", "at least two nodes, a loss from 0 to 0.9, a miss from 1e-15 to 0.5"),
        ("rumor:exchange=up", "exchange is push, pull, push-pull or push-then-pull, not up"),
    ] {
        let setup = wrong.parse().expect("well formed");
        assert_eq!(run(&setup, &QUIET, |_| panic!("nothing is run")), Err(why.into()));
    }
    assert!(["20%", "x@1", "101%@1", "NaN@1"].iter().all(|wrong| wrong.parse::<Crash>().is_err()));
    assert!(["3", "0..4", "4..4"].iter().all(|wrong| wrong.parse::<Halves>().is_err()));
}
