//! From the start to the end of an agent.

use crate::http::http;
use crate::machine::{Machine, ends, live, text, three};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

#[test]
fn three_agents_live_and_die() {
    let machine = Machine::new();
    let [_a, b, c] = three(&machine);
    let table = text(&machine.bruit(&["members", "--agent", "a"]).stdout);
    assert!(table.starts_with("NAME") && table.lines().count() == 4, "{table}");
    assert!(table.lines().any(|l| l.starts_with("b ") && l.contains("alive") && l.ends_with("role=web")), "{table}");
    assert_eq!(text(&machine.bruit(&["members", "-o", "jsonl", "--agent", "a"]).stdout).lines().count(), 3);
    assert_eq!(machine.json(&["members", "b", "--agent", "c"])["tags"]["role"], "web");

    drop(c);
    machine.sees("a", "c", "dead");
    machine.sees("b", "c", "dead");
    let at = machine.json(&["info", "--agent", "a"])["bound"].as_str().expect("an address").to_owned();
    let (c, _) = machine.named("c", &["--join", &at]);
    machine.sees("a", "c", "alive");
    machine.sees("b", "c", "alive");

    ends(&machine.bruit(&["leave", "--agent", "b"]), 0);
    let (status, log) = b.end();
    assert_eq!(status.code(), Some(0), "{log}");
    machine.sees("a", "b", "left");

    c.signal("-TERM");
    let (status, log) = c.end();
    assert_eq!(status.code(), Some(0), "{log}");
    machine.sees("a", "c", "left");
    ends(&machine.bruit(&["force-leave", "c", "--prune", "--agent", "a"]), 0);
    ends(&machine.bruit(&["members", "c", "--agent", "a"]), 6);
    ends(&machine.bruit(&["force-leave", "nobody", "--agent", "a"]), 6);
}

#[test]
fn an_event_and_tags_reach_a_monitor() {
    let machine = Machine::new();
    let _agents = three(&machine);
    let args = ["monitor", "-o", "jsonl", "--agent", "c"];
    let mut monitor = machine.command(&args).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(monitor.stdout.take().expect("piped")).lines();
    // The monitor's own stream is one of those that the agent counts.
    let listens = |page: &str| page.contains("bruit_control_streams 1\n");
    while !listens(&http(&machine, "c", "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").1) {}
    let mut next = |kind: &str| loop {
        let line = lines.next().expect("it goes on").expect("text");
        let event: Value = serde_json::from_str(&line).expect("JSON");
        if event["kind"] == kind {
            return event;
        }
    };

    ends(&machine.bruit(&["event", "deploy", "v2", "--agent", "a"]), 0);
    let event = next("event");
    assert_eq!((&event["name"], &event["payload"], &event["from"]), (&"deploy".into(), &"v2".into(), &"a".into()));
    ends(&machine.bruit(&["event", "none", "--tag", "role=db", "--agent", "a"]), 0);
    let tags = machine.json(&["tags", "--set", "zone=eu", "--delete", "role", "--agent", "b"]);
    assert_eq!(tags, serde_json::json!({ "zone": "eu" }));
    assert_eq!(next("changed")["member"]["tags"]["zone"], "eu");
    monitor.kill().expect("it is stopped");
    monitor.wait().expect("it ends");
}

#[test]
fn two_agents_need_no_configuration() {
    let machine = Machine::new();
    let (one, two) = (machine.agent(&[]), machine.agent(&[]));
    let out = machine.bruit(&["info"]);
    ends(&out, 2);
    let said = text(&out.stderr);
    let names: Vec<&str> = said.rsplit("there are ").next().expect("names").trim().split(", ").collect();
    assert_eq!(names.len(), 2, "{said}");
    let bound: Vec<Value> = names.iter().map(|name| machine.json(&["info", "--agent", name])["bound"].clone()).collect();
    assert_ne!(bound[0], bound[1]);
    ends(&machine.bruit(&["join", bound[1].as_str().expect("an address"), "--agent", names[0]]), 0);
    machine.until(&["members", "--agent", names[1]], |all| live(all) == 2);
    drop(two);
    // The socket of the dead is still there, and counts for nothing.
    ends(&machine.bruit(&["info"]), 0);
    drop(one);
    ends(&machine.bruit(&["info"]), 3);
}

#[test]
fn no_agent_is_told() {
    let machine = Machine::new();
    for args in [&["members"][..], &["info", "--agent", "x"], &["event", "x", "--agent", "/nowhere/x.sock"], &["monitor"]] {
        let out = machine.bruit(args);
        ends(&out, 3);
        assert!(text(&out.stderr).contains("agent"), "{}", text(&out.stderr));
    }
}

#[test]
fn the_socket_is_its_owners_and_groups_and_outlives_nobody() {
    let machine = Machine::new();
    let (a, _) = machine.named("a", &[]);
    let socket = machine.0.join("bruit/a.sock");
    let mode = std::fs::metadata(&socket).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let second = machine.bruit(&["agent", "--node", "a", "--bind", "127.0.0.1:0"]);
    ends(&second, 1);
    assert!(text(&second.stderr).contains("runs already"), "{}", text(&second.stderr));
    drop(a);
    assert!(socket.exists(), "kill -9 leaves it behind");
    let (a, _) = machine.named("a", &[]);
    a.signal("-INT");
    assert_eq!(a.end().0.code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn logs_are_json_if_asked() {
    let machine = Machine::new();
    let (a, _) = machine.named("a", &["--log-format", "json"]);
    a.signal("-TERM");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0));
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
}

#[test]
fn manual_pages_name_the_commands() {
    let machine = Machine::new();
    let page = machine.bruit(&["man"]);
    ends(&page, 0);
    assert!(text(&page.stdout).contains("force\\-leave"), "{}", text(&page.stdout));
    let folder = machine.0.join("man");
    ends(&machine.bruit(&["man", "--dir", folder.to_str().expect("UTF-8")]), 0);
    assert!(folder.join("bruit-agent.1").exists());
}

#[test]
fn an_agent_lives_on_ipv6_alone() {
    let machine = Machine::new();
    let (_a, at) = machine.named_at("a", "[::1]:0", &[]);
    assert!(at.starts_with("[::1]:"), "{at}");
    let (_b, _) = machine.named_at("b", "[::1]:0", &["--join", &at]);
    let all = machine.until(&["members", "--agent", "a"], |all| live(all) == 2);
    let addresses = all.as_array().expect("members").iter().flat_map(|m| m["addresses"].as_array().expect("addresses"));
    assert!(addresses.clone().count() >= 2 && addresses.clone().all(|at| at.as_str().is_some_and(|at| at.starts_with("[::1]:"))));
    ends(&machine.bruit(&["ping", "b", "--agent", "a"]), 0);
    ends(&machine.bruit(&["event", "e", "--agent", "b"]), 0);
}
