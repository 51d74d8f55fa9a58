//! The binary: what it prints, and how it ends.

use serde_json::Value;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn bruit(args: &[&str]) -> Output {
    let folder = scratch();
    Command::new(env!("CARGO_BIN_EXE_bruit")).args(args).current_dir(folder).output().expect("it runs")
}

/// Where a test may leave files.
fn scratch() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn lines(out: &Output) -> Vec<Value> {
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

#[track_caller]
fn ends(out: &Output, code: i32) {
    assert_eq!(out.status.code(), Some(code), "{}{}", text(&out.stdout), text(&out.stderr));
}

#[test]
fn the_story_keeps_its_bounds() {
    let out = bruit(&["demo", "--script", "--nodes", "8", "-o", "json"]);
    ends(&out, 0);
    let steps = lines(&out);
    let names: Vec<&str> = steps.iter().filter_map(|s| s["step"].as_str()).collect();
    let scenes = ["start", "join", "event", "exchange", "kill", "restart", "pause", "resume", "cut", "heal", "leave", "stop"];
    assert_eq!(names, scenes);
    for step in &steps {
        assert_eq!(step["ok"], true, "{step}");
        assert!(step["ms"].as_u64() <= step["bound"].as_u64() && step["bytes"].is_u64(), "{step}");
        assert!(step["seen"].is_string() && step["claim"].is_string(), "{step}");
    }
}

#[test]
fn in_a_pipe_the_demo_is_plain_lines() {
    let out = bruit(&["demo", "--nodes", "3"]);
    ends(&out, 0);
    assert!(text(&out.stdout).lines().any(|l| l.starts_with("heal ") && l.contains(" ok ")), "{}", text(&out.stdout));
}

#[test]
fn a_port_in_use_is_named_with_the_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let out = bruit(&["demo", "--script", "--port", &port]);
    ends(&out, 1);
    let error = text(&out.stderr);
    assert!(error.contains(&format!("127.0.0.1:{port} is in use")) && error.contains("bind another port"), "{error}");
}

#[test]
fn wrong_usage_is_told_and_ends_with_2() {
    for wrong in [&["demo", "--nodes", "1"][..], &["bench", "cluster", "--loss", "5"], &["nonsense"], &[]] {
        let out = bruit(wrong);
        ends(&out, 2);
        assert!(!out.stderr.is_empty(), "{wrong:?}");
    }
}

#[test]
fn a_file_that_is_no_case_ends_with_78() {
    let file = scratch().join("no.case");
    std::fs::write(&file, "{}").expect("a file");
    let out = bruit(&["lab", "replay", file.to_str().expect("UTF-8")]);
    ends(&out, 78);
    assert!(text(&out.stderr).contains("no.case is no case"), "{}", text(&out.stderr));
    ends(&bruit(&["lab", "replay", "there-is-none"]), 78);
}

#[test]
fn a_few_cases_of_the_swarm_hold() {
    let out = bruit(&["lab", "check", "--seeds", "3", "--seed", "11", "-o", "json"]);
    ends(&out, 0);
    let report = &lines(&out)[0];
    assert_eq!((&report["cases"], &report["first_seed"]), (&3.into(), &11.into()));
    assert_eq!(report["failures"], Value::Array(Vec::new()));
}

#[test]
fn a_virtual_bench_prints_its_figures() {
    let out = bruit(&["bench", "cluster", "--nodes", "8", "--virtual", "--trials", "2", "-o", "json"]);
    ends(&out, 0);
    let figures = &lines(&out)[0];
    assert_eq!((&figures["nodes"], &figures["trials"]), (&8.into(), &2.into()));
    for figure in ["join_all_ms", "idle_bytes_per_node_s", "event_all_ms", "crash_all_ms", "delta_bytes"] {
        assert!(figures[figure]["median"].is_f64(), "{figure}: {figures}");
    }
    assert_eq!(figures["event_missed"]["max"], 0.0);
}

