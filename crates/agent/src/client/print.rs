//! Answers for people.

mod event;
mod state;
mod why;

use crate::cli::{Client, EventOf};
use serde_json::Value;
use state::key;
pub(super) use state::rebuilt;
use std::time::{Duration, UNIX_EPOCH};

/// Prints what the agent answered to a command.
pub(super) fn text(command: &Client, value: &Value) {
    match command {
        Client::Members { .. } => members(value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)),
        Client::Tags { .. } => tags(value).into_iter().for_each(|tag| println!("{tag}")),
        Client::Info => info(value),
        Client::Health => health(value),
        Client::Join { .. } => println!("joined: {} live members", value["live"]),
        Client::Leave => println!("left"),
        Client::ForceLeave { name, prune } => println!("{name} has left{}", if *prune { " and is forgotten" } else { "" }),
        Client::Event { of: None, say } if say.wait.is_none() => {
            println!("{} is on its way", say.name.as_deref().unwrap_or_default())
        }
        Client::Event { of: None, .. } => event::waited(value),
        Client::Event { of: Some(EventOf::Ls { tree: None }), .. } => event::recent(value),
        Client::Event { of: Some(EventOf::Ls { tree: Some(_) }), .. } => event::tree(value),
        Client::Ping { name } => println!("{name} answers in {}", micros(&value["rtt_us"])),
        Client::Reachability => reachability(value),
        Client::Reload => reload(value),
        Client::History => history(value),
        Client::Keys => keys(value),
        Client::Log { .. } => println!("{}", word(&value["filter"])),
        Client::Why { .. } => why::text(value),
        Client::State(command) => state::text(command, value),
        Client::Monitor => println!("{}", happening(value)),
    }
}

/// One line for one event.
pub(super) fn happening(event: &Value) -> String {
    let (kind, name) = (word(&event["kind"]), word(&event["name"]));
    let member = || format!("{} {}", word(&event["member"]["name"]), word(&event["member"]["addresses"][0]));
    match kind {
        "event" => {
            let payload = event["payload"].as_str().or_else(|| event["payload_base64"].as_str()).unwrap_or_default();
            format!("event {name} from {}: {}", word(&event["from"]), shown(payload))
        }
        "infection" => format!("infection {} {}", word(&event["id"]), word(&event["state"])),
        "state" => match event["namespace"].as_str() {
            Some(_) => format!("state {}={} by {}", key(event), shown(word(&event["value"])), shown(word(&event["node"]))),
            None => format!("state {} {}={}", shown(word(&event["node"])), key(event), shown(word(&event["value"]))),
        },
        "suspect" => format!("suspect {} by {}", member(), word(&event["by"])),
        "up" | "refuted" | "dead" | "left" | "changed" => format!("{kind} {}", member()),
        "lagged" if event["restarted"] == true => "lagged: the agent was restarted".into(),
        "lagged" => format!("lagged: {} missed", event["missed"]),
        "join-failed" => format!("join-failed: {}", word(&event["why"])),
        _ => format!("{kind} {name}").trim_end().into(),
    }
}

fn members(all: &[Value]) {
    let header = ["NAME", "STATUS", "ADDRESS", "INCARNATION", "SINCE", "TAGS"].map(str::to_owned);
    let rows = all.iter().map(|m| {
        let since = Duration::from_secs(m["since_ms"].as_u64().unwrap_or_default() / 1000);
        [
            shown(word(&m["name"])),
            word(&m["status"]).into(),
            word(&m["addresses"][0]).into(),
            m["incarnation"].to_string(),
            humantime::format_duration(since).to_string(),
            tags(&m["tags"]).join(","),
        ]
    });
    table(header, rows);
}

/// Rows in columns as wide as their widest cell.
fn table<const N: usize>(header: [String; N], rows: impl Iterator<Item = [String; N]>) {
    let rows: Vec<[String; N]> = [header].into_iter().chain(rows).collect();
    let widths: Vec<usize> = (0..N).map(|i| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or_default()).collect();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", cells.join("  ").trim_end());
    }
}

