use super::*;
use crate::antientropy::spread;
use crate::epidemic::course;
use bruit_rumor::{Config, Exchange, Stop};

pub(super) const QUIET: Experiment =
    Experiment { nodes: 300, seed: 7, loss_ppm: 0, crash: None, churn_ppm: 0, cut: None, latency: None, horizon: 1000 };

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
        assert_eq!((ours.traffic, ours.messages, ours.last), (theirs.traffic, theirs.messages, theirs.last));
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
    assert!(healed[19].know() <= 150 && outcome.t99 > Some(20.0), "{outcome:?}");
}

/// `spread` is what `lab paper demers-antientropy` and `lab article` measure with.
#[test]
fn anti_entropy_is_that_of_the_papers_and_ends_when_all_know() {
    for exchange in ["push", "pull", "push-pull"] {
        for compare in ["full", "recent,within=60", "peel-back", "merkle"] {
            let setup = format!("antientropy:exchange={exchange},compare={compare}");
            let (rounds, outcome) = rounds(&setup, &QUIET);
            assert!(outcome.over && outcome.residue == 0.0 && outcome.last == outcome.cycles as f64, "{setup}: {outcome:?}");
            assert!(rounds.iter().all(|round| round.removed == 0 && round.messages >= 300), "{setup}: each asks in each cycle");
        }
    }
    let config = bruit_antientropy::Config { exchange: bruit_antientropy::Exchange::Pull, ..Default::default() };
    let theirs = spread::Setup { nodes: 300, items: 0, loss_ppm: 0, after: 0, seed: 7 };
    let theirs = spread::run(&config, theirs).expect("in its bounds");
    assert_eq!(rounds("antientropy:exchange=pull", &QUIET).1.last, theirs.last as f64);
}

/// 299 peers at 8 a cycle, and to each one hop.
#[test]
fn direct_mail_serves_whom_its_sender_knows_in_its_own_time() {
    let (_, all) = rounds("mail", &QUIET);
    assert_eq!((all.residue, all.traffic, all.last, all.over), (0.0, 299.0 / 300.0, 38.0, true));
    assert_eq!(rounds("mail:burst=299", &QUIET).1.last, 1.0);
    let (_, few) = rounds("mail:known=60%", &QUIET);
    assert!((few.residue + few.traffic - 299.0 / 300.0).abs() < 1e-12 && (0.3..0.5).contains(&few.residue), "{few:?}");
    let crash = Some("99%@10".parse().expect("a crash"));
    let (_, cut) = rounds("mail", &Experiment { crash, ..QUIET });
    assert_eq!((cut.traffic, cut.messages, cut.over), (88.0 / 300.0, 80.0 / 300.0, true), "the sender is among the crashed");
}

/// Demers et al. 1987, sections 1.2 and 1.5.
#[test]
fn anti_entropy_serves_whom_a_rumor_or_mail_missed() {
    for seed in 0..10 {
        let outcome = |setup: &str| rounds(setup, &Experiment { seed, ..QUIET }).1;
        let (alone, backed) = (outcome("rumor:k=1"), outcome("rumor:k=1,sync-every=10"));
        assert!((0.05..0.5).contains(&alone.residue) && alone.found == 0.0, "{alone:?}");
        assert!(backed.residue == 0.0 && backed.over && backed.found > 0.0 && backed.last > alone.last, "{backed:?}");
        let still = outcome("rumor:k=1,sync-every=10,redistribute=false");
        assert!(still.residue == 0.0 && still.found > backed.found, "found again and again: {still:?}");
        let (mail, backed) = (outcome("mail:known=60%"), outcome("mail:known=60%,sync-every=10"));
        assert!(mail.residue > 0.3 && backed.residue == 0.0 && backed.found > mail.residue - 0.01, "{mail:?} {backed:?}");
        assert_eq!(outcome("rumor:k=1,sync-every=none"), alone);
    }
    let experiment = Experiment { latency: Some(Latency::default()), ..QUIET };
    let timed = rounds("rumor:k=1,sync-every=10", &experiment).1;
    assert!(timed.residue == 0.0 && timed.found > 0.0, "{timed:?}");
}

