//! HTTP by hand, as programs that are not ours would speak it.

use crate::machine::Machine;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// One request, written by hand: status and body.
pub(crate) fn http(machine: &Machine, agent: &str, request: &str) -> (u16, String) {
    let mut stream = connect(machine, agent);
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("{answer}"));
    (status, answer.split_once("\r\n\r\n").map(|x| x.1.to_owned()).unwrap_or_default())
}

pub(crate) fn connect(machine: &Machine, agent: &str) -> UnixStream {
    let stream = UnixStream::connect(machine.0.join(format!("bruit/{agent}.sock"))).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

pub(crate) fn get(machine: &Machine, path: &str) -> (u16, String) {
    http(machine, "a", &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

pub(crate) fn post(machine: &Machine, method: &str, path: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    http(machine, "a", &request)
}
