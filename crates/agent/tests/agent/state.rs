//! Agents that gossip about each other.

use crate::http::get;
use crate::machine::{Agent, Machine, ends, live, text, three};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

/// What one agent says, another prints.
#[test]
fn what_one_says_all_print() {
    let machine = Machine::new();
    let _agents = three(&machine);
    let mut watch = machine.command(&["state", "watch", "--agent", "a"]).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut seen = BufReader::new(watch.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    while !crate::http::get(&machine, "/metrics").1.contains("bruit_control_streams 1\n") {}
    ends(&machine.bruit(&["state", "set", "load", "0.7", "--agent", "a"]), 0);
    assert_eq!(seen.next().as_deref(), Some("state a load=0.7"));
    ends(&machine.bruit(&["state", "set", "bucket/n_val", "3", "--agent", "b"]), 0);
    assert_eq!(seen.next().as_deref(), Some("state bucket/n_val=3 by b"));
    for name in ["a", "b", "c"] {
        let of_a = |all: &Value| all[0]["values"][0]["value"] == "0.7";
        machine.until(&["state", "ls", "a", "--agent", name], of_a);
        let shared = |all: &Value| all[1]["node"] == "b" && all[1]["values"][0]["namespace"] == "bucket";
        machine.until(&["state", "ls", "--agent", name], shared);
        assert_eq!(text(&machine.bruit(&["state", "get", "load", "--node", "a", "--agent", name]).stdout), "0.7\n");
        assert_eq!(text(&machine.bruit(&["state", "get", "bucket/n_val", "--agent", name]).stdout), "3\n");
    }
    ends(&machine.bruit(&["state", "get", "load", "--agent", "b"]), 6);
    watch.kill().expect("it is stopped");
    watch.wait().expect("it ends");
}

/// Who comes when the news is no longer told lacks it, and an exchange finds it.
#[test]
fn who_comes_late_exchanges() {
    let machine = Machine::new();
    let (_a, at) = machine.named("a", &[]);
    let value = "x".repeat(400);
    let key = |i: u32| format!("key-{i:02}");
    // More than the packets of a join have room for.
    (0..40).for_each(|i| ends(&machine.bruit(&["state", "set", &key(i), &value]), 0));
    let (_b, _) = machine.named("b", &["--join", &at]);
    let of_a = |all: &Value| all[0]["node"] == "a" && all[0]["values"].as_array().is_some_and(|values| values.len() == 40);
    machine.until(&["state", "ls", "--agent", "b"], of_a);
    let traces: Vec<Output> = ["a", "b"].map(|name| machine.bruit(&["state", "trace", "--agent", name])).into();
    let told = traces.iter().find(|out| out.status.success()).map(|out| text(&out.stdout)).expect("a trace");
    assert!(told.starts_with("with ") && told.contains("\nsyn ") && told.contains("\nack2 "), "{told}");
}

const LOAD: &str = "[state.schema.load]\ntype = \"f64\"\nmin = 0\nmax = 100\n";
const MODE: &str = "[state.schema.\"bucket/mode\"]\ntype = \"enum\"\nvalues = [\"on\", \"off\"]\n";

/// One with schemas, `a`, and one that knows of none, `b`.
fn guarded(machine: &Machine, schemas: &str) -> (Agent, Agent) {
    let config = machine.path("bruit.toml");
    std::fs::write(&config, schemas).expect("a file");
    let (a, at) = machine.named("a", &["-c", &config]);
    let (b, _) = machine.named("b", &["--join", &at]);
    for name in ["a", "b"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 2);
    }
    (a, b)
}

/// Reads the metrics of `a` until a line is there.
fn until_metric(machine: &Machine, line: &str) {
    while !get(machine, "/metrics").1.contains(&format!("\n{line}\n")) {}
}

/// Mission row S6: server state spreads, and one bad value cannot poison it.
#[test]
fn s6_a_bad_value_is_refused_where_it_is_set_and_dropped_where_it_arrives() {
    let machine = Machine::new();
    let _agents = guarded(&machine, LOAD);
    let out = machine.bruit(&["state", "set", "load", "9e99", "--agent", "a"]);
    ends(&out, 7);
    let told = text(&out.stderr);
    assert!(["load", "9e99", "0 to 100"].iter().all(|part| told.contains(part)), "{told}");
    ends(&machine.bruit(&["state", "get", "load", "--agent", "a"]), 6);
    // Where no schema holds it can be said; it goes no further than to whom one holds.
    ends(&machine.bruit(&["state", "set", "load", "50", "--agent", "b"]), 0);
    machine.until(&["state", "ls", "b", "--agent", "a"], |all| all[0]["values"][0]["value"] == "50");
    ends(&machine.bruit(&["state", "set", "load", "9e99", "--agent", "b"]), 0);
    until_metric(&machine, "bruit_state_refused_total{node=\"b\",key=\"load\"} 1");
    let held = machine.json(&["state", "ls", "b", "--agent", "a"]);
    assert_eq!(held[0]["values"][0]["value"], "50", "{held}");
    ends(&machine.bruit(&["state", "set", "load", "60", "--agent", "b"]), 0);
    machine.until(&["state", "ls", "b", "--agent", "a"], |all| all[0]["values"][0]["value"] == "60");
}

/// A namespace that went bad: a schema comes by reload, what breaks it is forgotten, the rest comes back from peers.
#[test]
fn a_namespace_is_rebuilt_from_peers() {
    let machine = Machine::new();
    let _agents = guarded(&machine, "");
    ends(&machine.bruit(&["state", "reset", "bucket", "--from-peers", "--agent", "a"]), 6);
    ends(&machine.bruit(&["state", "reset", "bucket", "--agent", "a"]), 2);
    for (key, value) in [("bucket/mode", "poison"), ("bucket/n_val", "3"), ("bucket/w", "2")] {
        ends(&machine.bruit(&["state", "set", key, value, "--agent", "b"]), 0);
    }
    machine.until(&["state", "ls", "b", "--agent", "a"], |all| all[0]["values"].as_array().is_some_and(|v| v.len() == 3));
    std::fs::write(machine.path("bruit.toml"), MODE).expect("a file");
    let reloaded = machine.json(&["reload", "--agent", "a"]);
    assert_eq!(reloaded["changed"][0], "state.schema", "{reloaded}");
    let done = machine.json(&["state", "reset", "bucket", "--from-peers", "--agent", "a"]);
    assert_eq!((&done["writers"], &done["keys_before"], &done["keys"]), (&1.into(), &3.into(), &2.into()), "{done}");
    ends(&machine.bruit(&["state", "get", "bucket/mode", "--agent", "a"]), 6);
    assert_eq!(text(&machine.bruit(&["state", "get", "bucket/n_val", "--agent", "a"]).stdout), "3\n");
    until_metric(&machine, "bruit_state_refused_total{node=\"b\",key=\"bucket/mode\"} 1");
    let told = text(&machine.bruit(&["state", "reset", "bucket", "--from-peers", "--agent", "a"]).stdout);
    assert!(told.starts_with("bucket is back: 2 keys, of 1 writers, in "), "{told}");
}
