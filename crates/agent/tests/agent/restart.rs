//! A restart costs nothing: what the data directory holds.

use crate::machine::{Agent, Machine, ends, live};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn entries(machine: &Machine, name: &str) -> Value {
    machine.json(&["history", "--agent", name])
}

/// Ends it without a word.
fn kill(mut agent: Agent) {
    agent.child.kill().expect("it is stopped");
    agent.child.wait().expect("it ends");
}

/// What an agent that does not start says on standard error, and its exit code.
fn refused(mut command: Command) -> (Option<i32>, String) {
    let out = command.stdout(Stdio::null()).output().expect("it runs");
    (out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn an_agent_comes_back_without_seeds_and_with_the_history() {
    let machine = Machine::new();
    let dirs = ["a", "b", "c"].map(|name| machine.path(&format!("{name}.data")));
    let (_a, at) = machine.named("a", &["--data-dir", &dirs[0]]);
    let (_b, _) = machine.named("b", &["--data-dir", &dirs[1], "--join", &at]);
    let (c, place) = machine.named("c", &["--data-dir", &dirs[2]]);
    machine.json(&["join", &at, "--agent", "c"]);
    for name in ["a", "b", "c"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 3);
        let told = machine.until(&["history", "--agent", name], |all| all.as_array().is_some_and(|all| all.len() == 2));
        let mut told: Vec<_> = told.as_array().expect("a list").iter().map(|e| [&e["what"], &e["node"], &e["by"]]).collect();
        told.sort_by_key(|e| e[1].to_string());
        let who = told[1][2].clone();
        assert!(who.as_str().expect("who").starts_with("user "));
        assert_eq!(told, [[&json!("join"), &json!("b"), &json!("b")], [&json!("join"), &json!("c"), &who]]);
    }
    let before = machine.json(&["members", "c", "--agent", "c"])["incarnation"].as_u64().expect("a number");
    // A crash, three times: nothing is told of whom to join, it comes back above what it was, and that is no new join.
    let mut running = c;
    for life in 1..=3 {
        kill(running);
        running = machine.named_at("c", &place, &["--data-dir", &dirs[2]]).0;
        machine.until(&["members", "--agent", "c"], |all| live(all) == 3);
        machine.sees("a", "c", "alive");
        let now = machine.json(&["members", "c", "--agent", "c"])["incarnation"].as_u64().expect("a number");
        assert!(now >= before + life, "life {life}: {now} after {before}");
    }
    assert_eq!(entries(&machine, "c"), entries(&machine, "a"));

    ends(&machine.bruit(&["leave", "--agent", "c"]), 0);
    machine.sees("a", "c", "left");
    let left = |all: &Value| all.as_array().is_some_and(|all| all.len() == 3 && all[2]["what"] == "leave");
    assert_eq!(machine.until(&["history", "--agent", "a"], left), machine.until(&["history", "--agent", "b"], left));
}

#[test]
fn one_directory_is_one_agents() {
    let machine = Machine::new();
    let dir = machine.path("data");
    let (_a, _) = machine.named("a", &["--data-dir", &dir]);
    let (code, told) = refused(machine.command(&["agent", "--node", "b", "--bind", "127.0.0.1:0", "--data-dir", &dir]));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("data") && told.contains("in use") && told.contains("another"), "{told}");
}

/// Another machine, or a backup that was put back: both have the name, the one that was there first keeps it.
#[test]
fn a_copy_of_a_data_directory_is_told_to_stop() {
    let machine = Machine::new();
    let (dir, copy) = (machine.path("data"), machine.path("copy"));
    let (_a, _) = machine.named("a", &["--data-dir", &dir]);
    let (_b, at) = machine.named("b", &[]);
    machine.json(&["join", &at, "--agent", "a"]);
    machine.sees("b", "a", "alive");
    fs::create_dir(&copy).expect("a directory");
    for entry in fs::read_dir(&dir).expect("a directory") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), Path::new(&copy).join(entry.file_name())).expect("it is copied");
    }
    // Its own runtime folder: the control socket is not what they fight for.
    let elsewhere = Machine::new();
    let args = ["agent", "--node", "a", "--bind", "127.0.0.1:0", "--profile", "local", "--data-dir", &copy, "--join", &at];
    let (code, told) = refused(elsewhere.command(&args));
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("another running node is called \"a\""), "{told}");
    machine.sees("b", "a", "alive");
    ends(&machine.bruit(&["ping", "a", "--agent", "b"]), 0);
}

#[test]
fn what_is_damaged_is_set_aside_told_and_survived() {
    let machine = Machine::new();
    let dir = machine.path("data");
    let (a, at) = machine.named("a", &["--data-dir", &dir]);
    let (_b, _) = machine.named("b", &["--join", &at]);
    machine.until(&["members", "--agent", "a"], |all| live(all) == 2);
    machine.until(&["history", "--agent", "a"], |all| all != &Value::Array(vec![]));
    kill(a);
    for entry in fs::read_dir(&dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        fs::write(&path, [&bytes[..bytes.len() / 2], b"damage"].concat()).expect("it is damaged");
    }
    let (a, _) = machine.named_at("a", &at, &["--data-dir", &dir]);
    machine.sees("b", "a", "alive");
    machine.until(&["history", "--agent", "a"], |all| all == &entries(&machine, "b"));
    a.signal("-TERM");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("damaged") && log.contains("aside") || log.contains("bytes are lost"), "{log}");
}
