//! The socket that hears a group, and what a node's own needs to speak to it.

use crate::error::StartError;
use crate::sockets::receiving;
use socket2::SockRef;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use tokio::net::UdpSocket;

/// No router passes it on (RFC 1112, section 6.1).
const HOPS: u32 = 1;

/// Joins `group` on the link of the address that `udp` is bound to: what hears it, and the address to send to. What is said to
/// it leaves by `udp`, so that its source is that of all else, and comes back to the other nodes of this host.
pub(crate) fn join(
    group: SocketAddr,
    udp: &UdpSocket,
    local: SocketAddr,
) -> std::result::Result<(UdpSocket, SocketAddr), StartError> {
    if !group.ip().is_multicast() {
        return Err(StartError::NoGroup { group });
    }
    let joined = match (group, local) {
        (SocketAddr::V4(at), _) => join_v4(at, local.ip(), udp),
        (SocketAddr::V6(at), SocketAddr::V6(local)) => join_v6(at, local, udp),
        (SocketAddr::V6(_), SocketAddr::V4(_)) => Err(other_family()),
    };
    joined.map_err(|source| StartError::Group { group, bound: local, source })
}

fn listen(group: SocketAddr) -> Result<UdpSocket> {
    // Bound to the group nothing else comes in. Windows binds to addresses of its own alone.
    let any: IpAddr = if group.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let at = if cfg!(windows) { SocketAddr::new(any, group.port()) } else { group };
    let socket = receiving(at)?;
    // All who hear the group on this host have its port.
    socket.set_reuse_address(true)?;
    // Linux shares a port of this kind among the processes of one user only, and needs it not.
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    socket.bind(&at.into())?;
    UdpSocket::from_std(socket.into())
}

fn join_v4(group: SocketAddrV4, local: IpAddr, udp: &UdpSocket) -> Result<(UdpSocket, SocketAddr)> {
    // Bound to all interfaces, the route to the group says which.
    let link = match local {
        IpAddr::V4(ip) => ip,
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv4Addr::UNSPECIFIED,
        IpAddr::V6(_) => return Err(other_family()),
    };
    let listener = listen(group.into())?;
    let (hears, says) = (SockRef::from(&listener), SockRef::from(udp));
    hears.join_multicast_v4(group.ip(), &link)?;
    // Not what others of this host have joined on other links.
    #[cfg(target_os = "linux")]
    hears.set_multicast_all_v4(false)?;
    says.set_multicast_if_v4(&link)?;
    says.set_multicast_loop_v4(true)?;
    says.set_multicast_ttl_v4(HOPS)?;
    Ok((listener, group.into()))
}

fn join_v6(mut group: SocketAddrV6, local: SocketAddrV6, udp: &UdpSocket) -> Result<(UdpSocket, SocketAddr)> {
    if group.scope_id() == 0 {
        group.set_scope_id(local.scope_id());
    }
    let (listener, link) = (listen(group.into())?, group.scope_id());
    let (hears, says) = (SockRef::from(&listener), SockRef::from(udp));
    hears.join_multicast_v6(group.ip(), link)?;
    #[cfg(target_os = "linux")]
    hears.set_multicast_all_v6(false)?;
    says.set_multicast_if_v6(link)?;
    says.set_multicast_loop_v6(true)?;
    says.set_multicast_hops_v6(HOPS)?;
    Ok((listener, group.into()))
}

fn other_family() -> Error {
    Error::new(ErrorKind::AddrNotAvailable, "one is IPv4, the other IPv6")
}
