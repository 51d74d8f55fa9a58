//! Who has the key gets in, who has not does not, and keys change while all goes on.

use crate::machine::{Machine, ends, live, text};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The digits of a key file's first key.
fn digits(path: &str) -> String {
    let file = fs::read_to_string(path).expect("a key file");
    file.lines().find(|line| !line.starts_with('#')).expect("a key").to_owned()
}

fn knows(machine: &Machine, name: &str, n: usize) {
    machine.until(&["members", "--agent", name], |all| live(all) == n);
}

#[test]
fn without_the_key_nobody_gets_in_and_nothing_shows_it() {
    let machine = Machine::new();
    let (key, other) = (machine.key("cluster.key"), machine.key("other.key"));
    assert_eq!(fs::metadata(&key).expect("a file").permissions().mode() & 0o777, 0o600);
    let again = machine.bruit(&["keys", "generate", "--out", &key]);
    ends(&again, 1);
    assert!(text(&again.stderr).contains("cluster.key"), "a key is not written over");

    let (a, at) = machine.named("a", &["--key-file", &key, "--log", "trace"]);
    let (_b, _) = machine.named("b", &["--key-file", &key, "--join", &at]);
    knows(&machine, "a", 2);
    knows(&machine, "b", 2);
    let (_stranger, _) = machine.named("stranger", &["--key-file", &other]);
    let (_open, _) = machine.named("open", &[]);
    for outsider in ["stranger", "open"] {
        let joined = machine.bruit(&["join", &at, "--agent", outsider]);
        assert_ne!(joined.status.code(), Some(0), "{outsider} is in");
        assert_eq!(live(&machine.json(&["members", "--agent", outsider])), 1);
    }
    knows(&machine, "a", 2);

    let used = machine.json(&["keys", "ls", "--agent", "a"]);
    assert_eq!(used["encrypt"], "require");
    assert_eq!(used["keys"], machine.json(&["keys", "ls", &key])["keys"]);
    assert_eq!(machine.json(&["keys", "ls", "--agent", "open"])["encrypt"], "off");
    let secret = digits(&key);
    for args in [&["info", "--agent", "a"][..], &["keys", "ls", "--agent", "a"], &["config", "show", "--key-file", &key]] {
        assert!(!text(&machine.bruit(args).stdout).contains(&secret), "{args:?}");
    }
    a.signal("-TERM");
    assert!(!a.end().1.contains(&secret));
}

#[test]
fn keys_rotate_and_a_cluster_in_the_open_is_sealed_by_reload_agent_by_agent() {
    let machine = Machine::new();
    let (old, new) = (digits(&machine.key("old.key")), digits(&machine.key("new.key")));
    let (keys, config) = (machine.path("cluster.key"), machine.path("bruit.toml"));
    fs::write(&config, "label = \"blue\"\n").expect("a file");
    let (_a, at) = machine.named("a", &["-c", &config]);
    let (_b, _) = machine.named("b", &["-c", &config, "--join", &at]);
    knows(&machine, "a", 2);
    knows(&machine, "b", 2);
    let steps = [
        ("permissive", vec![&old]),
        ("require", vec![&old]),
        ("require", vec![&old, &new]),
        ("require", vec![&new, &old]),
        ("require", vec![&new]),
    ];
    for (encrypt, ring) in steps {
        let lines: Vec<&str> = ring.iter().map(|key| key.as_str()).collect();
        fs::write(&keys, lines.join("\n")).expect("a file");
        fs::write(&config, format!("label = \"blue\"\nkey_file = {keys:?}\nencrypt = {encrypt:?}\n")).expect("a file");
        for name in ["a", "b"] {
            machine.json(&["reload", "--agent", name]);
            // Half of the cluster has the new settings, half the old ones.
            for (asker, asked) in [("a", "b"), ("b", "a")] {
                machine.json(&["ping", asked, "--agent", asker]);
            }
        }
        assert_eq!(machine.json(&["keys", "ls", "--agent", "b"])["encrypt"], encrypt);
    }
    let used = machine.json(&["keys", "ls", "--agent", "a"]);
    assert_eq!(used["keys"], machine.json(&["keys", "ls", &machine.path("new.key")])["keys"]);
    let events = machine.json(&["members", "--agent", "a"]);
    assert_eq!(live(&events), 2, "nobody was lost on the way");

    fs::write(&keys, "nonsense\n").expect("a file");
    let out = machine.bruit(&["reload", "--agent", "a"]);
    ends(&out, 78);
    assert!(text(&out.stderr).contains("line 1") && !text(&out.stderr).contains("nonsense"), "{}", text(&out.stderr));
    assert_eq!(machine.json(&["keys", "ls", "--agent", "a"]), used, "all or nothing");
}
