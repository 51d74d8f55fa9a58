//! Agents as people run them: processes, signals, the command line, the control socket.
#![cfg(unix)]

mod machine;

use machine::{Machine, ends, text};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

fn live(all: &Value) -> usize {
    all.as_array().map_or(0, |all| all.iter().filter(|m| m["status"] == "alive").count())
}

/// Three agents that know each other.
fn three(machine: &Machine) -> [machine::Agent; 3] {
    let (a, at) = machine.named("a", &[]);
    let (b, _) = machine.named("b", &["--join", &at, "--tag", "role=web"]);
    let (c, _) = machine.named("c", &["--join", &at]);
    for name in ["a", "b", "c"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 3);
    }
    [a, b, c]
}

/// One request, written by hand: status and body.
fn http(machine: &Machine, agent: &str, request: &str) -> (u16, String) {
    let mut stream = connect(machine, agent);
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("{answer}"));
    (status, answer.split_once("\r\n\r\n").map(|x| x.1.to_owned()).unwrap_or_default())
}

fn connect(machine: &Machine, agent: &str) -> UnixStream {
    let stream = UnixStream::connect(machine.0.join(format!("bruit/{agent}.sock"))).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

fn get(machine: &Machine, path: &str) -> (u16, String) {
    http(machine, "a", &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

fn post(machine: &Machine, method: &str, path: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    http(machine, "a", &request)
}

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
fn signals_that_come_again_do_not_abort_a_leave() {
    let machine = Machine::new();
    let [a, b, c] = three(&machine);
    // Nobody acknowledges the goodbye, so that it takes its time.
    b.signal("-STOP");
    c.signal("-STOP");
    a.signal("-HUP");
    a.signal("-TERM");
    a.signal("-INT");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("SIGHUP") && log.contains("leaving already") && log.contains("left"), "{log}");
}

#[test]
fn every_fault_of_the_settings_is_told_at_once() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    std::fs::write(&file, "nodee = \"a\"\nprofile = \"lann\"\nbind = \"0.0.0.0:7946\"\n").expect("a file");
    let config = file.to_str().expect("UTF-8");
    for command in [&["agent", "-c", config][..], &["config", "validate", "-c", config], &["config", "show", "-c", config]] {
        let out = machine.command(command).env("BRUIT_LEAVE_WITHIN", "soon").output().expect("it runs");
        ends(&out, 78);
        let told = text(&out.stderr);
        for part in [
            "bruit.toml:1:1",
            "did you mean `node`?",
            "^^^^^",
            "did you mean `lan`?",
            "BRUIT_LEAVE_WITHIN=soon",
            "bruit.toml:3:8",
            "in the open",
            "4 faults",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

#[test]
fn beyond_loopback_it_must_be_told_that_packets_are_in_the_open() {
    let machine = Machine::new();
    let out = machine.bruit(&["agent", "--bind", "0.0.0.0:0"]);
    ends(&out, 78);
    assert!(text(&out.stderr).contains("encrypt = \"off\""), "{}", text(&out.stderr));
    ends(&machine.bruit(&["config", "validate", "--bind", "0.0.0.0:0", "--encrypt", "off"]), 0);
    ends(&machine.bruit(&["config", "validate", "--encrypt", "require"]), 78);
}

#[test]
fn flags_come_before_variables_before_the_file() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    std::fs::write(&file, "node = \"file\"\nprofile = \"wan\"\nlabel = \"blue\"\n[tags]\nrole = \"web\"\nzone = \"a\"\n")
        .expect("a file");
    let config = file.to_str().expect("UTF-8");
    let args = ["config", "show", "--origin", "-c", config, "--node", "flag", "--tag", "zone=b"];
    let out = machine.command(&args).env("BRUIT_NODE", "env").env("BRUIT_PROFILE", "local").output().expect("it runs");
    ends(&out, 0);
    let told = text(&out.stdout);
    let line = |start: &str| told.lines().find(|l| l.starts_with(start)).unwrap_or_else(|| panic!("{start}: {told}")).to_owned();
    assert!(line("node = \"flag\"").ends_with("# --node"));
    assert!(line("profile = \"local\"").ends_with("# BRUIT_PROFILE"));
    assert!(line("label = \"blue\"").ends_with("bruit.toml:3"));
    assert!(line("log = \"info\"").ends_with("# default"));
    assert!(told.contains("\"role\" = \"web\"\n\"zone\" = \"b\"\n"), "{told}");
    let shown = machine.0.join("shown.toml");
    std::fs::write(&shown, &told).expect("a file");
    ends(&machine.bruit(&["config", "validate", "-c", shown.to_str().expect("UTF-8")]), 0);
}

#[test]
fn the_interface_answers_and_refuses() {
    let machine = Machine::new();
    let (_a, _) = machine.named("a", &["--tag", "role=web"]);
    for path in
        ["/v1/info", "/v1/members", "/v1/members?status=alive", "/v1/members/a", "/v1/health", "/livez", "/readyz", "/metrics"]
    {
        assert_eq!(get(&machine, path).0, 200, "{path}");
    }
    let wrong = [
        (get(&machine, "/v1/members/nobody"), 404, "unknown-member"),
        (get(&machine, "/v1/members?status=odd"), 400, "bad-request"),
        (get(&machine, "/v1/members?nonsense=1"), 400, "bad-request"),
        (get(&machine, "/nonsense"), 404, "no-such-route"),
        (get(&machine, "/v1/join"), 405, "wrong-method"),
        (post(&machine, "POST", "/v1/events", "{"), 400, "bad-request"),
        (post(&machine, "POST", "/v1/events", "{\"name\":\"x\",\"odd\":1}"), 400, "bad-request"),
        (post(&machine, "POST", "/v1/events", "{\"name\":\"\"}"), 422, "out-of-bounds"),
        (post(&machine, "POST", "/v1/join", "{\"addresses\":[\"127.0.0.1:1\"]}"), 502, "no-seed-answered"),
        (post(&machine, "PUT", "/v1/tags", &format!("{{\"k\":\"{}\"}}", "v".repeat(600))), 422, "out-of-bounds"),
        (post(&machine, "POST", "/v1/events", &" ".repeat(70_000)), 413, "too-large"),
    ];
    for ((status, body), expected, code) in wrong {
        assert_eq!(status, expected, "{body}");
        let problem: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}"));
        assert_eq!(problem["type"], format!("urn:bruit:problem:{code}"));
        assert_eq!(problem["status"], expected);
        assert!(problem["detail"].as_str().is_some_and(|d| !d.is_empty()), "{body}");
    }
    assert_eq!(post(&machine, "PUT", "/v1/tags", "{\"k\":\"v\"}"), (200, "{\"k\":\"v\"}".into()));
    assert_eq!(machine.json(&["tags"]), serde_json::json!({ "k": "v" }));
    assert_eq!(machine.json(&["health"])["ok"], true);
}

#[test]
fn metrics_are_prometheus_text() {
    let machine = Machine::new();
    let _agents = three(&machine);
    let (_, page) = get(&machine, "/metrics");
    assert!(page.contains("\nbruit_members{state=\"alive\"} 3\n"), "{page}");
    let mut family = "";
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            family = name;
        } else if !line.starts_with("# HELP bruit_") {
            assert!(line.starts_with(family) && !family.is_empty(), "{line}");
            assert!(line.rsplit(' ').next().is_some_and(|v| v.parse::<f64>().is_ok()), "{line}");
        }
    }
}

