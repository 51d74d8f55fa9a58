//! A machine with agents on it: a runtime folder of its own, and processes that end with it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What takes longer than this does not happen.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Machine(pub(crate) PathBuf);

pub(crate) struct Agent {
    pub(crate) child: Child,
    /// All that it logs, once it has ended.
    log: Option<JoinHandle<String>>,
}

impl Machine {
    /// Its folder is short: the path of a socket has 107 bytes at most.
    pub(crate) fn new() -> Machine {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let folder = format!("bruit-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Machine(folder)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bruit"));
        command.args(args).env("XDG_RUNTIME_DIR", &self.0).env_remove("BRUIT_AGENT").stdin(Stdio::null());
        command
    }

    pub(crate) fn bruit(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("it runs")
    }

    /// What a command prints as JSON; it must succeed.
    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.bruit(&[args, &["-o", "json"]].concat());
        ends(&out, 0);
        serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&out.stdout)))
    }

    /// A new key in a file of this name; its path.
    pub(crate) fn key(&self, name: &str) -> String {
        let path = self.path(name);
        ends(&self.bruit(&["keys", "generate", "--out", &path]), 0);
        path
    }

    /// Something in its folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Starts an agent and waits until it runs.
    pub(crate) fn agent(&self, args: &[&str]) -> Agent {
        Agent::of(&mut self.command(&[&["agent"], args].concat()))
    }

    /// An agent of this name on a free port; its address.
    pub(crate) fn named(&self, name: &str, more: &[&str]) -> (Agent, String) {
        self.named_at(name, "127.0.0.1:0", more)
    }

    pub(crate) fn named_at(&self, name: &str, bind: &str, more: &[&str]) -> (Agent, String) {
        let agent = self.agent(&[&["--node", name, "--bind", bind, "--profile", "local"], more].concat());
        let at = self.json(&["info", "--agent", name])["bound"].as_str().expect("an address").to_owned();
        (agent, at)
    }

    /// Asks until the answer is right.
    #[track_caller]
    pub(crate) fn until(&self, args: &[&str], right: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.json(args);
            if right(&answer) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{args:?}: {answer}");
        }
    }

    /// Waits until `name` sees `other` so.
    #[track_caller]
    pub(crate) fn sees(&self, name: &str, other: &str, status: &str) {
        let so = |m: &Value| m["name"] == other && m["status"] == status;
        self.until(&["members", "--agent", name], |all| all.as_array().is_some_and(|all| all.iter().any(so)));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Agent {
    /// Starts it and waits until it runs.
    pub(crate) fn of(command: &mut Command) -> Agent {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let mut heard = String::new();
        while !heard.contains("agent runs") {
            assert_ne!(log.read_line(&mut heard).expect("text"), 0, "it has ended: {heard}");
        }
        let log = std::thread::spawn(move || {
            let _ = log.read_to_string(&mut heard);
            heard
        });
        Agent { child, log: Some(log) }
    }

    /// Starts one that logs nothing, not even that it runs.
    pub(crate) fn silent(command: &mut Command) -> Agent {
        Agent { child: command.stderr(Stdio::piped()).spawn().expect("it starts"), log: None }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill(1)");
        assert!(sent.success());
    }

    /// Waits for its end: how it exits, and all that it logged.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it ends");
        let log = self.log.take().map(|log| log.join().expect("it reads")).unwrap_or_default();
        (status, log)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says loudly that a test did not run, past the harness, which swallows what passing tests print.
pub(crate) fn skipped(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "\nskipped: {what}: {why}\n");
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
pub(crate) fn ends(out: &Output, code: i32) {
    assert_eq!(out.status.code(), Some(code), "{}{}", text(&out.stdout), text(&out.stderr));
}

pub(crate) fn live(all: &Value) -> usize {
    all.as_array().map_or(0, |all| all.iter().filter(|m| m["status"] == "alive").count())
}

/// Three agents that know each other.
pub(crate) fn three(machine: &Machine) -> [Agent; 3] {
    three_with(machine, &[])
}

/// As [`three`], each with these arguments, too.
pub(crate) fn three_with(machine: &Machine, more: &[&str]) -> [Agent; 3] {
    let (a, at) = machine.named("a", more);
    let (b, _) = machine.named("b", &[&["--join", &at, "--tag", "role=web"], more].concat());
    let (c, _) = machine.named("c", &[&["--join", &at], more].concat());
    for name in ["a", "b", "c"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 3);
    }
    [a, b, c]
}
