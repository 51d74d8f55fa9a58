//! What the interface answers, and that it is what its document says.

use crate::http::{connect, get, post};
use crate::machine::{Machine, live};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};

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
        (get(&machine, "/v1/state/keys/load"), 404, "unknown-key"),
        (get(&machine, "/v1/state?node=nobody"), 404, "unknown-member"),
        (get(&machine, "/v1/trace"), 404, "no-exchange"),
        (post(&machine, "PUT", "/v1/state/keys/load", &format!("{{\"value\":\"{}\"}}", "v".repeat(600))), 422, "out-of-bounds"),
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

/// The document that an agent serves.
struct Document(Value);

impl Document {
    fn of(machine: &Machine) -> Document {
        let (status, body) = get(machine, "/v1/openapi.json");
        assert_eq!(status, 200);
        Document(serde_json::from_str(&body).expect("JSON"))
    }

    /// Checks a value against what the document says of it.
    #[track_caller]
    fn allows(&self, schema: &Value, value: &Value) {
        let whole = json!({ "allOf": [schema], "components": self.0["components"] });
        let validator = jsonschema::validator_for(&whole).expect("a schema");
        let wrong: Vec<String> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{wrong:?}: {value}");
    }

    /// Checks an answer to a request on this path.
    #[track_caller]
    fn holds(&self, method: &str, path: &str, (status, body): (u16, String)) {
        let responses = &self.0["paths"][path][method.to_lowercase()]["responses"];
        let response = if status == 200 { &responses["200"] } else { &responses["default"] };
        let (kind, content) = response["content"].as_object().and_then(|c| c.iter().next()).unwrap_or_else(|| panic!("{path}"));
        let value = if kind.ends_with("json") { serde_json::from_str(&body).expect("JSON") } else { Value::String(body) };
        self.allows(&content["schema"], &value);
    }
}

