//! Agents whose hearts beat: phi, alone and beside membership.

use crate::machine::{Agent, Machine, ends, live, text};
use serde_json::Value;

/// Rounds of 50 ms, so that eighteen of them are a second.
const QUICK: &str = "[state]\nround = \"50ms\"\npeers = 3\n";

/// Three agents that hear each other's hearts.
fn three(machine: &Machine, detector: &str) -> [Agent; 3] {
    let config = machine.path("bruit.toml");
    std::fs::write(&config, QUICK).expect("a file");
    let flags = ["-c", &config, "--state-detector", detector];
    let (a, at) = machine.named("a", &flags);
    let (b, _) = machine.named("b", &[&flags[..], &["--join", &at]].concat());
    let (c, _) = machine.named("c", &[&flags[..], &["--join", &at]].concat());
    for name in ["a", "b", "c"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 3);
    }
    [a, b, c]
}

/// What `a` hears of `c`: phi says this, membership that.
fn says(of: &Value, by_phi: &str, by_swim: &str) -> bool {
    let nodes = of["nodes"].as_array().expect("nodes");
    nodes.iter().any(|n| n["node"] == "c" && n["by_phi"] == by_phi && n["by_swim"] == by_swim)
}

const LS: [&str; 5] = ["state", "ls", "--phi", "--agent", "a"];

/// Mission row U4: a second family of failure detectors, live.
#[test]
fn u4_phi_beside_membership_and_every_disagreement() {
    let machine = Machine::new();
    let [_a, _b, mut c] = three(&machine, "both");
    let heard =
        |all: &Value| all["nodes"].as_array().is_some_and(|n| n.len() == 2 && n.iter().all(|n| n["samples"].as_u64() > Some(20)));
    let steady = machine.until(&LS, heard);
    assert!(says(&steady, "alive", "alive") && steady["detector"] == "both" && steady["threshold"] == 8.0, "{steady}");
    c.child.kill().expect("it is killed");
    let gone = machine.until(&LS, |all| says(all, "unreachable", "dead"));
    assert!(gone["nodes"].as_array().expect("nodes").iter().any(|n| n["phi"].as_f64() > Some(8.0)), "{gone}");
    let differed = gone["disagreements"].as_array().expect("a list");
    assert!(differed.iter().all(|d| d["by_swim"] != d["by_phi"]) && differed.iter().any(|d| d["node"] == "c"), "{gone}");
    let told = text(&machine.bruit(&LS).stdout);
    assert!(told.contains("detector both: swim decides") && told.contains("c disagreed on: swim"), "{told}");
    ends(&machine.bruit(&["state", "ls", "nobody", "--phi", "--agent", "a"]), 6);
}

/// What phi decides: who is unreachable in the state. Membership stays the table of who is where.
#[test]
fn phi_alone_says_who_is_unreachable() {
    let machine = Machine::new();
    let [_a, _b, mut c] = three(&machine, "phi");
    let alive = |is: bool| move |all: &Value| all.as_array().is_some_and(|all| all.len() == 3 && all[2]["alive"] == is);
    machine.until(&["state", "ls", "--agent", "a"], alive(true));
    ends(&machine.bruit(&["state", "set", "load", "1", "--agent", "c"]), 0);
    machine.until(&["state", "ls", "c", "--agent", "a"], |all| all[0]["values"][0]["value"] == "1");
    c.child.kill().expect("it is killed");
    machine.until(&["state", "ls", "--agent", "a"], alive(false));
    let gone = machine.json(&LS);
    assert!(gone["detector"] == "phi" && gone["disagreements"].as_array().is_some_and(Vec::is_empty), "{gone}");
    assert!(text(&machine.bruit(&["state", "ls", "c", "--agent", "a"]).stdout).contains(" unreachable\n"));
}

/// Mission row U4: why a node is held for dead.
#[test]
fn why_a_node_is_dead() {
    let machine = Machine::new();
    let [_a, _b, mut c] = three(&machine, "both");
    for name in ["a", "b"] {
        machine.until(&["state", "ls", "--phi", "--agent", name], |all| says(all, "alive", "alive"));
    }
    let never = machine.json(&["why", "c", "--agent", "a"]);
    assert!(never["case"].is_null() && never["status"] == "alive", "{never}");
    c.child.kill().expect("it is killed");
    for name in ["a", "b"] {
        machine.sees(name, "c", "dead");
    }
    let cases = ["a", "b"].map(|name| machine.json(&["why", "c", "--agent", name]));
    for (name, why) in ["a", "b"].iter().zip(&cases) {
        let case = &why["case"];
        assert!(why["status"] == "dead" && case["end"]["how"] == "dead" && case["phi"].is_number(), "{why}");
        let (first, probed) = (&case["accusers"][0]["node"], case["own_probe"].as_array().expect("steps"));
        // Whoever found out has tried; who was told knows by whom.
        assert_eq!(case["heard_from"].is_null(), first == name, "{why}");
        assert!(case["heard_from"].is_string() || !probed.is_empty(), "{why}");
    }
    assert!(cases.iter().any(|why| why["case"]["heard_from"].is_null()), "somebody found out: {cases:?}");
    let told = text(&machine.bruit(&["why", "c", "--agent", "a"]).stdout);
    assert!(told.starts_with("c is dead, for ") && told.contains("\n  +0 ms ") && told.contains("\nended +"), "{told}");
    assert!(told.contains("own health then ") && told.contains("; phi then "), "{told}");
    ends(&machine.bruit(&["why", "nobody", "--agent", "a"]), 6);
}

#[test]
fn without_heartbeats_there_is_no_phi() {
    let machine = Machine::new();
    let (_a, _) = machine.named("a", &[]);
    let out = machine.bruit(&LS);
    ends(&out, 7);
    assert!(text(&out.stderr).contains("--state-detector both"), "{}", text(&out.stderr));
}
