//! `/v1/stream`, and clients that are slow or say nothing.

use crate::http::{connect, post};
use crate::machine::{Machine, ends};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The next event of a stream: its fields.
fn event(lines: &mut impl Iterator<Item = std::io::Result<String>>) -> Vec<String> {
    let mut lines = lines.by_ref().map(|l| l.expect("text"));
    let first = lines.by_ref().find(|l| l.starts_with("id:") || l.starts_with("event:")).expect("an event");
    [first].into_iter().chain(lines.take_while(|l| !l.is_empty())).collect()
}

#[test]
fn a_stream_has_ids_goes_on_after_them_and_tells_gaps() {
    let machine = Machine::new();
    let (_a, _) = machine.named("a", &[]);
    let open = |last: &str| {
        let mut stream = connect(&machine, "a");
        write!(stream, "GET /v1/stream HTTP/1.1\r\nHost: x\r\n{last}\r\n").expect("sent");
        let mut lines = BufReader::new(stream).lines();
        let head: Vec<String> = lines.by_ref().map(|l| l.expect("text")).take_while(|l| !l.is_empty()).collect();
        assert!(head.iter().any(|l| l == "content-type: text/event-stream"), "{head:?}");
        lines
    };
    let mut first = open("");
    for i in 0..3 {
        ends(&machine.bruit(&["event", &format!("e{i}")]), 0);
    }
    let seen: Vec<Vec<String>> = (0..3).map(|_| event(&mut first)).collect();
    assert!(seen[2][2].contains("\"e2\""), "{seen:?}");
    let id = seen[0][0].trim_start_matches("id:").trim();
    let mut again = open(&format!("Last-Event-ID: {id}\r\n"));
    assert_eq!((event(&mut again), event(&mut again)), (seen[1].clone(), seen[2].clone()));
    let mut other = open("Last-Event-ID: 0000000000000001.5\r\n");
    assert!(event(&mut other).join("\n").contains("\"restarted\":true"));
}

/// As many files as this process may have.
fn raise_descriptors() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("it may be raised to its maximum");
}

fn subscribe(machine: &Machine) -> UnixStream {
    let mut stream = connect(machine, "a");
    stream.write_all(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
    stream
}

/// Resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Half of a thousand subscribers never read. Each event is 600 bytes, so 300 are more than the kernel keeps for anyone.
#[test]
fn of_a_thousand_subscribers_half_never_read() {
    const EVENTS: usize = 300;
    raise_descriptors();
    let machine = Machine::new();
    let (a, _) = machine.named("a", &[]);
    let deaf: Vec<UnixStream> = (0..500).map(|_| subscribe(&machine)).collect();
    let readers: Vec<_> = (0..5)
        .map(|_| {
            let streams: Vec<_> = (0..100).map(|_| BufReader::new(subscribe(&machine)).lines()).collect();
            std::thread::spawn(move || {
                for mut lines in streams {
                    let last = format!("\"e{}\"", EVENTS - 1);
                    assert!(lines.any(|line| line.expect("it goes on").contains(&last)));
                }
            })
        })
        .collect();
    while !crate::http::get(&machine, "/metrics").1.contains("bruit_control_streams 1000\n") {}
    let payload = "x".repeat(500);
    for i in 0..EVENTS {
        let start = Instant::now();
        assert_eq!(post(&machine, "POST", "/v1/events", &format!("{{\"name\":\"e{i}\",\"payload\":\"{payload}\"}}")).0, 200);
        assert!(start.elapsed() < Duration::from_secs(5), "who asks waits for nobody who does not read");
    }
    readers.into_iter().for_each(|reader| reader.join().expect("each of those who read has the last event"));
    assert_eq!(machine.json(&["health"])["checks"]["connected"], true);
    // 16 KiB to read and to write for each, and what the tasks themselves take.
    assert!(resident(a.child.id()) < 96 << 10, "{} KiB", resident(a.child.id()));
    drop(deaf);
}

#[test]
fn thousands_of_idle_connections_keep_nobody_out() {
    raise_descriptors();
    let machine = Machine::new();
    let (_a, _) = machine.named("a", &[]);
    let mut stream = BufReader::new(subscribe(&machine)).lines();
    let _idle: Vec<UnixStream> = (0..3000).map(|_| connect(&machine, "a")).collect();
    let _half: Vec<UnixStream> = (0..1000)
        .map(|_| {
            let mut stream = connect(&machine, "a");
            let _ = stream.write_all(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n");
            stream
        })
        .collect();
    let start = Instant::now();
    ends(&machine.bruit(&["event", "e"]), 0);
    // Sooner than the ten seconds after which idle ones are closed anyway.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(stream.any(|line| line.expect("a stream is no idle connection").contains("\"e\"")));
}
