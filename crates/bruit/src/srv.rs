//! Where the nodes of a service are: DNS SRV records (RFC 2782).
//!
//! By TCP alone, which every server speaks (RFC 7766): no answer is cut off, and nobody off the path forges one.

use resolv_conf::Config;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, Question, RCODE, TYPE};
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one server may take; then the next is asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where the system says which servers to ask.
const RESOLV_CONF: &str = "/etc/resolv.conf";
const DNS: u16 = 53;
/// Nodes that one service gives: what a join may ask, 256.
const MAX_TARGETS: usize = 256;

/// Whether this seed names a service, as `_bruit._udp.example.org` does: no host's name begins so.
pub(crate) fn is_service(seed: &str) -> bool {
    seed.starts_with('_')
}

/// `host:port` of each node of a service, those of the lowest priority first.
pub(crate) async fn nodes(service: &str) -> Result<Vec<String>> {
    let config = Config::parse(std::fs::read(RESOLV_CONF)?).map_err(Error::other)?;
    let servers: Vec<SocketAddr> =
        config.get_nameservers_or_local().into_iter().map(|ip| SocketAddr::new(IpAddr::from(ip), DNS)).collect();
    ask_all(&servers, service).await
}

async fn ask_all(servers: &[SocketAddr], service: &str) -> Result<Vec<String>> {
    let mut last = Error::new(ErrorKind::NotFound, "no name server is configured");
    for server in servers {
        match timeout(PATIENCE, ask(*server, service)).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(error)) => last = error,
            Err(_) => last = Error::new(ErrorKind::TimedOut, format!("the name server {server} does not answer")),
        }
    }
    Err(last)
}

async fn ask(server: SocketAddr, service: &str) -> Result<Vec<String>> {
    let id = getrandom::u32().map_err(Error::other)? as u16;
    let mut query = Packet::new_query(id);
    query.set_flags(simple_dns::PacketFlag::RECURSION_DESIRED);
    let name = Name::new(service).map_err(Error::other)?;
    query.questions.push(Question::new(name, TYPE::SRV.into(), CLASS::IN.into(), false));
    let bytes = query.build_bytes_vec().map_err(Error::other)?;
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u16(bytes.len() as u16).await?;
    stream.write_all(&bytes).await?;
    // Its length has two bytes: 64 KiB at most.
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    read(id, &answer)
}

fn read(id: u16, answer: &[u8]) -> Result<Vec<String>> {
    let answer = Packet::parse(answer).map_err(Error::other)?;
    match answer.rcode() {
        _ if answer.id() != id => return Err(Error::other("the name server answers something else")),
        RCODE::NoError => {}
        RCODE::NameError => return Err(Error::new(ErrorKind::NotFound, "there is no such service")),
        code => return Err(Error::other(format!("the name server answers {code:?}"))),
    }
    let mut found: Vec<(u16, String)> = Vec::new();
    for record in &answer.answers {
        if let RData::SRV(srv) = &record.rdata {
            found.push((srv.priority, format!("{}:{}", srv.target, srv.port)));
        }
    }
    found.sort();
    found.truncate(MAX_TARGETS);
    if found.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, "this service has no nodes"));
    }
    Ok(found.into_iter().map(|x| x.1).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::SRV;
    use tokio::net::TcpListener;

    /// A name server that gives these records to whoever asks.
    async fn server(records: Vec<(u16, u16, &'static str)>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.expect("a client");
                let mut query = vec![0; stream.read_u16().await.expect("a length").into()];
                stream.read_exact(&mut query).await.expect("a query");
                let query = Packet::parse(&query).expect("a query");
                let mut answer = Packet::new_reply(query.id());
                let name = query.questions[0].qname.clone();
                for (priority, port, target) in &records {
                    let srv = SRV { priority: *priority, weight: 1, port: *port, target: Name::new_unchecked(target) };
                    answer.answers.push(ResourceRecord::new(name.clone(), CLASS::IN, 60, RData::SRV(srv)));
                }
                let bytes = answer.build_bytes_vec_compressed().expect("an answer");
                stream.write_u16(bytes.len() as u16).await.expect("sent");
                stream.write_all(&bytes).await.expect("sent");
            }
        });
        at
    }

    #[tokio::test]
    async fn a_service_gives_its_nodes_by_priority() {
        let at = server(vec![(20, 7947, "b.example.org"), (10, 7946, "a.example.org")]).await;
        let found = ask_all(&[at], "_bruit._udp.example.org").await.expect("an answer");
        assert_eq!(found, ["a.example.org:7946", "b.example.org:7947"]);
    }

    #[tokio::test]
    async fn the_next_server_is_asked_if_one_is_down() {
        let dead = {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            listener.local_addr().expect("bound")
        };
        let at = server(vec![(1, 1, "a.b")]).await;
        assert_eq!(ask_all(&[dead, at], "_x._udp.b").await.expect("an answer"), ["a.b:1"]);
        assert!(ask_all(&[dead], "_x._udp.b").await.is_err());
    }

    #[tokio::test]
    async fn a_service_without_nodes_is_an_error() {
        let at = server(vec![]).await;
        assert_eq!(ask_all(&[at], "_x._udp.b").await.expect_err("nothing").kind(), ErrorKind::NotFound);
    }

    #[test]
    fn damaged_answers_are_errors() {
        let mut reply = Packet::new_reply(7);
        let srv = SRV { priority: 1, weight: 1, port: 1, target: Name::new_unchecked("a.b") };
        reply.answers.push(ResourceRecord::new(Name::new_unchecked("x"), CLASS::IN, 60, RData::SRV(srv)));
        let bytes = reply.build_bytes_vec().expect("an answer");
        assert!(read(7, &bytes).is_ok() && read(8, &bytes).is_err());
        for end in 0..bytes.len() {
            assert!(read(7, &bytes[..end]).is_err(), "{end}");
        }
    }
}
