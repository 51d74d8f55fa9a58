//! Who may ask: processes by their credentials, the network by its address.

use crate::machine::{Machine, ends, skipped, text};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Nobody's user and group on Debian.
const NOBODY: &str = "65534";

#[test]
fn a_stranger_is_denied_even_if_the_socket_is_open_to_all() {
    let machine = Machine::new();
    let setpriv = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"];
    if !Command::new(setpriv[0]).args(&setpriv[1..]).arg("true").status().is_ok_and(|s| s.success()) {
        return skipped("another user", "this needs root and setpriv");
    }
    let (_a, _) = machine.named("a", &[]);
    let socket = machine.0.join("bruit/a.sock");
    for (path, mode) in [(machine.0.clone(), 0o755), (machine.0.join("bruit"), 0o755), (socket.clone(), 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
    }
    // The binary may lie where others cannot go.
    let bruit = machine.0.join("bruit-copy");
    std::fs::copy(env!("CARGO_BIN_EXE_bruit"), &bruit).expect("copied");
    let ask = |groups: &[&str]| {
        let mut command = Command::new(setpriv[0]);
        command.args(["--reuid", NOBODY, "--regid", NOBODY]).args(groups).arg(&bruit).args(["members", "--agent"]);
        command.arg(&socket).output().expect("it runs")
    };
    let out = ask(&["--clear-groups"]);
    ends(&out, 4);
    assert!(text(&out.stderr).contains("user 65534 may not"), "{}", text(&out.stderr));
    // Of the socket's group, be it the last of many.
    ends(&ask(&["--groups", "7,0"]), 0);
}

#[test]
fn over_tcp_one_looks_and_on_loopback_one_changes() {
    let machine = Machine::new();
    let log = machine.agent(&["--node", "a", "--bind", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    let at = machine.json(&["info"])["http"].as_str().expect("an address").to_owned();
    ends(&machine.bruit(&["members", "--agent", &at]), 0);
    ends(&machine.bruit(&["tags", "--set", "k=v", "--agent", &at]), 0);
    log.signal("-TERM");
    assert_eq!(log.end().0.code(), Some(0));

    let (_b, _) = machine.named("b", &["--http", "0.0.0.0:0"]);
    let at = machine.json(&["info"])["http"].as_str().expect("an address").replace("0.0.0.0", "127.0.0.1");
    ends(&machine.bruit(&["members", "--agent", &at]), 0);
    for change in [&["tags", "--set", "k=v"][..], &["leave"], &["event", "e"], &["reload"], &["log", "off"]] {
        let out = machine.bruit(&[change, &["--agent", &at]].concat());
        ends(&out, 4);
        assert!(text(&out.stderr).contains("can be looked at, not changed"), "{}", text(&out.stderr));
    }
}
