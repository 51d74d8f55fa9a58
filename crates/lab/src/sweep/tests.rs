use super::report::report;
use super::*;

const WORLD: Experiment =
    Experiment { nodes: 60, seed: 5, loss_ppm: 0, crash: None, churn_ppm: 0, cut: None, latency: None, horizon: 1000 };

fn sweep(setups: &[&str], axes: &[&str], runs: u64) -> Result<Sweep, String> {
    let setups: Vec<Setup> = setups.iter().map(|setup| setup.parse().expect("well formed")).collect();
    let axes = axes.iter().map(|axis| axis.parse()).collect::<Result<Vec<Axis>, String>>()?;
    Sweep::new(&setups, &WORLD, &axes, runs)
}

fn rows(sweep: &Sweep, shard: &str, threads: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    sweep.run(&sweep.share(shard.parse().expect("a shard")), threads, |row| {
        rows.push(row);
        true
    });
    rows
}

#[test]
fn cells_are_the_product_and_each_run_is_that_of_its_command() {
    let sweep = sweep(&["rumor", "rumor:exchange=pull"], &["loss=0,10", "k=1..3"], 2).expect("a sweep");
    assert_eq!((sweep.cells().len(), sweep.len()), (12, 24));
    let rows = rows(&sweep, "0/1", 2);
    assert_eq!(rows.iter().map(|row| row.run).collect::<Vec<_>>(), (0..24).collect::<Vec<_>>());
    let commands: Vec<&str> = rows.iter().map(|row| &row.replay[..]).collect();
    assert_eq!(commands[0], "bruit lab run rumor:k=1 --nodes 60 --loss 0% --horizon 1000 --seed 5");
    assert_eq!(commands[3], "bruit lab run rumor:k=2 --nodes 60 --loss 0% --horizon 1000 --seed 6");
    assert_eq!(commands[23], "bruit lab run rumor:exchange=pull,k=3 --nodes 60 --loss 10% --horizon 1000 --seed 6");
    for row in &rows {
        let Cell { setup, experiment } = row.cell().expect("as it was written");
        assert_eq!(experiment.command(&setup), row.replay);
        assert_eq!(crate::experiment::run(&setup, &experiment, |_| {}), Ok(row.outcome()), "{}", row.replay);
    }
}

#[test]
fn neither_threads_nor_shards_change_a_row() {
    let sweep = sweep(&["rumor", "tree:repair=ack"], &["loss=0,20", "crash=none,10%@2", "churn=0,1"], 3).expect("a sweep");
    let one = rows(&sweep, "0/1", 1);
    assert_eq!(one, rows(&sweep, "0/1", 3));
    let commands = one.iter().map(|row| row.cell().map(|cell| cell.command()));
    assert!(commands.eq(one.iter().map(|row| Ok(row.replay.clone()))) && one.iter().any(|row| row.replay.contains("--churn 1%")));
    let mut parts: Vec<Row> = (0..5).rev().flat_map(|i| rows(&sweep, &format!("{i}/5"), 2)).collect();
    assert_eq!(report(parts.clone()), report(one.clone()));
    parts.sort_by_key(|row| row.run);
    assert_eq!(parts, one);
}

#[test]
fn it_stops_when_told_and_tells_of_no_row_after() {
    let sweep = sweep(&["rumor"], &["k=1..5"], 10).expect("a sweep");
    let mut told = Vec::new();
    sweep.run(&sweep.share(Shard::default()), 3, |row| {
        told.push(row.run);
        told.len() < 7
    });
    assert_eq!(told, (0..7).collect::<Vec<_>>());
}

