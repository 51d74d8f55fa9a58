//! The service manager: what it is told, and the unit for it.

use crate::machine::{Agent, Machine, skipped};
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

/// A service manager that listens.
struct Manager(UnixDatagram);

impl Manager {
    fn listen(machine: &Machine) -> Manager {
        let socket = UnixDatagram::bind(machine.0.join("notify")).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        Manager(socket)
    }

    /// Waits until it is told this.
    fn hears(&self, what: &str) {
        let mut buffer = [0; 1024];
        loop {
            let n = self.0.recv(&mut buffer).unwrap_or_else(|e| panic!("{what}: {e}"));
            if String::from_utf8_lossy(&buffer[..n]).lines().any(|line| line.starts_with(what)) {
                return;
            }
        }
    }
}

#[test]
fn the_service_manager_is_told() {
    let machine = Machine::new();
    let manager = Manager::listen(&machine);
    let mut command = machine.command(&["agent", "--node", "a", "--bind", "127.0.0.1:0"]);
    let agent = Agent::of(command.env("NOTIFY_SOCKET", machine.0.join("notify")).env("WATCHDOG_USEC", "300000"));
    manager.hears("READY=1");
    manager.hears("STATUS=1 alive");
    manager.hears("WATCHDOG=1");
    manager.hears("WATCHDOG=1");
    agent.signal("-HUP");
    manager.hears("RELOADING=1");
    manager.hears("READY=1");
    agent.signal("-TERM");
    manager.hears("STOPPING=1");
    assert_eq!(agent.end().0.code(), Some(0));
}

#[test]
fn the_unit_is_sound() {
    let version = Command::new("systemd-analyze").arg("--version").output();
    if !version.is_ok_and(|out| out.status.success()) {
        return skipped("systemd-analyze verify", "systemd is not installed");
    }
    let machine = Machine::new();
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/systemd/bruit.service");
    let text = std::fs::read_to_string(unit).expect("the unit");
    // It is verified with the binary that there is.
    let here = text.replace("/usr/bin/bruit", env!("CARGO_BIN_EXE_bruit"));
    assert_ne!(text, here);
    let path = machine.0.join("bruit.service");
    std::fs::write(&path, here).expect("a file");
    let out = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output().expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("bruit")).collect();
    assert!(out.status.success() && ours.is_empty(), "{said}");
}
