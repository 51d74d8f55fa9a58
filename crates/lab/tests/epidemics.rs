//! What was published on rumors, with few runs and bounds as much wider.

use bruit_lab::cycles::Complete;
use bruit_lab::epidemic::{Course, Epidemic, course};
use bruit_lab::paper::demers::{self, Rules, Table};
use bruit_lab::paper::{beat_demers, rounds};
use bruit_rumor::{Config, Exchange, Stop};

#[test]
fn the_tables_of_1987_are_reproduced() {
    for table in [Table::One, Table::Two, Table::Three] {
        let paper = demers::paper(table, Rules::default(), 0.02, 2, &mut || ());
        assert!(paper.holds(), "{paper:#?}");
    }
}

#[test]
fn without_the_reset_the_figures_are_others() {
    let paper = demers::paper(Table::One, Rules { reset: Some(false), ..Rules::default() }, 0.1, 2, &mut || ());
    assert!(!paper.holds(), "{paper:#?}");
}

#[test]
fn rounds_grow_as_the_formulas_say() {
    let paper = rounds::paper(&[8, 12], 20, 2, &mut || ());
    assert!(paper.holds(), "{paper:#?}");
}

#[test]
fn better_than_the_tables() {
    let paper = beat_demers::paper(40, 2, &mut || ());
    assert!(paper.holds(), "{paper:#?}");
}

/// Without a limit on contacts, and without coins that each contact flips, it is the same whoever acts first.
#[test]
fn the_order_of_nodes_changes_nothing_where_contacts_are_not_limited() {
    for exchange in [Exchange::Push, Exchange::Pull, Exchange::PushPull] {
        for k in [1, 2] {
            let config = Config { exchange, stop: Stop::Counter { feedback: true, k }, ..Config::default() };
            let run = |shuffled| {
                let mut epidemic = Epidemic::new(&config, Complete(300), 7).expect("settings in their bounds");
                if shuffled {
                    epidemic.cycles().shuffle();
                }
                while !epidemic.is_over() {
                    epidemic.step();
                }
                epidemic.course()
            };
            assert_eq!(run(true), run(false), "{config:?}");
        }
    }
}

/// Section 1.4: a limit of one contact helps push, whose refused contacts went to who knew already, and hurts pull.
#[test]
fn a_limit_makes_push_better_and_pull_worse() {
    let residue = |exchange, connections| {
        let config =
            Config { exchange, connections, stop: Stop::Counter { feedback: true, k: 2 }, reset: false, ..Config::default() };
        let course = |seed| -> Course { course(&config, 500, seed).expect("settings in their bounds") };
        (0..60).map(|seed| course(seed).residue).sum::<f64>()
    };
    assert!(residue(Exchange::Push, Some(1)) < 0.8 * residue(Exchange::Push, None));
    assert!(residue(Exchange::Pull, Some(1)) > 2.0 * residue(Exchange::Pull, None));
}
