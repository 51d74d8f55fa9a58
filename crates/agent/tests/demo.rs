//! The demo's page and what it lets one do, as a page would ask for it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const DOCUMENT: &str = include_str!("../src/agent/api/openapi.json");
/// Longer than anything here takes; whoever waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A demo of a few nodes that play no scenes.
struct Demo {
    child: Child,
    /// Nobody reads the rest, but it must be possible to.
    _lines: BufReader<ChildStdout>,
    at: String,
    document: Value,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Demo {
    fn start(nodes: u32) -> Demo {
        let nodes = nodes.to_string();
        let args = ["demo", "--nodes", &nodes, "--http", "127.0.0.1:0", "--play", "-o", "json"];
        let mut child = Command::new(env!("CARGO_BIN_EXE_bruit")).args(args).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut first = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        lines.read_line(&mut first).expect("a line");
        let page = serde_json::from_str::<Value>(&first).expect("JSON")["page"].as_str().expect("a page").to_owned();
        let at = page.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Demo { child, _lines: lines, at, document: serde_json::from_str(DOCUMENT).expect("JSON") }
    }

    fn open(&self, head: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.at).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let origin = format!("Host: {0}\r\nOrigin: http://{0}", self.at);
        write!(stream, "{head} HTTP/1.1\r\n{origin}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .expect("sent");
        stream
    }

    /// Head and body of an answer.
    fn raw(&self, method: &str, path: &str, body: &str) -> (String, String) {
        let mut answer = String::new();
        self.open(&format!("{method} {path}"), body).read_to_string(&mut answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head.to_lowercase(), body.to_owned())
    }

    /// Status and answer, which is as the document says.
    fn ask(&self, method: &str, path: &str, route: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (head, body) = self.raw(method, path, &body);
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        let value: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}"));
        let responses = &self.document["paths"][route][method.to_lowercase()]["responses"];
        let response = if status == 200 { &responses["200"] } else { &responses["default"] };
        let schema = response["content"].as_object().and_then(|c| c.values().next()).unwrap_or_else(|| panic!("{route}"));
        self.allows(&schema["schema"], &value);
        (status, value)
    }

    #[track_caller]
    fn allows(&self, schema: &Value, value: &Value) {
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::validator_for(&whole).expect("a schema");
        let wrong: Vec<String> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {value}");
    }

    fn post(&self, what: &str, body: Value) -> u16 {
        let path = format!("/v1/demo/{what}");
        self.ask("POST", &path, &path, body).0
    }

    fn picture(&self) -> Value {
        self.ask("GET", "/v1/picture", "/v1/picture", Value::Null).1
    }

    /// Looks until the picture is so.
    fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let picture = self.picture();
            if is(&picture) {
                return picture;
            }
            assert!(start.elapsed() < PATIENCE, "{what}: {picture}");
        }
    }

    /// The events of a stream, as they come; all are as the document says.
    fn stream(&self, query: &str) -> impl Iterator<Item = Value> {
        let lines = BufReader::new(self.open(&format!("GET /v1/stream{query}"), "")).lines();
        let schema = json!({ "$ref": "#/components/schemas/Happening" });
        lines.map_while(Result::ok).filter_map(move |line| {
            let data: Value = serde_json::from_str(line.strip_prefix("data: ")?).expect("JSON");
            self.allows(&schema, &data);
            Some(data)
        })
    }
}

fn alive_to_all(picture: &Value, nodes: usize) -> bool {
    let views = picture["views"].as_object().expect("views");
    let all = |view: &Value| view.as_object().is_some_and(|v| v.len() == nodes && v.values().all(|b| b["status"] == "alive"));
    views.len() == nodes && views.values().all(all)
}

fn runs(picture: &Value, name: &str) -> String {
    let node = picture["nodes"].as_array().into_iter().flatten().find(|node| node["name"] == name);
    node.and_then(|node| node["runs"].as_str()).unwrap_or_default().to_owned()
}

#[test]
fn the_page_is_served_with_nothing_from_elsewhere() {
    let demo = Demo::start(3);
    let (head, body) = demo.raw("GET", "/", "");
    assert!(head.starts_with("http/1.1 200") && body.starts_with("<!doctype html>"), "{head}");
    assert!(head.contains("content-security-policy: default-src 'self'") && head.contains("cache-control: no-cache"), "{head}");
    assert!(demo.raw("GET", "/page/icon.svg", "").0.contains("content-type: image/svg+xml"));
    let mut foreign = TcpStream::connect(&demo.at).expect("it listens");
    let (host, origin) = (&demo.at, "http://example.org");
    write!(foreign, "POST /v1/demo/heal HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n")
        .expect("sent");
    let mut answer = String::new();
    foreign.read_to_string(&mut answer).expect("text");
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("foreign-page"), "{answer}");
}

#[test]
fn who_is_killed_is_suspected_then_dead_to_all_and_starts_again() {
    let demo = Demo::start(4);
    demo.until("joined", |picture| alive_to_all(picture, 4));
    let mut happens = demo.stream("");
    assert_eq!(demo.post("kill", json!({ "node": "n3" })), 200);
    let mut wait = |kind: &str| happens.find(|item| item["kind"] == kind && item["member"]["name"] == "n3").expect("it goes on");
    assert!(wait("suspect")["by"].is_string());
    let seen = demo
        .until("suspect or dead", |picture| ["n1", "n2", "n4"].iter().any(|by| picture["views"][by]["n3"]["status"] != "alive"));
    assert_eq!(runs(&seen, "n3"), "stopped");
    assert!(wait("dead")["at"].is_string());
    demo.until("dead to all", |picture| ["n1", "n2", "n4"].iter().all(|by| picture["views"][by]["n3"]["status"] == "dead"));
    assert_eq!(demo.ask("POST", "/v1/events?at=n3", "/v1/events", json!({ "name": "e" })).0, 409);
    assert_eq!(demo.post("restart", json!({ "node": "n3" })), 200);
    demo.until("back", |picture| alive_to_all(picture, 4) && runs(picture, "n3") == "runs");
}

