//! Events for people: who has one, how each stands here, and the tree in which one spread.

use super::{plain, shown, table, word};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// Names of missing members that are printed; the rest is counted.
const MAX_MISSING: usize = 20;

pub(super) fn waited(value: &Value) {
    println!("{}", waited_line(value));
}

fn waited_line(value: &Value) -> String {
    let (covered, addressed) = (&value["covered"], &value["addressed"]);
    let seconds = value["took_ms"].as_u64().unwrap_or_default() as f64 / 1_000.0;
    let line = format!("{covered}/{addressed} in {seconds:.1} s");
    let missing: Vec<String> = value["missing"].as_array().into_iter().flatten().map(|name| shown(word(name))).collect();
    match missing.len().saturating_sub(MAX_MISSING) {
        _ if missing.is_empty() => line,
        0 => format!("{line}; missing: {}", missing.join(", ")),
        more => format!("{line}; missing: {} and {more} more", missing[..MAX_MISSING].join(", ")),
    }
}

pub(super) fn recent(value: &Value) {
    let header = ["ID", "NAME", "FROM", "AGE", "STATE", "HOP", "VIA"].map(str::to_owned);
    let row = |event: &Value| {
        let state = match word(&event["state"]) {
            "susceptible" => "S".into(),
            "infective" => event["sends_left"].as_u64().map_or_else(|| "I".into(), |left| format!("I ({left} left)")),
            _ => "R".into(),
        };
        let age = event["age_ms"].as_u64().map(Duration::from_millis);
        let age =
            age.map_or_else(|| "-".into(), |age| humantime::format_duration(Duration::from_secs(age.as_secs())).to_string());
        [
            plain(&event["id"]),
            plain(&event["name"]),
            plain(&event["from"]),
            age,
            state,
            plain(&event["hop"]),
            plain(&event["via"]),
        ]
    };
    table(header, value.as_array().into_iter().flatten().map(row));
}

pub(super) fn tree(value: &Value) {
    lines(value).iter().for_each(|line| println!("{line}"));
}

/// Nodes by the name of who handed the event over.
type Children<'a> = BTreeMap<&'a str, Vec<&'a Value>>;

/// A node a line, below who handed the event to it; the milliseconds since the event came to the first of them.
fn lines(value: &Value) -> Vec<String> {
    let nodes: Vec<&Value> = value["nodes"].as_array().into_iter().flatten().collect();
    let first = nodes.iter().filter_map(|node| node["at_ms"].as_u64()).min().unwrap_or_default();
    let mut children = Children::new();
    for node in nodes.iter().filter(|node| node["via"].is_string()) {
        children.entry(word(&node["via"])).or_default().push(node);
    }
    let mut out = vec![format!("{} {}", plain(&value["name"]), plain(&value["id"]))];
    let known = |name: &str| nodes.iter().any(|node| word(&node["node"]) == name);
    // The origin, and whose parent did not answer.
    let roots = nodes.iter().filter(|node| !known(word(&node["via"])));
    for root in roots {
        let via = root["via"].as_str().map(|via| format!("  (by {}, who is not here)", shown(via))).unwrap_or_default();
        out.push(format!("{}{via}", label(root, first)));
        below(word(&root["node"]), "", first, &mut children, &mut out);
    }
    // Nodes that name each other: nobody can have said that in good faith.
    let circle: Vec<&Value> = std::mem::take(&mut children).into_values().flatten().filter(|n| known(word(&n["via"]))).collect();
    out.extend(circle.iter().map(|node| format!("{}  (by {}, in a circle)", label(node, first), plain(&node["via"]))));
    for (what, list) in [("does not have it", &value["lacking"]), ("does not answer", &value["silent"])] {
        out.extend(list.as_array().into_iter().flatten().map(|name| format!("{what}: {}", shown(word(name)))));
    }
    out
}

/// Each list of children is taken out once, so that circles end. As deep as there are hops: 255 at most.
fn below(of: &str, indent: &str, first: u64, children: &mut Children<'_>, out: &mut Vec<String>) {
    let list = children.remove(of).unwrap_or_default();
    for (i, node) in list.iter().enumerate() {
        let (branch, deeper) = if i + 1 == list.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        out.push(format!("{indent}{branch}{}", label(node, first)));
        if indent.chars().count() < 3 * 255 {
            below(word(&node["node"]), &format!("{indent}{deeper}"), first, children, out);
        }
    }
}

fn label(node: &Value, first: u64) -> String {
    let after = node["at_ms"].as_u64().unwrap_or_default().saturating_sub(first);
    format!("{} +{after} ms", shown(word(&node["node"])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tree_has_branches() {
        let node = |name: &str, via: Option<&str>, at: u64| json!({ "node": name, "via": via, "hop": 1, "at_ms": at });
        let nodes = [
            node("a", None, 100),
            node("b", Some("a"), 101),
            node("c", Some("a"), 101),
            node("d", Some("b"), 103),
            node("e", Some("gone"), 104),
            node("x", Some("y"), 105),
            node("y", Some("x"), 105),
        ];
        let value = json!({ "name": "deploy", "id": "1.2", "nodes": nodes, "lacking": ["f"], "silent": ["gone"] });
        let expected = [
            "deploy 1.2",
            "a +0 ms",
            "├─ b +1 ms",
            "│  └─ d +3 ms",
            "└─ c +1 ms",
            "e +4 ms  (by gone, who is not here)",
            "y +5 ms  (by x, in a circle)",
            "x +5 ms  (by y, in a circle)",
            "does not have it: f",
            "does not answer: gone",
        ];
        assert_eq!(lines(&value), expected);
    }

    #[test]
    fn who_is_missing_is_named() {
        let of = |missing: &[&str]| json!({ "addressed": 31, "covered": 31 - missing.len(), "took_ms": 180, "missing": missing });
        assert_eq!(waited_line(&of(&[])), "31/31 in 0.2 s");
        assert_eq!(waited_line(&of(&["a", "b"])), "29/31 in 0.2 s; missing: a, b");
        assert!(waited_line(&of(&["n"; 25])).ends_with("n and 5 more"));
    }
}