#[test]
fn a_bench_of_state_prints_its_figures() {
    let out = bruit(&["bench", "state", "--nodes", "12", "--virtual", "--detector", "phi", "--alone", "3", "-o", "json"]);
    ends(&out, 0);
    let settings = lines(&out)[0]["settings"].as_array().expect("a list").clone();
    assert_eq!(settings.len(), 2);
    for setting in &settings {
        for figure in ["join_all_ms", "idle_bytes_per_node_s", "set_all_ms", "largest_packet"] {
            assert!(setting[figure]["median"].is_f64(), "{figure}: {setting}");
        }
    }
    assert_eq!(lines(&out)[0]["bounds"][0]["kept"], true);
    let out = bruit(&["bench", "state", "--nodes", "8", "--virtual", "--detector", "swim", "-o", "json"]);
    ends(&out, 0);
    let settings = &lines(&out)[0]["settings"];
    assert!(settings[0]["idle_added_bytes_per_node_s"]["median"].as_f64().is_some_and(|added| added > 0.0), "{settings}");
}

#[test]
fn a_soak_counts_false_deaths() {
    let out = bruit(&["bench", "cluster", "--nodes", "8", "--virtual", "--udp-loss", "5", "--soak", "10m", "-o", "json"]);
    ends(&out, 0);
    assert_eq!(lines(&out)[0]["false_deaths"], 0.0);
}

#[test]
fn papers_are_held_against_what_was_printed() {
    let out = bruit(&["lab", "paper", "cassandra-wiki", "-o", "json"]);
    ends(&out, 0);
    let verdicts = lines(&out)[0]["verdicts"].as_array().expect("a list").clone();
    assert_eq!(verdicts.len(), 3);
    for verdict in &verdicts {
        assert!(verdict["ok"] == true && verdict["seen"] == verdict["bound"] && verdict["claim"].is_string(), "{verdict}");
    }
    let told = text(&bruit(&["lab", "paper", "cassandra-wiki"]).stdout);
    assert!(told.contains("10.0.0.1:1259909635:325 10.0.0.2:1259911052:61") && told.contains("nobody asked for"), "{told}");
    let out = bruit(&["lab", "paper", "cassandra-round", "--rounds", "20000", "-o", "json"]);
    ends(&out, 0);
    let paper = &lines(&out)[0];
    assert!(paper["ok"] == true && paper["verdicts"][0]["bound"][1].is_f64(), "{paper}");
}

/// `UPDATE_PICTURE=1` renews it.
#[test]
fn the_picture_of_the_readme_is_what_the_command_draws() {
    const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lab.svg");
    let file = scratch().join("lab.svg");
    ends(&bruit(&["lab", "paper", "demers-1", "--quick", "--svg", file.to_str().expect("UTF-8")]), 0);
    let drawn = std::fs::read_to_string(&file).expect("a picture");
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        std::fs::write(PICTURE, &drawn).expect("docs/lab.svg");
    }
    assert_eq!(drawn, std::fs::read_to_string(PICTURE).expect("docs/lab.svg"), "UPDATE_PICTURE=1 renews docs/lab.svg");
}

#[test]
fn a_paper_is_drawn_in_characters() {
    let told = text(&bruit(&["lab", "paper", "cassandra-round", "--rounds", "2000", "--plot"]).stdout);
    let claim = told.lines().find(|line| line.starts_with("healthy, L=63 U=0 S=3: a seed beside") && line.contains('├'));
    assert!(claim.is_some_and(|line| line.contains('●') && line.contains(" to ")), "{told}");
    let nowhere = scratch().join("no-folder/x.svg");
    let out = bruit(&["lab", "paper", "cassandra-wiki", "--svg", nowhere.to_str().expect("UTF-8")]);
    ends(&out, 1);
    assert!(text(&out.stderr).contains("cannot write"), "{}", text(&out.stderr));
}

#[test]
fn claims_of_the_article_are_rows() {
    let out = bruit(&["lab", "article", "rumor-ends", "rumor-bounded", "--quick", "-o", "json"]);
    ends(&out, 0);
    let rows = lines(&out);
    let names: Vec<&Value> = rows.iter().map(|row| &row["row"]).collect();
    assert_eq!(names, ["rumor-bounded", "rumor-ends"], "in the order of the article");
    for row in &rows {
        let keys: Vec<&String> = row.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["about", "claim", "command", "ok", "row", "verdicts"]);
        for verdict in row["verdicts"].as_array().expect("a list") {
            let keys: Vec<&String> = verdict.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["bound", "claim", "ok", "seen"]);
            assert!(verdict["seen"].is_number() && verdict["ok"] == true, "{verdict}");
        }
    }
    let told = text(&bruit(&["lab", "article", "rumor-ends", "--quick"]).stdout);
    assert!(told.starts_with("rumor: a rumor ends") && told.contains("bruit lab article rumor-ends"), "{told}");
    ends(&bruit(&["lab", "article", "no-such-row"]), 2);
}

