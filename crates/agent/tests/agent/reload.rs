//! `bruit reload` and SIGHUP: all or nothing.

use crate::machine::{Agent, Machine, ends, text};
use serde_json::json;
use std::io::{BufRead, BufReader};

const GOOD: &str = "label = \"blue\"\nlog = \"info\"\n[tags]\nrole = \"web\"\nzone = \"a\"\n";

#[test]
fn what_can_change_changes_and_the_rest_is_named() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    let config = file.to_str().expect("UTF-8");
    std::fs::write(&file, GOOD).expect("a file");
    let (a, _) = machine.named("a", &["-c", config, "--tag", "flag=stays"]);
    ends(&machine.bruit(&["tags", "--set", "manual=stays"]), 0);
    assert_eq!(machine.json(&["reload"]), json!({ "changed": [], "restart": [] }));

    std::fs::write(&file, "label = \"green\"\nlog = \"debug\"\nleave_within = \"1s\"\n[tags]\nrole = \"db\"\n").expect("a file");
    let told = json!({ "changed": ["log", "leave_within", "tags"], "restart": ["label"] });
    assert_eq!(machine.json(&["reload"]), told);
    assert_eq!(machine.json(&["tags"]), json!({ "flag": "stays", "manual": "stays", "role": "db" }));
    assert_eq!(machine.json(&["log"]), json!({ "filter": "debug" }));
    // What needs a restart still does, and is not in force.
    assert_eq!(machine.json(&["reload"]), json!({ "changed": [], "restart": ["label"] }));
    assert_eq!(machine.json(&["info"])["label"], "blue");

    std::fs::write(&file, GOOD).expect("a file");
    a.signal("-HUP");
    machine.until(&["tags"], |tags| tags["role"] == "web" && tags["zone"] == "a");
    assert_eq!(machine.json(&["log"]), json!({ "filter": "info" }));
    a.signal("-TERM");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("SIGHUP") && log.contains("changed=\"log, leave_within, tags\""), "{log}");
}

#[test]
fn one_fault_and_nothing_changes() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    let config = file.to_str().expect("UTF-8");
    std::fs::write(&file, GOOD).expect("a file");
    let (a, _) = machine.named("a", &["-c", config]);
    std::fs::write(&file, "log = \"debug\"\nprofile = \"lann\"\n[tags]\nrole = \"db\"\n").expect("a file");
    let out = machine.bruit(&["reload"]);
    ends(&out, 78);
    let told = text(&out.stderr);
    assert!(told.contains("bruit.toml:2:11") && told.contains("did you mean `lan`?"), "{told}");
    a.signal("-HUP");
    std::fs::remove_file(&file).expect("it is there");
    ends(&machine.bruit(&["reload"]), 78);
    assert_eq!(machine.json(&["tags"]), json!({ "role": "web", "zone": "a" }));
    assert_eq!(machine.json(&["log"]), json!({ "filter": "info" }));
    a.signal("-TERM");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("nothing is changed") && log.contains("did you mean `lan`?"), "{log}");
}

#[test]
fn the_log_changes_at_run_time() {
    let machine = Machine::new();
    let mut command = machine.command(&["agent", "--node", "a", "--bind", "127.0.0.1:0", "--log", "off"]);
    let mut agent = Agent::silent(&mut command);
    while machine.bruit(&["info"]).status.code() != Some(0) {}
    assert_eq!(machine.json(&["log", "info"]), json!({ "filter": "info" }));
    ends(&machine.bruit(&["log", "loud"]), 2);
    ends(&machine.bruit(&["tags", "--set", "k=v"]), 0);
    let first = BufReader::new(agent.child.stderr.take().expect("piped")).lines().next().expect("a line").expect("text");
    assert!(first.contains("the log changes") && first.contains("filter=\"info\""), "{first}");
}
