//! Agents that gossip about each other.

use crate::machine::{Machine, ends, text, three};
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
