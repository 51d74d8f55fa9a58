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

#[test]
fn state_has_a_table_of_its_own_and_its_schemas() {
    let machine = Machine::new();
    let file = machine.path("bruit.toml");
    let said = "[state]\nphi_threshold = 12\npeers = 2\nspread = \"none\"\n[state.schema.load]\ntype = \"f64\"\nmin = 0\n\
                max = 100\nmax_change_per_s = 50\n[state.schema.\"bucket/mode\"]\ntype = \"enum\"\nvalues = [\"on\", \"off\"]\n";
    std::fs::write(&file, said).expect("a file");
    let show = |format: &str| {
        let mut command = machine.command(&["config", "show", "-c", &file, "--state-detector", "phi", "-o", format]);
        let out = command.env("BRUIT_STATE_ROUND", "200ms").output().expect("it runs");
        ends(&out, 0);
        text(&out.stdout)
    };
    let told: serde_json::Value = serde_json::from_str(&show("json")).expect("JSON");
    let load = serde_json::json!({ "type": "f64", "min": 0.0, "max": 100.0, "max_change_per_s": 50.0 });
    let expected = serde_json::json!({
        "detector": "phi",
        "phi_threshold": 12,
        "round": "200ms",
        "peers": 2,
        "spread": "none",
        "schema": { "load": load, "bucket/mode": { "type": "enum", "values": ["on", "off"] } },
    });
    assert_eq!(told["state"], expected);
    let again = machine.path("again.toml");
    std::fs::write(&again, show("text")).expect("a file");
    let read: serde_json::Value = machine.json(&["config", "show", "-c", &again]);
    assert_eq!(read["state"], expected, "what is shown can be read");
    for (wrong, part) in [
        ("peers = 4", "give 1, 2 or 3"),
        ("phi_threshold = 1000", "give 0.1 to 100"),
        ("round = \"1ms\"", "at least 10 ms"),
        ("detector = \"fi\"", "did you mean `phi`?"),
        ("schema.load = { type = \"f64\", min = 2, max = 1 }", "the schema of `load`: no value fits it"),
        ("detectr = \"phi\"", "did you mean `state.detector`?"),
    ] {
        std::fs::write(&file, format!("[state]\n{wrong}\n")).expect("a file");
        let out = machine.bruit(&["config", "validate", "-c", &file]);
        ends(&out, 78);
        let told = text(&out.stderr);
        assert!(told.contains(part) && told.contains("bruit.toml:2:"), "{wrong}: {told}");
    }
}