/// As with `| head -1`: whoever has read enough ends the command, without a word.
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bruit"));
    let child = command.args(["lab", "paper", "cassandra-wiki"]).stdout(writer).stderr(Stdio::piped()).spawn();
    let out = child.expect("it starts").wait_with_output().expect("it ends");
    assert_eq!((out.status.code(), text(&out.stderr).as_str()), (Some(141), ""));
}

#[test]
fn papers_are_listed() {
    let out = bruit(&["lab", "paper", "--list", "-o", "json"]);
    ends(&out, 0);
    let papers: Vec<Value> = lines(&out).into_iter().map(|line| line["paper"].clone()).collect();
    let state = ["cassandra-wiki", "cassandra-round", "phi", "scuttlebutt"];
    let epidemics = ["demers-1", "demers-2", "demers-3", "demers-antientropy", "reconcile", "rounds", "multicast"];
    let more = ["demers-spatial", "pushes-uiuc", "swim-detection", "swim-false-positives", "gupta-2001", "swim-infection"];
    let most = ["lifeguard", "serf-convergence", "mp1", "beat-demers", "beat-lifeguard"];
    assert_eq!(papers, [&state[..], &epidemics, &more, &most].concat());
    let told = text(&bruit(&["lab", "paper", "--list"]).stdout);
    assert!(told.contains("scuttlebutt          Scuttlebutt under overload"), "{told}");
    ends(&bruit(&["lab", "paper"]), 2);
}

#[test]
fn a_run_of_state_is_told_round_by_round() {
    let out = bruit(&["lab", "run", "state", "--peers", "1", "-n", "6", "--seed", "2", "-o", "json"]);
    ends(&out, 0);
    let rounds = lines(&out);
    assert!(rounds.iter().all(|round| round["picks"].as_array().is_some_and(|picks| picks.len() == 6)), "{rounds:?}");
    assert_eq!(rounds.last().map(|round| &round["know"]), Some(&6.into()));
    let told = text(&bruit(&["lab", "run", "state", "-n", "6", "--seed", "2"]).stdout);
    assert!(told.contains("round  1:") && told.contains("6 of 6 know it; ") && told.contains("0>"), "{told}");
    let many = text(&bruit(&["lab", "run", "state", "-n", "20", "--peers", "3"]).stdout);
    assert!(many.contains("20 of 20 know it; ") && many.contains("were picked"), "{many}");
}

#[test]
fn a_rumor_is_told_cycle_by_cycle_and_run_again_by_the_command_that_it_prints() {
    let world = ["--nodes", "50", "--loss", "5%", "--crash", "20%@3", "--cut", "2..4", "--seed", "7"];
    let rules = ["lab", "run", "rumor", "--exchange", "push", "--k", "2", "--step"];
    let args = [&rules[..], &world].concat();
    let out = bruit(&[&args[..], &["-o", "json"]].concat());
    ends(&out, 0);
    let told = lines(&out);
    let (last, rounds) = told.split_last().expect("lines");
    let live = |round: &Value| ["susceptible", "infective", "removed"].iter().filter_map(|of| round[of].as_u64()).sum::<u64>();
    assert_eq!((live(&rounds[1]), live(&rounds[2])), (50, 40));
    assert_eq!(last["cycles"], rounds.len());
    assert_eq!(last["residue"].as_f64(), rounds[rounds.len() - 1]["susceptible"].as_f64().map(|missed| missed / 40.0));
    let out = bruit(&args);
    ends(&out, 0);
    let told = text(&out.stdout);
    let again = told.lines().last().and_then(|line| line.strip_prefix("bruit ")).expect("a command");
    assert_eq!(again, last["replay"].as_str().and_then(|line| line.strip_prefix("bruit ")).expect("the same"));
    let again: Vec<&str> = again.split(' ').collect();
    assert_eq!(text(&bruit(&again).stdout), told);
    assert!(told.starts_with("cycle   1 ") && told.contains(" I ") && told.contains("residue "), "{told}");
    for wrong in [["--k", "0"], ["--copies", "2"], ["--exchange", "up"], ["--crash", "half"], ["--cut", "8..3"]] {
        ends(&bruit(&[&["lab", "run", "rumor"][..], &wrong].concat()), 2);
    }
    ends(&bruit(&["lab", "run", "rumor", "--horizon", "2"]), 1);
}