/// The next event of a stream: its fields.
fn event(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Vec<String> {
    let mut lines = lines.by_ref().map(|l| l.expect("text"));
    let first = lines.by_ref().find(|l| l.starts_with("id:") || l.starts_with("event:")).expect("an event");
    [first].into_iter().chain(lines.take_while(|l| !l.is_empty())).collect()
}

#[test]
fn a_stream_has_ids_goes_on_after_them_and_tells_gaps() {
    let machine = Machine::new();
    let (_a, _) = machine.named("a", &[]);
    let open = |last: &str| {
        let mut stream = connect(&machine, "a");
        write!(stream, "GET /v1/stream HTTP/1.1\r\nHost: x\r\n{last}\r\n").expect("sent");
        let mut lines = BufReader::new(stream).lines();
        let head: Vec<String> = lines.by_ref().map(|l| l.expect("text")).take_while(|l| !l.is_empty()).collect();
        assert!(head.iter().any(|l| l == "content-type: text/event-stream"), "{head:?}");
        lines
    };
    let mut first = open("");
    for i in 0..3 {
        ends(&machine.bruit(&["event", &format!("e{i}")]), 0);
    }
    let seen: Vec<Vec<String>> = (0..3).map(|_| event(&mut first)).collect();
    assert!(seen[2][2].contains("\"e2\""), "{seen:?}");
    let id = seen[0][0].trim_start_matches("id:").trim();
    let mut again = open(&format!("Last-Event-ID: {id}\r\n"));
    assert_eq!((event(&mut again), event(&mut again)), (seen[1].clone(), seen[2].clone()));
    let mut other = open("Last-Event-ID: 0000000000000001.5\r\n");
    assert!(event(&mut other).join("\n").contains("\"restarted\":true"));
}

#[test]
fn slow_and_silent_clients_cost_the_others_nothing() {
    let machine = Machine::new();
    let (_a, _) = machine.named("a", &[]);
    let _silent: Vec<UnixStream> = (0..100).map(|_| connect(&machine, "a")).collect();
    let _deaf: Vec<UnixStream> = (0..100)
        .map(|_| {
            let mut stream = connect(&machine, "a");
            stream.write_all(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
            stream
        })
        .collect();
    let payload = "x".repeat(500);
    let body = format!("{{\"name\":\"e\",\"payload\":\"{payload}\"}}");
    for _ in 0..200 {
        assert_eq!(post(&machine, "POST", "/v1/events", &body).0, 200);
    }
    assert_eq!(machine.json(&["health"])["ok"], true);
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
