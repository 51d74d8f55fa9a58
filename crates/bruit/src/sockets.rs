use crate::error::StartError;
use crate::multicast;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

/// How often a free port is sought that UDP and TCP both have; a collision of two ephemeral ports is rare.
const PORT_TRIES: u32 = 32;
/// Asked of the kernel, which caps it silently: 1,000 packets of 1,200 bytes and their bookkeeping.
const RECEIVE_BUFFER: usize = 2 << 20;
/// Connections that the kernel keeps for us until they are accepted.
const BACKLOG: u32 = 256;
/// Documentation addresses (RFC 5737, RFC 3849): a route to them is the route to anywhere. Nothing is sent.
const ANYWHERE_V4: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
const ANYWHERE_V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1)), 9);

/// UDP and TCP on one port. Bound to `[::]` it serves both families.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub(crate) udp: UdpSocket,
    pub(crate) tcp: TcpListener,
    /// What hears the group, if there is one.
    pub(crate) group: Option<UdpSocket>,
    local: SocketAddr,
}

impl Sockets {
    /// Binds the first of the addresses that `address` resolves to and that can be bound.
    pub(crate) async fn bind(address: &str) -> std::result::Result<Sockets, StartError> {
        let mut last = None;
        for at in resolve(address).await.map_err(|source| StartError::Resolve { address: address.into(), source })? {
            match Sockets::bind_to(at) {
                Ok(sockets) => return Ok(sockets),
                Err(error) => last = Some(StartError::binding(at, error)),
            }
        }
        let nothing = || StartError::Resolve { address: address.into(), source: ErrorKind::NotFound.into() };
        Err(last.unwrap_or_else(nothing))
    }

    fn bind_to(at: SocketAddr) -> Result<Sockets> {
        for _ in 0..PORT_TRIES {
            let udp = udp(at)?;
            let local = udp.local_addr()?;
            match tcp(local) {
                Ok(tcp) => return Ok(Sockets { udp, tcp, group: None, local }),
                Err(e) if e.kind() == ErrorKind::AddrInUse && at.port() == 0 => {}
                Err(e) => return Err(e),
            }
        }
        Err(ErrorKind::AddrInUse.into())
    }

    /// Hears this group from now on, on the link of the bound address; where to send to it.
    pub(crate) fn join(&mut self, group: SocketAddr) -> std::result::Result<SocketAddr, StartError> {
        let (listener, at) = multicast::join(group, &self.udp, self.local)?;
        self.group = Some(listener);
        Ok(at)
    }

    /// Where it is bound.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether IPv4 and IPv6 addresses can be reached.
    pub(crate) fn families(&self) -> (bool, bool) {
        (self.local.is_ipv4() || self.local.ip().is_unspecified(), self.local.is_ipv6())
    }

    /// What others can reach it by: the bound address, or the one that the route `towards` somewhere leaves by.
    pub(crate) fn reachable(&self, towards: Option<SocketAddr>) -> std::result::Result<SocketAddr, StartError> {
        if !self.local.ip().is_unspecified() {
            return Ok(self.local);
        }
        let anywhere = if self.local.is_ipv4() { [ANYWHERE_V4; 2] } else { [ANYWHERE_V4, ANYWHERE_V6] };
        let found = towards.into_iter().chain(anywhere).find_map(|to| outgoing(to).ok());
        let ip = found.ok_or(StartError::NoAddress { bound: self.local })?;
        Ok(SocketAddr::new(ip, self.local.port()))
    }

    /// The address to hand to the kernel: an IPv6 socket reaches IPv4 by mapped addresses (RFC 4291 section 2.5.5.2).
    pub(crate) fn outward(&self, to: SocketAddr) -> SocketAddr {
        match to.ip() {
            IpAddr::V4(ip) if self.local.is_ipv6() => SocketAddr::new(ip.to_ipv6_mapped().into(), to.port()),
            _ => to,
        }
    }

    /// The address that the kernel gave, as records write it.
    pub(crate) fn inward(from: SocketAddr) -> SocketAddr {
        SocketAddr::new(from.ip().to_canonical(), from.port())
    }
}

/// Dials from the address that we are bound to, so that rules about addresses hold for streams as well.
pub(crate) async fn dial(local: IpAddr, to: SocketAddr) -> Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if !local.is_unspecified() && local.is_ipv4() == to.is_ipv4() {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    socket.connect(to).await
}

/// The addresses behind `host:port`.
pub(crate) async fn resolve(host: &str) -> Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = tokio::net::lookup_host(host).await?.collect();
    if found.is_empty() { Err(Error::new(ErrorKind::NotFound, "no address behind this name")) } else { Ok(found) }
}

/// A socket for datagrams to this address, which it is not bound to yet.
pub(crate) fn receiving(at: SocketAddr) -> Result<Socket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    both_families(&socket, at)?;
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn udp(at: SocketAddr) -> Result<UdpSocket> {
    let socket = receiving(at)?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}

fn tcp(at: SocketAddr) -> Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    both_families(&socket, at)?;
    // Elsewhere than on Unix it would let two processes share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG as i32)?;
    TcpListener::from_std(socket.into())
}

fn both_families(socket: &Socket, at: SocketAddr) -> Result<()> {
    if at.is_ipv6() { socket.set_only_v6(!at.ip().is_unspecified()) } else { Ok(()) }
}

/// Which of our addresses packets to `to` leave from: the routing table's answer to an unsent datagram.
fn outgoing(to: SocketAddr) -> Result<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(to)?;
    Ok(probe.local_addr()?.ip())
}