#[test]
fn a_rumor_is_backed_up_a_root_crashes_in_its_loop_and_nodes_come_and_go() {
    let json = |args: &[&str]| {
        let out = bruit(&[&["lab", "run"][..], args, &["--nodes", "100", "-o", "json"]].concat());
        ends(&out, 0);
        let row = lines(&out).remove(0);
        let command = row["replay"].as_str().and_then(|line| line.strip_prefix("bruit ")).expect("a command");
        let again = bruit(&[&command.split(' ').collect::<Vec<_>>()[..], &["-o", "json"]].concat());
        assert_eq!(lines(&again), std::slice::from_ref(&row), "{command}");
        row
    };
    let backed = json(&["rumor", "--k", "1", "--sync-every", "10", "--rumor-every", "2"]);
    assert_eq!((&backed["setup"], &backed["residue"]), (&"rumor:k=1,rumor-every=2,sync-every=10".into(), &0.0.into()));
    assert!(backed["found"].as_f64() > Some(0.0), "{backed}");
    for mode in ["mail", "tree:fan-out=4"] {
        let multicast = json(&["multicast", "--mode", mode, "--crash", "root@50%", "--seed", "100"]);
        assert_eq!(multicast, json(&[mode, "--crash", "root@50%", "--seed", "100"]), "one way to run it");
        assert!(multicast["residue"].as_f64().is_some_and(|residue| (0.1..0.8).contains(&residue)), "{multicast}");
    }
    assert_eq!(json(&["multicast", "--mode", "gossip:k=4"])["setup"], "rumor:k=4");
    let churned = json(&["rumor", "--churn", "1%", "--horizon", "50"]);
    assert!(churned["wasted"].as_f64() > Some(0.0) && churned["cycles"] == 50, "{churned}");
    let told = text(&bruit(&["lab", "compare", "antientropy", "rumor", "--churn", "1%", "--horizon", "30"]).stdout);
    assert!(told.starts_with("1000 nodes, 0% of messages lost, 1% leave and join in each cycle, seed 1\n"), "{told}");
    for (wrong, why) in [
        (&["rumor", "--crash", "root@50%"][..], "no loop of sends that its root could crash in, mail and tree have"),
        (&["multicast", "--mode", "rumor"], "mode is mail, tree or gossip, not rumor"),
        (&["multicast", "--mode", "tree:k=1"], "tree has no setting k"),
        (&["rumor", "--churn", "11%"], "give the percentage of nodes that leave in each cycle, from 0 to 10"),
    ] {
        let out = bruit(&[&["lab", "run"][..], wrong].concat());
        ends(&out, 2);
        assert!(text(&out.stderr).contains(why), "{wrong:?}: {}", text(&out.stderr));
    }
}