#[test]
fn a_rumor_takes_as_long_as_its_cycles() {
    let (each, third) = (rounds("rumor:k=2", &QUIET).1, rounds("rumor:k=2,rumor-every=3", &QUIET).1);
    assert_eq!((third.last, third.residue, third.traffic), (3.0 * each.last, each.residue, each.traffic));
    let rare = rounds("rumor:k=1,rumor-every=4,sync-every=2,redistribute=false", &QUIET).1;
    assert!(rare.found > 0.5, "anti-entropy is there first: {rare:?}");
}

/// 299 others, of which 149 were sent the item: in bursts of eight as in one of all.
#[test]
fn a_root_that_crashes_in_its_loop_leaves_some_with_and_some_without() {
    let crash = |text: &str| Some(text.parse().expect("a crash"));
    let half = Experiment { crash: crash("root@50%"), ..QUIET };
    for latency in [None, Some(Latency::default())] {
        let half = Experiment { latency, ..half };
        for setup in ["mail", "mail:burst=299"] {
            let (rounds, outcome) = rounds(setup, &half);
            assert_eq!((outcome.residue, outcome.traffic), (150.0 / 299.0, 149.0 / 300.0), "{setup} {latency:?}");
            assert!(outcome.over && rounds.last().is_some_and(|last| last.live() == 299 && last.infective == 0));
        }
        // The first node, whose subtrees are large.
        let (_, tree) = rounds("tree:fan-out=4", &Experiment { seed: 300, ..half });
        assert!((0.1..0.7).contains(&tree.residue) && tree.over, "two of four children: {tree:?}");
        let (_, backed) = rounds("mail:sync-every=10", &half);
        assert!(backed.residue == 0.0 && backed.found > 0.4, "{backed:?}");
    }
    // Whoever joins at the place of the root is none.
    let (lasting, outcome) = rounds("mail:sync-every=10", &Experiment { churn_ppm: 50_000, horizon: 200, ..half });
    assert!(lasting[150..].iter().all(|round| round.live() == 300) && outcome.residue < 0.6, "{outcome:?}");
    for (crash, residue) in [(crash("root@100%"), 0.0), (crash("root@0%"), 1.0)] {
        for setup in ["mail", "tree"] {
            assert_eq!(rounds(setup, &Experiment { crash, ..QUIET }).1.residue, residue, "{setup} {crash:?}");
        }
    }
    for setup in ["rumor", "antientropy", "rumor:sync-every=3"] {
        let refused = run(&setup.parse().expect("well formed"), &half, |_| panic!("nothing is run"));
        assert!(refused.is_err_and(|why| why.contains("crash root@50%") && why.contains("mail and tree have")));
    }
}

#[test]
fn nodes_that_come_are_served_by_anti_entropy_and_those_that_went_cost_it_for_ever() {
    for latency in [None, Some(Latency::default())] {
        let churn = Experiment { churn_ppm: 10_000, horizon: 100, latency, ..QUIET };
        let run = |setup: &str, experiment: &Experiment| {
            let (rounds, outcome) = rounds(setup, experiment);
            assert!(rounds.len() == 100 && outcome.over, "{setup}: it lasts to its horizon");
            assert!(rounds.iter().all(|round| round.live() == 300), "{setup}: as many come as go");
            outcome
        };
        let (told, asked) = (run("rumor", &churn), run("antientropy:exchange=pull", &churn));
        assert!(told.residue > 0.5 && asked.residue < 0.1, "who came since hears no rumor: {told:?} {asked:?}");
        // A node asks once a cycle, and of 330 entries 30 are of nodes that are gone.
        assert!((7.0..11.0).contains(&asked.wasted) && told.wasted < asked.wasted / 5.0, "{told:?} {asked:?}");
        let backed = run("rumor:sync-every=10", &churn);
        assert!(backed.residue < told.residue / 2.0 && backed.wasted < asked.wasted, "{backed:?}");
        let crash = Some("50%@100".parse().expect("a crash"));
        let (half, _) = rounds("rumor", &Experiment { crash, ..churn });
        assert!((150..=153).contains(&half[99].live()), "of those who are there: {:?}", half[99]);
    }
}

