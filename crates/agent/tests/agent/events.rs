//! Events to a group, and who has them.

use crate::http::get;
use crate::machine::{Machine, ends, live, text, three, three_with};

/// `bruit event leader n1 --wait all`: information spreads to all, and whoever says it knows.
#[test]
fn a_wait_ends_when_all_have_it() {
    let machine = Machine::new();
    let _agents = three(&machine);
    let out = machine.bruit(&["event", "leader", "n1", "--wait", "all", "--agent", "a"]);
    ends(&out, 0);
    let line = text(&out.stdout);
    assert!(line.starts_with("3/3 in ") && line.ends_with(" s\n"), "{line}");
    let some = machine.json(&["event", "leader", "n2", "--wait", "50%", "--agent", "b"]);
    assert!(some["met"] == true && some["addressed"] == 3 && some["covered"].as_u64() >= Some(2), "{some}");
}

#[test]
fn a_wait_is_for_those_addressed() {
    let machine = Machine::new();
    let _agents = three(&machine);
    for group in [["--tag", "role=web"], ["--node", "[b]"], ["--node", "b*"], ["--node", "?"]] {
        let args = ["event", "deploy", "--wait", "all", "--agent", "a", "-o", "json"];
        let out = machine.bruit(&[&args[..], &group].concat());
        let said = text(&out.stdout);
        let (code, expected) = match group[1] {
            // Nobody is called so: globs know no classes.
            "[b]" => (6, "\"addressed\":0"),
            "?" => (0, "\"addressed\":3,\"covered\":3"),
            _ => (0, "\"addressed\":1,\"covered\":1"),
        };
        ends(&out, code);
        assert!(said.contains(expected), "{group:?}: {said}");
    }
    ends(&machine.bruit(&["event", "deploy", "--wait", "most", "--agent", "a"]), 2);
    ends(&machine.bruit(&["event", "deploy", "--timeout", "1s", "--agent", "a"]), 2);
}

/// `[events] spread`: rumors, mail or a tree carry it, to all, and how it stands is shown.
#[test]
fn an_event_travels_as_it_is_set_up() {
    for way in ["rumor", "mail", "tree"] {
        let machine = Machine::new();
        let _agents = three_with(&machine, &["--events-spread", way]);
        machine.until(&["members", "--agent", "c"], |all| live(all) == 3);
        ends(&machine.bruit(&["event", "deploy", "v2", "--wait", "all", "--agent", "a"]), 0);
        let here = machine.until(&["event", "ls", "--agent", "c"], |all| all[0]["state"] == "removed");
        assert!(here[0]["name"] == "deploy" && here[0]["sends_left"].is_null(), "{way}: {here}");
        let (_, page) = get(&machine, "/metrics");
        let carried = |n: u32| page.contains(&format!("\nbruit_event_copies_sent_total{{how=\"carried\"}} {n}\n"));
        assert!(!carried(0), "{way}: {page}");
        if way == "mail" {
            assert!(here[0]["via"] == "a" && here[0]["hop"] == 1 && carried(2), "{here}");
        }
    }
}

/// `--multicast`: one datagram for all on the link; what of it is counted stands in `/metrics`.
#[test]
fn an_event_is_said_once_to_a_group() {
    let machine = Machine::new();
    let [_, _, a, b] = std::process::id().to_be_bytes();
    let group = format!("239.99.{a}.{b}");
    let _agents = three_with(&machine, &["--multicast", &group]);
    machine.until(&["members", "--agent", "c"], |all| live(all) == 3);
    ends(&machine.bruit(&["event", "deploy", "v2", "--agent", "a"]), 0);
    for agent in ["b", "c"] {
        let here = machine.until(&["event", "ls", "--agent", agent], |all| all[0]["state"] == "removed");
        assert!(here[0]["via"] == "a" && here[0]["hop"] == 1, "{here}");
    }
    let (_, page) = get(&machine, "/metrics");
    for line in ["bruit_multicast_sent_total 1", "bruit_multicast_received_total 0"] {
        assert!(page.contains(&format!("\n{line}\n")), "{line}: {page}");
    }
    assert!(page.contains("# TYPE bruit_multicast_refused_total counter\n"), "{page}");
    let shown = text(&machine.bruit(&["config", "show", "--origin", "--multicast", &group]).stdout);
    assert!(shown.contains(&format!("multicast = \"{group}\"")) && shown.contains("# --multicast"), "{shown}");
}

#[test]
fn what_is_no_group_is_said_to_be_none() {
    for (group, why) in [("10.0.0.1", "10.0.0.1 is no group of IP multicast"), ("lan", "`lan` is no address")] {
        let out = Machine::new().bruit(&["config", "validate", "--multicast", group]);
        ends(&out, 78);
        let told = text(&out.stderr);
        assert!([why, "--multicast", "224.0.0.0 to 239.255.255.255"].iter().all(|part| told.contains(part)), "{told}");
    }
}

/// One that stands still is missing, and named.
#[test]
fn who_does_not_have_it_is_named() {
    let machine = Machine::new();
    let [_a, _b, c] = three(&machine);
    c.signal("-STOP");
    let out = machine.bruit(&["event", "leader", "n1", "--wait", "all", "--timeout", "300ms", "--agent", "a"]);
    c.signal("-CONT");
    ends(&out, 5);
    let line = text(&out.stdout);
    assert!(line.starts_with("2/3 in 0.") && line.contains(" s; missing: c\n"), "{line}");
}

#[test]
fn how_an_event_stands_and_by_whom_it_came() {
    let machine = Machine::new();
    let _agents = three(&machine);
    machine.until(&["members", "--agent", "c"], |all| live(all) == 3);
    ends(&machine.bruit(&["event", "ls", "--tree", "--agent", "a"]), 6);
    ends(&machine.bruit(&["event", "deploy", "v2", "--wait", "all", "--agent", "a"]), 0);
    let removed = |all: &serde_json::Value| all[0]["state"] == "removed";
    let here = machine.until(&["event", "ls", "--agent", "b"], removed);
    let one = &here[0];
    assert!(one["name"] == "deploy" && one["from"] == "a" && one["hop"].as_u64() >= Some(1), "{one}");
    assert!(one["via"] == "a" || one["via"] == "c", "{one}");
    let table = text(&machine.bruit(&["event", "ls", "--agent", "a"]).stdout);
    assert!(table.starts_with("ID ") && table.contains("  deploy  a ") && table.contains("  0    -"), "{table}");

    let id = one["id"].as_str().expect("an id");
    let tree = machine.json(&["event", "ls", "--tree", id, "--agent", "c"]);
    let nodes: Vec<_> = tree["nodes"].as_array().expect("nodes").iter().map(|n| n["node"].as_str().unwrap_or("")).collect();
    assert!(nodes.len() == 3 && nodes[0] == "a" && tree["nodes"][0]["via"].is_null(), "{tree}");
    let drawn = text(&machine.bruit(&["event", "ls", "--tree", "--agent", "b"]).stdout);
    assert!(drawn.starts_with(&format!("deploy {id}\na +0 ms\n")) && drawn.contains("└─ "), "{drawn}");
    ends(&machine.bruit(&["event", "ls", "--tree", "1.1", "--agent", "a"]), 6);
    ends(&machine.bruit(&["event", "ls", "--tree", "x", "--agent", "a"]), 2);
}
