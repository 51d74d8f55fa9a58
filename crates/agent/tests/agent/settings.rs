//! Where settings come from, and what is said about wrong ones.

use crate::machine::{Machine, ends, text};

#[test]
fn every_fault_of_the_settings_is_told_at_once() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    std::fs::write(&file, "nodee = \"a\"\nprofile = \"lann\"\nbind = \"0.0.0.0:7946\"\n").expect("a file");
    let config = file.to_str().expect("UTF-8");
    for command in [&["agent", "-c", config][..], &["config", "validate", "-c", config], &["config", "show", "-c", config]] {
        let out = machine.command(command).env("BRUIT_LEAVE_WITHIN", "soon").output().expect("it runs");
        ends(&out, 78);
        let told = text(&out.stderr);
        for part in [
            "bruit.toml:1:1",
            "did you mean `node`?",
            "^^^^^",
            "did you mean `lan`?",
            "BRUIT_LEAVE_WITHIN=soon",
            "bruit.toml:3:8",
            "bruit keys generate",
            "--encrypt off",
            "4 faults",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}

#[test]
fn beyond_loopback_there_must_be_a_key_or_the_word_that_there_is_none() {
    let machine = Machine::new();
    let out = machine.bruit(&["agent", "--bind", "0.0.0.0:0"]);
    ends(&out, 78);
    let told = text(&out.stderr);
    assert!(told.contains("bruit keys generate") && told.contains("--key-file") && told.contains("--encrypt off"), "{told}");
    ends(&machine.bruit(&["config", "validate", "--bind", "0.0.0.0:0", "--encrypt", "off"]), 0);
    ends(&machine.bruit(&["config", "validate", "--encrypt", "require"]), 78);
    let key = machine.key("cluster.key");
    ends(&machine.bruit(&["config", "validate", "--bind", "0.0.0.0:0", "--key-file", &key]), 0);
    let missing = machine.bruit(&["config", "validate", "--bind", "0.0.0.0:0", "--key-file", "/no/such/file"]);
    ends(&missing, 78);
    assert!(text(&missing.stderr).contains("/no/such/file") && text(&missing.stderr).contains("1 fault"));
}

#[test]
fn flags_come_before_variables_before_the_file() {
    let machine = Machine::new();
    let file = machine.0.join("bruit.toml");
    std::fs::write(&file, "node = \"file\"\nprofile = \"wan\"\nlabel = \"blue\"\n[tags]\nrole = \"web\"\nzone = \"a\"\n")
        .expect("a file");
    let config = file.to_str().expect("UTF-8");
    let args = ["config", "show", "--origin", "-c", config, "--node", "flag", "--tag", "zone=b"];
    let out = machine.command(&args).env("BRUIT_NODE", "env").env("BRUIT_PROFILE", "local").output().expect("it runs");
    ends(&out, 0);
    let told = text(&out.stdout);
    let line = |start: &str| told.lines().find(|l| l.starts_with(start)).unwrap_or_else(|| panic!("{start}: {told}")).to_owned();
    assert!(line("node = \"flag\"").ends_with("# --node"));
    assert!(line("profile = \"local\"").ends_with("# BRUIT_PROFILE"));
    assert!(line("label = \"blue\"").ends_with("bruit.toml:3"));
    assert!(line("log = \"info\"").ends_with("# default"));
    assert!(line("\"role\" = \"web\"").ends_with("bruit.toml:4"));
    assert!(line("\"zone\" = \"b\"").ends_with("# --tag"));
    let shown = machine.0.join("shown.toml");
    std::fs::write(&shown, &told).expect("a file");
    ends(&machine.bruit(&["config", "validate", "-c", shown.to_str().expect("UTF-8")]), 0);
}
