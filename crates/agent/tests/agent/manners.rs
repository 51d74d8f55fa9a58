//! Signals, and what the silent and the leaving answer.

use crate::machine::{Machine, ends, text, three};
use std::time::{Duration, Instant};

#[test]
fn signals_that_come_again_do_not_abort_a_leave() {
    let machine = Machine::new();
    let [a, b, c] = three(&machine);
    // Nobody acknowledges the goodbye, so that it takes its time.
    b.signal("-STOP");
    c.signal("-STOP");
    a.signal("-TERM");
    machine.until(&["info", "--agent", "a"], |info| info["phase"] == "leaving");
    let start = Instant::now();
    while machine.bruit(&["tags", "--set", "late=yes", "--agent", "a"]).status.code() != Some(7) {
        assert!(start.elapsed() < Duration::from_secs(2), "who leaves changes nothing more");
    }
    a.signal("-INT");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("leaving already") && log.contains("left"), "{log}");
}

#[test]
fn the_third_signal_forces() {
    let machine = Machine::new();
    let [a, b, c] = three(&machine);
    b.signal("-STOP");
    c.signal("-STOP");
    // One after the other: of signals of one kind that wait together, one is heard.
    a.signal("-TERM");
    machine.until(&["info", "--agent", "a"], |info| info["phase"] == "leaving");
    a.signal("-INT");
    a.signal("-TERM");
    let start = Instant::now();
    let (status, log) = a.end();
    // The kernel may deliver the last two in either order, and both are heard.
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("forced to end") && start.elapsed() < Duration::from_secs(2), "{log}");
}

#[test]
fn a_leave_that_nobody_hears_has_a_deadline() {
    let machine = Machine::new();
    let (a, at) = machine.named("a", &["--leave-within", "300ms"]);
    let (b, _) = machine.named("b", &["--join", &at]);
    machine.until(&["members", "--agent", "a"], |all| crate::machine::live(all) == 2);
    b.signal("-STOP");
    let start = Instant::now();
    a.signal("-TERM");
    let (status, log) = a.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("not acknowledged in time") && start.elapsed() < Duration::from_secs(2), "{log}");
}

#[test]
fn the_silent_are_named() {
    let machine = Machine::new();
    let [_a, b, _c] = three(&machine);
    ends(&machine.bruit(&["ping", "b", "--agent", "a"]), 0);
    ends(&machine.bruit(&["reachability", "--agent", "a"]), 0);
    b.signal("-STOP");
    let out = machine.bruit(&["reachability", "--agent", "a"]);
    ends(&out, 5);
    let told = text(&out.stdout);
    assert!(told.starts_with("1 of 2 members answer\n") && told.contains("\nsilent: b\n"), "{told}");
    // A dead one is pinged as well, if somebody asks for it by name.
    machine.sees("a", "b", "dead");
    ends(&machine.bruit(&["ping", "b", "--agent", "a"]), 8);
    ends(&machine.bruit(&["reachability", "--agent", "a"]), 0);
    b.signal("-CONT");
}
