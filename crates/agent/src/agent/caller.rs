//! Who asks, as far as the system says, and what that one may.

use super::problem::Problem;
use axum::http::{Method, StatusCode, header, request::Parts};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use tokio::net::unix::UCred;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller {
    /// A process of this machine, at the control socket.
    Process { user: u32, pid: Option<i32>, trusted: bool },
    /// Somebody at the TCP port.
    Network { at: SocketAddr, loopback: bool },
}

impl Caller {
    /// A process may do everything if it is root's, the agent's own user's, or of the socket's group. The socket's mode says
    /// so already; this holds where somebody loosened it.
    pub(super) fn process(of: UCred, group: u32) -> Caller {
        let trusted = [0, rustix::process::geteuid().as_raw()].contains(&of.uid()) || groups(&of).contains(&group);
        Caller::Process { user: of.uid(), pid: of.pid(), trusted }
    }

    /// Whether this request is for this caller; a problem if not.
    pub(super) fn may(&self, request: &Parts) -> Result<(), Problem> {
        let denied = |code, why: String| Err(Problem::new(StatusCode::FORBIDDEN, code, why));
        match self {
            Caller::Process { trusted: true, .. } => Ok(()),
            Caller::Process { user, .. } => denied("denied", format!("user {user} may not use this agent's control socket")),
            Caller::Network { loopback, .. } => {
                let looks = [Method::GET, Method::HEAD].contains(&request.method);
                if !looks && !loopback {
                    return denied("read-only", "over the network this agent can be looked at, not changed".into());
                }
                // A page of somebody else must neither change this agent nor, by a name that leads here, read it.
                if *loopback && (!is_address(request) || (!looks && is_foreign(request))) {
                    return denied(
                        "foreign-page",
                        "ask by address, as 127.0.0.1 or localhost, and not from somebody else's page".into(),
                    );
                }
                Ok(())
            }
        }
    }
}

/// Whether a page asks that was not served here.
fn is_foreign(request: &Parts) -> bool {
    let named = |name| request.headers.get(name).map(|value| value.as_bytes());
    named(header::ORIGIN).is_some_and(|origin| origin.strip_prefix(b"http://") != named(header::HOST))
}

/// Whether `Host` is an address or `localhost`, which nobody's name server can lead elsewhere.
fn is_address(request: &Parts) -> bool {
    let host = request.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|x| !x.1.ends_with(']')).map_or(host, |x| x.0);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// All groups of a process: the credentials name only the first.
fn groups(of: &UCred) -> Vec<u32> {
    let status = of.pid().and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/status")).ok()).unwrap_or_default();
    let listed = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap_or_default();
    listed.split_whitespace().filter_map(|id| id.parse().ok()).chain([of.gid()]).collect()
}

impl Caller {
    /// Under which name the history keeps what this one asks for.
    pub(super) fn who(&self) -> String {
        match self {
            Caller::Process { user, .. } => format!("user {user}"),
            Caller::Network { at, .. } => at.ip().to_string(),
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Process { user, pid: Some(pid), .. } => write!(f, "user {user}, process {pid}"),
            Caller::Process { user, pid: None, .. } => write!(f, "user {user}"),
            Caller::Network { at, .. } => at.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn asks(caller: Caller, method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        caller.may(&request.body(()).expect("a request").into_parts().0).is_ok()
    }

    #[test]
    fn the_network_looks_and_loopback_changes() {
        let at = "10.0.0.1:5".parse().expect("an address");
        let (far, near) = (Caller::Network { at, loopback: false }, Caller::Network { at, loopback: true });
        let host = ("host", "127.0.0.1:8080");
        assert!(asks(far, "GET", &[("host", "web-1.example.org")]));
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert!(!asks(far, method, &[host]) && asks(near, method, &[host]), "{method}");
        }
    }

    #[test]
    fn pages_in_a_browser_are_strangers() {
        let near = Caller::Network { at: "127.0.0.1:5".parse().expect("an address"), loopback: true };
        for (origin, ours) in [
            ("https://example.org", false),
            ("http://127.0.0.1:2", false),
            ("null", false),
            ("https://127.0.0.1:1", false),
            ("http://127.0.0.1:1", true),
        ] {
            assert_eq!(asks(near, "POST", &[("host", "127.0.0.1:1"), ("origin", origin)]), ours, "{origin}");
        }
        assert!(!asks(near, "POST", &[("host", "rebound.example.org"), ("origin", "http://rebound.example.org")]));
        for (host, ours) in
            [("[::1]:80", true), ("localhost", true), ("[::1]", true), ("rebound.example.org:80", false), ("", false)]
        {
            assert_eq!(asks(near, "GET", &[("host", host)]), ours, "{host}");
        }
    }

    #[test]
    fn a_stranger_may_nothing_at_the_socket() {
        assert!(!asks(Caller::Process { user: 7, pid: None, trusted: false }, "GET", &[]));
        assert!(asks(Caller::Process { user: 7, pid: None, trusted: true }, "POST", &[]));
    }
}
