//! `/metrics`, as Prometheus would read it.

use crate::http::get;
use crate::machine::{Machine, skipped, three};
use std::io::Write;
use std::process::{Command, Stdio};

#[test]
fn metrics_are_prometheus_text() {
    let machine = Machine::new();
    let _agents = three(&machine);
    let (_, page) = get(&machine, "/metrics");
    for line in ["bruit_members{state=\"alive\"} 3", "bruit_state_nodes{state=\"alive\"} 3", "bruit_state_rebuilding 0"] {
        assert!(page.contains(&format!("\n{line}\n")), "{line}: {page}");
    }
    let mut family = "";
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            family = name;
        } else if !line.starts_with("# HELP ") {
            assert!(line.starts_with(family) && !family.is_empty(), "{line}");
            assert!(line.rsplit(' ').next().is_some_and(|v| v.parse::<f64>().is_ok()), "{line}");
        }
    }
}

/// Debian's package `prometheus` has it.
fn promtool() -> Result<(), String> {
    let run = |words: &[&str]| {
        let out =
            Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).output().map_err(|e| format!("{words:?}: {e}"))?;
        if out.status.success() { Ok(()) } else { Err(format!("{words:?}: {}", String::from_utf8_lossy(&out.stderr).trim())) }
    };
    let install = || {
        run(&["apt-get", "update", "-q"])
            .and_then(|()| run(&["apt-get", "install", "-qy", "--no-install-recommends", "prometheus"]))
    };
    run(&["promtool", "--version"]).or_else(|_| install().and_then(|()| run(&["promtool", "--version"])))
}

#[test]
fn promtool_has_nothing_to_say() {
    if let Err(why) = promtool() {
        return skipped("promtool", &why);
    }
    let machine = Machine::new();
    let _agents = three(&machine);
    let (_, page) = get(&machine, "/metrics");
    let mut check = Command::new("promtool");
    let mut check = check
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    check.stdin.take().expect("piped").write_all(page.as_bytes()).expect("read");
    let out = check.wait_with_output().expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.trim().is_empty(), "{said}\n{page}");
}