/// 1 + 4 + 16 + 64 + 256 nodes are above 300: four hops, and one more where ids do not divide evenly.
#[test]
fn a_tree_is_as_deep_as_its_fan_out_says_and_repair_serves_whom_loss_cut_off() {
    let (_, first) = rounds("tree:fan-out=4", &Experiment { seed: 300, ..QUIET });
    assert_eq!((first.residue, first.traffic, first.last, first.over), (0.0, 299.0 / 300.0, 5.0, true));
    let (_, quiet) = rounds("tree:fan-out=4", &QUIET);
    assert!(quiet.residue == 0.0 && (4.0..=6.0).contains(&quiet.last), "an origin amid the ring of ids: {quiet:?}");
    let lossy = Experiment { loss_ppm: 100_000, ..QUIET };
    let (_, bare) = rounds("tree:fan-out=4", &lossy);
    assert!(bare.residue > 0.1 && bare.over, "{bare:?}");
    for repair in ["ack", "ack,every=10", "nak", "nak,session=4,sessions=7"] {
        let (_, repaired) = rounds(&format!("tree:fan-out=4,repair={repair}"), &lossy);
        assert!(repaired.residue == 0.0 && repaired.traffic > 299.0 / 300.0 && repaired.over, "{repair}: {repaired:?}");
    }
}

#[test]
fn one_seed_is_one_world_for_all() {
    let crash = Some("50%@1".parse().expect("a crash"));
    for name in Alone::NAMES {
        let (rounds, _) = rounds(name, &Experiment { crash, horizon: 20, ..QUIET });
        assert!(!rounds.is_empty() && rounds.iter().all(|round| round.live() == 150), "{name}");
    }
}

#[test]
fn set_ups_are_read_and_what_is_wrong_in_them_is_named() {
    let setup: Setup = "rumor:k=2,exchange=pull".parse().expect("well formed");
    assert_eq!(setup.to_string(), "rumor:exchange=pull,k=2");
    assert_eq!(setup.to_string().parse(), Ok(setup));
    assert_eq!("rumor:k=2,k=3".parse::<Setup>(), Err("k is set twice".into()));
    assert_eq!("rumor:k".parse::<Setup>(), Err("k: give key=value".into()));
    for (wrong, why) in [
        (
            "humor",
            "no protocol that can be run is called humor: there are rumor, antientropy, mail, tree, membership, events, endpoint-state",
        ),
        ("rumor:x=1", "rumor has no setting x"),
        ("rumor:k=x", "k cannot be x"),
        ("rumor:k=0", "k must be from 1 to 1000"),
        ("rumor:copies=2", "rumor has no setting copies"),
        ("rumor:stop=linked,k=2", "rumor has no setting k"),
        ("rumor:miss=1e-3,k=2", "rumor has no setting k"),
        ("rumor:miss=2", "at least two nodes, a loss from 0 to 0.9, a miss from 1e-15 to 0.5"),
        ("rumor:exchange=up", "exchange is push, pull, push-pull or push-then-pull, not up"),
        ("antientropy:exchange=up", "exchange is push, pull or push-pull, not up"),
        ("antientropy:within=3", "antientropy has no setting within"),
        ("antientropy:compare=all", "compare is full, recent, peel-back or merkle, not all"),
        ("rumor:sync-every=0", "sync-every is from 1 to 1000000 cycles, or none"),
        ("rumor:rumor-every=x", "rumor-every is from 1 to 1000000 cycles, or none"),
        ("rumor:redistribute=true", "rumor has no setting redistribute"),
        ("mail:sync-every=2,redistribute=true", "mail has no setting redistribute"),
        ("tree:sync-every=2", "tree has no setting sync-every"),
        ("mail:known=120%", "known cannot be 120%"),
        ("mail:burst=0", "a burst is from 1 to 5,000 sends"),
        ("tree:fan-out=1", "a node has from 2 to 1,024 children"),
        ("tree:repair=glue", "repair is ack, nak or none, not glue"),
        ("tree:every=2", "tree has no setting every"),
        ("tree:repair=ack,every=0", "acknowledgements must be apart"),
        ("membership:k=2", "membership has no setting k"),
        ("events:spread=glue", "spread is backlog, rumor, mail or tree, not glue"),
        ("endpoint-state:live=4", "4 live peers a round; give 1, 2 or 3"),
    ] {
        let setup = wrong.parse().expect("well formed");
        assert_eq!(run(&setup, &QUIET, |_| panic!("nothing is run")), Err(why.into()));
    }
    assert_eq!("root@2.5%".parse::<Crash>().map(|crash| crash.to_string()), Ok("root@2.5%".into()));
    assert_eq!(
        QUIET.clone().set("churn", "11"),
        Err("give the percentage of nodes that leave in each cycle, from 0 to 10".into())
    );
    assert!(["20%", "x@1", "101%@1", "NaN@1", "root@5@", "root@101"].iter().all(|wrong| wrong.parse::<Crash>().is_err()));
    assert!(["3", "0..4", "4..4"].iter().all(|wrong| wrong.parse::<Halves>().is_err()));
}

