//! Why a member is believed to be what it is, for people.

use super::{moment, shown, word};
use serde_json::Value;
use std::time::Duration;

pub(super) fn text(why: &Value) {
    lines(why).iter().for_each(|line| println!("{line}"));
}

fn lines(why: &Value) -> Vec<String> {
    let name = shown(word(&why["node"]));
    let since = Duration::from_secs(why["since_ms"].as_u64().unwrap_or_default() / 1000);
    let mut lines = vec![match why["status"].as_str() {
        Some(status) => format!("{name} is {status}, for {}", humantime::format_duration(since)),
        None => format!("{name} is forgotten"),
    }];
    let case = &why["case"];
    if case.is_null() {
        lines.push("never suspected, as far as this agent remembers".into());
        return lines;
    }
    let begin = case["at_ms"].as_u64().unwrap_or_default();
    let accusers = list(&case["accusers"]);
    if !accusers.is_empty() {
        let how =
            case["heard_from"].as_str().map_or_else(|| "found out here".into(), |from| format!("heard from {}", shown(from)));
        lines.push(format!("suspected {} in incarnation {}: {how}", moment(&case["at_ms"]), case["incarnation"]));
        for (i, accuser) in accusers.iter().enumerate() {
            let what = if i == 0 { "suspects it" } else { "confirms" };
            lines.push(format!("  {:<9} {} {what}", after(accuser, begin), shown(word(&accuser["node"]))));
        }
        lines.extend(probe(list(&case["own_probe"]), begin));
        lines.push(format!("own health then {} (0 is well, 7 the worst){}", case["own_health"], phi(why, case)));
    }
    lines.push(end(case, begin));
    lines
}

/// What this agent tried itself, by the time until it accused; what was done at once is a line.
fn probe(steps: &[Value], begin: u64) -> Vec<String> {
    if steps.is_empty() {
        return vec!["own probe: none, this agent had not probed it then".into()];
    }
    let mut lines = vec!["own probe, before the suspicion began here:".to_owned()];
    for same in steps.chunk_by(|a, b| a["at_ms"] == b["at_ms"]) {
        let mut said: Vec<String> = Vec::new();
        for alike in same.chunk_by(|a, b| a["what"] == b["what"]) {
            let helpers: Vec<String> = alike.iter().map(|step| shown(word(&step["helper"]))).collect();
            said.push(match word(&alike[0]["what"]) {
                "ping" => "direct ping".into(),
                "ask-helper" => format!("asked to ping it: {}", helpers.join(", ")),
                "stream" => "ping by stream".into(),
                "stream-failed" => "stream failed".into(),
                "nack" => format!("no answer to {} either", helpers.join(", ")),
                _ => "silence: given up".into(),
            });
        }
        lines.push(format!("  {:<9} {}", after(&same[0], begin), said.join("; ")));
    }
    lines
}

fn phi(why: &Value, case: &Value) -> String {
    let one = |when: &str, phi: &Value| phi.as_f64().map(|phi| format!("{when} {phi:.2}"));
    let both: Vec<String> = [one("then", &case["phi"]), one("now", &why["phi"])].into_iter().flatten().collect();
    if both.is_empty() { String::new() } else { format!("; phi {}", both.join(", ")) }
}

fn end(case: &Value, begin: u64) -> String {
    let end = &case["end"];
    if end.is_null() {
        return "it lasts: it may still refute".into();
    }
    let from = end["heard_from"].as_str().map(shown);
    let suspected = !list(&case["accusers"]).is_empty();
    let when = if suspected { after(end, begin) } else { moment(&end["at_ms"]) };
    let how = match (word(&end["how"]), from) {
        ("refuted", Some(from)) => format!("refuted, heard from {from}"),
        ("refuted", None) => "refuted: this agent is the one who was accused".into(),
        ("dead", Some(from)) => format!("dead, heard from {from}"),
        ("dead", None) => "dead: the suspicion ran out here".into(),
        (_, Some(from)) => format!("left, heard from {from}"),
        (_, None) => "left: this agent was told to say so".into(),
    };
    format!("{}{when} {how}", if suspected { "ended " } else { "" })
}

/// How long after the suspicion began, or before.
fn after(what: &Value, begin: u64) -> String {
    let at = what["at_ms"].as_u64().unwrap_or_default();
    let sign = if at < begin { "-" } else { "+" };
    format!("{sign}{} ms", at.abs_diff(begin))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn step(at_ms: u64, what: &str, helper: Option<&str>) -> Value {
        json!({ "at_ms": at_ms, "what": what, "helper": helper })
    }

    #[test]
    fn a_case_is_told_from_the_suspicion_to_its_end() {
        let probe = [
            step(99_000, "ping", None),
            step(99_200, "ping", None),
            step(99_200, "ask-helper", Some("b")),
            step(99_200, "ask-helper", Some("d")),
            step(99_200, "stream", None),
            step(99_201, "stream-failed", None),
            step(99_360, "nack", Some("b")),
            step(100_000, "silence", None),
        ];
        let case = json!({
            "at_ms": 100_000, "incarnation": 2, "heard_from": null, "own_health": 0, "phi": 1.5,
            "accusers": [{ "node": "a", "at_ms": 100_000 }, { "node": "b", "at_ms": 100_400 }],
            "own_probe": probe,
            "end": { "at_ms": 101_630, "how": "dead", "heard_from": null },
        });
        let told = lines(&json!({ "node": "c", "status": "dead", "since_ms": 3500, "phi": 9.25, "case": case }));
        let expected = [
            "c is dead, for 3s",
            "suspected 1970-01-01T00:01:40Z in incarnation 2: found out here",
            "  +0 ms     a suspects it",
            "  +400 ms   b confirms",
            "own probe, before the suspicion began here:",
            "  -1000 ms  direct ping",
            "  -800 ms   direct ping; asked to ping it: b, d; ping by stream",
            "  -799 ms   stream failed",
            "  -640 ms   no answer to b either",
            "  +0 ms     silence: given up",
            "own health then 0 (0 is well, 7 the worst); phi then 1.50, now 9.25",
            "ended +1630 ms dead: the suspicion ran out here",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_was_only_heard_says_from_whom_and_since_when() {
        let end = json!({ "at_ms": 5_000, "how": "left", "heard_from": "b\u{1b}" });
        let case = json!({ "at_ms": 5_000, "accusers": [], "own_probe": [], "end": end });
        let told = lines(&json!({ "node": "c", "status": "left", "since_ms": 0, "case": case }));
        assert_eq!(told, ["c is left, for 0s", "1970-01-01T00:00:05Z left, heard from b\\u{1b}"]);
        let told = lines(&json!({ "node": "c", "status": "alive", "since_ms": 61_000, "case": null }));
        assert_eq!(told, ["c is alive, for 1m 1s", "never suspected, as far as this agent remembers"]);
    }
}