#[test]
fn a_report_is_of_each_run_once() {
    let sweep = sweep(&["rumor"], &["loss=0,100", "k=1"], 4).expect("a sweep");
    let rows = rows(&sweep, "0/1", 1);
    let cells = report(rows.clone()).expect("whole");
    let mean = rows[..4].iter().map(|row| row.traffic).sum::<f64>() / 4.0;
    let quiet = cells[0].traffic;
    assert!((quiet.mean.expect("a mean") - mean).abs() < 1e-12 && quiet.runs == 4 && quiet.error > Some(0.0), "{quiet:?}");
    let lossy = cells[1].t99;
    assert_eq!((lossy.mean, lossy.runs, cells[1].loss, cells[1].unfinished), (None, 0, 100.0, 4), "all is lost");
    let same = report(rows.iter().map(|row| Row { traffic: 0.99, ..row.clone() }).collect()).expect("whole");
    assert_eq!((same[0].traffic.mean, same[0].traffic.error), (Some(0.99), Some(0.0)));
    let without = |gone: &[u64]| rows.iter().filter(|row| !gone.contains(&row.run)).cloned().collect::<Vec<_>>();
    assert_eq!(report(without(&[0, 3, 7])), Err("3 of 8 runs are missing: 0, 3, 7".into()));
    assert_eq!(report([rows.clone(), without(&[1])].concat()), Err("7 of 8 runs are there twice: 0, 2, 3, 4, 5, 6, 7".into()));
    assert_eq!(report(Vec::new()), Err("there is no run in it".into()));
    let other = Row { sweep: "another".into(), ..rows[0].clone() };
    assert!(report([rows.clone(), vec![other]].concat()).is_err_and(|why| why.starts_with("rows of two sweeps")));
    let beyond = Row { run: 8, ..rows[0].clone() };
    assert_eq!(report([rows, vec![beyond]].concat()), Err("there is no run 8 of 8".into()));
}

#[test]
fn a_picture_is_over_the_setting_with_the_most_numbers() {
    let sweep = sweep(&["rumor"], &["exchange=push,pull", "k=1..3"], 2).expect("a sweep");
    let cells = report(rows(&sweep, "0/1", 1)).expect("whole");
    let drawn = picture(&cells, None, "bruit lab report").expect("k differs");
    let curves: Vec<(&str, Vec<f64>)> =
        drawn.plots[0].curves.iter().map(|curve| (&curve.name[..], curve.points.iter().map(|point| point.x).collect())).collect();
    assert_eq!(curves, [("exchange=push", vec![1.0, 2.0, 3.0]), ("exchange=pull", vec![1.0, 2.0, 3.0])]);
    assert_eq!(picture(&cells, Some("exchange"), "").err(), Some("no numbers differ in exchange".into()));
}

#[test]
fn what_cannot_be_swept_is_named() {
    for (setups, axes, runs, why) in [
        (&["rumor", "mail"][..], &["k=1"][..], 1, "mail:k=1: mail has no setting k"),
        (&["rumor"], &["nodes=1"], 1, "nodes cannot be 1"),
        (&["rumor"], &["loss=0,0"], 1, "there twice: bruit lab run rumor --nodes 60 --loss 0% --horizon 1000 --seed 5"),
        (&["rumor:k=2"], &["k=1..2"], 1, "k is set twice"),
        (&["rumor"], &["horizon=1..1000", "nodes=2..1000"], 2, "a sweep has from 1 to 1000000 runs"),
        (&["rumor"], &[], 0, "a sweep has from 1 to 1000000 runs"),
        (&["rumor"], &["k"], 1, "k: give a setting and its values, as k=1,2 or k=1..5"),
        (&["rumor"], &["k=1,"], 1, "k=1,: give a setting and its values, as k=1,2 or k=1..5"),
        (&["rumor"], &["k=5..1"], 1, "k=5..1: give a setting and its values, as k=1,2 or k=1..5"),
    ] {
        assert_eq!(sweep(setups, axes, runs).err(), Some(why.to_owned()));
    }
    assert!(sweep(&["rumor"], &["cut=none,3..8"], 1).is_ok_and(|sweep| sweep.len() == 2));
    assert!(["1", "1/1", "2/1", "-1/2", "0/0"].iter().all(|wrong| wrong.parse::<Shard>().is_err()));
    let name = |axes: &[&str], runs| sweep(&["rumor"], axes, runs).map(|sweep| sweep.name().to_owned());
    assert!(name(&["k=1..2"], 2) == name(&["k=1,2"], 2) && name(&["k=1..2"], 2) != name(&["k=1..2"], 3));
}