#[test]
fn any_protocol_is_run_by_its_set_up_and_compared_under_the_same_faults() {
    let world = ["--nodes", "50", "--loss", "10%", "--crash", "20%@2", "--seed", "7"];
    let setups = ["antientropy:exchange=pull", "tree:fan-out=4,repair=ack", "mail:known=80%", "rumor:k=2"];
    let compared = bruit(&[&["lab", "compare"][..], &setups, &world, &["-o", "json"]].concat());
    ends(&compared, 0);
    let compared = lines(&compared);
    for (setup, row) in setups.iter().zip(&compared) {
        let alone = bruit(&[&["lab", "run", setup][..], &world, &["-o", "json"]].concat());
        ends(&alone, 0);
        assert_eq!(lines(&alone), std::slice::from_ref(row));
        let command = row["replay"].as_str().and_then(|line| line.strip_prefix("bruit ")).expect("a command");
        let again = bruit(&[&command.split(' ').collect::<Vec<_>>()[..], &["-o", "json"]].concat());
        assert_eq!(lines(&again), std::slice::from_ref(row));
    }
    let table = text(&bruit(&[&["lab", "compare"][..], &setups, &world].concat()).stdout);
    assert!(table.starts_with("50 nodes, 10% of messages lost, 20%@2 crash, seed 7\n"), "{table}");
    assert!(table.lines().skip(2).zip(setups).all(|(line, setup)| line.starts_with(setup)), "{table}");
    for (wrong, why) in [
        (&["run", "humor"][..], "there are rumor, antientropy, mail, tree"),
        (&["run", "tree:x=1"], "tree has no setting x"),
        (&["run"], "Usage"),
        (&["compare", "swim", "tree"], "compare either"),
        (&["compare", "swim", "--cut", "1..3"], "--churn, --cut, --latency and --horizon are for set-ups"),
        (&["compare", "swim", "--crash", "20%@5"], "of detectors --crash is a number of nodes"),
        (&["compare", "tree", "--crash", "3"], "give a share and a cycle"),
        (&["compare", "tree", "--nodes", "1"], "--nodes is from 2 to 10000000"),
    ] {
        let out = bruit(&[&["lab"][..], wrong].concat());
        ends(&out, 2);
        assert!(text(&out.stderr).contains(why), "{wrong:?}: {}", text(&out.stderr));
    }
}

#[test]
fn with_latency_a_run_has_a_hash_that_each_setting_changes() {
    let hash = |more: &[&str]| {
        let args = [&["lab", "run", "rumor", "--nodes", "60", "--latency", "20ms..400ms"], more].concat();
        let out = bruit(&[&args[..], &["-o", "json"]].concat());
        ends(&out, 0);
        let told = lines(&out);
        assert_eq!(told.len(), 1);
        let (hash, replay) = (told[0]["hash"].as_str().expect("a hash"), told[0]["replay"].as_str().expect("a command"));
        let again = text(&bruit(&replay.split(' ').skip(1).collect::<Vec<_>>()).stdout);
        assert!(again.contains(&format!("hash {hash}\n")), "{again}");
        hash.to_owned()
    };
    let usual = hash(&[]);
    for more in [["--k", "2"], ["--loss", "9%"], ["--seed", "2"], ["--crash", "20%@2"], ["--cut", "2..5"]] {
        assert_ne!(usual, hash(&more), "{more:?}");
    }
    let told = text(&bruit(&["lab", "run", "rumor", "--nodes", "60", "--latency", "50ms", "--step"]).stdout);
    let steps: Vec<&str> = told.lines().filter(|line| line.starts_with("cycle ")).collect();
    assert!(steps[0].starts_with("cycle   0 ") && steps.iter().all(|step| step.contains(" hash ")), "{told}");
    let last = steps[steps.len() - 1].rsplit(' ').next().expect("a hash");
    assert!(told.contains(&format!("\nhash {last}\n")), "{told}");
    ends(&bruit(&["lab", "run", "rumor", "--latency", "0ms"]), 2);
}

#[test]
fn two_detectors_see_the_same_crash() {
    let out = bruit(&["lab", "compare", "phi", "swim", "--crash", "1", "-n", "8", "--loss", "1", "-o", "json"]);
    ends(&out, 0);
    let rows = lines(&out);
    assert_eq!((&rows[0]["detector"], &rows[1]["detector"]), (&"phi".into(), &"swim".into()));
    assert!(rows.iter().all(|row| row["all_s"].is_f64() && row["false_positives"] == 0), "{rows:?}");
    let told = text(&bruit(&["lab", "compare", "swim", "-n", "8"]).stdout);
    assert!(told.contains("8 nodes, 0 % of packets lost, 1 crash") && !told.contains("phi"), "{told}");
    ends(&bruit(&["lab", "compare", "swim", "--crash", "7", "-n", "8"]), 1);
    ends(&bruit(&["lab", "compare"]), 2);
}

#[test]
fn version_and_completion() {
    let version = format!("bruit {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&bruit(&["version"]).stdout), version);
    assert_eq!(lines(&bruit(&["version", "-o", "json"]))[0]["version"], env!("CARGO_PKG_VERSION"));
    for shell in ["bash", "zsh", "fish"] {
        let out = bruit(&["completion", shell]);
        ends(&out, 0);
        assert!(text(&out.stdout).contains("bruit"), "{shell}");
    }
}