#[test]
fn nodes_are_paused_cut_off_and_healed_and_packets_are_lost() {
    let demo = Demo::start(3);
    demo.until("joined", |picture| alive_to_all(picture, 3));
    assert_eq!(demo.post("pause", json!({ "node": "n2" })), 200);
    assert_eq!(demo.post("pause", json!({ "node": "n2" })), 409);
    let paused = demo.picture();
    assert!(runs(&paused, "n2") == "paused" && paused["views"].get("n2").is_none(), "{paused}");
    assert_eq!(demo.post("resume", json!({ "node": "n2" })), 200);
    for way in ["both", "in", "out"] {
        assert_eq!(demo.post("cut", json!({ "nodes": ["n1"], "way": way })), 200);
        assert_eq!(runs(&demo.picture(), "n1"), "cut");
        assert_eq!(demo.post("heal", Value::Null), 200);
        assert_eq!(runs(&demo.picture(), "n1"), "runs");
    }
    assert_eq!(demo.post("cut", json!({ "nodes": [] })), 409);
    assert_eq!(demo.post("kill", json!({ "node": "nobody" })), 409);
    assert_eq!(demo.post("kill", json!({ "nod": "n1" })), 400);
    assert_eq!(demo.post("loss", json!({ "percent": 7 })), 200);
    assert_eq!(demo.picture()["loss"], 7);
    let (status, scenes) = demo.ask("GET", "/v1/scenes", "/v1/scenes", Value::Null);
    assert_eq!((status, &scenes[0]["step"], &scenes[0]["ok"]), (200, &"start".into(), &true.into()));
    assert_eq!(demo.ask("POST", "/v1/leave?at=n3", "/v1/leave", Value::Null).0, 200);
    demo.until("left", |picture| picture["views"]["n1"]["n3"]["status"] == "left" && runs(picture, "n3") == "stopped");
}

#[test]
fn an_event_is_followed_from_node_to_node_until_all_are_removed() {
    let demo = Demo::start(6);
    demo.until("joined", |picture| alive_to_all(picture, 6));
    assert_eq!(demo.ask("POST", "/v1/events?at=n4", "/v1/events", json!({ "name": "deploy", "payload": "v2" })).0, 200);
    let picture = demo.until("removed", |picture| {
        let infections = picture["infections"].as_object().and_then(|all| all.values().next().cloned()).unwrap_or_default();
        let infections = infections.as_array().cloned().unwrap_or_default();
        infections.len() == 6 && infections.iter().all(|one| one["state"] == "removed")
    });
    assert_eq!((&picture["events"][0]["name"], &picture["events"][0]["from"]), (&"deploy".into(), &"n4".into()));
    let id = picture["events"][0]["id"].as_str().expect("an id");
    let infections = picture["infections"][id].as_array().expect("a list");
    for one in infections {
        let at_origin = one["node"] == "n4";
        assert_eq!((one["via"].is_null(), one["hop"] == 0), (at_origin, at_origin), "{one}");
        assert!(at_origin || infections.iter().any(|other| other["node"] == one["via"]), "{one}");
    }
}

#[test]
fn packets_are_told_to_whoever_asks_and_a_node_is_looked_into() {
    let demo = Demo::start(4);
    demo.until("joined", |picture| alive_to_all(picture, 4));
    let (mut kinds, mut passing) = (Vec::new(), demo.stream("?packets=50"));
    let mut next = |kind: &str| loop {
        let item = passing.next().expect("it goes on");
        if item["kind"] == kind {
            return item;
        }
    };
    for _ in 0..20 {
        let packet = next("packet");
        assert!(packet["from"] == packet["at"] && packet["bytes"].as_u64() > Some(13), "{packet}");
        kinds.extend(packet["messages"].as_array().expect("a list").iter().map(|k| k.as_str().expect("a kind").to_owned()));
    }
    assert!(
        kinds.iter().any(|kind| kind.starts_with("swim.")) && kinds.iter().any(|kind| kind.starts_with("state.")),
        "{kinds:?}"
    );
    let traffic = next("traffic");
    assert!(traffic["packets"].as_u64() > Some(0) && traffic["sampled"].as_u64() > Some(0), "{traffic}");
    let exchange = next("exchange");
    let trace = demo.ask("GET", &format!("/v1/trace?at={}", exchange["at"].as_str().expect("a name")), "/v1/trace", Value::Null);
    assert!(trace.0 == 200 && trace.1["bytes"][0].as_u64() > Some(0), "{trace:?}");
    let start = Instant::now();
    let inside = loop {
        let (status, inside) = demo.ask("GET", "/v1/nodes/n2", "/v1/nodes/{name}", Value::Null);
        assert_eq!(status, 200);
        if inside["packets"].as_array().is_some_and(|packets| packets.len() == 20) {
            break inside;
        }
        assert!(start.elapsed() < PATIENCE, "{inside}");
    };
    let said = inside["packets"].to_string();
    assert!(said.contains("ping ") && said.contains("SYN n"), "{said}");
    assert!(inside["timers"].as_array().is_some_and(|timers| timers.iter().any(|timer| timer["name"] == "swim.probe")));
    assert_eq!(inside["view"].as_array().map(Vec::len), Some(4));
    assert_eq!(demo.ask("GET", "/v1/nodes/n9", "/v1/nodes/{name}", Value::Null).0, 404);
}
