//! Every command, as text and as JSON: what it prints and how it ends.

use crate::machine::{Machine, live, text};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// A machine on which `a` is asked, and what was said so far.
struct Session {
    machine: Machine,
    story: String,
}

impl Session {
    /// Runs a command in each format.
    fn ask(&mut self, args: &[&str]) {
        for format in ["text", "json", "jsonl"] {
            self.run(&[args, &["-o", format]].concat());
        }
    }

    fn run(&mut self, args: &[&str]) {
        let out = self.machine.bruit(&[args, &["--agent", "a"]].concat());
        let code = out.status.code().expect("it ends by itself");
        self.story += &format!("$ bruit {}\n{}{}[{code}]\n\n", args.join(" "), text(&out.stdout), text(&out.stderr));
    }
}

/// What is another each time has a name instead.
fn settings(machine: &Machine) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&regex(machine), "[folder]");
    for (pattern, name) in [
        (r"127\.0\.0\.1:\d+", "[address]"),
        (r"user \d+, process \d+", "[caller]"),
        (
            r#""(at_ms|started_ms|uptime_ms|since_ms|pid|median|max|rtt_us|ltime|generation|version)":\d+(\.\d+)?"#,
            r#""$1":[number]"#,
        ),
        (r"(?m)^pid +\d+", "pid  [number]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[moment]"),
        (r#""id":"[0-9a-f]+\.[0-9a-f]+""#, r#""id":"[id]""#),
        (r"user \d+", "[user]"),
        (r"at version \d+", "at version [number]"),
        (r"(?m)^a \d+:\d+$", "a [generation]:[number]"),
        (r"(=\S+):\d+\n", "$1:[number]\n"),
        (r"\b\d+(ns|us|ms|s|m)( \d+(ns|us|ms|s))*\b", "[time]"),
        (
            concat!(
                env!("CARGO_PKG_VERSION_MAJOR"),
                r"\.",
                env!("CARGO_PKG_VERSION_MINOR"),
                r"\.",
                env!("CARGO_PKG_VERSION_PATCH")
            ),
            "[version]",
        ),
        (r"  +", "  "),
    ] {
        settings.add_filter(pattern, name);
    }
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn regex(machine: &Machine) -> String {
    machine.0.to_str().expect("UTF-8").replace('.', "\\.")
}

#[test]
fn every_command_in_every_format() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    let config = file.to_str().expect("UTF-8").to_owned();
    std::fs::write(&file, "log = \"info\"\n[tags]\nrole = \"db\"\n").expect("a file");
    let (_a, at) = machine.named("a", &["-c", &config]);
    let (_b, other) = machine.named("b", &["--join", &at, "--tag", "role=web"]);
    machine.until(&["members", "--agent", "a"], |all| live(all) == 2);
    machine.until(&["members", "--agent", "b"], |all| live(all) == 2);
    machine.until(&["history", "--agent", "a"], |all| all.as_array().is_some_and(|all| all.len() == 1));
    let settings = settings(&machine);
    let mut session = Session { machine, story: String::new() };
    for args in [
        &["members"][..],
        &["members", "b"],
        &["members", "nobody"],
        &["members", "--status", "left"],
        &["members", "--status", "odd"],
        &["info"],
        &["health"],
        &["join", &other],
        &["ping", "b"],
        &["ping", "a"],
        &["ping", "nobody"],
        &["reachability"],
        &["tags"],
        &["tags", "--set", "zone=eu", "--delete", "role"],
        &["tags", "--set", "nonsense"],
        &["event", "deploy", "v2"],
        &["event", ""],
        &["state", "set", "load", "0.7"],
        &["state", "set", "bucket/n_val", "3"],
        &["state", "set", &"k".repeat(65), "1"],
        &["state", "get", "load"],
        &["state", "get", "load", "--node", "nobody"],
        &["state", "get", "load", "--node", "b"],
        &["state", "get", "bucket/n_val"],
        &["state", "get", "bucket/w"],
        &["state", "ls", "a"],
        &["state", "ls", "nobody"],
        &["state", "ls", "--phi"],
        &["state", "reset", "nothing", "--from-peers"],
        &["why", "b"],
        &["why", "nobody"],
        &["force-leave", "nobody"],
        &["history"],
        &["keys", "ls"],
        &["log"],
        &["log", "debug"],
        &["log", "loud"],
        &["reload"],
        &["config", "validate", "-c", &config],
        &["config", "show", "--origin", "-c", &config],
        &["version"],
    ] {
        session.ask(args);
    }
    std::fs::write(&file, "logg = \"info\"\njoin = [\"here\"]\nleave_within = \"soon\"\n").expect("a file");
    session.ask(&["config", "validate", "-c", &config]);
    session.ask(&["reload"]);
    session.run(&["leave", "-o", "json"]);
    session.run(&["info"]);
    settings.bind(|| insta::assert_snapshot!("commands", session.story));
}

#[test]
fn what_a_monitor_prints() {
    let machine = Machine::new();
    let (_a, at) = machine.named("a", &[]);
    let open = |format| {
        let mut monitor =
            machine.command(&["monitor", "--agent", "a", "-o", format]).stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(monitor.stdout.take().expect("piped")).lines();
        (monitor, lines)
    };
    let monitors = ["text", "json", "jsonl"].map(open);
    while !crate::http::get(&machine, "/metrics").1.contains("bruit_control_streams 3\n") {}
    let (b, _) = machine.named("b", &["--join", &at, "--tag", "role=web"]);
    machine.sees("a", "b", "alive");
    let said = machine.bruit(&["event", "deploy", "v2\u{1b}[2J", "--agent", "a"]);
    crate::machine::ends(&said, 0);
    drop(b);
    machine.sees("a", "b", "dead");
    let mut story = String::new();
    for (mut monitor, lines) in monitors {
        for line in lines {
            let line = line.expect("text");
            // When a node falls quiet depends on who answers first.
            if line.contains("infection") {
                continue;
            }
            story += &format!("{line}\n");
            if line.contains("dead") {
                break;
            }
        }
        story += "\n";
        monitor.kill().expect("it is stopped");
        monitor.wait().expect("it ends");
    }
    settings(&machine).bind(|| insta::assert_snapshot!("monitor", story));
}
