//! Endpoint state for people.

use super::{moment, plain, shown, table, word};
use crate::cli::StateOf;
use serde_json::Value;
use std::time::Duration;

pub(super) fn text(command: &StateOf, value: &Value) {
    match command {
        StateOf::Set { .. } | StateOf::Watch => {
            println!("{}={} at version {}", key(value), shown(word(&value["value"])), value["version"])
        }
        StateOf::Get { .. } => println!("{}", shown(word(&value["value"]))),
        StateOf::Ls { phi: true, .. } => hearts(value),
        StateOf::Ls { .. } => value.as_array().into_iter().flatten().for_each(|node| {
            let gone = if node["alive"] == false { " unreachable" } else { "" };
            println!("{} {}:{}{gone}", shown(word(&node["node"])), node["generation"], node["version"]);
            for said in node["values"].as_array().into_iter().flatten() {
                println!("  {}={}:{}", key(said), shown(word(&said["value"])), said["version"]);
            }
        }),
        StateOf::Reset { .. } => rebuilt(value),
        StateOf::Trace => {
            println!("with {}", shown(word(&value["with"])));
            for step in ["syn", "ack", "ack2"] {
                let said: Vec<&str> = value[step].as_array().into_iter().flatten().map(word).collect();
                println!("{step:<4} {}", shown(&said.join(" ")));
            }
        }
    }
}

/// A key of endpoint state, as one types it.
pub(super) fn key(value: &Value) -> String {
    let namespace = value["namespace"].as_str().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    shown(&format!("{namespace}{}", word(&value["key"])))
}

/// How suspicious each node's silence is, and who says what of it.
fn hearts(value: &Value) {
    let decides = if value["detector"] == "both" { "swim decides, phi is watched" } else { "phi decides" };
    println!("detector {}: {decides}; a phi above {} is unreachable", word(&value["detector"]), value["threshold"]);
    let header = ["NODE", "PHI", "MEAN GAP", "GAPS", "LAST", "BY PHI", "BY SWIM"].map(str::to_owned);
    let rows = value["nodes"].as_array().into_iter().flatten().map(|heard| {
        [
            shown(word(&heard["node"])),
            heard["phi"].as_f64().map_or_else(|| "-".into(), |phi| format!("{phi:.2}")),
            millis(&heard["mean_ms"]),
            heard["samples"].to_string(),
            millis(&heard["last_ms"]),
            plain(&heard["by_phi"]),
            plain(&heard["by_swim"]),
        ]
    });
    table(header, rows);
    for d in value["disagreements"].as_array().into_iter().flatten() {
        let said = format!("swim {}, phi {} at {}", word(&d["by_swim"]), word(&d["by_phi"]), d["phi"]);
        println!("{}  {} disagreed on: {said}", moment(&d["at_ms"]), shown(word(&d["node"])));
    }
}

fn millis(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".into(), |ms| humantime::format_duration(Duration::from_millis(ms)).to_string())
}

/// A namespace is back.
pub(in crate::client) fn rebuilt(value: &Value) {
    let count = |name: &str| value[name].as_u64().unwrap_or_default();
    let (name, took) = (shown(word(&value["namespace"])), millis(&value["took_ms"]));
    println!("{name} is back: {} keys, of {} writers, in {took}", count("keys"), count("writers"));
    match count("keys_before").saturating_sub(count("keys")) {
        0 => {}
        gone => {
            println!("{gone} keys are not: nobody gave them any more, or they break their schema (bruit_state_refused_total)")
        }
    }
}
