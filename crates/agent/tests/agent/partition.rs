//! What the network does not carry: two hosts, as namespaces, and the cable between them.
#![cfg(target_os = "linux")]

use crate::machine::{Agent, Machine, live, skipped};
use std::process::Command;
use std::time::{Duration, Instant};

fn ip(line: &str) -> Result<(), String> {
    let out = Command::new("ip").args(line.split(' ')).output().map_err(|e| format!("ip {line}: {e}"))?;
    if out.status.success() { Ok(()) } else { Err(format!("ip {line}: {}", String::from_utf8_lossy(&out.stderr).trim())) }
}

/// Two hosts and a cable: of which process, for which test.
struct Hosts(u32, u32);

impl Hosts {
    fn up(which: u32) -> Result<Hosts, String> {
        let hosts = Hosts(std::process::id(), which);
        let (one, two) = (hosts.name(1), hosts.name(2));
        ip(&format!("netns add {one}"))?;
        ip(&format!("netns add {two}"))?;
        ip(&format!("-n {one} link add eth0 type veth peer name eth0 netns {two}"))?;
        for (i, host) in [(1, &one), (2, &two)] {
            ip(&format!("-n {host} addr add 10.79.0.{i}/24 dev eth0"))?;
            ip(&format!("-n {host} link set eth0 up"))?;
            ip(&format!("-n {host} link set lo up"))?;
        }
        Ok(hosts)
    }

    fn name(&self, i: u32) -> String {
        format!("bruit{}a{}{i}", self.0, self.1)
    }

    fn agent(&self, machine: &Machine, i: u32, name: &str, port: u16) -> Agent {
        self.agent_at(machine, i, name, &format!("10.79.0.{i}:{port}"), &[])
    }

    fn agent_at(&self, machine: &Machine, i: u32, name: &str, bind: &str, more: &[&str]) -> Agent {
        let args =
            ["agent", "--node", name, "--bind", bind, "--join", "10.79.0.2:7946", "--profile", "local", "--encrypt", "off"];
        let inner = machine.command(&[&args[..], more].concat());
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(i)]).arg(inner.get_program()).args(inner.get_args());
        command.env("XDG_RUNTIME_DIR", &machine.0);
        Agent::of(&mut command)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for i in 1..=2 {
            let _ = ip(&format!("netns del {}", self.name(i)));
        }
    }
}

#[test]
fn sigterm_while_partitioned_ends_in_time_and_is_no_failure() {
    let hosts = match Hosts::up(1) {
        Ok(hosts) => hosts,
        Err(why) => return skipped("network namespaces", &why),
    };
    let machine = Machine::new();
    // The sockets of control are files: the partition is none to them.
    let _b = hosts.agent(&machine, 2, "b", 7946);
    let _c = hosts.agent(&machine, 2, "c", 7947);
    let a = hosts.agent(&machine, 1, "a", 7946);
    for name in ["a", "b", "c"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 3);
    }
    ip(&format!("-n {} link set eth0 down", hosts.name(1))).expect("the cable is pulled");
    let start = Instant::now();
    a.signal("-TERM");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(start.elapsed() < Duration::from_secs(11), "{log}");
    // It said so to nobody, so the others find out.
    for name in ["b", "c"] {
        machine.sees(name, "a", "dead");
    }
}

/// Mission row S2: nodes gossip about themselves and about others they have gossiped about. A and C do not hear each other,
/// and C's heartbeats reach A through B.
#[test]
fn s2_a_cut_from_c_still_hears_its_heart_through_b() {
    let hosts = match Hosts::up(2) {
        Ok(hosts) => hosts,
        Err(why) => return skipped("network namespaces", &why),
    };
    let machine = Machine::new();
    ip(&format!("-n {} addr add 10.79.0.3/24 dev eth0", hosts.name(2))).expect("another address");
    let both = ["--state-detector", "both"];
    let _b = hosts.agent_at(&machine, 2, "b", "10.79.0.2:7946", &both);
    let _c = hosts.agent_at(&machine, 2, "c", "10.79.0.3:7946", &both);
    let _a = hosts.agent_at(&machine, 1, "a", "10.79.0.1:7946", &both);
    for name in ["a", "b", "c"] {
        machine.until(&["members", "--agent", name], |all| live(all) == 3);
    }
    ip(&format!("-n {} route add blackhole 10.79.0.3/32", hosts.name(1))).expect("a sends nothing to c");
    ip(&format!("-n {} rule add from 10.79.0.3 to 10.79.0.1 blackhole", hosts.name(2))).expect("c sends nothing to a");
    let version = |all: &serde_json::Value| all[0]["version"].as_u64().unwrap_or_default();
    let of_c = ["state", "ls", "c", "--agent", "a"];
    let cut_at = version(&machine.json(&of_c));
    let pinged = machine.bruit(&["ping", "c", "--agent", "a"]);
    assert_eq!(pinged.status.code(), Some(8), "the cut is one");
    machine.until(&of_c, |all| version(all) >= cut_at + 4);
    machine.bruit(&["state", "set", "load", "0.7", "--agent", "c"]);
    machine.until(&of_c, |all| all[0]["values"][0]["value"] == "0.7");
    let alive = |all: &serde_json::Value| live(all) == 3;
    assert!(alive(&machine.json(&["members", "--agent", "a"])), "b reaches both");
}