#[test]
fn every_answer_is_as_the_document_says() {
    let machine = Machine::new();
    let schemas = machine.path("bruit.toml");
    std::fs::write(&schemas, "[state.schema.load]\ntype = \"f64\"\nmax = 100\n").expect("a file");
    let beats = ["--state-detector", "both", "-c", &schemas];
    let (_a, at) = machine.named("a", &[&beats[..], &["--tag", "role=web"]].concat());
    let (_b, other) = machine.named("b", &[&beats[..], &["--join", &at]].concat());
    machine.until(&["members", "--agent", "a"], |all| live(all) == 2);
    machine.until(&["state", "ls", "--phi", "--agent", "a"], |all| all["nodes"][0]["phi"].is_number());
    let document = Document::of(&machine);
    let mut stream = connect(&machine, "a");
    stream.write_all(b"GET /v1/stream?packets=20 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1.1\r\n\r\n").expect("sent");

    let looks = [
        "/v1/info",
        "/v1/config",
        "/v1/health",
        "/v1/members",
        "/v1/history",
        "/v1/keys",
        "/v1/log",
        "/v1/state",
        "/v1/phi",
        "/v1/trace",
        "/",
        "/v1/picture",
        "/v1/openapi.json",
        "/metrics",
        "/livez",
        "/readyz",
    ];
    let mut asked: BTreeSet<(&str, &str)> = BTreeSet::from([("get", "/v1/stream")]);
    for path in looks {
        document.holds("GET", path, get(&machine, path));
        asked.insert(("get", path));
    }
    let changes = [
        ("GET", "/v1/members/{name}", "/v1/members/b", ""),
        ("GET", "/v1/members/{name}", "/v1/members/nobody", ""),
        ("GET", "/v1/members/{name}/why", "/v1/members/b/why", ""),
        ("GET", "/v1/members/{name}/why", "/v1/members/nobody/why", ""),
        ("POST", "/v1/members/{name}/ping", "/v1/members/b/ping", ""),
        ("POST", "/v1/members/{name}/ping", "/v1/members/a/ping", ""),
        ("GET", "/v1/nodes/{name}", "/v1/nodes/a", ""),
        ("GET", "/v1/nodes/{name}", "/v1/nodes/b", ""),
        ("GET", "/page/{file}", "/page/icon.svg", ""),
        ("GET", "/page/{file}", "/page/none.js", ""),
        ("POST", "/v1/reachability", "/v1/reachability", ""),
        ("POST", "/v1/join", "/v1/join", &format!("{{\"addresses\":[{other:?}]}}")),
        ("POST", "/v1/join", "/v1/join", "{\"addresses\":[]}"),
        ("POST", "/v1/events", "/v1/events", "{\"name\":\"e\",\"payload\":\"x\",\"to\":[\"role=web\"]}"),
        ("GET", "/v1/events", "/v1/events", ""),
        ("GET", "/v1/events/tree", "/v1/events/tree", ""),
        ("GET", "/v1/events/tree", "/v1/events/tree?id=1.1", ""),
        ("POST", "/v1/force-leave", "/v1/force-leave", "{\"name\":\"nobody\"}"),
        ("POST", "/v1/force-leave", "/v1/force-leave", "{\"name\":\"b\"}"),
        ("GET", "/v1/members/{name}/why", "/v1/members/b/why", ""),
        ("PUT", "/v1/tags", "/v1/tags", "{\"k\":\"v\"}"),
        ("PATCH", "/v1/tags", "/v1/tags", "{\"k\":null,\"l\":\"w\"}"),
        ("PUT", "/v1/state/keys/{key}", "/v1/state/keys/load", "{\"value\":\"0.7\"}"),
        ("PUT", "/v1/state/keys/{key}", "/v1/state/keys/load", "{\"valve\":1}"),
        ("GET", "/v1/state/keys/{key}", "/v1/state/keys/load", ""),
        ("GET", "/v1/state/keys/{key}", "/v1/state/keys/load?node=nobody", ""),
        ("PUT", "/v1/state/namespaces/{namespace}/{key}", "/v1/state/namespaces/bucket/n_val", "{\"value\":\"3\"}"),
        ("GET", "/v1/state/namespaces/{namespace}/{key}", "/v1/state/namespaces/bucket/n_val", ""),
        ("PUT", "/v1/state/keys/{key}", "/v1/state/keys/load", "{\"value\":\"9e99\"}"),
        ("POST", "/v1/state/namespaces/{namespace}", "/v1/state/namespaces/bucket", "{\"from_peers\":true}"),
        ("POST", "/v1/state/namespaces/{namespace}", "/v1/state/namespaces/bucket", "{\"from_peers\":false}"),
        ("GET", "/v1/state/namespaces/{namespace}", "/v1/state/namespaces/bucket", ""),
        ("GET", "/v1/state/namespaces/{namespace}", "/v1/state/namespaces/nothing", ""),
        ("GET", "/v1/phi", "/v1/phi?node=nobody", ""),
        ("GET", "/v1/state", "/v1/state?node=a", ""),
        ("GET", "/v1/state", "/v1/state?node=nobody", ""),
        ("PUT", "/v1/log", "/v1/log", "{\"filter\":\"debug\"}"),
        ("PUT", "/v1/log", "/v1/log", "{\"filter\":\"loud\"}"),
        ("POST", "/v1/reload", "/v1/reload", ""),
        ("POST", "/v1/leave", "/v1/leave", ""),
    ];
    for (method, path, request, body) in &changes {
        document.holds(method, path, post(&machine, method, request, body));
    }
    let methods: Vec<String> = changes.iter().map(|x| x.0.to_lowercase()).collect();
    asked.extend(changes.iter().zip(&methods).map(|(x, method)| (method.as_str(), x.1)));
    let described = document.0["paths"].as_object().expect("paths").iter();
    let described =
        described.flat_map(|(path, ways)| ways.as_object().expect("methods").keys().map(move |m| (m.as_str(), path.as_str())));
    // What only the demo answers is asked in its own tests.
    let described = described.filter(|x| !x.1.starts_with("/v1/demo/") && x.1 != "/v1/scenes");
    let missed: Vec<_> = described.filter(|x| x.0 != "parameters" && !asked.contains(x)).collect();
    assert!(missed.is_empty(), "never asked: {missed:?}");

    // The agent has left, so the stream ends.
    let happening = &document.0["paths"]["/v1/stream"]["get"]["responses"]["200"]["content"]["text/event-stream"]["schema"];
    let mut kinds = BTreeSet::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).expect("JSON");
            document.allows(happening, &data);
            kinds.insert(data["kind"].as_str().expect("a kind").to_owned());
        }
    }
    assert!(["lagged", "up", "event", "state", "joined"].iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
}