/// Twenty-four nodes that know each other.
const FEW: Experiment = Experiment { nodes: 24, horizon: 60, ..QUIET };

#[test]
fn whole_nodes_hear_of_a_change_an_event_and_a_value() {
    for setup in ["membership", "events", "events:spread=rumor", "events:spread=mail", "events:spread=tree", "endpoint-state"] {
        let (rounds, outcome) = rounds(setup, &FEW);
        assert!(outcome.over && outcome.residue == 0.0 && rounds.len() as u64 == outcome.cycles, "{setup}: {outcome:?}");
        let (half, last) = (outcome.t50.expect("half know it"), outcome.last);
        assert!(half > 0.0 && half <= last && last < 1.0, "{setup}: news leaves at once: {outcome:?}");
        assert!(outcome.traffic >= 23.0 / 24.0 && outcome.messages > outcome.traffic, "{setup}: {outcome:?}");
    }
}

#[test]
fn a_mail_is_told_once_to_each_and_a_rumor_oftener() {
    let copies = |setup| (rounds(setup, &FEW).1.traffic * 24.0).round();
    assert_eq!(copies("events:spread=mail"), 23.0);
    assert!(copies("events:spread=rumor") > 30.0);
}

/// Cassandra's exchange: a peer a second. SWIM's pings: one a second.
#[test]
fn news_that_does_not_leave_at_once_takes_rounds() {
    for (slow, fast) in [("endpoint-state:spread=false", "endpoint-state"), ("membership:gossip=false", "membership")] {
        let last = |setup| rounds(setup, &FEW).1.last;
        assert!(last(slow) > 1.0 && last(fast) < 0.5, "{slow}: {} {}", last(slow), last(fast));
    }
}

#[test]
fn whole_nodes_live_through_the_faults_of_an_experiment() {
    let world = Experiment { loss_ppm: 200_000, crash: Some("50%@0".parse().expect("a crash")), ..FEW };
    let (half, outcome) = rounds("events", &world);
    assert!(half.iter().all(|round| round.live() == 12) && outcome.residue == 0.0, "{outcome:?}");
    assert!(outcome.wasted > 0.0 && rounds("events", &FEW).1.wasted == 0.0);

    let (cut, healed) = rounds("events", &Experiment { cut: Some(Halves { from: 1, to: 6 }), ..FEW });
    assert!(cut[4].know() <= 12 && healed.over && healed.residue == 0.0 && healed.last > 5.0, "{healed:?}");

    let (_, lost) = rounds("events:spread=rumor", &Experiment { crash: Some("99%@0".parse().expect("a crash")), ..FEW });
    assert!(lost.over && lost.residue == 1.0 && lost.cycles == 1, "who knew it crashed before it told anybody: {lost:?}");

    let (churned, _) = rounds("events", &Experiment { churn_ppm: 40_000, horizon: 10, ..FEW });
    assert!(churned.len() == 10 && churned.iter().all(|round| round.live() == 24), "{churned:?}");
}

#[test]
fn a_latency_is_that_of_whole_nodes_too_and_a_seed_their_world() {
    let slow = Experiment { latency: Some("80ms..120ms".parse().expect("a latency")), ..FEW };
    let near = rounds("events", &FEW).1;
    assert!(rounds("events", &slow).1.last > near.last + 0.08);
    let far = Experiment { latency: Some("8s..10s".parse().expect("a latency")), ..FEW };
    assert!(rounds("events", &far).1.last > 8.0, "who is this far is dead to all, and hears of it all the same");
    assert_eq!(rounds("events", &FEW).1, near);
    assert_ne!(rounds("events", &Experiment { seed: 8, ..FEW }).1, near);
}

#[test]
fn whole_nodes_are_bounded_and_have_no_loop_to_crash_in() {
    let wrong = |world: &Experiment| run(&Setup::new("events"), world, |_| panic!("nothing is run")).expect_err("it is refused");
    let many = wrong(&Experiment { nodes: 2_001, ..QUIET });
    assert_eq!(many, "events runs in whole nodes, each of which knows all others: give at most 2000 nodes");
    assert!(wrong(&Experiment { crash: Some(Crash::Root { ppm: 1 }), ..FEW }).contains("events has no loop"));
}