fn info(value: &Value) {
    for key in ["name", "version", "pid", "phase", "bound", "http", "profile", "label", "encrypt", "data_dir"] {
        println!("{key:<12} {}", plain(&value[key]));
    }
    let listed = |list: &Value| list.as_array().into_iter().flatten().map(word).collect::<Vec<_>>().join(", ");
    println!("{:<12} {}", "advertised", listed(&value["advertised"]));
    let uptime = Duration::from_secs(value["uptime_ms"].as_u64().unwrap_or_default() / 1000);
    println!("{:<12} {}", "uptime", humantime::format_duration(uptime));
    println!("{:<12} {}", "tags", tags(&value["tags"]).join(","));
    let census = value["members"].as_object().into_iter().flatten().map(|(state, n)| format!("{n} {state}"));
    println!("{:<12} {}", "members", census.collect::<Vec<_>>().join(", "));
}

fn health(value: &Value) {
    println!("{}", if value["ok"] == true { "well" } else { "not well" });
    for (check, holds) in value["checks"].as_object().into_iter().flatten() {
        println!("{check:<12} {}", if *holds == true { "yes" } else { "NO" });
    }
}

fn history(value: &Value) {
    for entry in value.as_array().into_iter().flatten() {
        let at = moment(&entry["at_ms"]);
        println!("{at}  {:<11}  {}  by {}", word(&entry["what"]), shown(word(&entry["node"])), shown(word(&entry["by"])));
    }
}

fn keys(value: &Value) {
    println!("encrypt = {}", word(&value["encrypt"]));
    crate::keys::print(value["keys"].as_array().into_iter().flatten().map(word));
}

/// Unix time in milliseconds, to the second.
fn moment(at_ms: &Value) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(at_ms.as_u64().unwrap_or_default());
    humantime::format_rfc3339_seconds(at).to_string()
}

fn micros(value: &Value) -> String {
    humantime::format_duration(Duration::from_micros(value.as_u64().unwrap_or_default())).to_string()
}

fn reachability(value: &Value) {
    println!("{} of {} members answer", value["answered"], value["asked"]);
    if !value["rtt_us"]["median"].is_null() {
        println!("round trip: {} in the middle, {} at most", micros(&value["rtt_us"]["median"]), micros(&value["rtt_us"]["max"]));
    }
    value["silent"].as_array().into_iter().flatten().for_each(|name| println!("silent: {}", shown(word(name))));
}

fn reload(value: &Value) {
    let names = |list: &Value| list.as_array().into_iter().flatten().map(word).collect::<Vec<_>>().join(", ");
    match (names(&value["changed"]), names(&value["restart"])) {
        (now, later) if now.is_empty() && later.is_empty() => println!("nothing has changed"),
        (now, later) => {
            [("changed", now), ("needs a restart", later)]
                .iter()
                .filter(|x| !x.1.is_empty())
                .for_each(|(what, names)| println!("{what}: {names}"));
        }
    }
}

fn tags(value: &Value) -> Vec<String> {
    value.as_object().into_iter().flatten().map(|(k, v)| shown(&format!("{k}={}", word(v)))).collect()
}

/// A word, a number, or a dash for what is not there.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => shown(text),
        Value::Null => "-".into(),
        other => other.to_string(),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Others wrote this: nothing in it may move the cursor.
fn shown(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_happening_is_a_line() {
        let event = json!({ "kind": "event", "name": "deploy", "from": "a", "payload": "v2\n\u{1b}[2J" });
        assert_eq!(happening(&event), "event deploy from a: v2\\n\\u{1b}[2J");
        let up = json!({ "kind": "up", "member": { "name": "b", "addresses": ["127.0.0.1:1"] } });
        assert_eq!(happening(&up), "up b 127.0.0.1:1");
        assert_eq!(happening(&json!({ "kind": "isolated" })), "isolated");
        let own = json!({ "kind": "state", "node": "b", "key": "load", "value": "1" });
        assert_eq!(happening(&own), "state b load=1");
        let shared = json!({ "kind": "state", "node": "b", "namespace": "bucket", "key": "n_val", "value": "3" });
        assert_eq!(happening(&shared), "state bucket/n_val=3 by b");
    }
}
