//! Invariants that are absences: what must not be in the repository, and is not.

use crate::repository::{Text, none_of, texts};

/// The longest a source file may be, in lines: what one still reads in a sitting.
const MAX_LINES: usize = 600;

/// The crates that meet the real world. All others are told the time, handed their dice and lend their effects.
const REAL: [&str; 2] = ["bruit", "agent"];

/// This file names what must not be named.
const THIS: &str = "crates/agent/tests/house/tidy.rs";

/// Files below the drivers that may do what others there may not.
const EXCEPT: [&str; 2] = [
    // Plants faults for the checkers, per thread; empty without the feature `mutants`.
    "crates/proto/src/mutant.rs",
    // Runs whole worlds side by side, which share nothing.
    "crates/lab/src/runner.rs",
];

/// Finds `words` in the code of `of`, its comments left out, and says where.
fn words(of: &[&Text], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for text in of {
        for (i, line) in text.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            found.extend(words.iter().filter(|w| code.contains(**w)).map(|w| format!("{}:{}: {w}", text.path, i + 1)));
        }
    }
    found
}

/// Finds `marks` anywhere in `of`, comments and documents included.
fn marks(of: &[Text], marks: &[&str]) -> Vec<String> {
    let lines = of.iter().flat_map(|t| t.text.lines().enumerate().map(move |(i, line)| (t, i, line)));
    lines
        .flat_map(|(t, i, line)| marks.iter().filter(|m| line.contains(**m)).map(move |m| format!("{}:{}: {m}", t.path, i + 1)))
        .filter(|found| !found.starts_with(THIS))
        .collect()
}

#[test]
fn nothing_is_unfinished() {
    let marked = marks(&texts(&["rs", "md", "toml"]), &["FIXME", "XXX", "TODO", "todo!(", "unimplemented!("]);
    none_of("an unfinished place", &marked);
}

#[test]
fn no_file_is_too_long() {
    let rust = texts(&["rs"]);
    let long = rust.iter().map(|t| (t, t.text.lines().count())).filter(|(_, lines)| *lines > MAX_LINES);
    none_of("at most 600 lines a file", &long.map(|(t, lines)| format!("{}: {lines} lines", t.path)).collect::<Vec<_>>());
}

#[test]
fn no_machine_is_named() {
    let mut all = texts(&["rs", "md", "toml", "sh", "yml"]);
    all.extend(texts(&["lock"]).into_iter().filter(|t| t.path == "Cargo.lock"));
    none_of("a path of somebody's machine", &marks(&all, &["/work/", "/root/", "/home/", "/Users/", "C:\\"]));
}

#[test]
fn protocols_meet_no_real_world() {
    let rust = texts(&["rs"]);
    let pure: Vec<&Text> = rust
        .iter()
        .filter(|t| t.is_source() && !EXCEPT.contains(&t.path.as_str()) && t.krate().is_some_and(|k| !REAL.contains(&k)))
        .collect();
    assert!(pure.len() > 20, "only {} files of protocol crates found", pure.len());
    let banned = [
        "HashMap",
        "HashSet",
        "RandomState",
        "std::time::Instant",
        "SystemTime",
        "std::net::Udp",
        "std::net::Tcp",
        "std::fs",
        "std::thread",
        "std::env",
        "std::process",
        "tokio",
        "println!",
        "static mut",
        "thread_local!",
        "getrandom",
    ];
    none_of("a clock, dice, I/O, a thread or hash order below the drivers", &words(&pure, &banned));
    let escapes = ["clippy::disallowed", "allow(missing_docs", "allow(unused", "allow(dead_code", "allow(warnings"];
    none_of("a rule switched off below the drivers", &words(&pure, &escapes));
}

#[test]
fn every_crate_takes_the_rules_and_has_a_page() {
    let manifests = texts(&["toml"]);
    let rust = texts(&["rs"]);
    let mut offences = Vec::new();
    for manifest in manifests.iter().filter(|t| t.krate().is_some() && t.path.ends_with("/Cargo.toml")) {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        if !manifest.text.contains("[lints]\nworkspace = true") {
            offences.push(format!("{}: does not take the workspace's lints", manifest.path));
        }
        if !manifest.text.contains("license.workspace = true") || !manifest.text.contains("description = ") {
            offences.push(format!("{}: no licence or no description", manifest.path));
        }
        let page = rust.iter().find(|t| [format!("{folder}src/lib.rs"), format!("{folder}src/main.rs")].contains(&t.path));
        if !page.is_some_and(|t| t.text.starts_with("//! ")) {
            offences.push(format!("{folder}: no page at the top of lib.rs or main.rs"));
        }
    }
    let root = manifests.iter().find(|t| t.path == "Cargo.toml").expect("the workspace");
    assert!(root.text.contains("unsafe_code = \"forbid\""), "the workspace forbids unsafe code");
    none_of("a crate outside the rules", &offences);
}

#[test]
fn what_is_absent_would_be_seen() {
    let text = Text { path: "crates/x/src/y.rs".into(), text: "use std::fs; // std::thread\n".into() };
    assert_eq!(words(&[&text], &["std::fs", "std::thread"]), ["crates/x/src/y.rs:1: std::fs"]);
    assert_eq!(marks(&[text], &["std::thread"]), ["crates/x/src/y.rs:1: std::thread"]);
}
