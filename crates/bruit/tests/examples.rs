//! The examples do what they say.
#![cfg(feature = "testkit")]

mod programs;

use programs::example;
use std::process::Command;

fn says(name: &str, lines: &[&str]) {
    let out = Command::new(example(name)).output().expect("it runs");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&out.stderr));
    for line in lines {
        assert!(text.lines().any(|l| l.starts_with(line)), "{name} does not say {line:?}:\n{text}");
    }
}

#[test]
fn two_nodes() {
    let lines = ["two knows one", "one hears that two is up", "one hears deploy v2", "one hears that two has left"];
    says("two_nodes", &lines);
}

#[test]
fn own_protocol() {
    says("own_protocol", &["in the lab, all know the oldest: [3, 3, 3, 3, 3]", "on sockets, new hears of version 1"]);
}

#[test]
fn testkit() {
    says("testkit", &["after", "cut in two", "healed"]);
}

#[test]
fn each_is_short() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    for file in std::fs::read_dir(folder).expect("examples") {
        let path = file.expect("a file").path();
        let lines = std::fs::read_to_string(&path).expect("text").lines().count();
        assert!(lines <= 80, "{} has {lines} lines", path.display());
    }
}
